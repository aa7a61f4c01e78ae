//! Ways to wait for a message: the dimension that other comparisons forget.
//!
//! Comparing shared memory that spins with a pipe that blocks compares two ways of waiting, not two mechanisms. So
//! waiting is chosen separately from the mechanism, and implemented once, on top of the `try_` calls of [`Sender`](crate::Sender)
//! and [`Receiver`](crate::Receiver).
//!
//! | strategy | while there is nothing to do | costs | good when |
//! |---|---|---|---|
//! | `block` | sleeps in the kernel | a wake-up: 2 µs on the same core, 20 µs and more across cores of a virtual machine | the wait is long or unknown |
//! | `spin` | polls, never sleeps | a whole core | the peer runs on another core and answers within microseconds |
//! | `hybrid` | polls if that has paid off recently, for at most [`POLL_LIMIT`], then sleeps | that much CPU time per wait, and next to nothing where polling is in vain | the wait is mostly short, sometimes long, or unpredictable |
//!
//! Read on in `wait/waiting.rs` ([`Waiting`], which makes a link wait by a strategy), `wait/within.rs` (the calls that
//! each strategy makes), `wait/spin.rs`, `wait/streak.rs` (why a side that polls pauses at times), `wait/hybrid.rs` and
//! `wait/spin_budget.rs` (what `hybrid` learns, and from what).

mod hybrid;
mod spin;
mod spin_budget;
mod streak;
mod waiting;
mod within;

use std::fmt;
use std::str::FromStr;

use crate::{Error, Result};
pub use spin_budget::POLL_LIMIT;
pub use streak::Streak;
pub use waiting::Waiting;

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

#[cfg(test)]
mod tests;
