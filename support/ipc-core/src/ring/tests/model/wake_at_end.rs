//! The watch on a peer's process, which ends when the scenario says so.

use std::fmt;
use std::sync::{Arc, Mutex};

use loom::sync::atomic::{AtomicBool, Ordering};

use crate::process::ProcessId;

/// The counterpart of [`WakeAtEnd`](crate::process::WakeAtEnd): the same promises, without a process.
#[derive(Clone)]
pub(super) struct WakeAtEnd {
    ended: Arc<AtomicBool>,
    wake: Arc<Mutex<dyn Fn() + Send>>,
}

impl WakeAtEnd {
    pub(super) fn of(_id: ProcessId, wake: impl Fn() + Send + 'static) -> Self {
        Self { ended: Arc::default(), wake: Arc::new(Mutex::new(wake)) }
    }

    pub(super) fn with_looks(
        _id: ProcessId,
        _wake: impl Fn() + Send + 'static,
        _look: impl Fn() + Send + 'static,
    ) -> Self {
        unreachable!("the model's memory cannot be cut")
    }

    pub(super) fn off() -> Self {
        unreachable!("all scenarios with links know the peer by its pid")
    }

    pub(super) const fn is_on(&self) -> bool {
        true
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Acts as the watcher does once the process has ended.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.wake.lock().unwrap()();
    }
}

impl fmt::Debug for WakeAtEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WakeAtEnd").finish_non_exhaustive()
    }
}
