//! The comparison: the same exchange through all six mechanisms, measured side by side between two real processes.
//! Read in this order:
//!
//! | file | what it is |
//! |---|---|
//! | `six.rs` | [`SIX`]: the only place that names the six mechanisms |
//! | `case.rs` | [`Case`]: what one row is about; [`Kind`], [`Placement`] |
//! | `pair.rs`, `invited.rs` | [`Pair`]: the two processes that play a case |
//! | `measure.rs` | [`measure()`]: one case, from two processes to a row of figures |
//! | `clock.rs` | [`clock`]: what looking at the clock costs, and how short round trips are timed without that |
//! | `floors/` | [`floors`]: the same exchange by bare system calls |
//! | `rounds.rs`, `quartiles.rs` | [`rounds`]: several pairs take turns, so that they can be compared |
//! | `against_floor.rs`, `growth.rs` | [`against_floor()`]: a case beside its floor; [`Growth`], from size to size |
//! | `in_place.rs`, `ring_crate.rs` | a ring without copies, and a ring crate, for comparison |
//! | `limits.rs` | [`limits`]: what the machine can do at best |
//! | `results.rs`, `row.rs`, `environment.rs` | [`Document`]: the results as plain data, with where they were measured |
//! | `table.rs`, `floor_table.rs` | [`table`]: the results as text |
//! | `course.rs`, `clean.rs` | [`course`]: the course's table; [`clean`]: what dead processes left |
//! | `report/` | [`report`]: the results as one page with charts, for `cargo bench` |
//!
//! `main.rs` and `args.rs` are the command line; `benches/compare.rs` drives the same pairs through criterion.
//!
//! What is timed: a *round trip* by the one clock of the process that plays ping; *throughput* by the receiver's
//! clock, from the first message to the last byte of the last one. Before anything is timed, the same exchange is
//! played once with every message checked, so a row is there only if its mechanism works, and both processes are
//! warm. Between two orders the peer sleeps, whatever its strategy of waiting is: pairs that are alive at the same time
//! do not disturb each other.

mod against_floor;
mod case;
pub mod clean;
pub mod clock;
pub mod course;
mod environment;
mod floor_table;
pub mod floors;
mod growth;
mod in_place;
mod invited;
pub mod limits;
mod measure;
mod pair;
mod quartiles;
pub mod report;
mod results;
mod ring_crate;
pub mod rounds;
mod row;
mod six;
pub mod table;

pub use against_floor::against_floor;
pub use case::{Case, Kind, Placement, size_name};
pub use environment::Environment;
pub use growth::Growth;
pub use invited::serve_if_invited;
pub use limits::Limits;
pub use measure::{Effort, Refusal, measure, start, too_large};
pub use pair::{Pair, Played, Task};
pub use quartiles::Quartiles;
pub use results::{Document, NotMeasured, SCHEMA_VERSION};
pub use row::{Implementation, Rounds, Row};
pub use six::{Member, SIX, member, names};
