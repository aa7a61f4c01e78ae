//! Messages that come while others are received: none is lost, reordered, or left waiting, and no time is wasted.

use std::collections::HashMap;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use ipc_msgq::{Message, Queue, Select};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::tools::{PATIENCE, drained, kind, put, queue, readable, watched};

/// Sends messages of the types 1 to `last`, without text where `is_empty`, with a pause of `micros` after each `few`.
fn send_all(queue: Queue, last: i64, is_empty: fn(i64) -> bool, (few, micros): (i64, u64)) {
    for number in 1..=last {
        let text = if is_empty(number) { b"" as &[u8] } else { b"text" };
        queue.send(&Message::new(kind(number), text)).unwrap();
        if number % few == 0 {
            thread::sleep(Duration::from_micros(micros));
        }
    }
}

/// Sends while the other side drains: every message arrives, once, in order, and even the last one wakes the receiver.
/// Every fifth is without text; its type gives its number.
#[test]
fn no_wake_up_is_lost_and_no_order_changed() {
    const MESSAGES: i64 = 20_000;
    watched(|| {
        let queue = queue();
        let readiness = queue.readiness(Select::Any).unwrap();
        thread::scope(|scope| {
            // Pauses, so that the queue runs empty again and again.
            scope.spawn(|| send_all(*queue, MESSAGES, |number| number % 5 == 0, (97, 50)));
            let mut expected = 1;
            while expected <= MESSAGES {
                assert!(readable(&readiness, PATIENCE), "a wake-up was lost before {expected}");
                for (number, text) in drained(&readiness) {
                    assert_eq!((number, text.is_empty()), (expected, number % 5 == 0));
                    expected += 1;
                }
            }
        });
        assert_eq!(drained(&readiness), []);
    });
}

/// A receiver that never waits for the descriptor still gets the message that the helper has just taken first.
#[test]
fn no_order_is_changed_for_the_impatient() {
    const MESSAGES: i64 = 6_000;
    watched(|| {
        let queue = queue();
        let readiness = queue.readiness(Select::Any).unwrap();
        thread::scope(|scope| {
            // Pauses, so that the helper takes the next.
            scope.spawn(|| send_all(*queue, MESSAGES, |number| number % 2 == 1, (2, 20)));
            let (mut message, mut expected) = (Message::with_capacity(4), 1);
            while expected <= MESSAGES {
                if readiness.try_recv(&mut message).unwrap().is_some() {
                    assert_eq!(message.kind(), kind(expected));
                    expected += 1;
                } else {
                    thread::yield_now();
                }
            }
        });
    });
}

/// Messages go through an edge-triggered epoll, one at a time there and back: each causes an edge.
#[test]
fn each_message_is_an_edge() {
    const ROUNDS: i64 = 5_000;
    watched(|| {
        let (there, back) = (queue(), queue());
        let readiness = there.readiness(Select::Any).unwrap();
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).unwrap();
        epoll.add(&readiness, EpollEvent::new(EpollFlags::EPOLLIN | EpollFlags::EPOLLET, 0)).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut answer = Message::with_capacity(1);
                for number in 1..=ROUNDS {
                    put(*there, number, if number % 2 == 0 { b"" } else { b"x" });
                    back.recv(Select::Any, &mut answer).unwrap();
                    assert_eq!(answer.kind(), kind(number));
                }
            });
            let (mut events, mut seen) = ([EpollEvent::empty()], 0);
            while seen < ROUNDS {
                let ready = epoll.wait(&mut events, EpollTimeout::try_from(PATIENCE).unwrap());
                assert_ne!(ready, Ok(0), "an edge was lost after {seen}");
                for (number, _) in drained(&readiness) {
                    seen += 1;
                    assert_eq!(number, seen);
                    put(*back, number, b"");
                }
            }
        });
    });
}

/// Two threads use one descriptor: each message goes to one of them.
#[test]
fn two_threads_share_the_messages() {
    const MESSAGES: i64 = 5_000;
    watched(|| {
        let queue = queue();
        let readiness = queue.readiness(Select::UpTo(kind(MESSAGES))).unwrap();
        let count = AtomicUsize::new(0);
        let mut received: Vec<i64> = thread::scope(|scope| {
            let receive = || {
                let mut received = Vec::new();
                while count.load(Ordering::Relaxed) < MESSAGES as usize {
                    readable(&readiness, Duration::from_millis(10)); // or the other has received the last one
                    let messages = drained(&readiness);
                    count.fetch_add(messages.len(), Ordering::Relaxed);
                    received.extend(messages.into_iter().map(|(number, _)| number));
                }
                received
            };
            let receivers = [scope.spawn(receive), scope.spawn(receive)];
            for number in 1..=MESSAGES {
                queue.send(&Message::new(kind(number), &b"xx"[..(number % 3) as usize])).unwrap();
            }
            receivers.into_iter().flat_map(|receiver| receiver.join().unwrap()).collect()
        });
        received.sort_unstable();
        assert!(received.into_iter().eq(1..=MESSAGES));
    });
}

/// Dropped at any moment, while messages come: the helper ends, and each message is received or still in the queue.
#[test]
fn dropping_it_loses_nothing() {
    const ROUNDS: i64 = 300;
    watched(|| {
        let queue = queue();
        let mut message = Message::with_capacity(4);
        for round in 0..ROUNDS {
            let readiness = queue.readiness(Select::Any).unwrap();
            thread::scope(|scope| {
                scope.spawn(|| {
                    thread::sleep(Duration::from_micros((round as u64 * 7) % 200));
                    put(*queue, 1, b"");
                    put(*queue, 2, b"text");
                });
                thread::sleep(Duration::from_micros((round as u64 * 11) % 250));
                drop(readiness);
            });
            for number in [1, 2] {
                assert_eq!(queue.try_recv(kind(number), &mut message).unwrap(), Some(()), "round {round}");
            }
            assert_eq!(queue.try_recv(Select::Any, &mut message).unwrap(), None);
        }
    });
}

/// The helper sleeps while there is a message that is not fetched.
#[test]
fn the_helper_does_not_spin() {
    let queue = queue();
    let older = helpers();
    let readiness = queue.readiness(Select::Any).unwrap();
    put(*queue, 1, b"text");
    assert!(readable(&readiness, PATIENCE));
    let mut before = helpers();
    before.retain(|id, _| !older.contains_key(id)); // this test's, and maybe those of other tests
    thread::sleep(Duration::from_millis(300));
    let after = helpers();
    let used = before.iter().filter_map(|(id, before)| Some(after.get(id)? - before)).min().unwrap();
    assert!(used < 15, "{used} of 30 ticks: it spins");
}

/// Returns the helpers' thread ids, and the ticks of processor time that each has used.
fn helpers() -> HashMap<String, u64> {
    let tasks = fs::read_dir("/proc/self/task").unwrap().map(|task| task.unwrap().path());
    let stats = tasks.filter_map(|task| fs::read_to_string(task.join("stat")).ok());
    stats
        .filter_map(|stat| {
            // "ID (NAME) STATE …": utime and stime are the 14th and the 15th field.
            let (id, fields) = stat.split_once(" (msgq-readiness) ")?;
            let ticks = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap());
            Some((id.to_owned(), ticks.sum()))
        })
        .collect()
}
