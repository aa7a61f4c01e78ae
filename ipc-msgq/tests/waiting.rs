//! Waiting with an end: deadlines and cancellation, without losing a message.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ipc_conformance::watchdog::{self, PATIENCE, over_this_test};
use ipc_core::{Mechanism, Setup};
use ipc_msgq::{
    CancelToken, Drain, Message, MessageType, OwnedQueue, Queue, Select, Settings, SystemV, WaitLimit,
};
use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};

const ONE: MessageType = MessageType::ONE;

fn queue() -> OwnedQueue {
    over_this_test();
    Queue::private(0o600).unwrap().owned()
}

/// Runs a test that fails by name if it hangs. Then its queue is removed, too, which ends all calls still waiting.
fn watched(test: impl FnOnce(Queue) + Send + 'static) {
    let queue = queue();
    let borrowed = *queue;
    watchdog::watched(move || test(borrowed));
}

fn set_capacity(queue: Queue, capacity: usize) {
    queue.set(&Settings { capacity: Some(capacity), ..Settings::default() }).unwrap();
}

fn number(message: &Message) -> u32 {
    u32::from_le_bytes(message.text().try_into().unwrap())
}

/// A deadline does not end a wait early; how long after it the wait ends depends on the machine.
#[test]
fn a_deadline_ends_a_wait() {
    watched(|queue| {
        let time = Duration::from_millis(50);
        let started = Instant::now();
        assert_eq!(queue.recv_until(Select::Any, &mut Message::with_capacity(1), time).unwrap(), None);
        assert!(started.elapsed() >= time);
        set_capacity(queue, 0);
        let deadline = Instant::now() + time;
        assert_eq!(queue.send_until(&Message::new(ONE, b"x"), deadline).unwrap(), None);
        assert!(Instant::now() >= deadline);
        assert_eq!(queue.stat().unwrap().messages, 0);
    });
}

/// A deadline in the past asks once.
#[test]
fn a_deadline_in_the_past_does_not_wait() {
    watched(|queue| {
        let (past, mut message) = (Instant::now(), Message::with_capacity(1));
        assert_eq!(queue.recv_until(ONE, &mut message, past).unwrap(), None);
        assert_eq!(queue.send_until(&Message::new(ONE, b"x"), past).unwrap(), Some(()));
        assert_eq!(queue.recv_until(ONE, &mut message, Duration::ZERO).unwrap(), Some(()));
        assert_eq!(message.text(), b"x");
    });
}

/// A wait ends with the message, long before its deadline; a deadline too far for any clock is none.
#[test]
fn a_message_in_time_is_received() {
    watched(|queue| {
        for limit in [WaitLimit::from(PATIENCE), WaitLimit::from(Duration::MAX), WaitLimit::NONE] {
            thread::scope(|scope| {
                let receiver = scope.spawn(|| {
                    let mut message = Message::with_capacity(1);
                    queue
                        .recv_until(ONE, &mut message, limit)
                        .map(|received| received.map(|()| message.kind()))
                });
                thread::sleep(Duration::from_millis(20));
                queue.send(&Message::new(ONE, b"x")).unwrap();
                assert_eq!(receiver.join().unwrap().unwrap(), Some(ONE));
            });
        }
    });
}

/// Receivers whose deadlines pass all the time, in the middle of a stream, receive each message once.
#[test]
fn no_message_is_lost_between_deadlines() {
    watched(|queue| {
        const MESSAGES: u32 = 3000;
        let timed_out = AtomicUsize::new(0);
        let mut received: Vec<u32> = thread::scope(|scope| {
            let receive = || {
                let (mut message, mut received) = (Message::with_capacity(4), Vec::new());
                loop {
                    match queue.recv_until(ONE, &mut message, Duration::from_micros(300)).unwrap() {
                        None => _ = timed_out.fetch_add(1, Ordering::Relaxed),
                        Some(()) if number(&message) == MESSAGES => return received,
                        Some(()) => received.push(number(&message)),
                    }
                }
            };
            let receivers = [(); 3].map(|()| scope.spawn(receive));
            for message in 0..MESSAGES {
                let message = Message::new(ONE, &message.to_le_bytes());
                while queue.send_until(&message, Duration::from_micros(100)).unwrap().is_none() {}
                thread::sleep(Duration::from_micros(100)); // so that receivers wait
            }
            for _ in &receivers {
                queue.send(&Message::new(ONE, &MESSAGES.to_le_bytes())).unwrap();
            }
            receivers.into_iter().flat_map(|receiver| receiver.join().unwrap()).collect()
        });
        received.sort_unstable();
        assert_eq!(received, (0..MESSAGES).collect::<Vec<_>>());
        assert!(timed_out.load(Ordering::Relaxed) > 0, "no deadline has fallen");
    });
}

/// The same for senders that wait for room: a message whose call timed out was not sent, and a sent one comes once.
#[test]
fn nothing_is_sent_twice_between_deadlines() {
    watched(|queue| {
        const EACH: u32 = 1000;
        set_capacity(queue, 8); // two messages
        let timed_out = AtomicUsize::new(0);
        let mut received: Vec<u32> = thread::scope(|scope| {
            let send = |first: u32| {
                for number in first..first + EACH {
                    let message = Message::new(ONE, &u32::to_le_bytes(number));
                    while queue.send_until(&message, Duration::from_micros(200)).unwrap().is_none() {
                        timed_out.fetch_add(1, Ordering::Relaxed);
                    }
                }
            };
            for sender in 0..3 {
                scope.spawn(move || send(sender * EACH));
            }
            let mut message = Message::with_capacity(4);
            let receive = |_| {
                thread::sleep(Duration::from_micros(100)); // so that senders wait
                queue.recv_until(ONE, &mut message, PATIENCE).unwrap().expect("one more is on its way");
                number(&message)
            };
            (0..3 * EACH).map(receive).collect()
        });
        received.sort_unstable();
        assert_eq!(received, (0..3 * EACH).collect::<Vec<_>>());
        assert_eq!(queue.stat().unwrap().messages, 0);
        assert!(timed_out.load(Ordering::Relaxed) > 0, "no deadline has fallen");
    });
}

/// A wait interrupted at any moment, before it, at its start or in the middle, ends each time.
#[test]
fn no_interruption_is_lost() {
    watched(|queue| {
        for round in 0..2000u64 {
            let (token, start) = (CancelToken::new(), Barrier::new(2));
            thread::scope(|scope| {
                scope.spawn(|| {
                    start.wait();
                    let (deadline, mut message) = (Instant::now() + PATIENCE, Message::with_capacity(1));
                    let limit = WaitLimit::from(deadline).or(&token);
                    assert_eq!(queue.recv_until(ONE, &mut message, limit).unwrap(), None);
                    assert!(Instant::now() < deadline, "the time has ended it, not the interruption");
                });
                start.wait();
                for _ in 0..round % 100 * 20 {
                    std::hint::spin_loop();
                }
                token.clone().cancel();
            });
        }
    });
}

/// A token ends only its own waits, and stops even a receiver that always finds a message.
#[test]
fn a_token_ends_its_own_waits() {
    watched(|queue| {
        let busy = self::queue();
        let (own, other) = (CancelToken::new(), CancelToken::new());
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let (deadline, mut message) = (Instant::now() + PATIENCE, Message::with_capacity(1));
                let limit = WaitLimit::from(deadline).or(&other);
                assert_eq!(queue.recv_until(ONE, &mut message, limit).unwrap(), None);
                assert!(Instant::now() < deadline, "the time has ended it, not the interruption");
                ended.store(true, Ordering::Relaxed);
            });
            scope.spawn(|| {
                let mut message = Message::new(ONE, b"x");
                busy.send(&message).unwrap();
                while busy.recv_until(ONE, &mut message, &own).unwrap().is_some() {
                    busy.send(&message).unwrap(); // it finds a message each time
                }
            });
            thread::sleep(Duration::from_millis(50));
            own.cancel();
            thread::sleep(Duration::from_millis(50));
            assert!(!ended.load(Ordering::Relaxed), "the wrong one was ended");
            other.cancel();
        });
        assert!(ended.load(Ordering::Relaxed));
        assert_eq!(busy.stat().unwrap().messages, 1, "nothing is lost by stopping");
    });
}

/// Counts this process's threads that the crate has started. At least one exists, but a thread sets its name only when
/// it runs.
fn timer_threads() -> usize {
    loop {
        let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
        let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
        let threads = names.filter(|name| name.trim() == "msgq-wake-up").count();
        if threads > 0 {
            return threads;
        }
        thread::yield_now();
    }
}

/// One thread wakes all waiting calls, however many there are.
#[test]
fn a_thousand_waits_take_one_timer_thread() {
    watched(|queue| {
        let token = CancelToken::new();
        thread::scope(|scope| {
            for _ in 0..1000 {
                let builder = thread::Builder::new().stack_size(64 << 10);
                let wait = || queue.recv_until(ONE, &mut Message::with_capacity(1), &token).unwrap();
                builder.spawn_scoped(scope, wait).unwrap();
            }
            thread::sleep(Duration::from_millis(50));
            let threads = timer_threads();
            token.cancel();
            assert_eq!(threads, 1);
        });
    });
}

/// The links of a server share that thread, too.
#[test]
fn links_take_no_threads_of_their_own() {
    watchdog::watched(|| {
        let setup = Setup::default();
        let links: Vec<_> = (0..20)
            .map(|_| {
                let mut meeting = SystemV::create(None, &setup).unwrap();
                let joiner = SystemV::join(&meeting.address(), &setup, PATIENCE).unwrap();
                (meeting.accept(PATIENCE).unwrap(), joiner)
            })
            .collect();
        assert_eq!(timer_threads(), 1);
        drop(links);
    });
}

/// Closing stops all senders, including waiting ones; receivers get everything; then they learn of the end.
#[test]
fn draining_loses_nothing() {
    watched(|queue| {
        let accepted = AtomicUsize::new(0);
        let received = thread::scope(|scope| {
            let send = || {
                loop {
                    match queue.send(&Message::new(ONE, &[0; 1000])) {
                        Ok(()) => _ = accepted.fetch_add(1, Ordering::Relaxed),
                        Err(error) => return error.errno(),
                    }
                }
            };
            let senders = [(); 3].map(|()| scope.spawn(send));
            let receiver = scope.spawn(|| {
                let (mut message, mut received) = (Message::with_capacity(1000), 0);
                loop {
                    match queue.recv(ONE, &mut message) {
                        Ok(()) => received += 1,
                        Err(error) => return (received, error.errno()),
                    }
                }
            });
            thread::sleep(Duration::from_millis(50));
            let closed = queue.close_and_drain(PATIENCE);
            let _ = queue.remove(); // if it still exists, the test has failed, and the threads must end
            assert_eq!(closed.unwrap(), Drain::Drained);
            let gone = [Some(Errno::EIDRM), Some(Errno::EINVAL)]; // while waiting, or between two calls
            for sender in senders {
                assert!(gone.contains(&sender.join().unwrap()));
            }
            let (received, ended) = receiver.join().unwrap();
            assert!(gone.contains(&ended));
            received
        });
        assert_eq!(received, accepted.load(Ordering::Relaxed));
    });
}

/// A queue not drained in time is open again, and a waiting sender goes on.
#[test]
fn a_queue_that_is_not_drained_is_open_again() {
    watched(|queue| {
        let (text, capacity) = ([0; 100], queue.stat().unwrap().capacity);
        queue.send(&Message::new(ONE, &text)).unwrap();
        thread::scope(|scope| {
            let closing = scope.spawn(|| queue.close_and_drain(Duration::from_secs(2)).unwrap());
            while queue.stat().unwrap().capacity != 0 && !closing.is_finished() {
                thread::yield_now();
            }
            assert_eq!(
                queue.try_send(&Message::new(ONE, b"")).unwrap(),
                None,
                "closed for all, root included"
            );
            assert_eq!(queue.send_until(&Message::new(ONE, &text), PATIENCE).unwrap(), Some(()));
            assert_eq!(closing.join().unwrap(), Drain::NotDrained { messages: 1, bytes: 100 });
        });
        let stat = queue.stat().unwrap();
        assert_eq!((stat.capacity, stat.messages), (capacity, 2));
    });
}

/// A token ends the draining, too: the queue is open again at once.
#[test]
fn draining_can_be_cancelled() {
    watched(|queue| {
        queue.send(&Message::new(ONE, b"precious")).unwrap();
        let (capacity, token) = (queue.stat().unwrap().capacity, CancelToken::new());
        token.cancel();
        let limit = WaitLimit::from(Duration::from_secs(3600)).or(&token); // longer than the watchdog waits
        assert_eq!(queue.close_and_drain(limit).unwrap(), Drain::NotDrained { messages: 1, bytes: 8 });
        assert_eq!(queue.stat().unwrap().capacity, capacity);
    });
}

/// A thread that has blocked the signal is woken all the same.
#[test]
fn a_blocked_signal_wakes_all_the_same() {
    watched(|queue| {
        let wait =
            || queue.recv_until(ONE, &mut Message::with_capacity(1), Duration::from_millis(20)).unwrap();
        // This thread must not start the timer thread, which would inherit its mask.
        assert_eq!(thread::scope(|scope| scope.spawn(wait).join().unwrap()), None);
        SigSet::all().thread_block().unwrap();
        assert_eq!(wait(), None);
    });
}

/// The program's signals are for its own threads: those of the library block them all.
#[test]
fn the_librarys_threads_take_no_signals() {
    watched(|queue| {
        let _readiness = queue.readiness(ONE).unwrap();
        assert_eq!(
            queue.recv_until(ONE, &mut Message::with_capacity(1), Duration::from_millis(1)).unwrap(),
            None
        );
        let all = (Signal::SIGTERM as u32, Signal::SIGINT as u32, Signal::SIGUSR1 as u32);
        let all = [all.0, all.1, all.2].into_iter().fold(0, |mask, signal| mask | 1_u64 << (signal - 1));
        let started = Instant::now();
        for name in ["msgq-wake-up", "msgq-readiness"] {
            let blocks_all = || {
                let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
                let status =
                    tasks.filter_map(|task| std::fs::read_to_string(task.path().join("status")).ok());
                let own = status.filter(|status| status.starts_with(&format!("Name:\t{name}\n")));
                let mask = |status: String| {
                    let line = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).unwrap().trim();
                    u64::from_str_radix(line, 16).unwrap()
                };
                own.map(mask).fold(None, |so_far, mask| Some(so_far.unwrap_or(true) && mask & all == all))
            };
            // The thread takes a moment to start.
            while blocks_all() != Some(true) {
                assert!(started.elapsed() < Duration::from_secs(10), "{name}: {:?}", blocks_all());
                thread::yield_now();
            }
        }
    });
}
