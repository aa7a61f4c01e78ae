//! The parts that all tests use.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ipc_conformance::watchdog::{PATIENCE, over_this_test};
use ipc_core::{Mechanism, Result, Setup, retry_on_eintr};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};

/// Long enough to conclude that it is still waiting.
pub const A_WHILE: Duration = Duration::from_millis(200);
/// A user other than this one, on any Linux.
pub const NOBODY: u32 = 65534;

pub fn setup() -> Setup {
    over_this_test();
    Setup::default()
}

/// Starts an action that may block forever; its result comes out of the channel.
pub fn start<T: Send + 'static>(action: impl FnOnce() -> T + Send + 'static) -> mpsc::Receiver<T> {
    over_this_test();
    let (done, answer) = mpsc::channel();
    thread::spawn(move || {
        let _ = done.send(action()); // the test may have failed meanwhile
    });
    answer
}

/// Returns the owner's link and the other one.
pub fn meet<M: Mechanism<Link: 'static> + 'static>() -> (M::Link, M::Link) {
    meet_at(M::create(None, &Setup::default()).unwrap())
}

pub fn meet_at<M: Mechanism<Link: 'static> + 'static>(mut owner: M) -> (M::Link, M::Link) {
    let address = owner.address();
    let joiner = start(move || M::join(&address, &Setup::default(), PATIENCE).unwrap());
    (owner.accept(PATIENCE).unwrap(), joiner.recv_timeout(PATIENCE).unwrap())
}

/// Makes two connected sockets of a UNIX type, as the kernel returns them.
pub fn raw_pair(kind: SockType) -> (OwnedFd, OwnedFd) {
    socketpair(AddressFamily::Unix, kind, None, SockFlag::SOCK_CLOEXEC).unwrap()
}

pub fn raw_send(socket: &impl AsFd, bytes: &[u8]) -> nix::Result<usize> {
    send(socket.as_fd().as_raw_fd(), bytes, MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT)
}

pub fn raw_recv(socket: &impl AsFd, buffer: &mut [u8]) -> nix::Result<usize> {
    recv(socket.as_fd().as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT)
}

/// Waits until the other end is closed everywhere. A process that another test starts at this moment has a copy of
/// every descriptor, until its `exec`.
pub fn wait_for_hang_up(socket: &impl AsFd) {
    let mut fds = [PollFd::new(socket.as_fd(), PollFlags::empty())];
    let _ = retry_on_eintr(|| poll(&mut fds, PollTimeout::NONE));
}

pub fn message<T>(result: Result<T>) -> String {
    result.err().expect("it should have failed").to_string()
}
