//! The comparison: the same exchange through all six mechanisms, measured side by side between two real processes.
//! Read in this order:
//!
//! | file | what it is |
//! |---|---|
//! | `six.rs` | [`SIX`]: the only place that names the six mechanisms |
//! | `case.rs` | [`Case`]: what one row is about; [`Kind`], [`Placement`] |
//! | `pair.rs` | [`Pair`]: the two processes that play a case |
//! | `measure.rs` | [`measure`]: one case, from two processes to a row of figures |
//! | `results.rs`, `environment.rs` | [`Document`]: the results as plain data, with where they were measured |
//! | `table.rs` | [`table`]: the results as text |
//! | `course.rs`, `clean.rs` | [`course`]: the course's table; [`clean`]: what dead processes left |
//! | `report/` | [`report`]: the results as one page with charts, for `cargo bench` |
//!
//! `main.rs` and `args.rs` are the command line; `benches/compare.rs` drives the same pairs through criterion.
//!
//! What is timed: a *round trip* by the one clock of the process that plays ping; *throughput* by the receiver's
//! clock, from the first message to the last byte of the last one. Before anything is timed, the same exchange is
//! played once with every message checked, so a row is there only if its mechanism works, and both processes are
//! warm.

mod against_floor;
mod case;
pub mod choose;
pub mod clean;
pub mod clock;
pub mod compare;
mod cost_table;
pub mod course;
pub mod doctor;
mod environment;
pub mod export;
mod floor_table;
pub mod floors;
mod latency;
mod measure;
pub mod output;
mod pair;
mod profile;
mod quartiles;
pub mod report;
mod results;
pub mod rounds;
pub mod run;
pub mod saved;
mod six;
pub mod statistics;
pub mod table;

pub use against_floor::against_floor;
pub use case::{Case, Kind, Placement, size_name};
pub use environment::Environment;
pub use latency::Latency;
pub use measure::{Effort, Refusal, measure, start, too_large};
pub use pair::{Pair, Played, Task, serve_if_invited};
pub use profile::RunProfile;
pub use quartiles::Quartiles;
pub use results::{
    Cost, Costs, Document, Fairness, Limits, NotMeasured, Rounds, Row, RowKey, SCHEMA_VERSION, Verified,
};
pub use six::{Member, SIX, member, names};
