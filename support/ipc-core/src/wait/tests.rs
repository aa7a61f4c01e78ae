//! The calls that each strategy makes, and their number: tested on a link that counts.

use std::thread;
use std::time::{Duration, Instant};

use super::spin::POLLS_PER_LOOK;
use super::spin_budget::SpinBudget;
use super::*;
use crate::{Endpoint, Receiver, Sender};

/// A link where polls find no message, and waits find one.
#[derive(Default)]
struct Counting {
    tries: u32,
    calls: u32,
    checks: u32,
    /// The number of tries from here on that fail.
    in_vain: u32,
    /// The time that a call sleeps.
    sleep: Duration,
    /// The timeout of the last call.
    given: Option<Duration>,
    peer_is_gone: bool,
    /// The check from which on the peer is gone.
    gone_at_look: u32,
    /// True if the peer's last message comes just before it is found gone.
    last_word: bool,
}

impl Endpoint for Counting {
    fn max_message(&self) -> usize {
        0
    }
}

impl Sender for Counting {
    fn send(&mut self, _message: &[u8]) -> Result<()> {
        self.calls += 1;
        thread::sleep(self.sleep);
        Ok(())
    }

    fn send_timeout(&mut self, _message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.recv_timeout(&mut [], timeout).map(|done| done.map(drop))
    }

    fn try_send(&mut self, _message: &[u8]) -> Result<Option<()>> {
        self.tries += 1;
        match self.in_vain.checked_sub(1) {
            Some(rest) => {
                self.in_vain = rest;
                Ok(None)
            }
            None => Ok(Some(())),
        }
    }

    fn check_receiver(&mut self) -> Result<()> {
        self.checks += 1;
        if std::mem::take(&mut self.last_word) {
            self.in_vain = 0;
        }
        if self.peer_is_gone && self.checks >= self.gone_at_look { Err(Error::Disconnected) } else { Ok(()) }
    }
}

impl Receiver for Counting {
    fn recv(&mut self, _buffer: &mut [u8]) -> Result<usize> {
        self.calls += 1;
        thread::sleep(self.sleep);
        Ok(0)
    }

    fn recv_timeout(&mut self, _buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        self.calls += 1;
        self.given = Some(timeout);
        let in_time = self.sleep < timeout;
        thread::sleep(self.sleep.min(timeout));
        Ok(in_time.then_some(0))
    }

    fn try_recv(&mut self, _buffer: &mut [u8]) -> Result<Option<usize>> {
        self.try_send(&[]).map(|done| done.map(|()| 0))
    }

    fn check_sender(&mut self) -> Result<()> {
        self.checks += 1;
        if std::mem::take(&mut self.last_word) {
            self.in_vain = 0;
        }
        if self.peer_is_gone && self.checks >= self.gone_at_look { Err(Error::Disconnected) } else { Ok(()) }
    }
}

const NEVER: u32 = u32::MAX;
/// As good as never for a wait of milliseconds; but a wait that does not end fails all the same.
const NOT_SOON: u32 = 4_000_000;
const NEVER_IN_TIME: Duration = Duration::from_secs(3600);

/// Wraps a link as on a machine with several CPUs, wherever the test runs.
fn waiting(wait: Wait) -> Waiting<Counting> {
    let budget = || SpinBudget::new(true);
    Waiting { sending: budget(), receiving: budget(), ..Waiting::new(Counting::default(), wait) }
}

#[test]
fn what_is_there_already_costs_one_try() {
    for wait in [Wait::Spin, Wait::Hybrid] {
        let mut waiting = waiting(wait);
        for n in 1..=100 {
            waiting.recv(&mut []).unwrap();
            waiting.send(&[]).unwrap();
            assert_eq!((waiting.link.tries, waiting.link.calls), (2 * n, 0), "{wait}");
        }
    }
}

#[test]
fn block_never_tries() {
    let mut waiting = waiting(Wait::Block);
    waiting.recv(&mut []).unwrap();
    waiting.send(&[]).unwrap();
    assert_eq!((waiting.link.tries, waiting.link.calls), (0, 2));
}

#[test]
fn hybrid_that_has_learned_to_sleep_makes_the_calls_of_block_and_at_most_one_try() {
    let mut waiting = waiting(Wait::Hybrid);
    waiting.link.in_vain = NEVER;
    waiting.link.sleep = Duration::from_micros(10);
    for polled in 1..=4 {
        let before = waiting.link.tries;
        waiting.recv(&mut []).unwrap();
        assert!(waiting.link.tries > before, "wait {polled} polls");
        assert_eq!(waiting.link.calls, polled, "and then sleeps");
    }
    let (tries, calls) = (waiting.link.tries, waiting.link.calls);
    for slept in 1..=7 {
        waiting.recv(&mut []).unwrap();
        assert_eq!((waiting.link.tries, waiting.link.calls), (tries, calls + slept));
    }
    // Waiting for room is separate: nothing is known about it yet.
    for polled in 1..=4 {
        let before = waiting.link.tries;
        waiting.send(&[]).unwrap();
        assert!(waiting.link.tries > before + 1, "wait {polled} for room polls");
    }
    let (tries, calls) = (waiting.link.tries, waiting.link.calls);
    for slept in 1..=7 {
        waiting.send(&[]).unwrap();
        assert_eq!((waiting.link.tries, waiting.link.calls), (tries + slept, calls + slept));
    }
}

/// Each of the calls would read the clock, and a reading takes longer than a short message through shared memory.
#[test]
fn hybrid_that_has_learned_to_sleep_tries_first_while_messages_are_there() {
    let mut waiting = waiting(Wait::Hybrid);
    waiting.link.in_vain = NEVER;
    for _ in 0..4 {
        waiting.recv(&mut []).unwrap();
    }
    (waiting.link.in_vain, waiting.link.tries, waiting.link.calls) = (0, 0, 0);
    for _ in 0..1000 {
        waiting.recv(&mut []).unwrap();
    }
    let (tries, calls) = (waiting.link.tries, waiting.link.calls);
    assert!(tries + calls == 1000 && calls < 100, "{tries} tries, {calls} calls");
}

#[test]
fn hybrid_with_a_quick_peer_never_sleeps() {
    let mut waiting = waiting(Wait::Hybrid);
    for _ in 0..1000 {
        waiting.link.in_vain = 10;
        waiting.recv(&mut []).unwrap();
        waiting.link.in_vain = 10;
        waiting.send(&[]).unwrap();
    }
    assert_eq!(waiting.link.calls, 0);
    assert_eq!(waiting.link.tries, 2 * 1000 * 11);
}

/// Not early; and the rest of the time goes to the call that sleeps.
#[test]
fn each_strategy_keeps_a_deadline() {
    let timeout = Duration::from_millis(5);
    for wait in Wait::ALL {
        let mut waiting = waiting(wait);
        waiting.link.in_vain = NOT_SOON;
        waiting.link.sleep = NEVER_IN_TIME;
        let started = Instant::now();
        assert_eq!(waiting.recv_timeout(&mut [], timeout).unwrap(), None, "{wait}");
        assert_eq!(waiting.send_timeout(&[], timeout).unwrap(), None, "{wait}");
        assert!(started.elapsed() >= 2 * timeout, "{wait}");
        assert_eq!(waiting.link.calls, if wait == Wait::Spin { 0 } else { 2 }, "{wait}");

        let (tries, calls) = (waiting.link.tries, waiting.link.calls);
        assert_eq!(waiting.recv_timeout(&mut [], Duration::ZERO).unwrap(), None, "{wait}");
        assert_eq!((waiting.link.tries, waiting.link.calls), (tries + 1, calls), "{wait}: zero is one try");
    }
}

/// The time spent polling is subtracted from the time to sleep, to the nanosecond; with a time too short for polling,
/// it sleeps.
#[test]
fn hybrid_divides_its_time() {
    let mut waiting = waiting(Wait::Hybrid);
    waiting.link.in_vain = NEVER;
    waiting.link.sleep = NEVER_IN_TIME;
    let time = waiting.receiving.time();
    let timeout = Duration::from_millis(5);
    assert_eq!(waiting.recv_timeout(&mut [], timeout).unwrap(), None);
    assert_eq!(waiting.link.given, Some(timeout.saturating_sub(time)));
    let (tries, short) = (waiting.link.tries, time / 2);
    assert_eq!(waiting.recv_timeout(&mut [], short).unwrap(), None);
    assert_eq!((waiting.link.given, waiting.link.tries), (Some(short), tries + 1));
}

/// Four failures in a row end the polling, but not if there is a success among them.
#[test]
fn a_success_among_failures_keeps_hybrid_polling() {
    let still_polls = || {
        let mut waiting = waiting(Wait::Hybrid);
        for in_vain in [NEVER, NEVER, NEVER, POLLS_PER_LOOK + 2, NEVER, NEVER, NEVER] {
            waiting.link.in_vain = in_vain;
            waiting.recv(&mut []).unwrap();
        }
        !waiting.receiving.time().is_zero()
    };
    // A success during which the CPU was lost counts as a failure.
    assert!((0..1000).any(|_| still_polls()));
}

/// Otherwise, a loop of waits shorter than the interval between two checks of the peer would never notice its end.
#[test]
fn a_spinner_asks_after_its_peer_when_its_time_is_over() {
    let mut waiting = waiting(Wait::Spin);
    waiting.link.in_vain = NEVER;
    waiting.link.peer_is_gone = true;
    assert!(matches!(waiting.recv_timeout(&mut [], Duration::from_micros(1)), Err(Error::Disconnected)));
}

#[test]
fn a_spinner_asks_after_its_peer_again_and_again() {
    let mut waiting = waiting(Wait::Spin);
    waiting.link.in_vain = 10 * NOT_SOON;
    (waiting.link.peer_is_gone, waiting.link.gone_at_look) = (true, 2);
    assert!(matches!(waiting.recv(&mut []), Err(Error::Disconnected)));
    assert_eq!((waiting.link.checks, waiting.link.calls), (2, 0));
}

#[test]
fn a_spinner_asks_after_its_peer() {
    let mut waiting = waiting(Wait::Spin);
    waiting.link.in_vain = NEVER;
    waiting.link.peer_is_gone = true;
    assert!(matches!(waiting.recv(&mut []), Err(Error::Disconnected)));
    assert_eq!((waiting.link.checks, waiting.link.calls), (1, 0));
}

/// The peer's last action falls between the last poll and the check of the peer.
#[test]
fn a_spinner_finds_the_last_message_of_a_peer_that_is_gone() {
    for timeout in [None, Some(Duration::from_micros(1))] {
        let mut waiting = waiting(Wait::Spin);
        waiting.link.in_vain = NEVER;
        (waiting.link.peer_is_gone, waiting.link.last_word) = (true, true);
        let received = match timeout {
            None => waiting.recv(&mut []).map(Some),
            Some(timeout) => waiting.recv_timeout(&mut [], timeout),
        };
        assert_eq!(received.unwrap(), Some(0), "{timeout:?}");
    }
}

/// A wait that timed out says nothing about the length of a sleep.
#[test]
fn hybrid_learns_nothing_from_a_time_that_was_over() {
    let mut waiting = waiting(Wait::Hybrid);
    waiting.link.in_vain = NEVER;
    (0..4).for_each(|_| _ = waiting.recv(&mut []).unwrap());
    waiting.link.sleep = NEVER_IN_TIME;
    for _ in 0..100 {
        assert_eq!(waiting.recv_timeout(&mut [], Duration::from_micros(20)).unwrap(), None);
        assert!(waiting.receiving.time().is_zero());
    }
}

#[test]
fn what_is_no_wait_is_asked_of_the_link() {
    for wait in Wait::ALL {
        let mut waiting = waiting(wait);
        waiting.link.in_vain = 2;
        waiting.link.peer_is_gone = true;
        assert_eq!((waiting.try_recv(&mut []).unwrap(), waiting.try_send(&[]).unwrap()), (None, None));
        assert_eq!((waiting.link.tries, waiting.link.calls), (2, 0), "{wait}");
        assert!(matches!(waiting.check_sender(), Err(Error::Disconnected)), "{wait}");
    }
}
