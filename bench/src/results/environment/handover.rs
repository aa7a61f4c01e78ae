//! The time of one cache line from a core to another and back: no message between the two makes that way faster.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::results::quartiles::Quartiles;

/// The measured hand-over between two CPUs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    /// The numbers of the two CPUs.
    pub cpus: [usize; 2],
    /// What the two share, as the kernel sees them.
    pub share: Share,
    /// The time from one to the other and back, in nanoseconds.
    pub round_trip_ns: Quartiles,
}

/// What two CPUs share. On a virtual machine this is what the host claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Share {
    /// They are hardware threads of one core, which share its first cache.
    Core,
    /// They are cores that share a cache of the third level.
    Cache,
    /// They are cores of one socket; the caches of the third level are different.
    Socket,
    /// They are in different sockets.
    Memory,
    /// The kernel does not report it.
    Unknown,
}

impl Share {
    /// Returns what two CPUs share; `fact` reads a file of a CPU below `/sys/devices/system/cpu/cpuN`.
    #[must_use]
    pub fn of(cpus: [usize; 2], fact: impl Fn(usize, &str) -> Option<String>) -> Self {
        let both = |name: &str| Some((fact(cpus[0], name)?, fact(cpus[1], name)?));
        let is_same = |name: &str| both(name).map(|(one, other)| one == other);
        if is_same("topology/thread_siblings_list") == Some(true) {
            return Self::Core;
        }
        if is_same("topology/physical_package_id") == Some(false) {
            return Self::Memory;
        }
        match is_same("cache/index3/shared_cpu_list") {
            Some(true) => Self::Cache,
            Some(false) => Self::Socket,
            None => Self::Unknown,
        }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Core => "threads of one core",
            Self::Cache => "one L3 cache",
            Self::Socket => "one socket, two L3 caches",
            Self::Memory => "two sockets",
            Self::Unknown => "shared caches unknown",
        })
    }
}

impl fmt::Display for Handover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cpus: [one, other], share, round_trip_ns } = self;
        write!(f, "CPU {one} and {other} ({share}): {:.0} ns", round_trip_ns.median)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two sockets of two caches of two cores; the cores of the first cache have two threads.
    fn fact(cpu: usize, name: &str) -> Option<String> {
        let number = match name {
            "topology/thread_siblings_list" => [0, 0, 1, 1, 4, 5, 6, 7][cpu],
            "topology/physical_package_id" => cpu / 6,
            "cache/index3/shared_cpu_list" => [0, 0, 0, 0, 4, 4, 6, 6][cpu],
            _ => return None,
        };
        Some(number.to_string())
    }

    #[test]
    fn the_closest_that_two_cpus_share_is_told() {
        let shared = [[0, 1], [0, 2], [0, 4], [0, 6], [4, 5]].map(|cpus| Share::of(cpus, fact));
        assert_eq!(shared, [Share::Core, Share::Cache, Share::Socket, Share::Memory, Share::Cache]);
        assert_eq!(Share::of([0, 1], |_, _| None), Share::Unknown);
        let without_l3 = |cpu, name: &str| fact(cpu, name).filter(|_| !name.starts_with("cache"));
        assert_eq!([[0, 2], [0, 6]].map(|cpus| Share::of(cpus, without_l3)), [Share::Unknown, Share::Memory]);
    }

    #[test]
    fn a_hand_over_is_told_in_a_line() {
        let round_trip_ns = Quartiles { p25: 90.0, median: 95.6, p75: 99.0 };
        let line = Handover { cpus: [0, 3], share: Share::Cache, round_trip_ns }.to_string();
        assert_eq!(line, "CPU 0 and 3 (one L3 cache): 96 ns");
    }
}
