//! The tests that could not run here: each says so at once, and a last program counts them.
//!
//! `cargo test` runs many test programs, one after the other. All are children of the same `cargo`, so what they note
//! for the summary is a file that bears its name. See `support/test-summary`, which is run last.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};
use std::thread;

use ipc_core::process::ProcessId;

/// Prints that a test could not run here, and why, and notes it for the summary. The test runner captures what a
/// passing test prints, but not what it writes to standard error directly.
pub fn skipped(reason: &str) {
    skipped_as(thread::current().name().unwrap_or("a test"), reason);
}

/// Does the same as [`skipped`], for what is not the thread of one test.
pub fn skipped_as(test: &str, reason: &str) {
    let _ = writeln!(io::stderr(), "SKIPPED {test}: {reason}");
    if let Some(notes) = notes() {
        let _ = note(&notes, test, reason); // the test has passed, noted or not
    }
}

/// Returns what [`skipped`] has noted under the same `cargo` as this process, and forgets it: the tests' names, by
/// reason.
#[must_use]
pub fn skipped_tests() -> BTreeMap<String, Vec<String>> {
    notes().map(|notes| take(&notes)).unwrap_or_default()
}

fn note(notes: &Path, test: &str, reason: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(notes)?;
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_default();
    let line = format!("{}\t{package} {test}\n", reason.replace(['\n', '\t'], " "));
    file.write_all(line.as_bytes()) // one write, so that lines of tests in parallel do not mix
}

/// Returns the file for all children of this process's parent. It is beside the programs, in the target directory.
fn notes() -> Option<PathBuf> {
    let cargo = ProcessId::of(parent_id()).ok().flatten()?;
    let program = std::env::current_exe().ok()?;
    Some(program.with_file_name(format!("skipped-{}-{}", cargo.pid, cargo.start_time)))
}

fn take(notes: &Path) -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(notes).unwrap_or_default();
    let _ = fs::remove_file(notes); // there is none if no test was skipped
    let mut reasons = BTreeMap::<_, Vec<_>>::new();
    for (reason, test) in text.lines().filter_map(|line| line.split_once('\t')) {
        let tests = reasons.entry(reason.to_owned()).or_default();
        if !tests.iter().any(|known| known == test) {
            tests.push(test.to_owned());
        }
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_sorted_by_reason_and_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let notes = dir.path().join("skipped");
        let skip = |test: &str, reason: &str| note(&notes, test, reason).unwrap();
        skip("first", "no root");
        skip("second", "no\nbrowser");
        skip("third", "no root");
        skip("third", "no root"); // a test may skip two of its parts
        let package = env!("CARGO_PKG_NAME");
        let named = |tests: &[&str]| tests.iter().map(|test| format!("{package} {test}")).collect::<Vec<_>>();
        let told = take(&notes);
        assert_eq!(
            told.into_iter().collect::<Vec<_>>(),
            [
                ("no browser".to_owned(), named(&["second"])),
                ("no root".to_owned(), named(&["first", "third"])),
            ]
        );
        assert!(take(&notes).is_empty());
    }
}
