//! The ways in which the bare calls wait.

use std::hint;
use std::str::FromStr;
use std::thread;

use ipc_core::{Error, Wait};
use nix::errno::Errno;

use crate::results::case::Placement;

/// A way of waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BareWait {
    /// Sleeps in the call.
    Sleep,
    /// Repeats a call that does not wait.
    Poll,
    /// Repeats a call that does not wait, and yields to the other process in between: both share a core.
    PollAndYield,
}

impl BareWait {
    const ALL: [Self; 3] = [Self::Sleep, Self::Poll, Self::PollAndYield];

    /// Returns the equivalent of a strategy of the suite.
    pub(super) fn of(wait: Wait, placement: Placement) -> Self {
        let share_a_core = placement.ping == placement.pong;
        match wait {
            Wait::Block => Self::Sleep,
            Wait::Hybrid if share_a_core => Self::Sleep,
            Wait::Spin if share_a_core => Self::PollAndYield,
            Wait::Spin | Wait::Hybrid => Self::Poll,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Sleep => "sleep",
            Self::Poll => "poll",
            Self::PollAndYield => "poll-and-yield",
        }
    }
}

impl FromStr for BareWait {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|wait| wait.name() == text);
        found.ok_or_else(|| Error::Usage(format!("invalid way of waiting '{text}'")))
    }
}

/// The calls of a way of waiting. A bare call cannot ask whether its peer lives: the harness kills a process that would
/// wait without end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiter {
    pub(super) wait: BareWait,
}

impl Waiter {
    pub(super) const fn new(wait: BareWait) -> Self {
        Self { wait }
    }

    /// Returns true if the calls are to be told not to wait.
    pub(super) fn polls(self) -> bool {
        self.wait != BareWait::Sleep
    }

    /// Repeats a call while it answers "not now". A call that sleeps is made once, and again after a signal.
    #[inline]
    pub(super) fn until<T>(self, mut call: impl FnMut() -> nix::Result<T>) -> nix::Result<T> {
        loop {
            match call() {
                Err(Errno::EAGAIN | Errno::EINTR) => self.pause(),
                done => return done,
            }
        }
    }

    /// Pauses between two polls.
    #[inline]
    pub(super) fn pause(self) {
        match self.wait {
            BareWait::Poll => hint::spin_loop(),
            BareWait::PollAndYield => thread::yield_now(),
            BareWait::Sleep => {}
        }
    }
}
