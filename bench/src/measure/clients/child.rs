//! One of the processes, as the harness sees it.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use ipc_core::{Error, Result};
use ipc_demo::helper_process::{self, Control, HelperProcess};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::part::Part;

/// The interval at which to check whether the turn is over, or too late.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The time that a process may still take to report when the turn is over.
const GRACE: Duration = Duration::from_millis(500);

/// The time that a process may take to get ready, or to report, on a loaded machine.
pub(super) const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// The time that a process may take to end.
const LEAVE: Duration = Duration::from_secs(5);

/// A helper process, given orders and heard. It does not outlive this value.
#[derive(Debug)]
pub(super) struct Child {
    what: &'static str,
    process: HelperProcess,
    control: Control,
}

impl Child {
    pub(super) fn start(what: &'static str, role: &str, part: &Part) -> Result<Self> {
        let (process, control) = HelperProcess::spawn_controlled(helper_process::command(role, part)?)?;
        Ok(Self { what, process, control })
    }

    pub(super) fn tell(&mut self, order: &impl Serialize) -> Result<()> {
        self.control.send(order).map_err(|error| self.explain(error))
    }

    /// Returns the next answer.
    pub(super) fn hear<T: DeserializeOwned>(
        &mut self,
        deadline: Instant,
        is_over: &dyn Fn() -> bool,
    ) -> Result<T> {
        let mut over_since = None;
        loop {
            if let Some(answer) = self.control.receive(LOOK_EVERY).map_err(|error| self.explain(error))? {
                return Ok(answer);
            }
            if Instant::now() >= deadline {
                let what = format!("{} says nothing", self.what);
                return Err(Error::TimedOut { what, waited: READY_TIMEOUT });
            }
            if is_over() && over_since.get_or_insert_with(Instant::now).elapsed() > GRACE {
                return Err(Error::Disconnected);
            }
        }
    }

    /// Lets it end by itself, when it has nothing more to do.
    pub(super) fn dismiss(&mut self) {
        self.control.close();
    }

    pub(super) fn kill(&mut self) {
        self.process.kill();
    }

    /// Waits until it has ended, for a limited time.
    pub(super) fn wait(&mut self) {
        let started = Instant::now();
        while self.how_it_ended().is_none() {
            if started.elapsed() > LEAVE {
                self.kill();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Returns the exit status; `None` if the process lives.
    pub(super) fn how_it_ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().ok().flatten()
    }

    /// Returns the exit status instead of a closed pipe: the process is about to end, or has ended.
    fn explain(&mut self, error: Error) -> Error {
        if !matches!(error, Error::Disconnected) {
            return error;
        }
        self.dismiss();
        self.wait();
        self.how_it_ended().map_or(Error::Disconnected, |status| has_ended(self.what, status))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.dismiss();
        self.wait();
    }
}

/// Returns the error for a process that should not have ended.
pub(super) fn has_ended(what: &str, status: ExitStatus) -> Error {
    Error::Refused(format!("{what} has ended before its time: {status}"))
}
