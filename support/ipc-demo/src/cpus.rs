//! The CPUs on which the two processes run. A round trip on one core and one between two cores are different
//! experiments, so the placement is chosen, never left to the scheduler, and shown beside every figure.

use std::fmt;
use std::str::FromStr;

use ipc_core::{Call, Error, Result};
use nix::errno::Errno;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

/// The placement of the two sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Cpus {
    /// Both on the first CPU that this process may use.
    Same,
    /// `ping` on the first, `pong` on the second CPU that this process may use.
    Split,
    /// `ping` on one and `pong` on the other of two CPUs chosen by number.
    Pair(usize, usize),
}

/// The side of the ping-pong that a process takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sends first and measures.
    Ping,
    /// Answers.
    Pong,
}

impl Cpus {
    /// Returns two CPUs if this process may use two, else one.
    #[must_use]
    pub fn available() -> Self {
        if allowed().is_ok_and(|cpus| cpus.len() > 1) { Self::Split } else { Self::Same }
    }

    /// Returns the number of the CPU for `role`.
    ///
    /// # Errors
    /// [`Usage`](Error::Usage): this process may not use it, or may use only one, which cannot be split.
    pub fn cpu(self, role: Role) -> Result<usize> {
        let allowed = allowed()?;
        let wanted = match (self, role) {
            (Self::Same, _) | (Self::Split, Role::Ping) => allowed[0],
            (Self::Split, Role::Pong) => *allowed.get(1).ok_or_else(|| {
                Error::Usage("--cpus split: only one CPU is available: use --cpus same".into())
            })?,
            (Self::Pair(ping, _), Role::Ping) => ping,
            (Self::Pair(_, pong), Role::Pong) => pong,
        };
        if allowed.contains(&wanted) {
            return Ok(wanted);
        }
        let names: Vec<_> = allowed.iter().map(ToString::to_string).collect();
        Err(Error::Usage(format!(
            "--cpus: CPU {wanted} is not available: expected one of {}",
            names.join(", ")
        )))
    }

    /// Binds the calling thread to the CPU of its `role`, and returns that CPU's number. Returns `None` where this
    /// system does not let a program do that ([`may_bind`]): then the scheduler chooses, and the figures must say so.
    ///
    /// # Errors
    /// As [`cpu`](Self::cpu).
    pub fn bind(self, role: Role) -> Result<Option<usize>> {
        let cpu = self.cpu(role)?;
        let mut set = CpuSet::new();
        set.set(cpu).call("CPU_SET")?;
        unless_forbidden(sched_setaffinity(Pid::from_raw(0), &set)).map(|bound| bound.then_some(cpu))
    }
}

/// Returns whether a thread may be bound to a CPU. A sandbox (a seccomp filter) may forbid it.
///
/// # Errors
/// `sched_getaffinity` fails.
pub fn may_bind() -> Result<bool> {
    let as_it_is = sched_getaffinity(Pid::from_raw(0)).call("sched_getaffinity")?;
    unless_forbidden(sched_setaffinity(Pid::from_raw(0), &as_it_is))
}

fn unless_forbidden(bound: nix::Result<()>) -> Result<bool> {
    match bound {
        Err(Errno::EPERM | Errno::EACCES | Errno::ENOSYS) => Ok(false),
        bound => bound.call("sched_setaffinity").map(|()| true),
    }
}

/// Returns the numbers of the CPUs that this thread may use; at least one.
///
/// # Errors
/// `sched_getaffinity` fails.
pub fn allowed() -> Result<Vec<usize>> {
    let set = sched_getaffinity(Pid::from_raw(0)).call("sched_getaffinity")?;
    Ok((0..CpuSet::count()).filter(|&cpu| set.is_set(cpu).unwrap_or(false)).collect())
}

impl fmt::Display for Cpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Same => f.pad("same"),
            Self::Split => f.pad("split"),
            Self::Pair(ping, pong) => f.pad(&format!("{ping},{pong}")),
        }
    }
}

impl From<Cpus> for String {
    fn from(cpus: Cpus) -> Self {
        cpus.to_string()
    }
}

impl TryFrom<String> for Cpus {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl FromStr for Cpus {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let pair = || {
            let (ping, pong) = text.split_once(',')?;
            Some(Self::Pair(ping.trim().parse().ok()?, pong.trim().parse().ok()?))
        };
        match text {
            "same" => Ok(Self::Same),
            "split" => Ok(Self::Split),
            _ => pair().ok_or_else(|| {
                Error::Usage(format!("invalid placement '{text}': expected same, split or A,B"))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placement_reads_back_as_it_is_written() {
        for text in ["same", "split", "0,1", "3,3"] {
            assert_eq!(text.parse::<Cpus>().unwrap().to_string(), text);
        }
        for text in ["", "0", "0,", "a,b", "0,1,2", "-1,0"] {
            assert!(text.parse::<Cpus>().is_err(), "{text}");
        }
    }

    #[test]
    fn each_side_has_its_cpu_and_is_bound_to_it() {
        let allowed = allowed().unwrap();
        let (first, last) = (allowed[0], allowed[allowed.len() - 1]);
        let both = |cpus: Cpus| [Role::Ping, Role::Pong].map(|role| cpus.cpu(role).ok());
        assert_eq!(both(Cpus::Same), [Some(first); 2]);
        assert_eq!(both(Cpus::Pair(first, last)), [Some(first), Some(last)]);
        assert_eq!(both(Cpus::Pair(last, first)), [Some(last), Some(first)]);
        assert_eq!(both(Cpus::Split), [Some(first), allowed.get(1).copied()]);
        assert_eq!(Cpus::available(), if allowed.len() > 1 { Cpus::Split } else { Cpus::Same });
        if may_bind().unwrap() {
            // Only this test's thread.
            assert_eq!(Cpus::Pair(first, last).bind(Role::Pong).unwrap(), Some(last));
            assert_eq!(super::allowed().unwrap(), [last]);
        }
    }

    #[test]
    fn a_binding_that_is_forbidden_is_none_and_no_error() {
        for errno in [Errno::EPERM, Errno::EACCES, Errno::ENOSYS] {
            assert!(!unless_forbidden(Err(errno)).unwrap(), "{errno}");
        }
        assert_eq!(unless_forbidden(Err(Errno::EINVAL)).unwrap_err().errno(), Some(Errno::EINVAL));
        assert!(unless_forbidden(Ok(())).unwrap());
    }

    #[test]
    fn an_impossible_cpu_is_refused_by_name() {
        let error = Cpus::Pair(0, 900).cpu(Role::Pong).unwrap_err().to_string();
        assert!(error.contains("CPU 900 is not available"), "{error}");
    }
}
