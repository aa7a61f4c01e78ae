//! How to wait for a message: the axis that other comparisons forget.
//!
//! A shared memory that spins beside a pipe that blocks compares two ways of waiting, not two mechanisms. So
//! waiting is chosen apart from the mechanism, and implemented once, over the `try_` calls of [`Transport`].
//!
//! | strategy | while there is nothing to do | costs | good when |
//! |---|---|---|---|
//! | `block` | sleeps in the kernel | a wake-up: 2 µs on the same core, 50 µs and more across cores of a virtual machine | the wait is long or unknown |
//! | `spin` | polls, never sleeps | a whole core | the peer runs on another core and answers within microseconds |
//! | `hybrid` | polls for a bounded time, then sleeps | at most [`POLL_LIMIT`] of CPU a wait | the wait is mostly short, sometimes long |

use std::fmt;
use std::hint;
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use crate::{Error, Result, Transport};

/// A strategy of waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Wait {
    /// Sleep in the kernel until there is something to do.
    #[default]
    Block,
    /// Poll and never sleep.
    Spin,
    /// Poll for at most [`POLL_LIMIT`], then sleep.
    Hybrid,
}

impl Wait {
    /// All strategies, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Block, Self::Spin, Self::Hybrid];

    /// The name on the command line and in results.
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

/// How long [`Wait::Hybrid`] polls before it sleeps. About what sleeping and being woken costs: polling longer than
/// that can lose more than it gains.
pub const POLL_LIMIT: Duration = Duration::from_micros(50);

/// How often a polling side asks whether its peer still lives.
const CHECK_PEER_EVERY: Duration = Duration::from_millis(50);

/// When a spinner begins to let others run between its polls. Where both sides share a core, one that never does
/// starves the very peer it waits for; where each has its own, the answer is usually here before that.
const YIELD_AFTER: Duration = Duration::from_micros(20);

/// Polls between two looks at the clock, which costs about as much as a poll of shared memory.
const POLLS_PER_LOOK: u32 = 64;

/// A transport whose `send` and `recv` wait by a chosen strategy.
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
}

impl<T: Transport> Waiting<T> {
    /// Wraps `link`.
    pub const fn new(link: T, wait: Wait) -> Self {
        Self { link, wait }
    }

    /// The link itself, to reach what only this mechanism has.
    pub const fn link_mut(&mut self) -> &mut T {
        &mut self.link
    }

    /// Polls `attempt` until it is done.
    fn spin<R>(&mut self, mut attempt: impl FnMut(&mut T) -> Result<Option<R>>) -> Result<R> {
        let mut started = None;
        let mut next_check = CHECK_PEER_EVERY;
        loop {
            if let Some(done) = poll(&mut self.link, &mut attempt)? {
                return Ok(done);
            }
            let waited = started.get_or_insert_with(Instant::now).elapsed();
            if waited >= YIELD_AFTER {
                thread::yield_now();
            }
            if waited >= next_check {
                next_check = waited + CHECK_PEER_EVERY;
                if let Err(gone) = self.link.check_peer() {
                    // The peer may have sent its last message between our last poll and its end.
                    return attempt(&mut self.link)?.ok_or(gone);
                }
            }
        }
    }

    /// Polls `attempt` for at most [`POLL_LIMIT`].
    fn poll_briefly<R>(&mut self, mut attempt: impl FnMut(&mut T) -> Result<Option<R>>) -> Result<Option<R>> {
        let started = Instant::now();
        loop {
            if let Some(done) = poll(&mut self.link, &mut attempt)? {
                return Ok(Some(done));
            }
            if started.elapsed() >= POLL_LIMIT {
                return Ok(None);
            }
        }
    }
}

/// One burst of polls.
fn poll<T, R>(link: &mut T, attempt: &mut impl FnMut(&mut T) -> Result<Option<R>>) -> Result<Option<R>> {
    for _ in 0..POLLS_PER_LOOK {
        if let Some(done) = attempt(link)? {
            return Ok(Some(done));
        }
        hint::spin_loop();
    }
    Ok(None)
}

impl<T: Transport> Transport for Waiting<T> {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        match self.wait {
            Wait::Block => self.link.send(message),
            Wait::Spin => self.spin(|link| link.try_send(message)),
            Wait::Hybrid => match self.poll_briefly(|link| link.try_send(message))? {
                Some(()) => Ok(()),
                None => self.link.send(message),
            },
        }
    }

    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        match self.wait {
            Wait::Block => self.link.recv(buffer),
            Wait::Spin => self.spin(|link| link.try_recv(buffer)),
            Wait::Hybrid => match self.poll_briefly(|link| link.try_recv(buffer))? {
                Some(len) => Ok(len),
                None => self.link.recv(buffer),
            },
        }
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
