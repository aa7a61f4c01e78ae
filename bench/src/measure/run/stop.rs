//! Ctrl-C: the measurements until then are worth keeping.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::Result;
use ipc_demo::interrupt;

/// The flag that ends the run early.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicI32>);

impl Stop {
    /// Returns a flag that is set by the first signal that would end the process. The second one ends this process at
    /// once.
    ///
    /// # Errors
    /// The signals cannot be waited for.
    pub fn on_signals() -> Result<Self> {
        let stop = Self::default();
        let theirs = stop.clone();
        interrupt::on_signals(move |signal| {
            if theirs.0.swap(signal, Ordering::Relaxed) != 0 {
                interrupt::end_as(signal);
            }
        })?;
        Ok(stop)
    }

    /// Returns true if there was a signal.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Ends this process as the signal would have ended it. Does nothing if there was none.
    pub fn end_as_told(&self) {
        if self.is_set() {
            interrupt::end_as(self.0.load(Ordering::Relaxed));
        }
    }

    /// Returns true if a signal has arrived, or arrives in a moment. A terminal sends it to all processes: a peer may
    /// have been ended by it before this process receives it, which takes long on a busy machine. Called only
    /// after a failure, since it waits for that.
    pub(super) fn is_near(&self) -> bool {
        let started = Instant::now();
        while !self.is_set() && started.elapsed() < Duration::from_secs(1) {
            thread::sleep(Duration::from_millis(1));
        }
        self.is_set()
    }
}
