//! Tests of the separate parts. `tests/ring*` test the two sides together; `model` checks the protocol.

mod cut;
mod eventcount;
mod killed;
mod last_act;
mod model;
mod sigbus;
mod spsc;
