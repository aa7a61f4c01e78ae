//! The disturbances of measurements on this machine, and remedies.
//!
//! Every finding is read from the machine or measured on it. Anything that the machine does not report is called
//! unknown, never assumed to be good.
//!
//! | file | contents |
//! |---|---|
//! | `finding.rs` | [`Finding`]: the result of one check |
//! | `settings.rs` and its folder, `files.rs` | the findings from the kernel's files under `/proc` and `/sys` |
//! | `now.rs`, `load.rs` | the findings of this moment: other load, stolen time, the cost of waking a core, the way between cores |
//! | `examine.rs` | all of them in order |

use std::fmt::Write as _;

use ipc_core::Result;

use crate::doctor::files::Files;
use crate::doctor::finding::{Effect, Finding};
use crate::doctor::{now, settings};

/// Runs all checks. Takes about two seconds, in which two processes talk to each other.
///
/// # Errors
/// The two processes could not talk.
pub fn examine() -> Result<Vec<Finding>> {
    let mut findings = settings::all(&Files::of_this_machine());
    findings.extend(now::all()?);
    findings.sort_by_key(|finding| match finding.verdict {
        Effect::Disturbs => 0,
        Effect::Note => 1,
        Effect::Unknown => 2,
        Effect::Good => 3,
    });
    Ok(findings)
}

/// Returns the findings for people, with disturbances first.
#[must_use]
pub fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { what, verdict, found, advice } in findings {
        let mark = match verdict {
            Effect::Good => "good    ",
            Effect::Note => "note    ",
            Effect::Disturbs => "DISTURBS",
            Effect::Unknown => "unknown ",
        };
        let _ = writeln!(text, "{mark}  {what}: {found}"); // writing to a String cannot fail
        if let Some(advice) = advice {
            let _ = writeln!(text, "          {advice}");
        }
    }
    let disturbing = findings.iter().filter(|finding| finding.verdict == Effect::Disturbs).count();
    let _ = match disturbing {
        0 => writeln!(text, "\nNone of the checks found a disturbance."),
        1 => writeln!(text, "\n1 thing disturbs measurements."),
        n => writeln!(text, "\n{n} things disturb measurements."),
    };
    text
}
