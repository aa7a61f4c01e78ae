//! Removes the objects that dead processes left behind.

mod unknown;

use std::fmt::Write as _;
use std::time::Duration;

use ipc_core::{Result, ownership};

use crate::measure::sides;
use crate::results::registry::SIX;

/// The result of [`clean`].
#[derive(Debug)]
pub struct Cleaned {
    /// A report for people: the objects removed, those left and the reasons, and the places searched.
    pub story: String,
    /// The number of objects found that could not be removed.
    pub left: usize,
}

/// Sweeps for all six mechanisms, wherever an ownership lock of this user may be. Objects held by live processes are
/// not touched. Objects that are only shown must have been left alone for `min_age`.
///
/// # Errors
/// As [`ownership::sweep`].
pub fn clean(min_age: Duration) -> Result<Cleaned> {
    let (mut story, mut left) = (String::new(), 0);
    for member in SIX.iter() {
        let swept = sides::sweep(member)?;
        let name = member.profile.name;
        for ownership in &swept.removed {
            let _ = writeln!(story, "{name}: removed {}", ownership.display()); // writing to a String cannot fail
        }
        for what in &swept.left {
            let _ = writeln!(story, "{name}: left {what}\n  noted in {}", what.ownership.display());
        }
        left += swept.left.len();
    }
    if story.is_empty() {
        story.push_str("nothing to remove: no dead process is known to have left anything\n");
    }
    let places: Vec<_> = ownership::looked_at().iter().map(|place| place.display().to_string()).collect();
    let _ = writeln!(story, "looked in {}; run it again with the TMPDIR of any other run", places.join(", "));
    for object in unknown::objects(min_age)? {
        let _ = writeln!(story, "no process uses {object}, and nothing noted there names it: left alone");
    }
    Ok(Cleaned { story, left })
}
