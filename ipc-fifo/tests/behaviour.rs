//! Facts about FIFOs: each cell of the course's table, then the pitfalls.
//!
//! | file | what it shows |
//! |---|---|
//! | `behaviour/table.rs` | the cells of the table |
//! | `behaviour/opening.rs` | pitfalls of opening, and of meeting |
//! | `behaviour/talking.rs` | pitfalls of talking |
//! | `behaviour/tools.rs` | what all of them use |

#[path = "behaviour/opening.rs"]
mod opening;
#[path = "behaviour/table.rs"]
mod table;
#[path = "behaviour/talking.rs"]
mod talking;
#[path = "behaviour/tools.rs"]
mod tools;
