//! The ranking for people.

use std::fmt::Write as _;

use super::purpose::{Answer, Common};
use super::{Candidate, Choice, Excluded};
use crate::results::units::{bytes, grouped};

/// Returns the whole choice as text.
#[must_use]
pub fn text(choice: &Choice) -> String {
    let purpose = &choice.purpose;
    let clients = match purpose.clients {
        1 => "1 client".into(),
        n => format!("{} clients", grouped(n as u64)),
    };
    let common = match purpose.common {
        Common::ALL => String::new(),
        some => format!(" that share {}", some.words().collect::<Vec<_>>().join(",")),
    };
    let mut text = format!(
        "For {}{common}, {}, {} of {}, {clients}, to outlive: {}. What counts: {}. Processes on cpus {}.\n",
        purpose.partners.word(),
        purpose.ways.word(),
        purpose.shape.word(),
        bytes(purpose.size),
        purpose.outlive.word(),
        purpose.priority.word(),
        choice.cpus,
    );
    for note in &choice.notes {
        let _ = writeln!(text, "Note: {note}."); // writing to a String cannot fail
    }
    for (place, candidate) in choice.ranking.iter().enumerate() {
        let Candidate { mechanism, variant, wait, reason, .. } = candidate;
        let _ = writeln!(text, "\n{}. {mechanism} ({variant}), --wait {wait}\n   {reason}", place + 1);
    }
    if choice.ranking.is_empty() {
        text.push_str("\nNone of the six does this.\n");
    }
    if !choice.excluded.is_empty() {
        text.push_str("\nNot for this:\n");
    }
    for Excluded { mechanism, variant, reason } in &choice.excluded {
        let _ = writeln!(text, "   {mechanism} ({variant}): {reason}");
    }
    text
}
