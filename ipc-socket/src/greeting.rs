//! The handshake of the two sides, by which each learns that the other is of its kind; and which peers the owner
//! accepts.

use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::time::Duration;

use ipc_core::{Advise, Call, Deadline, Error, Mode, Result, wait_readable};
use nix::errno::Errno;
use nix::sys::socket::{Shutdown, getsockopt, recv, send, shutdown, sockopt};
use nix::unistd::geteuid;

use crate::stream::flags;

/// The joiner's greeting. So short that it arrives in one piece.
const HELLO: [u8; 16] = *b"ipc-sock/1 join\n";
/// The owner's answer.
const WELCOME: [u8; 16] = *b"ipc-sock/1 here\n";

/// The most connections that may be open without having said hello. The next one replaces the oldest.
const VISITORS: usize = 16;

/// A socket that listens.
#[derive(Debug)]
pub(crate) enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener),
}

impl Listener {
    fn accept(&self) -> std::io::Result<OwnedFd> {
        Ok(match self {
            Self::Unix(listener) => listener.accept()?.0.into(),
            Self::Tcp(listener) => listener.accept()?.0.into(),
        })
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Unix(listener) => listener.as_fd(),
            Self::Tcp(listener) => listener.as_fd(),
        }
    }
}

/// Stops listening at once. Closing the descriptor is not enough while another thread starts a program: until its
/// `exec`, the child has a copy, and connections would queue there.
impl Drop for Listener {
    fn drop(&mut self) {
        let _ = shutdown(self.as_fd().as_raw_fd(), Shutdown::Both);
    }
}

/// The owner's side of the handshake. Any program can connect to a port: one that says nothing, or something other than
/// hello, neither keeps the right peer waiting nor ends the meeting.
#[derive(Debug)]
pub(crate) struct Reception {
    listener: Listener,
    /// True if processes of other users may join.
    for_all: bool,
    /// Connections that have not said hello yet.
    visitors: Vec<OwnedFd>,
}

impl Reception {
    pub(crate) fn new(listener: Listener, for_all: bool) -> Result<Self> {
        // A client may be gone again between `poll` and `accept`, which must then not wait for the next one.
        match &listener {
            Listener::Unix(listener) => listener.set_nonblocking(true),
            Listener::Tcp(listener) => listener.set_nonblocking(true),
        }
        .call("ioctl")?;
        Ok(Self { listener, for_all, visitors: Vec::new() })
    }

    /// Waits for a process that says hello; `None` if none did in time.
    fn wait(&mut self, timeout: Duration) -> Result<Option<OwnedFd>> {
        let deadline = Deadline::after(timeout);
        loop {
            let doors = [self.listener.as_fd()].into_iter().chain(self.visitors.iter().map(AsFd::as_fd));
            let left = deadline.left(timeout);
            if !wait_readable(doors, left)? {
                return Ok(None);
            }
            if let Some(known) = self.greet_visitors() {
                return Ok(Some(known));
            }
            self.let_in()?;
            if left.is_zero() {
                return Ok(None); // a stream of strangers does not prolong the wait
            }
        }
    }

    // ANCHOR: visitors
    /// Returns the first visitor that says hello. Visitors that say something else, or leave, are disconnected.
    fn greet_visitors(&mut self) -> Option<OwnedFd> {
        let mut index = 0;
        while let Some(visitor) = self.visitors.get(index) {
            let fd = visitor.as_raw_fd();
            let mut said = [0; HELLO.len()];
            match recv(fd, &mut said, flags(Mode::Try)) {
                Err(Errno::EAGAIN | Errno::EINTR) => index += 1,
                Ok(_) if said == HELLO && send(fd, &WELCOME, flags(Mode::Try)).is_ok() => {
                    return Some(self.visitors.remove(index));
                }
                _ => drop(self.visitors.remove(index)),
            }
        }
        None
    }
    // ANCHOR_END: visitors

    fn let_in(&mut self) -> Result<()> {
        match self.listener.accept() {
            Ok(caller) if self.for_all || belongs_to_us(&caller)? => {
                if self.visitors.len() == VISITORS {
                    self.visitors.remove(0);
                }
                self.visitors.push(caller);
                Ok(())
            }
            Ok(_) => Ok(()),
            Err(error) if is_the_callers(&error) => Ok(()),
            refused => refused
                .call("accept4")
                .advise(Errno::EMFILE, || "this process has too many files open".into())
                .map(drop),
        }
    }
}

/// True if `accept` failed because the client has gone again or cannot be reached: accept(2) says to go on as if no
/// client had connected.
fn is_the_callers(error: &std::io::Error) -> bool {
    use Errno::{
        EAGAIN, ECONNABORTED, EHOSTDOWN, EHOSTUNREACH, EINTR, ENETDOWN, ENETUNREACH, ENONET, ENOPROTOOPT,
        EOPNOTSUPP, EPERM, EPROTO,
    };
    let errno = error.raw_os_error().map(Errno::from_raw);
    matches!(
        errno,
        Some(
            EAGAIN | ECONNABORTED | EINTR // it has gone
                | ENETDOWN | EPROTO | ENOPROTOOPT | EHOSTDOWN | ENONET | EHOSTUNREACH | EOPNOTSUPP | ENETUNREACH // the network
                | EPERM // the firewall
        )
    )
}

/// Waits for a process that says hello, and ends the reception: from then on, any other is refused.
pub(crate) fn welcome(
    reception: &mut Option<Reception>,
    address: &str,
    timeout: Duration,
) -> Result<OwnedFd> {
    let open = reception.as_mut().ok_or_else(|| Error::Usage("this meeting is over".into()))?;
    let visitor = open.wait(timeout)?.ok_or_else(|| {
        let what = format!("no peer joined {address}");
        Error::TimedOut { what, waited: timeout }
    })?;
    *reception = None;
    Ok(visitor)
}

/// Says hello to the owner at `address` and waits for the answer.
pub(crate) fn say_hello(socket: &OwnedFd, address: &str, timeout: Duration) -> Result<()> {
    let shown_out = || {
        format!("the program listening at {address} has accepted another client, or does not use ipc-socket")
    };
    send(socket.as_raw_fd(), &HELLO, flags(Mode::Try)).call("send").advise(Errno::EPIPE, shown_out)?;
    if !wait_readable([socket.as_fd()], timeout)? {
        return Err(Error::TimedOut { what: format!("no answer from {address}"), waited: timeout });
    }
    let mut answer = [0; WELCOME.len()]; // and no more: messages follow
    let received = match recv(socket.as_raw_fd(), &mut answer, flags(Mode::Try)) {
        Ok(0) => Err(Errno::ECONNRESET),
        received => received,
    };
    received.call("recv").advise(Errno::ECONNRESET, shown_out)?;
    if answer == WELCOME {
        Ok(())
    } else {
        Err(Error::Corrupt("the program listening there does not use ipc-socket"))
    }
}

// ANCHOR: belongs
/// Returns whether the process at the other end of a UNIX socket runs as our user, or as root, against which there is
/// no protection anyway. The kernel vouches for it.
pub(crate) fn belongs_to_us(socket: &OwnedFd) -> Result<bool> {
    let peer = getsockopt(socket, sockopt::PeerCredentials).call("getsockopt")?;
    Ok(peer.uid() == geteuid().as_raw() || peer.uid() == 0)
}
// ANCHOR_END: belongs
