//! The progress of a long run, on a terminal.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::Duration;

/// The time after which a run is a long one.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the line is drawn, at most.
const REDRAW: Duration = Duration::from_millis(250);

/// Moves the cursor to the beginning of the line, and erases the line.
const ERASE: &str = "\r\x1b[K";

/// The line on standard error; erased when dropped.
#[derive(Debug)]
pub(super) struct Progress {
    total: u64,
    /// The time of all round trips until now.
    elapsed: Duration,
    /// The line is drawn when so much time has passed.
    next_draw: Duration,
    /// False until the run is a long one.
    is_drawn: bool,
}

impl Progress {
    /// Begins a run of this many round trips.
    pub(super) fn of(total: u64) -> Self {
        Self { total, elapsed: Duration::ZERO, next_draw: PATIENCE, is_drawn: false }
    }

    /// Notes that this many round trips are done, and the time of the last one. It reads no clock: that would move the
    /// caches between two measurements.
    #[inline]
    pub(super) fn reached(&mut self, done: u64, time: Duration) {
        self.elapsed += time;
        if self.elapsed >= self.next_draw {
            self.draw(done);
        }
    }

    #[cold]
    fn draw(&mut self, done: u64) {
        self.next_draw = self.elapsed + REDRAW;
        if !stderr().is_terminal() {
            return;
        }
        self.is_drawn = true;
        let line = line(done, self.total, self.elapsed);
        let _ = write!(stderr(), "{ERASE}{line}"); // there is nowhere else to report a failure
    }
}

/// Returns the line, without its end.
fn line(done: u64, total: u64, elapsed: Duration) -> String {
    let left = elapsed.as_secs_f64() * (total - done) as f64 / done as f64;
    format!("  {done} of {total} round trips, {left:.0} s left")
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_drawn {
            let _ = write!(stderr(), "{ERASE}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_takes_as_long_as_what_was_done() {
        let after = |done| line(done, 4_096_000, Duration::from_secs(3));
        assert_eq!(after(1_024_000), "  1024000 of 4096000 round trips, 9 s left");
        assert_eq!(after(4_096_000), "  4096000 of 4096000 round trips, 0 s left");
    }
}
