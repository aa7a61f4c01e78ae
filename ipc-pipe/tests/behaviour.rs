//! Facts about pipes: each cell of the course's table, then the pitfalls.
//!
//! | file | what it shows |
//! |---|---|
//! | `behaviour/table.rs` | the cells of the table |
//! | `behaviour/pitfalls.rs` | pitfalls of a bare pipe |
//! | `behaviour/link.rs` | pitfalls of the link |
//! | `behaviour/tools.rs` | the parts that all of them use |

#[path = "behaviour/link.rs"]
mod link;
#[path = "behaviour/pitfalls.rs"]
mod pitfalls;
#[path = "behaviour/table.rs"]
mod table;
#[path = "behaviour/tools.rs"]
mod tools;
