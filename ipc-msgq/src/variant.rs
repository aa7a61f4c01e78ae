//! A link over either kind of queue.

use std::time::Duration;

use ipc_core::{Result, Transport};

use crate::SystemVLink;
use crate::posix::PosixLink;

/// One end of a link, over the kind of queue that [`Setup::variant`](ipc_core::Setup::variant) named.
///
/// ```
/// # use std::time::Duration;
/// # use ipc_core::{Mechanism, Setup, Transport};
/// # use ipc_msgq::{Link, Msgq};
/// # let patience = Duration::from_secs(30);
/// let setup = Setup::default_of::<Msgq>().with_variant::<Msgq>("posix")?;
/// let mut meeting = Msgq::create(None, &setup)?;
/// let _joiner = Msgq::join(&meeting.address(), &setup, patience)?;
/// assert!(matches!(meeting.accept(patience)?, Link::Posix(_)));
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Debug)]
pub enum Link {
    /// `sysv`: one queue, a message type for each way.
    SystemV(SystemVLink),
    /// `posix`: two queues, one for each way.
    Posix(PosixLink),
}

/// Does the same with either.
macro_rules! either {
    ($self:ident, $link:ident => $call:expr) => {
        match $self {
            Self::SystemV($link) => $call,
            Self::Posix($link) => $call,
        }
    };
}

impl Transport for Link {
    #[inline]
    fn send(&mut self, message: &[u8]) -> Result<()> {
        either!(self, link => link.send(message))
    }

    #[inline]
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        either!(self, link => link.recv(buffer))
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        either!(self, link => link.send_timeout(message, timeout))
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        either!(self, link => link.recv_timeout(buffer, timeout))
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        either!(self, link => link.try_send(message))
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        either!(self, link => link.try_recv(buffer))
    }

    fn max_message(&self) -> usize {
        either!(self, link => link.max_message())
    }

    fn check_peer(&mut self) -> Result<()> {
        either!(self, link => link.check_peer())
    }
}
