//! The disturbances of measurements on this machine, and remedies.
//!
//! Every finding is read from the machine or measured on it. Anything that the machine does not report is called
//! unknown, never assumed to be good.
//!
//! | file | contents |
//! |---|---|
//! | `mod.rs` | [`Finding`], and all of them in order |
//! | `settings.rs` | the findings from the kernel's files under `/proc` and `/sys` |
//! | `now.rs` | the findings of this moment: other load, stolen time, the cost of waking a core |

mod now;
mod settings;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, str};

use ipc_core::Result;
use serde::Serialize;

/// The meaning of a finding for measurements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing to do.
    Good,
    /// Figures are right, but belong to a machine of this kind: worth knowing when reading them.
    Note,
    /// Figures can be wrong, or differ from run to run.
    Disturbs,
    /// The machine does not report it.
    Unknown,
}

/// The result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The subject of the check.
    pub what: &'static str,
    /// Its meaning for measurements.
    pub verdict: Verdict,
    /// The observation, with units.
    pub found: String,
    /// A remedy, or how to read the figures; `None` where there is nothing to do.
    pub advice: Option<String>,
}

impl Finding {
    fn good(what: &'static str, found: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Good, found: found.into(), advice: None }
    }

    fn note(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Note, found: found.into(), advice: Some(advice.into()) }
    }

    fn disturbs(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what, verdict: Verdict::Disturbs, found: found.into(), advice: Some(advice.into()) }
    }

    fn unknown(what: &'static str) -> Self {
        Self { what, verdict: Verdict::Unknown, found: "this machine does not tell".into(), advice: None }
    }
}

/// Runs all checks. Takes about two seconds, in which two processes talk to each other.
///
/// # Errors
/// The two processes could not talk.
pub fn examine() -> Result<Vec<Finding>> {
    let mut findings = settings::all(&Files::of_this_machine());
    findings.extend(now::all()?);
    findings.sort_by_key(|finding| match finding.verdict {
        Verdict::Disturbs => 0,
        Verdict::Note => 1,
        Verdict::Unknown => 2,
        Verdict::Good => 3,
    });
    Ok(findings)
}

/// Returns the findings for people, with disturbances first.
#[must_use]
pub fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { what, verdict, found, advice } in findings {
        let mark = match verdict {
            Verdict::Good => "good    ",
            Verdict::Note => "note    ",
            Verdict::Disturbs => "DISTURBS",
            Verdict::Unknown => "unknown ",
        };
        let _ = writeln!(text, "{mark}  {what}: {found}"); // writing to a String cannot fail
        if let Some(advice) = advice {
            let _ = writeln!(text, "          {advice}");
        }
    }
    let disturbing = findings.iter().filter(|finding| finding.verdict == Verdict::Disturbs).count();
    let _ = match disturbing {
        0 => writeln!(text, "\nNothing that was looked at disturbs measurements."),
        1 => writeln!(text, "\n1 thing disturbs measurements."),
        n => writeln!(text, "\n{n} things disturb measurements."),
    };
    text
}

/// The kernel's files, under a root that a test can choose.
struct Files {
    root: PathBuf,
}

impl Files {
    fn of_this_machine() -> Self {
        Self { root: "/".into() }
    }

    /// Returns the text of a file, without the white space around it; `None` if it cannot be read or is empty.
    fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        let text = fs::read_to_string(self.root.join(path)).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    /// Returns the files of a directory, by name, with their text; none if the directory is missing.
    fn all_in(&self, dir: &str) -> BTreeMap<String, String> {
        let entries = fs::read_dir(self.root.join(dir)).into_iter().flatten().flatten();
        let named = entries.filter_map(|entry| entry.file_name().into_string().ok());
        named
            .filter_map(|name| Some((self.text(Path::new(dir).join(&name))?, name)))
            .map(|(text, name)| (name, text))
            .collect()
    }

    fn number<T: str::FromStr>(&self, path: impl AsRef<Path>) -> Option<T> {
        self.text(path)?.parse().ok()
    }
}
