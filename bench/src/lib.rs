//! The comparison: the same exchange through all six mechanisms, measured side by side between two real processes.
//!
//! The modules, in the order of the work; each begins with its own reading plan. Imports run downwards only, and
//! without circles: `tests/rooms.rs` checks that.
//!
//! ```text
//!   cli ──► measure ──► results ◄── present ◄── cli
//! ```
//!
//! | module | contents |
//! |---|---|
//! | `cli/`, in the binary | the command line: one file for each subcommand |
//! | [`measure`] | the processes of an exchange, their turns, their costs |
//! | [`results`] | what was measured, as plain data, and the facts about the six |
//! | [`present`] | results as text, as a page, and as answers; it reads nothing but results |
//! | [`doctor`] | what disturbs measurements on this machine, and what dead processes left behind |
//!
//! `benches/compare/`, which is `cargo bench`, measures all six in one run, and drives the same pairs of processes through
//! criterion.
//!
//! A *round trip* is timed by the clock of the process that plays ping alone; *throughput* by the receiver's clock,
//! from the first message to the last byte of the last one; the *one-way* time of a message by the clock that both
//! processes share. In the *open loop* a round trip is timed from the moment at which it was meant to start.
//!
//! Before any timing, the same exchange is played once with every message checked: a row exists only if its mechanism
//! works, and both processes are warm. Between two workloads the peer sleeps, whatever its wait strategy, so pairs that
//! are alive at the same time do not disturb each other.

#[cfg(test)]
extern crate self as ipc_bench; // code invented for the tests is written as if outside this crate

#[cfg(test)]
#[path = "../tests/invented/mod.rs"]
mod invented;

/// Measuring: the processes that play, the order in which they take turns, and their costs.
///
/// | file | contents |
/// |---|---|
/// | `task.rs`, `pair.rs` | a task and its result; the two processes that play one |
/// | `thread_pair.rs` | two threads in their place |
/// | `ping_pong.rs`, `sides.rs` | both sides through a mechanism's public API, for each variant |
/// | `child.rs` | the start of a process that the harness has started |
/// | `profile.rs`, `effort.rs` | how long to measure |
/// | `turns.rs`, `run.rs` | all cases, in rounds that take turns |
/// | `clock.rs`, `energy.rs`, `syscalls.rs` | the costs of a reading of the clock, and of a message besides time |
/// | `handover.rs` | the time of a cache line between two cores |
/// | `baseline.rs` | the same exchange by bare system calls |
/// | `clients.rs` | many clients of one server |
/// | `alternatives.rs` | other implementations of the same exchange, in the suite's rounds |
pub mod measure {
    pub mod alternatives;
    pub mod baseline;
    pub mod child;
    pub mod clients;
    pub mod clock;
    pub mod effort;
    mod energy;
    pub mod handover;
    pub mod pair;
    mod ping_pong;
    pub mod profile;
    pub mod run;
    pub mod sides;
    mod syscalls;
    pub mod task;
    pub mod thread_pair;
    mod turns;
}

/// The results as plain data, and the facts about the six.
///
/// | file | contents |
/// |---|---|
/// | `registry.rs` | the six mechanisms and their variants: the only place that lists them |
/// | `case.rs` | the subject of one row |
/// | `document.rs`, `row.rs` | the results of a run, and those of a case |
/// | `latency.rs`, `quartiles.rs`, `statistics.rs` | from times to reliable figures |
/// | `cost.rs`, `fairness.rs`, `growth.rs`, `limits.rs`, `pacing.rs`, `implementation.rs` | the other parts of a row and a document |
/// | `environment.rs` | the environment of the measurement |
/// | `output.rs`, `saved.rs`, `history.rs` | saving results, reading them back, and the saved runs by name |
/// | `units.rs` | numbers and lengths, for people |
pub mod results {
    pub mod case;
    pub mod cost;
    pub mod document;
    pub mod environment;
    pub mod fairness;
    pub mod growth;
    pub mod history;
    pub mod implementation;
    pub mod latency;
    pub mod limits;
    pub mod output;
    pub mod pacing;
    pub mod quartiles;
    pub mod registry;
    pub mod row;
    pub mod saved;
    pub mod statistics;
    pub mod units;
}

/// Presenting results: as text, as a page, and as answers to questions.
///
/// | file | contents |
/// |---|---|
/// | `grid.rs`, `text_table.rs`, `table.rs` | tables that fit a terminal |
/// | `export.rs` | the formats in which results are printed |
/// | `summary.rs` | the conclusions in a few lines |
/// | `report.rs` | one page with charts |
/// | `compare.rs` | the changes between two runs |
/// | `others.rs` | the rows of a run beside other libraries, those that can be compared together |
/// | `history.rs` | the list of saved runs |
/// | `choose.rs` | the mechanism for a purpose |
/// | `course.rs` | the course's table of the six |
pub mod present {
    pub mod choose;
    pub mod compare;
    pub mod course;
    pub mod export;
    mod grid;
    pub mod history;
    mod others;
    pub mod report;
    pub mod summary;
    pub mod table;
    pub mod text_table;
}

/// The state of the machine: what disturbs measurements, and what dead processes left behind.
///
/// | file | contents |
/// |---|---|
/// | `examine.rs` | all checks of the machine |
/// | `watched.rs` | a run whose document says what disturbed it |
/// | `clean.rs` | the objects of dead processes, removed |
pub mod doctor {
    pub mod clean;
    pub mod examine;
    mod files;
    pub mod finding;
    mod load;
    mod now;
    mod settings;
    pub mod watched;
}
