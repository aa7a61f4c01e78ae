//! Pitfalls of the system calls, on a bare queue.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::tools::{
    LARGE_QUEUE, PATIENCE, Scratch, TOO_LARGE, give_it_time_to_block, kind, pair, played, playing, put, take,
    try_take, watched,
};
use ipc_core::{Error, Result, ThreadId};
use ipc_msgq::{Key, Message, Queue, SystemV};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::unistd::geteuid;

fn recv(queue: Queue) -> Result<()> {
    queue.recv(kind(1), &mut Message::with_capacity(100))
}

/// Fills `queue` with messages of `size` bytes and returns how many it took.
fn fill(queue: Queue, size: usize) -> usize {
    let message = Message::new(kind(1), &vec![0; size]);
    std::iter::from_fn(|| queue.try_send(&message).unwrap()).count()
}

/// A message sent before the receiver starts is not lost: it waits in the queue.
#[test]
fn a_sender_may_come_first() {
    let queue = Scratch::new(0o600);
    for number in 0..10 {
        put(*queue, 1, &[number]);
    }
    let received = watched({
        let queue = *queue;
        move || (0..10).map(|_| take(queue, 1)[0]).collect::<Vec<_>>()
    });
    assert_eq!(received, (0..10).collect::<Vec<_>>());
}

/// A receiver gets the oldest message of the type it asks for; others stay, in order.
#[test]
fn a_receiver_chooses_by_type() {
    let queue = Scratch::new(0o600);
    for (number, text) in [(1, b"a"), (2, b"b"), (1, b"c")] {
        put(*queue, number, text);
    }
    assert_eq!(take(*queue, 2), b"b");
    assert_eq!(take(*queue, 1), b"a");
    assert_eq!(take(*queue, 1), b"c");
    assert_eq!(try_take(*queue, 2), None);
}

/// With two receivers of one type, each message goes to exactly one of them.
#[test]
fn two_receivers_share_the_messages() {
    let queue = Scratch::new(0o600);
    let receivers = [(); 2].map(|()| {
        let queue = *queue;
        thread::spawn(move || {
            let mut message = Message::with_capacity(1);
            let mut received = Vec::new();
            loop {
                queue.recv(kind(1), &mut message).unwrap();
                match message.text() {
                    [] => return received,
                    text => received.push(text[0]),
                }
            }
        })
    });
    for number in 0..200 {
        queue.send(&Message::new(kind(1), &[number])).unwrap();
    }
    put(*queue, 1, b"");
    put(*queue, 1, b"");
    let mut received: Vec<u8> = receivers.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    received.sort_unstable();
    assert_eq!(received, (0..200).collect::<Vec<_>>());
}

/// A message longer than the receiver's room is refused with E2BIG and stays in the queue.
#[test]
fn a_message_too_long_for_the_receiver_stays() {
    let queue = Scratch::new(0o600);
    put(*queue, 1, &[7; 10]);
    for _ in 0..2 {
        let refused = queue.try_recv(kind(1), &mut Message::with_capacity(9)).unwrap_err();
        assert_eq!(refused.to_string(), "msgrcv: Argument list too long (E2BIG)");
    }
    assert_eq!(take(*queue, 1), [7; 10]);
}

/// A message longer than the limits is refused with EINVAL.
#[test]
fn a_message_longer_than_the_limit_is_refused() {
    let queue = Scratch::new(0o600);
    let longest = queue.longest_text().unwrap();
    assert!(queue.try_send(&Message::new(kind(1), &vec![0; longest])).unwrap().is_some());
    // A queue smaller than kernel.msgmax would return EAGAIN here, every time.
    let longer = queue.try_send(&Message::new(kind(1), &vec![0; longest + 1]));
    assert!(!matches!(longer, Ok(Some(()))), "{longer:?}");
    assert_eq!(take(*queue, 1).len(), longest);
}

/// A full queue is full for every type: filling it blocks the other direction, too.
#[test]
fn a_full_queue_stops_both_directions() {
    let queue = Scratch::new(0o600);
    assert!(fill(*queue, 100) > 0);
    let answer = Message::new(kind(2), &[0; 100]);
    assert!(queue.try_send(&answer).unwrap().is_none(), "no room for the other type either");
    take(*queue, 1);
    assert!(queue.try_send(&answer).unwrap().is_some());
}

/// The capacity is counted in bytes, so a message without bytes fits into a full queue, unless the queue holds as many
/// messages as it may hold bytes.
#[test]
fn a_message_without_bytes_fits_into_a_full_queue() {
    for (size, fits) in [(1, false), (2, true), (100, true)] {
        let queue = Scratch::new(0o600);
        if queue.stat().unwrap().capacity > LARGE_QUEUE {
            return ipc_conformance::skipped(TOO_LARGE);
        }
        fill(*queue, size);
        let sent = queue.try_send(&Message::new(kind(2), &[])).unwrap();
        assert_eq!(sent.is_some(), fits, "behind messages of {size} bytes");
    }
}

/// Removing a queue ends all waits for it with EIDRM; after that, its id is invalid.
#[test]
fn removal_ends_a_wait() {
    let queue = Scratch::new(0o600);
    let waiter = thread::spawn({
        let queue = *queue;
        move || watched(move || recv(queue))
    });
    give_it_time_to_block();
    queue.remove().unwrap();
    let ended = waiter.join().unwrap().unwrap_err();
    // EINVAL if the call did not wait yet, on a loaded machine.
    assert!(matches!(ended.errno(), Some(Errno::EIDRM | Errno::EINVAL)), "{ended}");
    assert_eq!(recv(*queue).unwrap_err().to_string(), "msgrcv: Invalid argument (EINVAL)");
}

/// A queue that is removed before the other side has received is gone with everything in it.
#[test]
fn removal_loses_what_was_not_received() {
    let queue = Scratch::new(0o600);
    played(&format!("put {} precious", queue.key));
    queue.remove().unwrap();
    let late = Queue::open(queue.key).unwrap_err();
    assert_eq!(late.errno(), Some(Errno::ENOENT));
}

/// A handled signal ends a wait with EINTR, although its handler was installed with `SA_RESTART`.
#[test]
fn a_signal_ends_a_wait_even_with_sa_restart() {
    let _link = pair::<SystemV>(); // a link installs such a handler, for SIGURG
    let queue = Scratch::new(0o600);
    let (tell, told) = mpsc::channel();
    let waiter = thread::spawn({
        let queue = *queue;
        move || {
            tell.send(ThreadId::current()).unwrap();
            recv(queue)
        }
    });
    let thread = told.recv_timeout(PATIENCE).unwrap();
    while !waiter.is_finished() {
        give_it_time_to_block(); // a signal that comes too early interrupts nothing: try again
        let _ = thread.signal(Signal::SIGURG); // fails if it has just ended
    }
    assert_eq!(waiter.join().unwrap().unwrap_err().to_string(), "msgrcv: Interrupted system call (EINTR)");
}

/// A queue outlives its creator, even one that was killed: the kernel does not clean up.
#[test]
fn a_queue_outlives_its_creator() {
    let key = Key::fresh();
    let mut creator = playing(&format!("create {key}"));
    creator.kill();
    let queue = Queue::open(key).expect("it is still there");
    queue.remove().unwrap();
}

/// Two creators of one key: with `IPC_EXCL`, the second gets an error.
#[test]
fn a_key_in_use_is_refused() {
    let queue = Scratch::new(0o600);
    let refused = Queue::create(queue.key, 0o600).unwrap_err().to_string();
    assert!(refused.starts_with("msgget: File exists (EEXIST); "), "{refused}");
}

/// Mode 0600 keeps other users out; the 0666 of many examples lets them take messages.
#[test]
fn another_user_is_kept_out_unless_the_mode_says_otherwise() {
    if !geteuid().is_root() {
        return ipc_conformance::skipped("to become another user needs root");
    }
    let (private, public) = (Scratch::new(0o600), Scratch::new(0o666));
    put(*private, 1, b"mine");
    put(*public, 1, b"mine");
    assert_eq!(played(&format!("take-as-nobody {}", private.key)), "msgrcv: Permission denied (EACCES)");
    assert_eq!(played(&format!("take-as-nobody {}", public.key)), "taken");
}

/// The kernel gives no notice when a user of a queue dies: a process waiting for its message goes on waiting.
#[test]
fn no_process_is_notified_when_a_user_dies() {
    let queue = Scratch::new(0o600);
    played(&format!("put {} last-words", queue.key));
    assert_eq!(take(*queue, 1), b"last-words");
    let waiter = thread::spawn({
        let queue = *queue;
        move || recv(queue)
    });
    thread::sleep(Duration::from_millis(500));
    assert!(!waiter.is_finished(), "it was told that its only sender is dead");
    put(*queue, 1, b"");
    assert!(!matches!(waiter.join().unwrap(), Err(Error::Disconnected)));
}
