//! The other side of the sockets: a peer that waits as the server does, or one thread that sends requests and reads the
//! answers, as many clients would.

use std::fmt;
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::{Call as _, Error, Result};
use nix::sys::socket::{
    AddressFamily, MsgFlags, Shutdown, SockFlag, SockType, recv, send, shutdown, socketpair,
};
use nix::unistd::dup;

/// Length of a request and of its answer.
pub(crate) const SIZE: usize = 64;

/// What a turn consists of.
#[derive(Clone, Copy)]
pub(crate) enum Load {
    /// One message goes back and forth between two peers, which wait in the same way.
    Peers,
    /// So many clients have a request at the same time.
    All(usize),
    /// One of so many clients has a request, and the next time the next one.
    One(usize),
}

impl Load {
    pub(crate) const fn sockets(self) -> usize {
        match self {
            Self::Peers => 1,
            Self::All(clients) | Self::One(clients) => clients,
        }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peers => f.write_str("two peers"),
            Self::All(1) => f.write_str("1 client"),
            Self::All(clients) => write!(f, "{clients}, all"),
            Self::One(clients) => write!(f, "{clients}, one"),
        }
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

/// Serves `sockets`, of which there is one, by `peer`, as the other end is served, and lets one message go back and forth between the two for some
/// time. Returns the mean time of a request and its answer, in microseconds.
pub(crate) fn rally(
    sockets: Vec<OwnedFd>,
    time: Duration,
    peer: impl FnOnce(Vec<OwnedFd>) -> Result<u64> + Send,
) -> Result<f64> {
    let end = dup(&sockets[0]).call("dup")?;
    thread::scope(|scope| {
        let peer = scope.spawn(move || peer(sockets));
        // Both are to wait already when the clock starts.
        thread::sleep(Duration::from_millis(2));
        // It fails if the other end is closed, since its server could not begin. That server has the reason.
        let _ = send(end.as_raw_fd(), &[0; SIZE], MsgFlags::MSG_NOSIGNAL);
        let started = Instant::now();
        thread::sleep(time);
        let elapsed = started.elapsed();
        shutdown(end.as_raw_fd(), Shutdown::Both).call("shutdown")?;
        let requests = peer.join().map_err(|_| Error::Disconnected)??;
        Ok(elapsed.as_secs_f64() * 1e6 / requests as f64)
    })
}

/// Sends requests for some time, each time on all sockets together or on one, and checks each answer. Returns the mean time of a
/// request, in microseconds.
pub(crate) fn ask(sockets: &[OwnedFd], load: Load, time: Duration) -> Result<f64> {
    let (mut turn, mut requests) = (0_usize, 0_u64);
    let mut started = Instant::now();
    loop {
        let asking = match load {
            Load::One(_) => &sockets[turn % sockets.len()..][..1],
            Load::All(_) | Load::Peers => sockets,
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
