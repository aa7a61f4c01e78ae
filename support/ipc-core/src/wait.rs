//! Ways to wait for a message: the dimension that other comparisons forget.
//!
//! Comparing shared memory that spins with a pipe that blocks compares two ways of waiting, not two mechanisms. So
//! waiting is chosen separately from the mechanism, and implemented once, on top of the `try_` calls of [`Sender`] and
//! [`Receiver`].
//!
//! | strategy | while there is nothing to do | costs | good when |
//! |---|---|---|---|
//! | `block` | sleeps in the kernel | a wake-up: 2 µs on the same core, 20 µs and more across cores of a virtual machine | the wait is long or unknown |
//! | `spin` | polls, never sleeps | a whole core | the peer runs on another core and answers within microseconds |
//! | `hybrid` | polls if that has paid off recently, for at most [`POLL_LIMIT`], then sleeps | that much CPU time per wait, and next to nothing where polling is in vain | the wait is mostly short, sometimes long, or unpredictable |
//!
//! Read on in `wait/within.rs` (the calls that each strategy makes), `wait/spin.rs`, `wait/streak.rs` (why
//! a side that polls pauses at times), `wait/hybrid.rs` and `wait/spin_budget.rs` (what `hybrid` learns, and from what).

mod hybrid;
mod spin;
mod spin_budget;
mod streak;
mod within;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::{Endpoint, Error, Receiver, Result, Sender, Split};
pub use spin_budget::POLL_LIMIT;
use spin_budget::SpinBudget;
pub use streak::Streak;

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
        Self::ALL.into_iter().find(|wait| wait.name() == text).ok_or_else(|| {
            Error::Usage(format!("invalid wait strategy '{text}': expected block, spin or hybrid"))
        })
    }
}

/// A link, or one half of it, whose `send` and `recv`, with and without a timeout, wait by a chosen strategy.
///
/// ```
/// # use ipc_core::{Receiver, Result, Sender, Transport, Wait, Waiting};
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
    sending: SpinBudget,
    receiving: SpinBudget,
    sent: Streak,
    received: Streak,
}

impl<T> Waiting<T> {
    /// Wraps `link`.
    pub fn new(link: T, wait: Wait) -> Self {
        let may_poll = wait == Wait::Hybrid && spin_budget::several_cpus();
        let [sending, receiving] = [SpinBudget::new(may_poll), SpinBudget::new(may_poll)];
        Self { link, wait, sending, receiving, sent: Streak::default(), received: Streak::default() }
    }

    /// Returns the link itself, for calls that only this mechanism has.
    pub const fn link_mut(&mut self) -> &mut T {
        &mut self.link
    }
}

impl<T: Split> Waiting<T> {
    /// Takes the link apart into two halves that wait by the same strategy: see [`Split::split`].
    pub fn split(self) -> (Waiting<T::Sender>, Waiting<T::Receiver>) {
        let Self { link, wait, sending, receiving, sent, received } = self;
        let (sender, receiver) = link.split();
        (
            Waiting { sending, sent, ..Waiting::new(sender, wait) },
            Waiting { receiving, received, ..Waiting::new(receiver, wait) },
        )
    }
}

const NO_LIMIT: &str = "a call without a timeout waits until it is done";

impl<T: Endpoint> Endpoint for Waiting<T> {
    fn max_message(&self) -> usize {
        self.link.max_message()
    }
}

impl<T: Sender> Sender for Waiting<T> {
    #[inline]
    fn send(&mut self, message: &[u8]) -> Result<()> {
        match self.wait {
            Wait::Block => self.link.send(message),
            Wait::Spin | Wait::Hybrid => self.send_within(message, None).map(|sent| sent.expect(NO_LIMIT)),
        }
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.send_within(message, Some(timeout))
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.link.try_send(message)
    }

    #[inline]
    fn feed(&mut self, message: &[u8]) -> Result<()> {
        match self.wait {
            Wait::Block => self.link.feed(message),
            Wait::Spin | Wait::Hybrid => self.feed_within(message, None).map(|fed| fed.expect(NO_LIMIT)),
        }
    }

    fn feed_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.feed_within(message, Some(timeout))
    }

    #[inline]
    fn try_feed(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.link.try_feed(message)
    }

    fn flush(&mut self) -> Result<()> {
        match self.wait {
            Wait::Block => self.link.flush(),
            Wait::Spin | Wait::Hybrid => self.flush_within(None).map(|flushed| flushed.expect(NO_LIMIT)),
        }
    }

    fn flush_timeout(&mut self, timeout: Duration) -> Result<Option<()>> {
        self.flush_within(Some(timeout))
    }

    fn try_flush(&mut self) -> Result<Option<()>> {
        self.link.try_flush()
    }

    fn unsent(&mut self) -> usize {
        self.link.unsent()
    }

    fn check_receiver(&mut self) -> Result<()> {
        self.link.check_receiver()
    }
}

impl<T: Receiver> Receiver for Waiting<T> {
    #[inline]
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self.wait {
            Wait::Block => self.link.recv(buffer),
            Wait::Spin | Wait::Hybrid => self.recv_within(buffer, None).map(|len| len.expect(NO_LIMIT)),
        }
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        self.recv_within(buffer, Some(timeout))
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.link.try_recv(buffer)
    }

    fn check_sender(&mut self) -> Result<()> {
        self.link.check_sender()
    }
}

#[cfg(test)]
mod tests;
