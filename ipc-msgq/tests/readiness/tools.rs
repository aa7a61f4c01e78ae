//! A queue, a look at the descriptor, and a watchdog.

use std::os::fd::AsFd;
use std::time::Duration;

use ipc_conformance::watchdog::over_this_test;
pub use ipc_conformance::watchdog::{PATIENCE, watched};
use ipc_msgq::{Message, MessageType, OwnedQueue, Queue, Readiness};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

pub fn queue() -> OwnedQueue {
    over_this_test();
    Queue::private(0o600).unwrap().owned()
}

pub fn kind(number: i64) -> MessageType {
    MessageType::new(number).unwrap()
}

pub fn put(queue: Queue, number: i64, text: &[u8]) {
    queue.try_send(&Message::new(kind(number), text)).unwrap().expect("there is room");
}

/// Returns whether the descriptor becomes readable within `patience`.
pub fn readable(readiness: &Readiness, patience: Duration) -> bool {
    let timeout = PollTimeout::try_from(patience).unwrap();
    loop {
        match poll(&mut [PollFd::new(readiness.as_fd(), PollFlags::POLLIN)], timeout) {
            Err(Errno::EINTR) => {}
            ready => return ready.unwrap() == 1,
        }
    }
}

/// Returns the types and texts of all messages that `try_recv` returns before `None`.
pub fn drained(readiness: &Readiness) -> Vec<(i64, Vec<u8>)> {
    let mut message = Message::with_capacity(100);
    std::iter::from_fn(|| {
        readiness.try_recv(&mut message).unwrap().map(|()| (message.kind().get(), message.text().to_vec()))
    })
    .collect()
}
