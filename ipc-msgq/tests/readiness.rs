//! A descriptor for a queue: it can be polled next to a socket, and no message is lost, reordered or left waiting.

use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use ipc_msgq::{Message, Select};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::tools::{PATIENCE, drained, kind, put, queue, readable, watched};

#[path = "../examples/poll.rs"]
mod example_poll;
#[path = "../examples/tokio.rs"]
mod example_tokio;
#[path = "readiness/stress.rs"]
mod stress;
#[path = "readiness/tools.rs"]
mod tools;

/// One `poll` waits for both, and names the one that is ready.
#[test]
fn a_queue_stands_next_to_a_socket_in_poll() {
    let queue = queue();
    let readiness = queue.readiness(Select::Any).unwrap();
    let (mut here, mut there) = UnixStream::pair().unwrap();
    let ready = |here: &UnixStream| {
        let mut fds = [readiness.as_fd(), here.as_fd()].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
        poll(&mut fds, PollTimeout::try_from(PATIENCE).unwrap()).unwrap();
        fds.map(|fd| fd.any().unwrap())
    };
    there.write_all(b"s").unwrap();
    assert_eq!(ready(&here), [false, true]);
    here.read_exact(&mut [0]).unwrap();
    put(*queue, 1, b"q");
    assert_eq!(ready(&here), [true, false]);
    assert_eq!(drained(&readiness), [(1, b"q".to_vec())]);
    there.write_all(b"s").unwrap();
    assert_eq!(ready(&here), [false, true]);
}

/// It stays readable until a call has returned `None`, and no longer. Messages sent before it was made count, too.
#[test]
fn it_is_readable_until_the_queue_is_empty() {
    let queue = queue();
    put(*queue, 1, b"a");
    put(*queue, 1, b"b");
    let readiness = queue.readiness(Select::Any).unwrap();
    let mut message = Message::with_capacity(1);
    for _ in 0..2 {
        assert!(readable(&readiness, PATIENCE));
        assert_eq!(readiness.try_recv(&mut message).unwrap(), Some(()));
    }
    assert!(readable(&readiness, PATIENCE), "nobody was told None");
    assert_eq!(readiness.try_recv(&mut message).unwrap(), None);
    assert!(!readable(&readiness, Duration::from_millis(50)));
    assert_eq!(readiness.try_recv(&mut message).unwrap(), None);
}

/// Waiting takes nothing and changes nothing: the message stays in the queue.
#[test]
fn the_helper_leaves_the_message_in_the_queue() {
    let queue = queue();
    let readiness = queue.readiness(Select::Any).unwrap();
    thread::sleep(Duration::from_millis(50)); // let it wait; if this is too short, the case becomes easier
    put(*queue, 1, b"text");
    assert!(readable(&readiness, PATIENCE));
    let stat = queue.stat().unwrap();
    assert_eq!((stat.messages, stat.last_receiver), (1, None));
    // Another receiver is faster.
    assert_eq!(queue.try_recv(Select::Any, &mut Message::with_capacity(4)).unwrap(), Some(()));
    assert_eq!(drained(&readiness), []);
    put(*queue, 1, b"next");
    assert!(readable(&readiness, PATIENCE));
    assert_eq!(drained(&readiness), [(1, b"next".to_vec())]);
}

/// Only a message that the selection matches makes it readable.
#[test]
fn a_selection_leaves_others_alone() {
    let queue = queue();
    let readiness = queue.readiness(kind(2)).unwrap();
    put(*queue, 1, b"other");
    assert!(!readable(&readiness, Duration::from_millis(50)));
    put(*queue, 2, b"mine");
    assert!(readable(&readiness, PATIENCE));
    assert_eq!(drained(&readiness), [(2, b"mine".to_vec())]);
    assert_eq!(queue.stat().unwrap().messages, 1);
}

/// The helper has to take only messages without text. Such a message comes first if it was sent first.
#[test]
fn messages_without_text_keep_their_place() {
    let queue = queue();
    let readiness = queue.readiness(Select::Any).unwrap();
    thread::sleep(Duration::from_millis(20)); // so that the helper takes the first; otherwise the case is easier
    for (number, text) in [(7, b"" as &[u8]), (8, b"text"), (9, b""), (7, b"end")] {
        put(*queue, number, text);
    }
    assert!(readable(&readiness, PATIENCE));
    let expected = [(7, vec![]), (8, b"text".to_vec()), (9, vec![]), (7, b"end".to_vec())];
    assert_eq!(drained(&readiness), expected);
}

/// A message without text includes nothing that the caller's memory held before.
#[test]
fn a_message_without_text_is_empty() {
    let queue = queue();
    let readiness = queue.readiness(Select::Any).unwrap();
    let mut message = Message::new(kind(1), b"old");
    put(*queue, 7, b"");
    assert!(readable(&readiness, PATIENCE));
    assert_eq!(readiness.try_recv(&mut message).unwrap(), Some(()));
    assert_eq!((message.kind(), message.text()), (kind(7), &b""[..]));
}

/// A message that the helper has taken, and its user has not fetched, is back in the queue after a drop: as it was.
#[test]
fn a_message_that_was_taken_is_sent_again() {
    let queue = queue();
    let readiness = queue.readiness(Select::Any).unwrap();
    put(*queue, 7, b"");
    assert!(readable(&readiness, PATIENCE));
    drop(readiness);
    let mut message = Message::with_capacity(1);
    assert_eq!(queue.try_recv(kind(7), &mut message).unwrap(), Some(()));
    assert_eq!(message.text(), b"");
}

/// A program that this one starts does not get the descriptor.
#[test]
fn the_descriptor_is_not_inherited() {
    let queue = queue();
    let readiness = queue.readiness(Select::Any).unwrap();
    let flags = fcntl(&readiness, FcntlArg::F_GETFD).unwrap();
    assert_eq!(FdFlag::from_bits_retain(flags), FdFlag::FD_CLOEXEC);
}

/// A message too long for the caller stays in the queue, and the descriptor stays readable.
#[test]
fn a_message_that_does_not_fit_stays() {
    let queue = queue();
    let readiness = queue.readiness(Select::Any).unwrap();
    put(*queue, 1, b"long");
    assert!(readable(&readiness, PATIENCE));
    let error = readiness.try_recv(&mut Message::with_capacity(3)).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::E2BIG));
    assert!(readable(&readiness, PATIENCE));
    assert_eq!(drained(&readiness), [(1, b"long".to_vec())]);
}

/// The helper ends even while no message comes. `finish` returns the message that the helper has taken.
#[test]
fn it_ends_while_it_waits() {
    watched(|| {
        let queue = queue();
        let readiness = queue.readiness(Select::Any).unwrap();
        thread::sleep(Duration::from_millis(20));
        assert_eq!(readiness.finish(), None);
        let readiness = queue.readiness(Select::Any).unwrap();
        put(*queue, 3, b"");
        assert!(readable(&readiness, PATIENCE));
        assert_eq!(readiness.finish(), Some(kind(3)));
        assert_eq!(queue.stat().unwrap().messages, 0);
    });
}

/// After a queue is removed, the descriptor becomes and stays readable, and each call returns the reason.
#[test]
fn a_removed_queue_is_reported() {
    let queue = queue();
    let readiness = queue.readiness(kind(1)).unwrap();
    thread::sleep(Duration::from_millis(20));
    queue.remove().unwrap();
    for _ in 0..2 {
        assert!(readable(&readiness, PATIENCE));
        let error = readiness.try_recv(&mut Message::with_capacity(1)).unwrap_err();
        assert!(matches!(error.errno(), Some(Errno::EIDRM | Errno::EINVAL)), "{error}");
        assert!(error.to_string().ends_with("; the queue was removed"), "{error}");
    }
    watched(|| drop(readiness));
}

/// So is one that was removed before the helper could wait.
#[test]
fn a_queue_that_was_already_gone_is_reported() {
    let gone = *queue(); // dropped, and so removed, at the end of this line
    let readiness = gone.readiness(kind(1)).unwrap();
    assert!(readable(&readiness, PATIENCE));
    let error = readiness.try_recv(&mut Message::with_capacity(1)).unwrap_err();
    assert_eq!(error.to_string(), "msgrcv: Invalid argument (EINVAL); the queue was removed");
}

/// The example runs unchanged.
#[test]
fn the_example_for_poll_runs() {
    watched(|| example_poll::main().unwrap());
}

/// So does the one for tokio.
#[test]
fn the_example_for_tokio_runs() {
    watched(|| example_tokio::main().unwrap());
}
