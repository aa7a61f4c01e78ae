//! The processes of a crowd: their parts, and what their command line tells them.

use std::any::Any;
use std::ops::Range;
use std::process::ExitCode;

use hdrhistogram::Histogram;
use ipc_core::{Call, Error, Result, ownership};
use ipc_demo::cpus::{Cpus, Role};
use ipc_demo::exchange::Usage;
use ipc_demo::{interrupt, report};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::wire::{self, Order, Report};
use super::{fifo, queue, sockets};
use crate::results::latency::Latency;

/// The first argument of a server.
pub(super) const SERVER: &str = "crowd-server";
/// The first argument of a process that runs clients.
pub(super) const CLIENTS: &str = "crowd-clients";

/// The contents of the command line of these processes.
#[derive(Debug)]
pub(super) struct Part {
    mechanism: String,
    pub(super) variant: String,
    /// The length of requests and answers.
    pub(super) size: usize,
    cpus: Cpus,
    /// The numbers of the clients.
    pub(super) clients: Range<usize>,
    /// The address of the server.
    pub(super) address: String,
}

impl Part {
    fn of(args: &[String]) -> Result<Self> {
        let wrong = || Error::Usage("not what a crowd is told".into());
        let [mechanism, variant, size, cpus, clients, address] = args else { return Err(wrong()) };
        let number = |text: &str| text.parse::<usize>().map_err(|_| wrong());
        let clients = match clients.split_once('-') {
            Some((first, behind)) => number(first)?..number(behind)?,
            None => 0..number(clients)?,
        };
        let (mechanism, variant, address) = (mechanism.clone(), variant.clone(), address.clone());
        Ok(Self { mechanism, variant, size: number(size)?, cpus: cpus.parse()?, clients, address })
    }

    fn get_ready(&self, role: Role) -> Result<()> {
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

/// Serves, and reports its cost whenever it is asked, until the harness closes its end.
fn serve(part: &Part) -> Result<()> {
    part.get_ready(Role::Pong)?;
    // The created objects are removed at the end of this function, and the serving thread ends with the process.
    let (address, _made) = match part.mechanism.as_str() {
        "socket" => sockets::serve(part),
        "fifo" => fifo::serve(part),
        _ => queue::serve(part),
    }?;
    wire::say(&format!("{address}\n"))?;
    for _ in wire::orders() {
        wire::say(&wire::line(&Usage::of_process()?))?;
    }
    Ok(())
}

/// The objects that a server has created. Dropping it removes them.
pub(super) type Made = Box<dyn Any>;

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

/// Joins the server with all clients of this process, and plays the orders.
fn call(part: &Part) -> Result<()> {
    part.get_ready(Role::Ping)?;
    let mut clients: Box<dyn Clients> = match part.mechanism.as_str() {
        "socket" => Box::new(sockets::join(part)?),
        "fifo" => Box::new(fifo::join(part)?),
        _ => Box::new(queue::join(part)?),
    };
    wire::say("joined\n")?;
    for line in wire::orders() {
        let order: Order = wire::read(&line)?;
        let before = Usage::of_process()?;
        let Tally { counts, all, times } = clients.play(&order)?;
        let spent = Usage::of_process()?.since(&before);
        wire::say(&wire::line(&Report { counts, all, times: Latency::of(&times, None), spent }))?;
    }
    Ok(())
}

/// The clients of one process.
pub(super) trait Clients {
    /// Plays a turn.
    fn play(&mut self, order: &Order) -> Result<Tally>;
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

/// Plays its part to the end if this process was started for a crowd.
#[must_use]
pub(crate) fn serve_if_invited(args: &[String]) -> Option<ExitCode> {
    let (word, rest) = args.get(1..)?.split_first()?;
    let play = match word.as_str() {
        SERVER => serve,
        CLIENTS => call,
        _ => return None,
    };
    Some(report(Part::of(rest).and_then(|part| play(&part))))
}
