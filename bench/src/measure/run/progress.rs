//! How far a run is, and the time that is left: on a terminal a bar, elsewhere a line now and then.

use std::cell::Cell;
use std::io::{IsTerminal as _, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::results::units::duration;

/// The time between two lines where there is no terminal: a log that is watched shows that the run is alive.
const EVERY: Duration = Duration::from_secs(10);

/// How far a run is. It is told only between two turns, so as not to disturb one.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    /// The first steps, which take another time than the others.
    first: u64,
    /// The time that the other steps should take; `None` if that is not known.
    expected: Option<Duration>,
    afterwards: Duration,
    /// When the first steps were over.
    since: Cell<Option<Instant>>,
    told: Cell<Instant>,
    is_quiet: bool,
}

impl Progress {
    /// Returns the progress of `steps` alike steps after `first` others. These steps should take `expected`, and something
    /// else will take `afterwards`.
    #[must_use]
    pub fn new(first: u64, steps: u64, expected: Option<Duration>, afterwards: Duration) -> Self {
        let bar = ProgressBar::new(first + steps);
        bar.set_style(ProgressStyle::with_template("{bar:30} {msg}").expect("a valid template"));
        let now = Instant::now();
        let since = Cell::new((first == 0).then_some(now));
        Self { bar, first, expected, afterwards, since, told: Cell::new(now), is_quiet: false }
    }

    /// Says nothing.
    #[must_use]
    pub fn quiet(self) -> Self {
        Self { bar: ProgressBar::hidden(), is_quiet: true, ..self }
    }

    /// Counts a step, and tells what is going on.
    pub fn step(&self, what: impl Into<String>) {
        self.bar.inc(1);
        if self.bar.position() == self.first {
            self.since.set(Some(Instant::now()));
        }
        self.tell(what);
    }

    /// Tells what is going on.
    pub fn tell(&self, what: impl Into<String>) {
        let what = what.into();
        self.say(self.left().map_or(what.clone(), |left| format!("{what}, {} left", duration(left))));
    }

    /// Tells what is going on, where the time that is left is not known.
    pub fn say(&self, text: String) {
        if !self.is_quiet && !stderr().is_terminal() && self.is_due() {
            eprintln!("{text}");
        }
        self.bar.set_message(text);
    }

    /// Ends it, and clears the terminal's line.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// Returns true if a line is due, which is then told.
    fn is_due(&self) -> bool {
        let is_due = self.told.get().elapsed() >= EVERY;
        if is_due {
            self.told.set(Instant::now());
        }
        is_due
    }

    fn left(&self) -> Option<Duration> {
        let done = self.bar.position().saturating_sub(self.first);
        let to_do = self.bar.length()?.saturating_sub(self.bar.position());
        let steps = match self.since.get() {
            Some(since) if done > 0 => since.elapsed().mul_f64(to_do as f64 / done as f64),
            _ => self.expected?,
        };
        Some(steps + self.afterwards)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_due_now_and_then() {
        let progress = Progress::new(1, 1, None, Duration::ZERO);
        assert!(!progress.is_due(), "a short run needs none");
        progress.told.set(Instant::now().checked_sub(EVERY).expect("this machine runs for that long"));
        assert_eq!([progress.is_due(), progress.is_due()], [true, false]);
    }

    /// At first the plan says how long it will take, then the rounds themselves; and what comes afterwards is added.
    #[test]
    fn what_is_left_becomes_less() {
        let seconds = Duration::from_secs;
        let progress = Progress::new(4, 8, Some(seconds(100)), seconds(7));
        assert_eq!(progress.left(), Some(seconds(107)));
        (0..4).for_each(|_| progress.step("getting ready"));
        assert_eq!(progress.left(), Some(seconds(107)));
        progress.since.set(Instant::now().checked_sub(seconds(30)));
        (0..6).for_each(|_| progress.step("round 2"));
        let left = progress.left().unwrap(); // six of eight steps took 30 seconds
        assert!((seconds(17)..seconds(18)).contains(&left), "{left:?}");
        (0..2).for_each(|_| progress.step("round 2"));
        assert_eq!(progress.left(), Some(seconds(7)));
        assert_eq!(
            Progress::new(4, 8, None, seconds(7)).left(),
            None,
            "a number of messages takes an unknown time"
        );
    }
}
