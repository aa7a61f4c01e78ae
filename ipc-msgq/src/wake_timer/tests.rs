use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::{Message, MessageType, Queue, Select};
use nix::errno::Errno;

/// A moment that no test can hit by waiting: the signal comes before the thread is in its call.
#[test]
fn a_wake_up_that_comes_too_early_is_repeated() {
    let queue = Queue::private(0o600).unwrap().owned();
    let (borrowed, ended) = (*queue, Arc::new(AtomicBool::new(false)));
    let watchdog = thread::spawn({
        let ended = Arc::clone(&ended);
        move || {
            for _ in 0..1000 {
                thread::sleep(Duration::from_millis(10));
                if ended.load(Ordering::Relaxed) {
                    return;
                }
            }
            borrowed.send(&Message::new(MessageType::ONE, b"too late")).unwrap();
        }
    });
    let wake_up = WakeUp::at(Deadline::Now, 0).unwrap();
    let early = Instant::now() + Duration::from_millis(50);
    while Instant::now() < early {
        std::hint::spin_loop();
    }
    let received = queue.recv(Select::Any, &mut Message::with_capacity(8));
    drop(wake_up);
    ended.store(true, Ordering::Relaxed);
    watchdog.join().unwrap();
    assert_eq!(received.unwrap_err().errno(), Some(Errno::EINTR));
}

/// A token wakes only the calls that wait with it.
#[test]
fn a_token_wakes_its_own_calls() {
    let queue = Queue::private(0o600).unwrap().owned();
    let receive = || {
        let _wake_up = WakeUp::at(Deadline::Never, 7).unwrap();
        queue.recv(Select::Any, &mut Message::with_capacity(1)).map_err(|error| error.errno())
    };
    thread::scope(|scope| {
        let receiver = scope.spawn(receive);
        thread::sleep(Duration::from_millis(20)); // so that the thread is waiting; otherwise the case is easier
        wake(8);
        thread::sleep(Duration::from_millis(20));
        queue.send(&Message::new(MessageType::ONE, b"x")).unwrap();
        assert_eq!(receiver.join().unwrap(), Ok(()));
        let receiver = scope.spawn(receive);
        let started = Instant::now();
        while !receiver.is_finished() && started.elapsed() < Duration::from_secs(10) {
            wake(7);
            thread::yield_now();
        }
        queue.send(&Message::new(MessageType::ONE, b"x")).unwrap();
        assert_eq!(receiver.join().unwrap(), Err(Some(Errno::EINTR)));
    });
}
