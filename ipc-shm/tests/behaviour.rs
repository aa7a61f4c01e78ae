//! Facts about shared memory: each cell of the course's table, then the pitfalls.
//!
//! | file | what it shows |
//! |---|---|
//! | `behaviour/table.rs` | the cells of the table |
//! | `behaviour/segments.rs` | pitfalls of segments |
//! | `behaviour/semaphores.rs` | pitfalls of semaphores, and the lock-step |
//! | `behaviour/posix.rs` | the variant over POSIX shared memory |
//! | `behaviour/pages.rs` | populated pages, and huge ones |
//! | `behaviour/meeting.rs` | how two processes meet, and what is left when they die |
//! | `behaviour/waiting.rs` | the sleep of a side that waits |
//! | `behaviour/tools.rs` | objects that remove themselves, a watchdog, and the other process |

#[path = "behaviour/meeting.rs"]
mod meeting;
#[path = "behaviour/pages.rs"]
mod pages;
#[path = "behaviour/posix.rs"]
mod posix;
#[path = "behaviour/segments.rs"]
mod segments;
#[path = "behaviour/semaphores.rs"]
mod semaphores;
#[path = "behaviour/table.rs"]
mod table;
#[path = "behaviour/tools.rs"]
mod tools;
#[path = "behaviour/waiting.rs"]
mod waiting;
