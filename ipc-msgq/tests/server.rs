//! A server and many clients.
//!
//! | file | what it shows |
//! |---|---|
//! | `server/sessions.rs` | joining, leaving, being killed, slots that are used again |
//! | `server/back_pressure.rs` | floods, and a queue that is full in both directions |
//! | `server/no_room.rs` | a session that waits for room for its answer |
//! | `server/queues.rs` | further queues: made, full, removed, left behind, and used by the wrong client |
//! | `server/pipelined.rs` | clients with several requests under way, each on a queue of its own |
//! | `server/thousand.rs` | a thousand clients |
//! | `server/tools.rs` | a server with its own queue, and other processes |

#[path = "server/back_pressure.rs"]
mod back_pressure;
#[path = "server/no_room.rs"]
mod no_room;
#[path = "server/pipelined.rs"]
mod pipelined;
#[path = "server/queues.rs"]
mod queues;
#[path = "server/sessions.rs"]
mod sessions;
#[path = "server/thousand.rs"]
mod thousand;
#[path = "server/tools.rs"]
mod tools;
