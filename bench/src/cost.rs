//! What a message costs beside time.

use ipc_core::play::Usage;
use serde::{Deserialize, Serialize};

/// What a message cost on both sides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Costs {
    /// The process that sent first.
    pub ping: Cost,
    /// Its peer.
    pub pong: Cost,
}

/// What one side spent on a message, or on a round trip: the mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// CPU time in the program itself, in nanoseconds.
    pub user_ns: f64,
    /// CPU time in the kernel, in nanoseconds.
    pub system_ns: f64,
    /// How often it went to sleep.
    pub voluntary_switches: f64,
    /// How often another one was given its CPU.
    pub involuntary_switches: f64,
    /// Pages that were there but not yet mapped.
    pub minor_faults: f64,
    /// Pages that had to be read from a disk.
    pub major_faults: f64,
    /// System calls; null where this machine does not let them be counted, and the document's notes say why.
    pub syscalls: Option<f64>,
}

impl Cost {
    /// What each of so many messages cost. The exact CPU time is divided into user and system as the kernel's less exact
    /// account of the two says.
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

    /// All CPU time, in nanoseconds.
    #[must_use]
    pub fn cpu_ns(&self) -> f64 {
        self.user_ns + self.system_ns
    }
}
