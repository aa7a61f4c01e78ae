use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

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

/// Returns a timer of its own, with `links` links that never wait, and calls that are due at these moments.
fn timer_of(links: usize, due: &[Option<Instant>]) -> Timer {
    let call = |due: &Option<Instant>| TimedCall {
        thread: ThreadId::current(),
        due: *due,
        repeat: REPEAT,
        token: 0,
    };
    let slots = (0..links).map(|_| (Arc::default(), 0)).collect();
    let calls = (0..).zip(due.iter().map(call)).collect();
    Timer { running: true, wakes_at: None, slots, calls, next_id: 0 }
}

/// A signal is repeated, ever less often, but at least once in each tick.
#[test]
fn the_time_between_two_signals_doubles_up_to_a_tick() {
    let mut now = Instant::now();
    let mut timer = timer_of(0, &[Some(now)]);
    for rest in [1, 2, 4, 8, 16, 32, 64, 100, 100] {
        let next = timer.look(now).unwrap();
        assert_eq!(next - now, Duration::from_millis(rest));
        now = next;
    }
}

/// The timer wakes for the earliest call, or for the next tick where there are links.
#[test]
fn the_timer_wakes_for_the_earliest() {
    let now = Instant::now();
    let [soon, later] = [10, 500].map(|millis| now + Duration::from_millis(millis));
    let next = |links, due: &[_]| timer_of(links, due).look(now);
    assert_eq!(next(0, &[]), None);
    assert_eq!(next(0, &[None]), None);
    assert_eq!(next(1, &[None]), Some(now + TICK));
    assert_eq!(next(0, &[Some(later), None, Some(soon)]), Some(soon));
    assert_eq!(next(1, &[Some(later), Some(soon)]), Some(soon));
    assert_eq!(next(1, &[Some(later)]), Some(now + TICK));
}

/// A wake-up that is dropped is forgotten; the others are not.
#[test]
fn a_call_that_is_over_is_forgotten() {
    let [over, goes_on] = [(); 2].map(|()| WakeUp::at(Deadline::Never, 9).unwrap());
    let calls = [over.0, goes_on.0];
    drop(over);
    assert_eq!(calls.map(|call| timer().calls.contains_key(&call)), [false, true]);
}
