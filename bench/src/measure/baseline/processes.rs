//! The two processes of a baseline: ping in a thread of this one, pong in a child, as in `ping_pong.rs`.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ipc_core::process::{PeerProcess, ProcessId};
use ipc_core::{Call, Error, Result, ThreadId, wait_readable};
use ipc_demo::cpus::{Cpus, Role};
use ipc_demo::exchange::Pattern;
use ipc_demo::helper_process::{self, HelperProcess, Invitation};
use ipc_demo::interrupt;
use nix::errno::Errno;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::bare::Baseline;
use super::control::OrderSocket;
use super::ends::BareEnds;
use super::waiting::Waiter;
use super::{registry, sys};
use crate::measure::pair::{Pair, TaskChannel};
use crate::measure::task::TaskResult;
use crate::results::case::Placement;

/// The role of the child.
pub(crate) const PONG: &str = "pong-by-bare-calls";

/// The argument of the child.
#[derive(Debug, Serialize, Deserialize)]
struct BaselineArguments {
    mechanism: String,
    variant: String,
    wait: String,
    cpus: Cpus,
    piece: Option<usize>,
}

/// Ends a bare call that would never return, since its peer has died.
const GIVE_UP: Signal = Signal::SIGUSR1;

/// Starts the two processes of an exchange by bare calls.
///
/// # Errors
/// Any error that keeps the two from connecting.
pub(super) fn start(baseline: Baseline, placement: Placement) -> Result<Pair> {
    Pair::on_thread(move |channel| ping(&baseline, placement, channel))
}

/// Runs the thread that plays ping: creates the medium, starts the child, and carries out orders until none come.
fn ping(baseline: &Baseline, placement: Placement, channel: &TaskChannel) -> Result<()> {
    sys::interrupt_on(GIVE_UP).call("sigaction")?;
    let made = (baseline.calls.make)(baseline.size, baseline.slots)?;
    let _ownership = made.ownership;
    let (control, theirs) = OrderSocket::pair()?;
    let cpus = Cpus::Pair(placement.ping, placement.pong);
    let mut command = helper_process::command(
        PONG,
        &BaselineArguments {
            mechanism: baseline.calls.mechanism.into(),
            variant: baseline.calls.variant.into(),
            wait: baseline.wait.name().into(),
            cpus,
            piece: baseline.piece,
        },
    )?;
    let mut child = HelperProcess::spawn({
        command.stdin(Stdio::from(theirs)).stdout(Stdio::null());
        command
    })?;
    let id = ProcessId::of(child.pid())?.ok_or(Error::Disconnected)?;
    control.send_ends(&made.pong)?;
    drop(made.pong); // a copy left open here would hide the child's exit
    control.receive_time()?; // the child is ready
    cpus.bind(Role::Ping)?;
    channel.report_ready(usize::MAX, Some(child.pid()));
    let waiter = Waiter::new(baseline.wait);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let (waiter_of_watch, over, me) = (waiter.clone(), &over, ThreadId::current());
        let watch = PeerProcess::watch(id)?;
        scope.spawn(move || release(&watch, &waiter_of_watch, over, me));
        let played = carry_out(baseline, made.ping, waiter, &control, channel);
        over.store(true, Ordering::Relaxed);
        drop(control); // the child ends, and the watch with it
        if played.is_err() {
            child.kill();
        }
        played
    })?;
    if child.wait()?.success() { Ok(()) } else { Err(Error::Disconnected) }
}

fn carry_out(
    baseline: &Baseline,
    ends: BareEnds,
    waiter: Waiter,
    control: &OrderSocket,
    channel: &TaskChannel,
) -> Result<()> {
    let mut side = (baseline.calls.side)(Role::Ping, ends, baseline.piece, waiter)?;
    for task in channel.tasks() {
        let order = task.order;
        control.send_order(&order)?;
        control.receive_time()?; // the child is awake
        let elapsed = side(&order).map_err(understand)?;
        let theirs = control.receive_time()?;
        let elapsed = if order.pattern == Pattern::Stream { theirs } else { elapsed };
        channel.report(TaskResult::in_time(elapsed));
    }
    Ok(())
}

/// Translates the errno of a refused call.
fn understand(errno: Errno) -> Error {
    match errno {
        Errno::EPIPE | Errno::ECONNRESET | Errno::EIDRM => Error::Disconnected,
        Errno::EBADMSG => Error::Corrupt("a message that was not sent"),
        errno => Err::<(), _>(errno).call("a bare call").expect_err("it is one"),
    }
}

/// Waits until the child has ended. Where the kernel reports nothing, a bare call of `ping` would not notice, so it is
/// interrupted: a poller sees the flag; a sleeper is woken, again and again until it has seen the flag too.
fn release(child: &PeerProcess, waiter: &Waiter, over: &AtomicBool, ping: ThreadId) {
    while let Some(pidfd) = child.pidfd() {
        if wait_readable([pidfd], Duration::MAX).is_ok() {
            break;
        }
    }
    waiter.gone.store(true, Ordering::Relaxed);
    while !over.load(Ordering::Relaxed) {
        let _ = ping.signal(GIVE_UP); // the thread lives: it waits for this one
        thread::sleep(Duration::from_millis(5));
    }
}

/// Runs the child: takes its ends and answers.
fn pong(baseline: &Baseline, cpus: Cpus) -> Result<()> {
    // A bare call would not notice the end of the other side, so this process dies with it.
    set_pdeathsig(Signal::SIGKILL).call("prctl")?;
    // Not needed here, but the suite's child has this thread too: in a process of two threads the kernel counts
    // references to a descriptor in use, which it skips in a single-threaded process.
    interrupt::clean_up_on_signals()?;
    cpus.bind(Role::Pong)?;
    let control = OrderSocket::inherited()?;
    let ends = control.receive_ends()?; // an error if the other side is gone
    let waiter = Waiter::new(baseline.wait);
    let mut side = (baseline.calls.side)(Role::Pong, ends, baseline.piece, waiter)?;
    control.send_time(Duration::ZERO)?;
    loop {
        let order = match control.receive_order() {
            Err(Error::Disconnected) => return Ok(()),
            order => order?,
        };
        control.send_time(Duration::ZERO)?;
        let elapsed = side(&order).map_err(understand)?;
        control.send_time(elapsed)?;
    }
}

/// Plays pong by bare calls.
///
/// # Errors
/// As the calls.
pub(crate) fn serve(invitation: &Invitation) -> Result<()> {
    let BaselineArguments { mechanism, variant, wait, cpus, piece } = invitation.argument()?;
    let calls = registry::find(&mechanism, &variant);
    let calls = calls.ok_or_else(|| Error::Usage(format!("no floor for {mechanism} ({variant})")))?;
    // Only the side that creates the ends needs their size and their number, not the one that receives them.
    let baseline = Baseline { calls, wait: wait.parse()?, piece, size: 0, slots: 0 };
    pong(&baseline, cpus)
}
