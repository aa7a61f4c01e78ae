//! The comparison: the same exchange through all six mechanisms, measured side by side between two real processes.
//! Read in this order:
//!
//! | file | contents |
//! |---|---|
//! | `six.rs` | [`SIX`]: the only place that names the six mechanisms |
//! | `case.rs` | [`Case`]: the subject of one row; [`Kind`], [`Placement`] |
//! | `pair.rs`, `invited.rs`, `task.rs` | [`Pair`]: the two processes that play a case |
//! | `crowd/` | [`crowd`]: many clients of one server |
//! | `profile.rs`, `run/` | [`RunProfile`], [`run`](run::run): all cases, in rounds that take turns |
//! | `clock.rs`, `statistics.rs`, `latency.rs` | [`clock`], [`statistics`]: from times to reliable figures |
//! | `syscalls.rs`, `energy.rs` | [`syscalls`], [`energy`]: the cost of a message besides time |
//! | `results.rs`, `row.rs`, `implementation.rs`, `cost.rs`, `environment.rs` | [`Document`]: the results as plain data, with the environment of the measurement |
//! | `output.rs`, `saved.rs` | [`output`], [`saved`]: saving results, and reading them back |
//! | `table.rs`, `floor_table.rs`, `cost_table.rs`, `fit.rs`, `export/` | [`table`], [`export`]: the results as text |
//! | `floors/` | [`floors`]: the same exchange by bare system calls |
//! | `rounds.rs`, `against_floor.rs`, `growth.rs` | [`rounds`], [`against_floor()`]: a case and its floor in turns; [`Growth`], from size to size |
//! | `in_place.rs`, `ring_crate.rs` | a ring without copies, and a ring crate, for comparison |
//! | `limits.rs` | [`limits`]: the best that the machine can do |
//! | `compare/`, `choose/` | [`compare`], [`choose`]: the changes between two runs; the mechanism for a purpose |
//! | `course.rs`, `clean.rs`, `doctor/` | [`course`], [`clean`], [`doctor`]: the other subcommands |
//! | `report/` | [`report`]: the results as one page with charts |
//! | `measure.rs` | [`Effort`], [`Refusal`]: how long a case is measured, or why it is not |
//!
//! `main.rs` and `command/` are the command line; `benches/compare.rs` drives the same pairs through criterion.
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

mod against_floor;
mod case;
pub mod choose;
pub mod clean;
pub mod clock;
pub mod compare;
mod cost;
mod cost_table;
pub mod course;
pub mod crowd;
pub mod doctor;
pub mod energy;
mod environment;
pub mod export;
mod fit;
mod floor_table;
pub mod floors;
mod growth;
mod implementation;
mod in_place;
#[cfg(test)]
#[path = "../tests/invented/mod.rs"]
mod invented;
mod invited;
mod latency;
pub mod limits;
mod measure;
pub mod output;
mod pair;
mod profile;
mod quartiles;
pub mod report;
mod results;
mod ring_crate;
pub mod rounds;
mod row;
pub mod run;
pub mod saved;
mod six;
pub mod statistics;
pub mod syscalls;
pub mod table;
mod task;

pub use against_floor::against_floor;
pub use case::{Case, Kind, Placement, size_name};
pub use cost::{Cost, Costs};
pub use environment::Environment;
pub use growth::Growth;
pub use implementation::Implementation;
pub use invited::serve_if_invited;
pub use latency::Latency;
pub use limits::Limits;
pub use measure::{Effort, Refusal, too_large};
pub use pair::Pair;
pub use profile::RunProfile;
pub use quartiles::Quartiles;
pub use results::{Document, NotMeasured, SCHEMA_VERSION, Verified};
pub use row::{Fairness, Rounds, Row, RowKey};
pub use six::{Member, SIX, member, names};
pub use task::{Played, Task};
