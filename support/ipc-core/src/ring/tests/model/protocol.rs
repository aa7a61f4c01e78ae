//! The protocol of the ring, model-checked with [loom](https://docs.rs/loom): it tries every order in which the steps
//! of two threads can follow each other, and every value that a load may see in the memory model of C11, on the source
//! files of the ring themselves: a whole [`RingLink`](super::link::RingLink), from its attachment to its end.
//!
//! If a message is read before it was written, or overwritten while it is read, both sides access a loom `UnsafeCell`
//! at once, which loom reports. A lost wake-up leaves a thread asleep indefinitely, which loom reports as a deadlock.

use loom::thread;

use super::half::Half as _;
use super::memory::{FULL, MESSAGE};
use super::sides::{AN_HOUR, Link, check, pair};
use crate::{Error, Receiver, Result, Sender, Split};

fn message(number: u8) -> Vec<u8> {
    let mut message = vec![0; MESSAGE];
    message[0] = number;
    message
}

fn receive(link: &mut Link) -> Result<u8> {
    let mut buffer = vec![0; MESSAGE];
    let len = link.recv(&mut buffer)?;
    assert_eq!(len, MESSAGE);
    Ok(buffer[0])
}

/// Receives a message in place, without a copy.
fn peek(link: &mut Link) -> u8 {
    let message = link.peek().unwrap();
    let mut byte = [0];
    message.read(0, &mut byte);
    message.release().unwrap();
    byte[0]
}

fn is_end<T>(answer: &Result<T>) -> bool {
    matches!(answer, Err(Error::Disconnected))
}

#[test]
fn a_sleeping_receiver_hears_each_message() {
    check(|| {
        let (mut ours, mut theirs) = pair();
        let sender = thread::spawn(move || {
            for number in 1..=2 {
                theirs.send(&message(number)).unwrap();
            }
            theirs // dropped only when the other side has received everything
        });
        assert_eq!([receive(&mut ours).unwrap(), peek(&mut ours)], [1, 2]);
        drop(sender.join().unwrap());
    });
}

/// A batch changes hands as a whole, whether it is flushed or a message is sent after it.
#[test]
fn a_sleeping_receiver_hears_of_a_batch() {
    check(|| {
        let (mut ours, mut theirs) = pair();
        let sender = thread::spawn(move || {
            theirs.feed(&message(1)).unwrap();
            theirs.feed(&message(2)).unwrap();
            theirs.flush().unwrap();
            theirs
        });
        assert_eq!(receive(&mut ours).unwrap(), 1);
        assert_eq!(ours.try_recv(&mut vec![0; MESSAGE]).unwrap(), Some(MESSAGE), "it came with the first");
        drop(sender.join().unwrap());
    });
}

/// A sender that waits for room hands its batch over first, or both sides would sleep.
#[test]
fn a_batch_that_fills_the_ring_changes_hands() {
    check(|| {
        let (mut ours, mut theirs) = pair();
        for number in 1..=FULL {
            theirs.feed(&message(number)).unwrap();
        }
        let sender = thread::spawn(move || {
            theirs.feed(&message(FULL + 1)).unwrap();
            theirs
        });
        for number in 1..=FULL {
            assert_eq!(receive(&mut ours).unwrap(), number);
        }
        drop(sender.join().unwrap()); // with a batch of one
        assert_eq!(receive(&mut ours).unwrap(), FULL + 1);
        assert!(is_end(&receive(&mut ours)));
    });
}

#[test]
fn a_sleeping_sender_hears_that_there_is_room() {
    check(|| {
        let (mut ours, mut theirs) = pair();
        for number in 1..=FULL {
            theirs.send(&message(number)).unwrap();
        }
        let sender = thread::spawn(move || {
            let mut room = theirs.reserve(MESSAGE).unwrap();
            room.fill(FULL + 1);
            room.commit().unwrap();
            theirs
        });
        assert_eq!([receive(&mut ours).unwrap(), peek(&mut ours)], [1, 2]);
        assert_eq!([(); 2].map(|()| receive(&mut ours).unwrap()), [3, 4]);
        drop(sender.join().unwrap());
    });
}

#[test]
fn one_who_leaves_wakes_a_receiver_who_finds_all_it_sent() {
    check(|| {
        let (mut ours, mut theirs) = pair();
        let leaver = thread::spawn(move || theirs.send(&message(1)).unwrap());
        assert_eq!(receive(&mut ours).unwrap(), 1);
        assert!(is_end(&receive(&mut ours)));
        leaver.join().unwrap();
    });
}

#[test]
fn one_who_leaves_wakes_a_sender() {
    check(|| {
        let (mut ours, theirs) = pair();
        for number in 1..=FULL {
            ours.send(&message(number)).unwrap();
        }
        let leaver = thread::spawn(move || drop(theirs));
        assert!(is_end(&ours.send_timeout(&message(3), AN_HOUR)));
        leaver.join().unwrap();
    });
}

/// The sleeper looks after announcing its sleep, so that the watcher need not wake it twice.
#[test]
fn the_end_of_a_killed_peer_wakes_a_receiver() {
    check(|| {
        let (mut ours, theirs) = pair();
        let watch = ours.receiver.wake_at_end().clone();
        let watcher = thread::spawn(move || watch.end());
        assert!(is_end(&receive(&mut ours)));
        watcher.join().unwrap();
        drop(theirs); // only now: a killed process announces nothing
    });
}

#[test]
fn the_end_of_a_killed_peer_wakes_a_sender() {
    check(|| {
        let (mut ours, theirs) = pair();
        for number in 1..=FULL {
            ours.send(&message(number)).unwrap();
        }
        let watch = ours.sender.wake_at_end().clone();
        let watcher = thread::spawn(move || watch.end());
        assert!(is_end(&ours.send(&message(FULL + 1))));
        watcher.join().unwrap();
        drop(theirs);
    });
}

/// All that a peer sent before it was killed is received first.
#[test]
fn what_a_killed_peer_sent_is_received() {
    check(|| {
        let (mut ours, mut theirs) = pair();
        let watch = ours.receiver.wake_at_end().clone();
        let watcher = thread::spawn(move || {
            theirs.send(&message(1)).unwrap();
            watch.end();
            theirs
        });
        assert_eq!(receive(&mut ours).unwrap(), 1);
        assert!(is_end(&receive(&mut ours)));
        drop(watcher.join().unwrap());
    });
}

/// The two halves of a link end at the same time, in two threads; the peer misses neither.
#[test]
fn halves_that_are_dropped_at_once_end_both_directions() {
    check(|| {
        let (mut ours, theirs) = pair();
        let (sender, receiver) = theirs.into_inner().split();
        let leaver = thread::spawn(move || drop(sender));
        drop(receiver);
        assert!(is_end(&receive(&mut ours)));
        leaver.join().unwrap();
        assert!(is_end(&ours.send(&message(1))));
    });
}
