//! The two processes of an exchange: ping, which this program starts, and pong, which ping starts.
//!
//! Orders travel from here to ping and from ping to pong, and never during a measurement. Each process has one
//! thread, unless its library starts another. Many libraries do not notice the death of a peer, so this program watches
//! pong, and ends ping when pong has ended.

use std::time::Duration;

use ipc_bench::measure::pair::{Pair, TaskChannel};
use ipc_bench::measure::task::TaskResult;
use ipc_core::process::{PeerProcess, ProcessId};
use ipc_core::{Call as _, Error, Result};
use ipc_demo::cpus::Role;
use ipc_demo::exchange::{Pattern, Workload};
use ipc_demo::helper_process::{self, Control, HelperProcess, Invitation};
use nix::sched::{sched_getaffinity, sched_setaffinity};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::orders::{OrderDesk, Orders};
use crate::participants::{self, Participant, Where};
use crate::setup::Setup;

const PING: &str = "peer-ping";
const PONG: &str = "peer-pong";

/// The time in which the two have to meet, on a loaded machine.
const JOIN_TIMEOUT: Duration = Duration::from_secs(30);

/// An order, as it travels.
type Order = [u8; Workload::LEN];

/// Starts the two processes. When both have ended, `clean` is called, and `dir` goes.
///
/// # Errors
/// Any error that keeps the two from meeting. The process that failed has printed it.
pub fn start(setup: Setup, dir: TempDir, clean: fn(&Setup)) -> Result<Pair> {
    Pair::on_thread(move |channel| {
        let directed = direct(&setup, channel);
        clean(&setup);
        drop(dir);
        directed
    })
}

/// Gives the orders, until no more tasks come.
fn direct(setup: &Setup, channel: &TaskChannel) -> Result<()> {
    let (mut ping, mut control) = HelperProcess::spawn_controlled(helper_process::command(PING, setup)?)?;
    let pong: u32 = control.receive(JOIN_TIMEOUT)?.ok_or_else(|| Error::TimedOut {
        what: format!("the two processes of {} did not meet", setup.participant),
        waited: JOIN_TIMEOUT,
    })?;
    let watch = PeerProcess::watch(ProcessId::of(pong)?.ok_or(Error::Disconnected)?)?;
    channel.report_ready(usize::MAX, Some(pong));
    for task in channel.tasks() {
        control.send(&task.order.encode())?;
        channel.report(TaskResult::in_time(result(&mut control, &watch)?));
    }
    control.close();
    if ping.wait()?.success() { Ok(()) } else { Err(Error::Disconnected) }
}

/// Waits for the time of a task, while pong lives.
fn result(control: &mut Control, pong: &PeerProcess) -> Result<Duration> {
    const LOOK_EVERY: Duration = Duration::from_millis(50);
    loop {
        match control.receive(LOOK_EVERY)? {
            Some(elapsed) => return Ok(elapsed),
            None if !pong.is_alive() => return Err(Error::Disconnected), // ping is killed when it is dropped
            None => {}
        }
    }
}

/// Plays the part of this process, if it was started for one; `None` for a part that is not of this module.
#[must_use]
pub fn serve_if_invited() -> Option<Result<()>> {
    let invitation = Invitation::of_this_process()?;
    match invitation.role.as_str() {
        PING => Some(invitation.argument().and_then(|setup| ping(&setup))),
        PONG => Some(
            invitation.argument().and_then(|setup| pong(&setup, invitation.address().unwrap_or_default())),
        ),
        _ => None,
    }
}

fn ping(setup: &Setup) -> Result<()> {
    die_with_parent()?;
    let all = sched_getaffinity(Pid::from_raw(0)).call("sched_getaffinity")?;
    setup.cpus.bind(Role::Ping)?;
    let Participant { sides: Where::Processes { create, .. }, .. } = participants::find(&setup.participant)?
    else {
        return Err(between_threads(setup));
    };
    let mut command = helper_process::command(PONG, setup)?;
    let accept = create(setup, &mut command)?;
    let desk = OrderDesk::open(setup)?;
    // The child inherits the CPUs of this thread, and needs another one.
    sched_setaffinity(Pid::from_raw(0), &all).call("sched_setaffinity")?;
    let mut child = HelperProcess::spawn(command)?;
    setup.cpus.bind(Role::Ping)?;
    let mut orders = desk.wait()?;
    let mut side = accept(&mut child, setup)?;
    orders.answered()?; // pong has joined
    Invitation::answer(&child.pid())?;
    for order in Invitation::orders::<Order>() {
        let order = Workload::decode(&order?)?;
        orders.send(&order)?;
        orders.answered()?; // pong is awake
        let ours = side.play(&order)?;
        let theirs = orders.answered()?;
        Invitation::answer(&if order.pattern == Pattern::Stream { theirs } else { ours })?;
    }
    drop(side);
    drop(orders);
    if child.wait()?.success() { Ok(()) } else { Err(Error::Disconnected) }
}

fn pong(setup: &Setup, address: &str) -> Result<()> {
    die_with_parent()?;
    setup.cpus.bind(Role::Pong)?;
    let mut orders = Orders::fetch(setup)?;
    let Participant { sides: Where::Processes { join, .. }, .. } = participants::find(&setup.participant)?
    else {
        return Err(between_threads(setup));
    };
    let mut side = join(setup, address)?;
    orders.answer(Duration::ZERO)?;
    while let Some(order) = orders.receive()? {
        orders.answer(Duration::ZERO)?;
        orders.answer(side.play(&order)?)?;
    }
    Ok(())
}

fn between_threads(setup: &Setup) -> Error {
    Error::Usage(format!("{} plays between threads", setup.participant))
}

/// Ends this process with its parent: a library might never notice that it is alone.
fn die_with_parent() -> Result<()> {
    set_pdeathsig(Signal::SIGKILL).call("prctl")
}
