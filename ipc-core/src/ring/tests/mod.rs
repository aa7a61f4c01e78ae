//! What can be tested of the parts alone. The two sides together are tested in `tests/ring*`; the protocol is checked
//! in `model`.

mod bell;
mod cut;
mod last_act;
mod model;
mod spsc;
