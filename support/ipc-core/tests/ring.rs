//! The ring between two threads, and between one side and a hostile peer.
//!
//! | file | what it shows |
//! |---|---|
//! | `ring/meeting.rs` | two sides meet at a segment, or do not |
//! | `ring/messages.rs` | messages of any length, up to the end of either side |
//! | `ring/batches.rs` | messages that change hands together |
//! | `ring/hostile.rs` | a peer that writes what it should not |
//! | `ring/tools.rs` | the parts that all of them use |

#[path = "ring/batches.rs"]
mod batches;
#[path = "ring/hostile.rs"]
mod hostile;
#[path = "ring/meeting.rs"]
mod meeting;
#[path = "ring/messages.rs"]
mod messages;
#[path = "ring/tools.rs"]
mod tools;
