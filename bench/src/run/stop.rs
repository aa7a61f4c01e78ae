//! Ctrl-C: what was measured so far is worth keeping.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::Result;
use ipc_core::demo::interrupt;

/// Whether the run is to end early.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicI32>);

impl Stop {
    /// Comes true with the first signal that ends processes. The second one ends this process at once.
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

    /// Whether there was a signal.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Ends this process as the signal would have ended it. Nothing happens if there was none.
    pub fn end_as_told(&self) {
        if self.is_set() {
            interrupt::end_as(self.0.load(Ordering::Relaxed));
        }
    }

    /// Whether a signal has come, or comes in a moment. A terminal sends it to all processes: a peer may have ended of
    /// it before this process has heard of it, which on a busy machine takes long. Only who has failed waits for it.
    pub(super) fn is_near(&self) -> bool {
        let started = Instant::now();
        while !self.is_set() && started.elapsed() < Duration::from_secs(1) {
            thread::sleep(Duration::from_millis(1));
        }
        self.is_set()
    }
}
