//! Removes what dead processes left.

use std::fmt::Write as _;

use ipc_core::Result;

use crate::SIX;

/// Sweeps for all six, and says what was removed. What live processes hold is not touched.
///
/// # Errors
/// As [`lease::sweep`](ipc_core::lease::sweep).
pub fn clean() -> Result<String> {
    let mut story = String::new();
    for member in &SIX {
        for lease in (member.sweep)()? {
            let _ = writeln!(story, "{}: removed {}", member.profile.name, lease.display()); // a String takes all
        }
    }
    if story.is_empty() {
        story.push_str("nothing to remove: no dead process left anything\n");
    }
    Ok(story)
}
