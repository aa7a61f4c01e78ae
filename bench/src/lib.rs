//! The comparison: the same exchange through all six mechanisms, measured side by side between two real processes.
//!
//! The rooms of this house, in the order of the work. Imports run downwards only: the command line (`cli/`, in the
//! binary) starts a measurement in [`measure`], which fills in [`results`]; [`present`] reads nothing but results.
//! `tests/rooms.rs` checks that.
//!
//! *Measuring*
//!
//! | file | contents |
//! |---|---|
//! | `measure/run.rs`, `measure/profile.rs` | all cases, in rounds that take turns |
//! | `measure/pair.rs`, `task.rs`, `child.rs` | the two processes that play a case |
//! | `measure/clock.rs`, `energy.rs`, `syscalls.rs` | time, and the other costs of a message |
//! | `measure/baseline.rs` | the same exchange by bare system calls |
//! | `measure/clients.rs` | many clients of one server |
//!
//! *The results*
//!
//! | file | contents |
//! |---|---|
//! | `results/case.rs` | the subject of one row |
//! | `results/document.rs`, `row.rs` | the results as plain data |
//! | `results/latency.rs`, `statistics.rs` | from times to reliable figures |
//! | `results/environment.rs` | the environment of the measurement |
//! | `results/output.rs`, `saved.rs` | saving results, and reading them back |
//!
//! *Presenting them*
//!
//! | file | contents |
//! |---|---|
//! | `present/table.rs`, `export.rs` | the results as text |
//! | `present/report.rs` | the results as one page with charts |
//! | `present/compare.rs`, `choose.rs` | the changes between two runs; the mechanism for a purpose |
//!
//! *Looking after the machine*: `doctor/` finds disturbances, and removes what dead processes left.
//!
//! A *round trip* is timed by the clock of the process that plays ping alone; *throughput* by the receiver's clock,
//! from the first message to the last byte of the last one; the *one-way* time of a message by the clock that both
//! processes share. In the *open loop* a round trip is timed from the moment at which it was meant to start.
//!
//! Before any timing, the same exchange is played once with every message checked: a row exists only if its mechanism
//! works, and both processes are warm. Between two orders the peer sleeps, whatever its wait strategy, so pairs that
//! are alive at the same time do not disturb each other.

#[cfg(test)]
extern crate self as ipc_bench; // code invented for the tests is written as if outside this crate

#[cfg(test)]
#[path = "../tests/invented/mod.rs"]
mod invented;

/// Measuring: the processes that play, the order in which they take turns, and their costs.
pub mod measure {
    pub mod baseline;
    pub mod child;
    pub mod clients;
    pub mod clock;
    pub mod effort;
    pub mod energy;
    pub mod pair;
    pub mod profile;
    pub mod registry;
    pub mod run;
    pub mod syscalls;
    pub mod task;
}

/// The results as plain data.
pub mod results {
    pub mod case;
    pub mod cost;
    pub mod document;
    pub mod environment;
    pub mod growth;
    pub mod implementation;
    pub mod latency;
    pub mod output;
    pub mod quartiles;
    pub mod row;
    pub mod saved;
    pub mod statistics;
}

/// Presenting results: as text, as a page, and as answers to questions.
pub mod present {
    pub mod choose;
    pub mod compare;
    pub mod course;
    pub mod export;
    mod fit;
    pub mod report;
    pub mod table;
}

/// The state of the machine: what disturbs measurements, and what dead processes left behind.
pub mod doctor {
    pub mod clean;
    pub mod examine;
    mod files;
    pub mod finding;
    mod now;
    mod settings;
}
