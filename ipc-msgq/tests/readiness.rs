//! A descriptor for a queue: that it polls next to a socket, and that nothing is lost, reordered or left waiting.

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use ipc_msgq::{Message, MessageType, OwnedQueue, Queue, Readiness, Select};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

#[path = "../examples/poll.rs"]
mod example_poll;
#[path = "../examples/tokio.rs"]
mod example_tokio;

const ONE: MessageType = MessageType::ONE;

/// Reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(60);

fn queue() -> OwnedQueue {
    Queue::private(0o600).unwrap().owned()
}

fn kind(number: i64) -> MessageType {
    MessageType::new(number).unwrap()
}

fn put(queue: Queue, number: i64, text: &[u8]) {
    queue.try_send(&Message::new(kind(number), text)).unwrap().expect("there is room");
}

/// Whether it becomes readable in `patience`.
fn readable(readiness: &Readiness, patience: Duration) -> bool {
    let timeout = PollTimeout::try_from(patience).unwrap();
    loop {
        match poll(&mut [PollFd::new(readiness.as_fd(), PollFlags::POLLIN)], timeout) {
            Err(Errno::EINTR) => {}
            ready => return ready.unwrap() == 1,
        }
    }
}

/// All that `try_recv` gives until it says `None`: types and texts.
fn drained(readiness: &Readiness) -> Vec<(i64, Vec<u8>)> {
    let mut message = Message::with_capacity(100);
    std::iter::from_fn(|| {
        readiness.try_recv(&mut message).unwrap().map(|()| (message.kind().get(), message.text().to_vec()))
    })
    .collect()
}

/// Runs what may hang in a thread of its own, and fails if it does.
fn watched(what: impl FnOnce() + Send + 'static) {
    let (done, waiting) = mpsc::channel();
    let thread = thread::spawn(move || {
        what();
        done.send(()).unwrap();
    });
    match waiting.recv_timeout(PATIENCE) {
        Ok(()) => {}
        Err(RecvTimeoutError::Timeout) => panic!("it still waits after {PATIENCE:?}"),
        Err(RecvTimeoutError::Disconnected) => std::panic::resume_unwind(thread.join().unwrap_err()),
    }
}

/// One `poll` for both: it names the one that has something.
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

/// It stays readable until somebody was told `None`, and only so long. What was there before counts too.
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

/// Waiting takes nothing and changes nothing: the message is still the queue's.
#[test]
fn the_helper_leaves_the_message_in_the_queue() {
    let queue = queue();
    let readiness = queue.readiness(Select::Any).unwrap();
    thread::sleep(Duration::from_millis(50)); // let it wait; should this be too short, the case becomes easier
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

/// While there is something that nobody fetches, the helper sleeps.
#[test]
fn the_helper_does_not_spin() {
    let queue = queue();
    let older = helpers();
    let readiness = queue.readiness(Select::Any).unwrap();
    put(*queue, 1, b"text");
    assert!(readable(&readiness, PATIENCE));
    let mut before = helpers();
    before.retain(|id, _| !older.contains_key(id)); // this test's, and maybe some of the tests next to it
    thread::sleep(Duration::from_millis(300));
    let after = helpers();
    let used = before.iter().filter_map(|(id, before)| Some(after.get(id)? - before)).min().unwrap();
    assert!(used < 15, "{used} of 30 ticks: it spins");
}

/// The helpers' thread ids, and how many ticks of processor time each has used.
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

/// Only what the selection fits makes it readable.
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

/// A message without text is the only kind that the helper has to take. It comes first, as it was sent first.
#[test]
fn messages_without_text_keep_their_place() {
    let queue = queue();
    let readiness = queue.readiness(Select::Any).unwrap();
    thread::sleep(Duration::from_millis(20)); // so that the helper takes the first; else the case is easier
    for (number, text) in [(7, b"" as &[u8]), (8, b"text"), (9, b""), (7, b"end")] {
        put(*queue, number, text);
    }
    assert!(readable(&readiness, PATIENCE));
    let expected = [(7, vec![]), (8, b"text".to_vec()), (9, vec![]), (7, b"end".to_vec())];
    assert_eq!(drained(&readiness), expected);
}

/// A message that is too long for the caller stays, and so does the descriptor: readable.
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

/// Sends while the other side drains: every message arrives, once, in order, and the last one too wakes. Every fifth
/// is without text; its type tells its number.
#[test]
fn no_wake_up_is_lost_and_no_order_changed() {
    const MESSAGES: i64 = 20_000;
    watched(|| {
        let queue = queue();
        let readiness = queue.readiness(Select::Any).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 1..=MESSAGES {
                    let text = if number % 5 == 0 { b"" as &[u8] } else { b"text" };
                    queue.send(&Message::new(kind(number), text)).unwrap();
                    if number % 97 == 0 {
                        thread::sleep(Duration::from_micros(50)); // so that it runs empty again and again
                    }
                }
            });
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

/// The same through an edge-triggered epoll, one message at a time there and back: each edge counts.
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

/// Two threads on one descriptor: each message goes to one of them.
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

/// Dropped at any moment, while messages come: the helper goes, and each message is received or still there.
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

/// Even while nothing comes at all. `finish` hands over what the helper has taken.
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

/// A removed queue is not silence: the descriptor becomes readable, and stays so, and each call says why.
#[test]
fn a_removed_queue_is_told() {
    let queue = queue();
    let readiness = queue.readiness(ONE).unwrap();
    thread::sleep(Duration::from_millis(20));
    queue.remove().unwrap();
    for _ in 0..2 {
        assert!(readable(&readiness, PATIENCE));
        let error = readiness.try_recv(&mut Message::with_capacity(1)).unwrap_err();
        assert!(matches!(error.errno(), Some(Errno::EIDRM | Errno::EINVAL)), "{error}");
        assert!(error.to_string().ends_with("; the queue was removed"), "{error}");
    }
    let started = Instant::now();
    drop(readiness);
    assert!(started.elapsed() < PATIENCE);
}

/// The examples run as they stand.
#[test]
fn the_example_for_poll_runs() {
    watched(|| example_poll::main().unwrap());
}

/// The same for tokio.
#[test]
fn the_example_for_tokio_runs() {
    watched(|| example_tokio::main().unwrap());
}
