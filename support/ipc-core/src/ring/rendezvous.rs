//! The owner's side of a meeting at shared memory, from `create` until `accept`.

use std::time::Duration;

use super::attachment::Attachment;
use super::memory::Memory;
use crate::{Error, Result};

/// The owner's attachment until the other side has come, and a value that the owner keeps for as long: for example an
/// ownership lock, by which others find the memory, or which removes it if no process comes.
#[derive(Debug)]
pub struct Rendezvous<M: Memory, K = ()>(Option<(Attachment<M>, K)>);

impl<M: Memory, K> Rendezvous<M, K> {
    /// Waits at `attachment`; `kept` is dropped after it.
    pub const fn new(attachment: Attachment<M>, kept: K) -> Self {
        Self(Some((attachment, kept)))
    }

    /// Waits until the other side is ready, then returns the attachment and the kept value. After
    /// [`TimedOut`](Error::TimedOut), call again to go on waiting.
    ///
    /// # Errors
    /// As [`Attachment::wait_for_peer`]. [`Usage`](Error::Usage): the attachment was returned before.
    pub fn accept(&mut self, address: &str, timeout: Duration) -> Result<(Attachment<M>, K)> {
        self.accept_after(address, timeout, || Ok(()))
    }

    /// Does the same, but calls `prepare` before the attachment is returned. If that fails, the attachment stays, and
    /// the call can be repeated.
    ///
    /// # Errors
    /// As [`accept`](Self::accept), and the error of `prepare`.
    pub fn accept_after(
        &mut self,
        address: &str,
        timeout: Duration,
        prepare: impl FnOnce() -> Result<()>,
    ) -> Result<(Attachment<M>, K)> {
        let over = || Error::Usage("this meeting is over".into());
        self.0.as_mut().ok_or_else(over)?.0.wait_for_peer(address, timeout)?;
        prepare()?;
        self.0.take().ok_or_else(over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::{HeapMemory, Layout, Region, SEGMENT_LEN};

    /// A wait that timed out can be repeated; an attachment is returned once.
    #[test]
    fn a_seat_is_given_out_once_when_the_other_side_has_come() {
        let memory = HeapMemory::new(SEGMENT_LEN);
        let attachment = Attachment::create(Region::new(memory.clone()).unwrap(), Layout::Ring).unwrap();
        let mut rendezvous = Rendezvous::new(attachment, "kept");
        for _ in 0..2 {
            let error = rendezvous.accept("here", Duration::ZERO).unwrap_err();
            assert!(matches!(error, Error::TimedOut { .. }), "{error}");
        }
        let peer = Attachment::claim(Region::new(memory).unwrap(), Layout::Ring).unwrap().unwrap();
        peer.ready();
        let fails = || Err(Error::Corrupt("on purpose"));
        assert!(matches!(rendezvous.accept_after("here", Duration::ZERO, fails), Err(Error::Corrupt(_))));
        let (attachment, kept) = rendezvous.accept("here", Duration::ZERO).unwrap();
        assert_eq!((attachment.side(), kept), (0, "kept"));
        let over = rendezvous.accept("here", Duration::ZERO).unwrap_err().to_string();
        assert!(over.contains("this meeting is over"), "{over}");
    }
}
