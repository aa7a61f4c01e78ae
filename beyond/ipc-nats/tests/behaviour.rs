//! What is true of this queue alone, one test per truth. Each test has a server of its own.
//!
//! | file | what it shows |
//! |---|---|
//! | `behaviour/connection.rs` | why there is no connection |
//! | `behaviour/order.rs` | every message once and in order: a full stream, a server that is killed |
//! | `behaviour/endings.rs` | a peer that is killed, or only silent; a stream that is gone |
//! | `behaviour/limits.rs` | messages that come faster than they are taken |
//! | `behaviour/hosts.rs` | two hosts: TLS and a password, refusals, a wire that is cut for a while |
//! | `behaviour/remains.rs` | what dead processes leave at the server |
//! | `behaviour/program.rs` | the program |
//! | `behaviour/scenario.rs` | its command `scenario` |
//! | `behaviour/tools.rs` | what all of them use |

#[path = "behaviour/connection.rs"]
mod connection;
#[path = "behaviour/endings.rs"]
mod endings;
#[path = "behaviour/hosts.rs"]
mod hosts;
#[path = "behaviour/limits.rs"]
mod limits;
#[path = "behaviour/order.rs"]
mod order;
#[path = "behaviour/program.rs"]
mod program;
#[path = "behaviour/remains.rs"]
mod remains;
#[path = "behaviour/scenario.rs"]
mod scenario;
#[path = "behaviour/tools.rs"]
mod tools;
