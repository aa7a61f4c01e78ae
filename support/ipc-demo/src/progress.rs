//! The progress of a long run, on a terminal.

use std::io::{IsTerminal as _, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The number of round trips between two looks at the clock. They are timed one by one, and a look comes between two of
/// them; but it moves the caches, so it is rare.
const BATCH: u64 = 4096;

/// The time after which a run is a long one.
const PATIENCE: Duration = Duration::from_secs(1);

/// How often the line is drawn, at most.
const REDRAW: Duration = Duration::from_millis(250);

/// The line on standard error; erased when dropped.
#[derive(Debug)]
pub(super) struct Progress {
    total: u64,
    started: Instant,
    next_draw: Instant,
    /// `None` until the run is a long one.
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Begins a run of so many round trips.
    pub(super) fn of(total: u64) -> Self {
        let started = Instant::now();
        Self { total, started, next_draw: started + PATIENCE, bar: None }
    }

    /// Notes that so many round trips are done.
    #[inline]
    pub(super) fn reached(&mut self, done: u64) {
        if done.is_multiple_of(BATCH) {
            self.draw(done);
        }
    }

    #[cold]
    fn draw(&mut self, done: u64) {
        let now = Instant::now();
        if now < self.next_draw {
            return;
        }
        self.next_draw = now + REDRAW;
        let (total, started) = (self.total, self.started);
        let bar = self.bar.get_or_insert_with(|| {
            let target = if stderr().is_terminal() {
                ProgressDrawTarget::stderr()
            } else {
                ProgressDrawTarget::hidden()
            };
            let bar = ProgressBar::with_draw_target(Some(total), target).with_elapsed(started.elapsed());
            let style = "  {human_pos} of {human_len} round trips, {eta} left";
            bar.with_style(ProgressStyle::with_template(style).expect("the template is valid"))
        });
        bar.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
