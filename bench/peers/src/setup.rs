//! The setup of an exchange: everything that both of its processes have to know.

use std::hint;
use std::path::PathBuf;
use std::thread;

use ipc_core::{Result, Wait};
use ipc_demo::cpus::Cpus;
use serde::{Deserialize, Serialize};

/// See the [module](self).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Setup {
    /// The name of the participant, as in [`Participant::name`](crate::participants::Participant::name).
    pub participant: String,
    /// Length of each message, in bytes.
    pub size: usize,
    wait: String,
    /// The CPUs of the two processes.
    pub cpus: Cpus,
    /// A name that no other exchange has: letters, digits and hyphens.
    pub name: String,
    /// A directory for what has to be a file.
    pub dir: PathBuf,
}

/// A way to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// In the call, asleep.
    Sleep,
    /// By asking again and again.
    Poll,
    /// By asking again and again, with the CPU given up in between: both processes have the same.
    PollAndYield,
}

impl Setup {
    /// Returns the setup of a participant with a directory that no other exchange has.
    #[must_use]
    pub fn new(participant: &str, size: usize, wait: Wait, cpus: Cpus, dir: PathBuf) -> Self {
        let last = dir.file_name().unwrap_or_default().to_string_lossy();
        let name = last.replace(|letter: char| !letter.is_ascii_alphanumeric(), "-");
        Self { participant: participant.into(), size, wait: wait.name().into(), cpus, name, dir }
    }

    /// Returns the wait strategy of both sides.
    ///
    /// # Errors
    /// There is no such strategy.
    pub fn wait(&self) -> Result<Wait> {
        self.wait.parse()
    }

    /// Returns the way to wait on these CPUs.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn waiting(&self) -> Result<Waiting> {
        let share_a_core = matches!(self.cpus, Cpus::Same) || matches!(self.cpus, Cpus::Pair(a, b) if a == b);
        Ok(match self.wait()? {
            Wait::Spin if share_a_core => Waiting::PollAndYield,
            Wait::Spin => Waiting::Poll,
            Wait::Block | Wait::Hybrid => Waiting::Sleep,
        })
    }
}

impl Waiting {
    /// Returns true if calls are not to wait.
    #[must_use]
    pub fn polls(self) -> bool {
        self != Self::Sleep
    }

    /// Asks until there is an answer, with a pause between two questions.
    ///
    /// # Errors
    /// Those of `ask`.
    #[inline]
    pub fn until<T>(self, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
        loop {
            if let Some(answer) = ask()? {
                return Ok(answer);
            }
            match self {
                Self::PollAndYield => thread::yield_now(),
                Self::Poll | Self::Sleep => hint::spin_loop(),
            }
        }
    }

    /// Moves `size` bytes by calls that may move only a part: `part` is told how many have been moved, and returns how
    /// many more it has; 0 means "not now".
    ///
    /// # Errors
    /// Those of `part`.
    #[inline]
    pub fn until_whole(self, size: usize, mut part: impl FnMut(usize) -> Result<usize>) -> Result<()> {
        let mut moved = 0;
        while moved < size {
            moved += self.until(|| part(moved).map(|len| (len > 0).then_some(len)))?;
        }
        Ok(())
    }
}
