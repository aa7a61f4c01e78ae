//! The number of system calls per message, counted in a pass of its own, since counting slows everything down.
//!
//! Where the machine allows it, the kernel counts (`syscalls/perf.rs`, by `perf_event_open(2)`). Elsewhere both sides
//! are stopped at every call by ptrace(2): a process is started that plays one case with a peer, as the harness does.
//! The calls themselves show where the exchange begins and ends: each side asks for its resource usage before and after
//! it ([`Usage::now`](ipc_demo::exchange::Usage::now)), by `getrusage`, which no mechanism calls.
//!
//! With ptrace, polling is not counted: a process that stops at every call polls less often, or more often, than one
//! that runs, and the figure would be an artefact of the counting.

mod perf;
pub(crate) mod ptrace;

use ipc_core::{Result, Wait};

use crate::results::case::{Case, Kind};

/// The messages that are counted: a few more messages of a stream fit into the medium before a side has to wait.
const MESSAGES: u64 = 200;

/// The way in which system calls are counted on this machine.
#[derive(Clone, Copy, Debug)]
pub enum SyscallCounter {
    /// The kernel counts, at the tracepoint of this number.
    PerfEvent(u64),
    /// The processes are stopped at each call.
    Ptrace,
}

impl SyscallCounter {
    /// Returns the better one of those that are allowed.
    #[must_use]
    pub fn of_this_machine() -> Self {
        perf::sys_enter().map_or(Self::Ptrace, Self::PerfEvent)
    }

    /// Returns the note to show beside the figures.
    #[must_use]
    pub const fn note(self) -> &'static str {
        match self {
            Self::PerfEvent(_) => "system calls were counted by perf_event_open",
            Self::Ptrace => {
                "system calls were counted by ptrace, and only where both sides block: counting slows polling down"
            }
        }
    }

    /// Returns true if the calls of a case can be counted. Other kinds consist of the same messages.
    #[must_use]
    pub fn can_count(self, case: &Case) -> bool {
        let usual = Kind::USUAL.contains(&case.kind);
        usual && (case.wait == Wait::Block || matches!(self, Self::PerfEvent(_)))
    }

    /// Counts the calls per message of a case: those of ping, and those of pong.
    ///
    /// # Errors
    /// [`Usage`](ipc_core::Error::Usage) with the reason: this system does not allow tracing a child. Any other error of
    /// the exchange.
    pub fn count(self, case: &Case) -> Result<[f64; 2]> {
        match self {
            Self::PerfEvent(sys_enter) => perf::count(case, sys_enter, MESSAGES),
            Self::Ptrace => ptrace::count(case, MESSAGES),
        }
    }
}
