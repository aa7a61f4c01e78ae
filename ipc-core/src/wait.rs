//! Ways to wait for a message: the dimension that other comparisons forget.
//!
//! Comparing shared memory that spins with a pipe that blocks compares two ways of waiting, not two mechanisms. So
//! waiting is chosen separately from the mechanism, and implemented once, on top of the `try_` calls of [`Transport`].
//!
//! | strategy | while there is nothing to do | costs | good when |
//! |---|---|---|---|
//! | `block` | sleeps in the kernel | a wake-up: 2 µs on the same core, 20 µs and more across cores of a virtual machine | the wait is long or unknown |
//! | `spin` | polls, never sleeps | a whole core | the peer runs on another core and answers within microseconds |
//! | `hybrid` | polls if that has paid off recently, for at most [`POLL_LIMIT`], then sleeps | that much CPU time per wait, and next to nothing where polling is in vain | the wait is mostly short, sometimes long, or unpredictable |
//!
//! `wait/patience.rs` shows what `hybrid` learns, and from what.

use std::fmt;
use std::hint;
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use crate::{Error, Result, Transport, last_look};

mod patience;

pub use patience::POLL_LIMIT;
use patience::Patience;

/// A waiting strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Wait {
    /// Sleeps in the kernel until there is something to do.
    #[default]
    Block,
    /// Polls and never sleeps.
    Spin,
    /// Polls for at most [`POLL_LIMIT`] where that has paid off recently, then sleeps.
    Hybrid,
}

impl Wait {
    /// All strategies, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Block, Self::Spin, Self::Hybrid];

    /// Returns the name on the command line and in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Spin => "spin",
            Self::Hybrid => "hybrid",
        }
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Wait {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|wait| wait.name() == text)
            .ok_or_else(|| Error::Usage(format!("no wait strategy '{text}': block, spin or hybrid")))
    }
}

/// The interval at which a polling side checks that its peer is still alive.
const CHECK_PEER_EVERY: Duration = Duration::from_millis(50);

/// The time after which a spinning side yields the CPU between its polls. Where both sides share a core, one that never
/// yields starves the very peer it waits for; where each has its own core, the answer usually comes earlier.
const YIELD_AFTER: Duration = Duration::from_micros(20);

/// Polls between two readings of the clock. A reading costs as much as a few polls of shared memory; 16 polls by system
/// call take less than 10 µs.
const POLLS_PER_LOOK: u32 = 16;

const BLOCKING: &str = "a call without a timeout waits until it is done";

/// A transport whose `send` and `recv`, with and without a timeout, wait by a chosen strategy.
///
/// ```
/// # use ipc_core::{Result, Transport, Wait, Waiting};
/// fn answer(link: impl Transport) -> Result<()> {
///     let mut link = Waiting::new(link, Wait::Hybrid);
///     let mut buffer = [0; 64];
///     let len = link.recv(&mut buffer)?;
///     link.send(&buffer[..len])
/// }
/// ```
#[derive(Debug)]
pub struct Waiting<T> {
    link: T,
    wait: Wait,
    /// The learned polling times for room and for a message: the two have little in common.
    sending: Patience,
    receiving: Patience,
}

impl<T: Transport> Waiting<T> {
    /// Wraps `link`.
    pub fn new(link: T, wait: Wait) -> Self {
        let may_poll = wait == Wait::Hybrid && patience::several_cpus();
        Self { link, wait, sending: Patience::new(may_poll), receiving: Patience::new(may_poll) }
    }

    /// Sends by the strategy, for at most `timeout`; `None` means no limit.
    #[inline]
    fn send_within(&mut self, message: &[u8], timeout: Option<Duration>) -> Result<Option<()>> {
        let Self { link, sending, .. } = self;
        let call = |link: &mut T, timeout| match timeout {
            None => link.send(message).map(Some),
            NOT_AT_ALL => link.try_send(message),
            Some(timeout) => link.send_timeout(message, timeout),
        };
        match self.wait {
            _ if timeout == NOT_AT_ALL => call(link, NOT_AT_ALL),
            Wait::Block => call(link, timeout),
            Wait::Spin => spin(link, timeout, |link| call(link, NOT_AT_ALL)),
            // Usually there is room, and nothing to wait for.
            Wait::Hybrid => match call(link, NOT_AT_ALL)? {
                Some(()) => Ok(Some(())),
                None => hybrid(link, sending, timeout, call),
            },
        }
    }

    /// Receives by the strategy, for at most `timeout`; `None` means no limit.
    #[inline]
    fn recv_within(&mut self, buffer: &mut [u8], timeout: Option<Duration>) -> Result<Option<usize>> {
        let Self { link, receiving, .. } = self;
        let mut call = |link: &mut T, timeout| match timeout {
            None => link.recv(buffer).map(Some),
            NOT_AT_ALL => link.try_recv(buffer),
            Some(timeout) => link.recv_timeout(buffer, timeout),
        };
        match self.wait {
            _ if timeout == NOT_AT_ALL => call(link, NOT_AT_ALL),
            Wait::Block => call(link, timeout),
            Wait::Spin => spin(link, timeout, |link| call(link, NOT_AT_ALL)),
            Wait::Hybrid => hybrid(link, receiving, timeout, call),
        }
    }

    /// Returns the link itself, for calls that only this mechanism has.
    pub const fn link_mut(&mut self) -> &mut T {
        &mut self.link
    }
}

/// Polls `attempt` until it succeeds; returns `None` once `timeout`, if any, has expired.
#[inline]
fn spin<T: Transport, R>(
    link: &mut T,
    timeout: Option<Duration>,
    mut attempt: impl FnMut(&mut T) -> Result<Option<R>>,
) -> Result<Option<R>> {
    // With a quick peer, this is all, without a reading of the clock.
    if let Some(done) = burst(link, &mut attempt)? {
        return Ok(Some(done));
    }
    let started = Instant::now();
    let mut next_check = CHECK_PEER_EVERY;
    loop {
        if let Some(done) = burst(link, &mut attempt)? {
            return Ok(Some(done));
        }
        let waited = started.elapsed();
        if waited >= YIELD_AFTER {
            thread::yield_now();
        }
        let is_over = timeout.is_some_and(|timeout| waited >= timeout);
        if waited >= next_check || is_over {
            next_check = waited + CHECK_PEER_EVERY;
            if let Err(gone) = link.check_peer() {
                return last_look(gone, || attempt(link)).map(Some);
            }
        }
        if is_over {
            return Ok(None);
        }
    }
}

// ANCHOR: hybrid
/// Polls `attempt` for as long as `patience` allows, then lets it sleep, and reports the outcome to `patience`.
/// `attempt` takes the time it may wait; `None` means no limit. Returns `None` once `timeout`, if any, has expired.
fn hybrid<T, R>(
    link: &mut T,
    patience: &mut Patience,
    timeout: Option<Duration>,
    mut attempt: impl FnMut(&mut T, Option<Duration>) -> Result<Option<R>>,
) -> Result<Option<R>> {
    if patience.tries_first()
        && let Some(done) = attempt(link, NOT_AT_ALL)?
    {
        return Ok(Some(done)); // no wait, so nothing to learn
    }
    let budget = patience.budget();
    if budget.is_zero() || timeout.is_some_and(|timeout| timeout <= budget) {
        let started = Instant::now();
        let done = attempt(link, timeout)?;
        if done.is_some() && budget.is_zero() {
            patience.slept(started.elapsed());
        }
        return Ok(done);
    }
    if let Some((done, after)) = poll(link, budget, |link| attempt(link, NOT_AT_ALL))? {
        patience.found(after);
        return Ok(Some(done));
    }
    patience.missed();
    attempt(link, timeout.map(|timeout| timeout.saturating_sub(budget)))
}
// ANCHOR_END: hybrid

/// The timeout of a `try_` call.
const NOT_AT_ALL: Option<Duration> = Some(Duration::ZERO);

/// Polls `attempt` for `budget` and returns how long it took. The first polls are neither timed nor counted.
fn poll<T, R>(
    link: &mut T,
    budget: Duration,
    mut attempt: impl FnMut(&mut T) -> Result<Option<R>>,
) -> Result<Option<(R, Duration)>> {
    if let Some(done) = burst(link, &mut attempt)? {
        return Ok(Some((done, Duration::ZERO)));
    }
    let started = Instant::now();
    loop {
        let done = burst(link, &mut attempt)?;
        let waited = started.elapsed();
        match done {
            Some(done) => return Ok(Some((done, waited))),
            None if waited >= budget => return Ok(None),
            None => {}
        }
    }
}

/// Polls a few times without reading the clock.
#[inline]
fn burst<T, R>(link: &mut T, attempt: &mut impl FnMut(&mut T) -> Result<Option<R>>) -> Result<Option<R>> {
    for _ in 0..POLLS_PER_LOOK {
        if let Some(done) = attempt(link)? {
            return Ok(Some(done));
        }
        hint::spin_loop();
    }
    Ok(None)
}

impl<T: Transport> Transport for Waiting<T> {
    #[inline]
    fn send(&mut self, message: &[u8]) -> Result<()> {
        match self.wait {
            Wait::Block => self.link.send(message),
            _ => self.send_within(message, None).map(|sent| sent.expect(BLOCKING)),
        }
    }

    #[inline]
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self.wait {
            Wait::Block => self.link.recv(buffer),
            _ => self.recv_within(buffer, None).map(|len| len.expect(BLOCKING)),
        }
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.send_within(message, Some(timeout))
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        self.recv_within(buffer, Some(timeout))
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.link.try_send(message)
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.link.try_recv(buffer)
    }

    fn max_message(&self) -> usize {
        self.link.max_message()
    }

    fn check_peer(&mut self) -> Result<()> {
        self.link.check_peer()
    }
}

#[cfg(test)]
mod tests;
