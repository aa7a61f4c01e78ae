//! Facts about sockets: each cell of the course's table, then the pitfalls. `two_hosts.rs` shows that a socket reaches
//! another host.
//!
//! | file | what it shows |
//! |---|---|
//! | `behaviour/table.rs` | the cells of the table |
//! | `behaviour/addresses.rs` | pitfalls of addresses |
//! | `behaviour/owners.rs` | pitfalls of listening and connecting, and what is left behind |
//! | `behaviour/peers.rs` | which peers are accepted |
//! | `behaviour/talking.rs` | pitfalls of talking |
//! | `behaviour/tools.rs` | what all of them use |

#[path = "behaviour/addresses.rs"]
mod addresses;
#[path = "behaviour/owners.rs"]
mod owners;
#[path = "behaviour/peers.rs"]
mod peers;
#[path = "behaviour/table.rs"]
mod table;
#[path = "behaviour/talking.rs"]
mod talking;
#[path = "behaviour/tools.rs"]
mod tools;
