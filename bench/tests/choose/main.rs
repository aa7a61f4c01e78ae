//! Tests of `ipc-bench choose`. All figures are invented, so that the order is known.
//!
//! | file | contents |
//! |---|---|
//! | `purposes.rs`, `figure.rs`, `evidence.rs`, `speed.rs`, `waiting.rs`, `reasons.rs`, `doubts.rs`, `enough.rs` | the choice, without a process |
//! | `lines.rs` | the lines to write, which compile |
//! | `program.rs`, `facts.rs`, `printed.rs`, `saved.rs`, `answers.rs` | the program |

#[path = "../common/mod.rs"]
mod common;
#[path = "../invented/mod.rs"]
mod invented;

mod answers;
mod doubts;
mod enough;
mod evidence;
mod facts;
mod figure;
mod lines;
mod printed;
mod program;
mod purposes;
mod reasons;
mod saved;
mod speed;
mod waiting;
