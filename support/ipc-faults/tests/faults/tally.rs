//! The result of a test: a few numbers for the matrix, and a line for each failure.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::str::FromStr;

use crate::demo::End;

/// A way in which a point can fail.
#[derive(Clone, Copy, Debug)]
pub enum Wrong {
    /// An object is left.
    Leak,
    /// A process did not end, or ended late.
    Hang,
    /// A process panicked, or was ended by a signal that the lab did not send.
    Panic,
    /// A process reported something untrue, or not the error that occurred.
    Lie,
}

/// The result of a test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The number of points tried.
    pub points: usize,
    wrong: [usize; 4],
}

/// The messages of an end that has no errno.
const TOLD: [&str; 2] = ["corrupt", "no message from the peer"];

/// The first word of a tally's line.
const WORD: &str = "tally";

/// Returns whether one of the processes that failed says why, or none failed. One that a signal of ours has ended need
/// not report anything.
pub fn is_told(ends: &[End]) -> bool {
    let mut failed = ends.iter().filter(|end| !end.status.success()).peekable();
    failed.peek().is_none()
        || failed.any(|end| end.hung || end.says_why() || TOLD.iter().any(|words| end.stderr.contains(words)))
        || ends.iter().all(|end| end.status.success() || end.status.signal().is_some())
}

impl Tally {
    /// Records a failure, and prints it.
    pub fn wrong(&mut self, what: Wrong, story: impl fmt::Display) {
        self.wrong[what as usize] += 1;
        println!("{what:?}: {story}");
    }

    /// Checks that processes that ran together ended as they should: by themselves, and with a reason if they failed.
    pub fn judge(&mut self, name: &str, ends: &[End]) {
        let story = ends.iter().map(End::story).collect::<Vec<_>>().join(" | ");
        if ends.iter().any(|end| end.hung) {
            self.wrong(Wrong::Hang, format!("{name}: {story}"));
        }
        if ends.iter().any(End::panicked) {
            self.wrong(Wrong::Panic, format!("{name}: {story}"));
        }
        if !is_told(ends) {
            self.wrong(Wrong::Lie, format!("{name}: no reason: {story}"));
        }
    }

    /// True if nothing failed.
    pub fn is_clean(&self) -> bool {
        self.wrong == [0; 4]
    }

    /// True if so many points hung, each until its timeout, that the rest is not worth waiting for.
    pub fn gives_up(&self) -> bool {
        self.wrong[Wrong::Hang as usize] >= 3
    }

    /// Parses a world's output: its tally, and the rest of its output.
    pub fn read(printed: &str) -> Option<(Self, String)> {
        let tally = printed.lines().find_map(|line| line.strip_prefix(WORD)?.parse().ok())?;
        let rest = printed.lines().filter(|line| !line.starts_with(WORD)).map(|line| format!("{line}\n"));
        Some((tally, rest.collect()))
    }

    /// Returns the line for [`read`](Self::read).
    pub fn line(&self) -> String {
        let [leaks, hangs, panics, lies] = self.wrong;
        format!("{WORD} {} {leaks} {hangs} {panics} {lies}", self.points)
    }
}

impl FromStr for Tally {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let numbers: Option<Vec<usize>> = text.split_whitespace().map(|word| word.parse().ok()).collect();
        match numbers.as_deref() {
            Some(&[points, leaks, hangs, panics, lies]) => {
                Ok(Self { points, wrong: [leaks, hangs, panics, lies] })
            }
            _ => Err(()),
        }
    }
}

/// Formats the tally as a cell of the matrix.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut cell = format!("{} ok", self.points);
        if !self.is_clean() {
            let names = ["left", "hung", "panicked", "lied"];
            let wrong = self.wrong.iter().zip(names).filter(|(count, _)| **count > 0);
            let wrong: Vec<_> = wrong.map(|(count, name)| format!("{count} {name}")).collect();
            cell = format!("{}: {}", self.points, wrong.join(" "));
        }
        f.pad(&cell)
    }
}
