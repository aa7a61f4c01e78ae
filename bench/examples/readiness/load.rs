//! The clients' side: one thread that sends requests and reads the answers, as many clients would.

use std::fmt;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::{Duration, Instant};

use ipc_core::{Call as _, Error, Result};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};

/// Length of a request and of its answer.
pub(crate) const SIZE: usize = 64;

/// How many clients have a request at the same time.
#[derive(Clone, Copy)]
pub(crate) enum Busy {
    /// Each of them.
    All,
    /// One, and the next time the next one.
    One,
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "all",
            Self::One => "one",
        })
    }
}

/// Both ends of a socket for each client.
pub(crate) struct Ends {
    pub ours: Vec<OwnedFd>,
    pub theirs: Vec<OwnedFd>,
}

impl Ends {
    pub(crate) fn new(clients: usize) -> Result<Self> {
        let pair = |_| {
            let (family, kind) = (AddressFamily::Unix, SockType::SeqPacket);
            socketpair(family, kind, None, SockFlag::SOCK_CLOEXEC).call("socketpair")
        };
        let pairs = (0..clients).map(pair).collect::<Result<Vec<_>>>()?;
        let (ours, theirs) = pairs.into_iter().unzip();
        Ok(Self { ours, theirs })
    }
}

/// Sends requests for some time, each time on the busy sockets together, and checks each answer. Returns the mean time of a
/// request, in microseconds.
pub(crate) fn ask(sockets: &[OwnedFd], busy: Busy, time: Duration) -> Result<f64> {
    let (mut turn, mut requests) = (0_usize, 0_u64);
    let mut started = Instant::now();
    loop {
        let asking = match busy {
            Busy::All => sockets,
            Busy::One => &sockets[turn % sockets.len()..][..1],
        };
        let number = turn as u64;
        for socket in asking {
            let mut request = [0; SIZE];
            request[..8].copy_from_slice(&number.to_le_bytes());
            send(socket.as_raw_fd(), &request, MsgFlags::MSG_NOSIGNAL).call("send")?;
        }
        for socket in asking {
            let mut answer = [0; SIZE];
            let len = recv(socket.as_raw_fd(), &mut answer, MsgFlags::empty()).call("recv")?;
            if len != SIZE || answer[..8] != number.to_le_bytes() {
                return Err(Error::Corrupt("this is not the answer"));
            }
        }
        turn += 1;
        if turn == 1 {
            started = Instant::now(); // the first one waited for the server to begin
            continue;
        }
        requests += asking.len() as u64;
        if started.elapsed() >= time {
            return Ok(started.elapsed().as_secs_f64() * 1e6 / requests as f64);
        }
    }
}
