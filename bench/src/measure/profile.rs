//! The amount of measuring, and the time that it may take.

use std::str::FromStr;
use std::time::Duration;

use ipc_core::{Error, Wait};

/// One of three answers to "how long do you have?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunProfile {
    /// A first look, done in 20 seconds.
    Quick,
    /// A basis for comparing and choosing, done in 3 minutes.
    Standard,
    /// Everything, however long it takes.
    Thorough,
    /// What the page of `cargo bench` is made from.
    Page,
    /// A check that `cargo bench` works; its figures are rough.
    Check,
}

/// Where the curves of the sizes end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curves {
    /// At the longest of the rows that its link carries.
    AsNamed,
    /// At the longest message of the link, in a row of its own, where that is between two of the sizes: without it, a curve
    /// would end before the limit, and not show what it is.
    UpToLimits,
}

impl RunProfile {
    /// The profiles that the command line offers, from short to long.
    pub const ALL: [Self; 3] = [Self::Quick, Self::Standard, Self::Thorough];

    /// The name on the command line and in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Standard => "standard",
            Self::Thorough => "thorough",
            Self::Page => "cargo bench",
            Self::Check => "cargo bench --quick",
        }
    }

    /// The lengths of the messages, in bytes.
    #[must_use]
    pub const fn sizes(self) -> &'static [usize] {
        match self {
            Self::Quick => &[64, 4 << 10],
            Self::Standard => &[64, 1 << 10, 4 << 10, 64 << 10],
            Self::Thorough => &[64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20],
            Self::Page => &[64, 1 << 10, 4 << 10, 64 << 10, 1 << 20],
            Self::Check => &[64, 16 << 10],
        }
    }

    /// The wait strategies.
    #[must_use]
    pub const fn waits(self) -> &'static [Wait] {
        match self {
            Self::Quick | Self::Page | Self::Check => &[Wait::Block, Wait::Hybrid],
            Self::Standard | Self::Thorough => &Wait::ALL,
        }
    }

    /// Where the curves of its sizes end.
    #[must_use]
    pub const fn curves(self) -> Curves {
        match self {
            Self::Quick => Curves::AsNamed,
            Self::Standard | Self::Thorough | Self::Page | Self::Check => Curves::UpToLimits,
        }
    }

    /// The numbers of clients of one server; empty in a profile without such rows.
    #[must_use]
    pub const fn clients(self) -> &'static [u64] {
        match self {
            Self::Thorough => &[1, 10, 100],
            Self::Quick | Self::Standard | Self::Page | Self::Check => &[],
        }
    }

    /// The number of rounds in which each row is played.
    #[must_use]
    pub const fn rounds(self) -> u32 {
        match self {
            Self::Quick => 7,
            Self::Standard | Self::Page => 15,
            Self::Thorough => 31,
            Self::Check => 6,
        }
    }

    /// The time for which each row is timed, all rounds together, if there is time for that.
    #[must_use]
    pub const fn each(self) -> Duration {
        match self {
            Self::Quick | Self::Page => Duration::from_millis(300),
            Self::Standard => Duration::from_millis(750),
            Self::Thorough => Duration::from_secs(2),
            Self::Check => Duration::from_millis(20),
        }
    }

    /// The default rate of the open loop, in messages per second: one that every mechanism can keep up with. Only with
    /// short messages, since it shows the machine's stalls.
    #[must_use]
    pub const fn rate(self) -> Option<u64> {
        match self {
            Self::Standard | Self::Thorough => Some(5_000),
            Self::Quick | Self::Page | Self::Check => None,
        }
    }

    /// The time in which the profile promises to be done.
    #[must_use]
    pub const fn limit(self) -> Option<Duration> {
        match self {
            Self::Quick => Some(Duration::from_secs(20)),
            Self::Standard => Some(Duration::from_secs(3 * 60)),
            Self::Page => Some(Duration::from_secs(115)),
            Self::Thorough | Self::Check => None,
        }
    }

    /// The time for which all rows are timed together, at most. The rest of the promised time is for starting the
    /// processes, checking that they work, and counting system calls.
    #[must_use]
    pub const fn budget(self) -> Option<Duration> {
        match self {
            Self::Quick => Some(Duration::from_secs(10)),
            Self::Standard => Some(Duration::from_secs(130)),
            Self::Page => Some(Duration::from_secs(80)),
            Self::Thorough | Self::Check => None,
        }
    }
}

impl FromStr for RunProfile {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|profile| profile.name() == text);
        found.ok_or_else(|| {
            Error::Usage(format!("invalid profile '{text}': expected quick, standard or thorough"))
        })
    }
}
