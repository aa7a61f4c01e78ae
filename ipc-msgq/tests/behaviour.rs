//! The properties of message queues: each cell of the course's table, then the pitfalls.
//!
//! | file | what it shows |
//! |---|---|
//! | `behaviour/table.rs` | the cells of the table |
//! | `behaviour/calls.rs` | pitfalls of the system calls, on a bare queue |
//! | `behaviour/link.rs` | the link's answer to them |
//! | `behaviour/meeting.rs` | the meeting of two processes, and what is left when they die |
//! | `behaviour/posix_link.rs` | the same for the link over POSIX queues |
//! | `behaviour/tools.rs` | a queue that removes itself, both ends of a link, and the roles of the other process |

#[path = "behaviour/calls.rs"]
mod calls;
#[path = "behaviour/link.rs"]
mod link;
#[path = "behaviour/meeting.rs"]
mod meeting;
#[path = "behaviour/posix_link.rs"]
mod posix_link;
#[path = "behaviour/table.rs"]
mod table;
#[path = "behaviour/tools.rs"]
mod tools;
