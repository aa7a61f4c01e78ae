//! Other libraries beside the suite: the same exchange, between the same two processes, in rounds that take turns.
//!
//! | file | contents |
//! |---|---|
//! | `link.rs` | what a library has to offer, and the loops around it |
//! | `libraries/` | the libraries, one in each file; the suite is one of them |
//! | `../c/` | the exchange in bare C, and boost's queue in C++ |
//! | `setup.rs`, `participants.rs` | the setup of an exchange; who can play it |
//! | `processes.rs`, `orders.rs` | the two processes, and their orders |
//! | `run.rs`, `command.rs` | all of them in turns; the command line |
//!
//! All are measured alike: the payload is written before it is sent and read after it has arrived, every byte of it; each
//! process is bound to its CPU before its library starts a thread; the clock is read once before a round of some
//! milliseconds and once after it; a few messages are played first with the number and the bytes of each checked.

pub mod command;
pub mod libraries;
pub mod link;
pub mod orders;
pub mod participants;
pub mod processes;
pub mod run;
pub mod setup;
