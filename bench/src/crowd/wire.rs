//! What goes between the harness and the processes of a crowd: JSON, one line each.

use std::io::{BufRead as _, Write as _};
use std::time::Duration;

use ipc_core::play::Usage;
use ipc_core::{Call, Error, Result};
use nix::time::{ClockId, clock_gettime};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Latency;

/// A turn. Its moments are those of `CLOCK_MONOTONIC`, which all processes share.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// The first requests are sent.
    pub(super) start: Duration,
    /// The window begins: answers count from here on.
    pub(super) from: Duration,
    /// It ends, and nobody sends any more.
    pub(super) until: Duration,
    /// Whether each answer is checked.
    pub(super) verify: bool,
}

impl Order {
    /// Whether an answer of that moment counts.
    pub(super) fn counts(&self, at: Duration) -> bool {
        (self.from..self.until).contains(&at)
    }

    /// Sleeps until it starts.
    pub(super) fn wait_for_start(&self) -> Result<()> {
        std::thread::sleep(self.start.saturating_sub(now()?));
        Ok(())
    }
}

/// What a client process says about a turn.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    /// Answers in the window, for each client.
    pub(super) counts: Vec<u64>,
    /// All answers.
    pub(super) all: u64,
    /// How long those in the window took; `None` without any.
    pub(super) times: Option<Latency>,
    /// What the turn cost this process.
    pub(super) spent: Usage,
}

/// The moment, by the clock that all processes share.
pub(super) fn now() -> Result<Duration> {
    clock_gettime(ClockId::CLOCK_MONOTONIC).call("clock_gettime").map(Duration::from)
}

/// As a line.
pub(super) fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("numbers and names") + "\n"
}

/// From a line.
pub(super) fn read<T: DeserializeOwned>(line: &str) -> Result<T> {
    serde_json::from_str(line).map_err(|_| Error::Corrupt("a line that was not agreed on"))
}

/// Says a line to whoever has started this process.
pub(super) fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes()).and_then(|()| out.flush()).call("write")
}

/// The lines of whoever has started this process. They end with it.
pub(super) fn orders() -> impl Iterator<Item = String> {
    std::io::stdin().lock().lines().map_while(std::result::Result::ok)
}
