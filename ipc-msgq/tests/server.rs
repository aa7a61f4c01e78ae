//! Many clients on one queue.
//!
//! | file | what it shows |
//! |---|---|
//! | `server/sessions.rs` | joining, leaving, being killed, slots that are used again |
//! | `server/room.rs` | floods, and a queue that is full in both directions |
//! | `server/thousand.rs` | a thousand clients |
//! | `server/tools.rs` | a server with its own queue, and other processes |

#[path = "server/room.rs"]
mod room;
#[path = "server/sessions.rs"]
mod sessions;
#[path = "server/thousand.rs"]
mod thousand;
#[path = "server/tools.rs"]
mod tools;
