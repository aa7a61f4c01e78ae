//! Facts about memory maps: each cell of the course's table, then the pitfalls.
//!
//! | file | what it shows |
//! |---|---|
//! | `behaviour/table.rs` | the cells of the table |
//! | `behaviour/pitfalls.rs` | the pitfalls, on a bare file and at a meeting |
//! | `behaviour/memory.rs` | the variant without a file system |
//! | `behaviour/pages.rs` | populated pages, and huge ones |
//! | `behaviour/tools.rs` | a mapped file in its own directory, and the other process |

#[path = "behaviour/memory.rs"]
mod memory;
#[path = "behaviour/pages.rs"]
mod pages;
#[path = "behaviour/pitfalls.rs"]
mod pitfalls;
#[path = "behaviour/table.rs"]
mod table;
#[path = "behaviour/tools.rs"]
mod tools;
