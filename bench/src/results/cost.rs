//! The cost of a message besides time.

use ipc_demo::exchange::Usage;
use serde::{Deserialize, Serialize};

/// The cost of a message on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// The process that sent first.
    pub ping: Cost,
    /// Its peer.
    pub pong: Cost,
}

/// The mean cost of a message, or of a round trip, on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// CPU time in the program itself, in nanoseconds.
    pub user_ns: f64,
    /// CPU time in the kernel, in nanoseconds.
    pub system_ns: f64,
    /// Times that the process went to sleep.
    pub voluntary_switches: f64,
    /// Times that the process was preempted.
    pub involuntary_switches: f64,
    /// Pages that were in memory but not yet mapped.
    pub minor_faults: f64,
    /// Pages that had to be read from a disk.
    pub major_faults: f64,
    /// System calls; null where this machine does not allow counting them. The document's notes give the reason.
    pub syscalls: Option<f64>,
}

impl Costs {
    /// Adds the system calls of ping and of pong.
    pub(crate) fn count(&mut self, [ping, pong]: [f64; 2]) {
        (self.ping.syscalls, self.pong.syscalls) = (Some(ping), Some(pong));
    }
}

impl Cost {
    /// Returns the cost of each of `messages` messages. The exact CPU time is split into user and system time in the
    /// proportion of the kernel's less exact account of the two.
    #[must_use]
    pub fn of(usage: &Usage, messages: u64) -> Self {
        let each = |number: u64| number as f64 / messages.max(1) as f64;
        let known = usage.user + usage.system;
        let in_kernel = if known.is_zero() { 0.0 } else { usage.system.as_secs_f64() / known.as_secs_f64() };
        let cpu = each(usage.cpu.as_nanos() as u64);
        Self {
            user_ns: cpu * (1.0 - in_kernel),
            system_ns: cpu * in_kernel,
            voluntary_switches: each(usage.voluntary_switches),
            involuntary_switches: each(usage.involuntary_switches),
            minor_faults: each(usage.minor_faults),
            major_faults: each(usage.major_faults),
            syscalls: None,
        }
    }

    /// Returns all CPU time, in nanoseconds.
    #[must_use]
    pub fn cpu_ns(&self) -> f64 {
        self.user_ns + self.system_ns
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "the test is about exact values")]
mod tests {
    use std::time::Duration;

    use super::*;

    fn cost(cpu_us: u64, [user_ms, system_ms]: [u64; 2], messages: u64) -> Cost {
        let usage = Usage {
            cpu: Duration::from_micros(cpu_us),
            user: Duration::from_millis(user_ms),
            system: Duration::from_millis(system_ms),
            voluntary_switches: 40,
            involuntary_switches: 8,
            minor_faults: 12,
            major_faults: 20,
        };
        Cost::of(&usage, messages)
    }

    #[test]
    fn known_usage_has_known_costs() {
        let expected = Cost {
            user_ns: 500.0,
            system_ns: 1500.0,
            voluntary_switches: 10.0,
            involuntary_switches: 2.0,
            minor_faults: 3.0,
            major_faults: 5.0,
            syscalls: None,
        };
        assert_eq!(cost(8, [10, 30], 4), expected);
        assert_eq!(expected.cpu_ns(), 2000.0);
    }

    #[test]
    fn each_side_has_its_system_calls() {
        let mut costs = Costs::default();
        costs.count([2.0, 3.0]);
        assert_eq!([costs.ping.syscalls, costs.pong.syscalls], [Some(2.0), Some(3.0)]);
    }

    /// A short exchange falls between the kernel's clock ticks: then all of its time counts as the program's.
    #[test]
    fn time_of_which_the_kernel_knows_no_kind_is_the_programs() {
        let Cost { user_ns, system_ns, .. } = cost(8, [0, 0], 1);
        assert_eq!([user_ns, system_ns], [8000.0, 0.0]);
        assert_eq!(cost(8, [1, 1], 0), cost(8, [1, 1], 1), "nothing is divided by 0");
    }
}
