//! Measures the queue on a NATS server beside mechanisms of one machine, and what a long wire does to each of them.
//!
//! | command | question |
//! |---|---|
//! | `beyond-bench local` | What does a server between two processes of one machine cost? |
//! | `beyond-bench hosts` | Over distance, what decides: the mechanism, or how many messages may be under way? |
//!
//! A figure counts only if all that was sent was received: both sides keep a [`Tally`], and a row whose tallies differ is
//! refused.
//!
//! | file | contents |
//! |---|---|
//! | `tally.rs` | [`Tally`]: what was sent, and what was received |
//! | `message.rs` | the bytes of a message |
//! | `helper.rs` | the processes at both ends: their roles, orders and answers |
//! | `local.rs`, `local/` | [`local`]: rows in the schema of `ipc-bench` |
//! | `hosts.rs`, `hosts/` | [`hosts`]: the table of two hosts |
//!
//! The command line is in `bin/beyond-bench/`.

pub mod helper;
pub mod hosts;
pub mod local;
mod message;
mod tally;

pub use message::SHORTEST;
pub use tally::Tally;
