//! The part that a process of these plays: its argument, and what a server and its clients have to do.

use std::any::Any;
use std::ops::Range;
use std::time::Duration;

use hdrhistogram::Histogram;
use ipc_core::{Call, Result, ownership};
use ipc_demo::cpus::{Cpus, Role};
use ipc_demo::{exchange, interrupt, report};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};

use super::wire::TurnOrder;
use crate::results::case::ClientsRun;

/// The argument of these processes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) mechanism: String,
    pub(super) variant: String,
    /// The length of requests and answers.
    pub(super) size: usize,
    pub(super) cpus: Cpus,
    /// The way in which the clients are run.
    pub(super) clients_run: ClientsRun,
    /// The numbers of the clients.
    pub(super) clients: Range<usize>,
    /// The address of the server; empty for the server itself.
    pub(super) address: String,
}

impl Part {
    pub(super) fn get_ready(&self, role: Role) -> Result<()> {
        interrupt::clean_up_on_signals()?;
        raise_limit()?;
        self.cpus.bind(role).map(drop)
    }
}

/// Raises the limit of open descriptors to the most that this process may have.
fn raise_limit() -> Result<()> {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).call("getrlimit")?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).call("setrlimit")
}

/// The objects that a server has created. Dropping it removes them.
pub(super) type ServerObjects = Box<dyn Any>;

/// Serves in a thread. If that fails, the process ends.
pub(super) fn in_background(serve: impl FnOnce() -> Result<()> + Send + 'static) -> Result<()> {
    let run = move || {
        if let Err(error) = serve() {
            let _ = report(Err(error));
            ownership::release_all();
            std::process::exit(1);
        }
    };
    std::thread::Builder::new().name("server".into()).spawn(run).call("clone").map(drop)
}

/// The clients of one process.
pub(super) trait Clients {
    /// Plays a turn.
    fn play(&mut self, order: &TurnOrder) -> Result<Tally>;
}

/// The result of a turn.
pub(super) struct Tally {
    /// Answers in the window, for each client.
    pub(super) counts: Vec<u64>,
    /// All answers.
    pub(super) all: u64,
    /// The times of the answers in the window.
    pub(super) times: Histogram<u64>,
}

impl Tally {
    pub(super) fn of(clients: usize) -> Self {
        Self { counts: vec![0; clients], all: 0, times: exchange::histogram() }
    }

    /// Adds an answer that client number `at` received at `now`, to a request of the time `since`.
    pub(super) fn add(&mut self, at: usize, order: &TurnOrder, since: Duration, now: Duration) {
        self.all += 1;
        if order.counts(now) {
            self.counts[at] += 1;
            self.times.saturating_record(now.saturating_sub(since).as_nanos() as u64);
        }
    }
}
