//! The two processes of a baseline, as a C programmer would write them: each has one thread, and no time-outs.
//!
//! The harness has other threads, so ping is a process of its own, as pong is. The two only play. A third party, a thread
//! of the harness, makes the medium, gives the orders and notices when one of the two has ended, which a bare call of the
//! other would not report.

use std::fs;
use std::os::fd::AsFd as _;
use std::process::Stdio;
use std::time::Duration;

use ipc_core::{Advise as _, Call, Error, Result, wait_readable};
use ipc_demo::cpus::{Cpus, Role};
use ipc_demo::exchange::{Pattern, Workload};
use ipc_demo::helper_process::{self, HelperProcess, Invitation};
use nix::errno::Errno;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use super::bare::Baseline;
use super::control::OrderSocket;
use super::ends::BareEnds;
use super::registry;
use super::waiting::Waiter;
use crate::measure::pair::{Pair, TaskChannel};
use crate::measure::task::TaskResult;
use crate::results::case::Placement;

/// The role of the process that plays ping.
pub(crate) const PING: &str = "ping-by-bare-calls";
/// The role of the process that plays pong.
pub(crate) const PONG: &str = "pong-by-bare-calls";

/// The argument of both.
#[derive(Debug, Serialize, Deserialize)]
struct BaselineArguments {
    mechanism: String,
    variant: String,
    wait: String,
    cpus: Cpus,
    piece: Option<usize>,
}

/// Starts the two processes of an exchange by bare calls.
///
/// # Errors
/// Any error that keeps the two from connecting.
pub(super) fn start(baseline: Baseline, placement: Placement) -> Result<Pair> {
    Pair::on_thread(move |channel| direct(&baseline, placement, channel))
}

/// Creates the medium, starts the two players, and hands them orders until none come.
fn direct(baseline: &Baseline, placement: Placement, channel: &TaskChannel) -> Result<()> {
    let made = (baseline.calls.make)(baseline.size, baseline.slots)?;
    let _ownership = made.ownership;
    let mut players = Players {
        ping: Player::start(PING, baseline, placement, &made.ping)?,
        pong: Player::start(PONG, baseline, placement, &made.pong)?,
    };
    drop((made.ping, made.pong)); // a copy left open here would hide the end of a player
    players.both()?; // they are ready
    channel.report_ready(usize::MAX, Some(players.pong.process.pid()));
    for task in channel.tasks() {
        let [on_ping, on_pong] = players.play(&task.order)?;
        let elapsed = if task.order.pattern == Pattern::Stream { on_pong } else { on_ping };
        channel.report(TaskResult::in_time(elapsed));
    }
    players.finish()
}

/// One of the two processes, and the socket for its orders.
struct Player {
    process: HelperProcess,
    control: OrderSocket,
}

impl Player {
    fn start(role: &str, baseline: &Baseline, placement: Placement, ends: &BareEnds) -> Result<Self> {
        let arguments = BaselineArguments {
            mechanism: baseline.calls.mechanism.into(),
            variant: baseline.calls.variant.into(),
            wait: baseline.wait.name().into(),
            cpus: Cpus::Pair(placement.ping, placement.pong),
            piece: baseline.piece,
        };
        let (control, theirs) = OrderSocket::pair()?;
        let mut command = helper_process::command(role, &arguments)?;
        command.stdin(Stdio::from(theirs)).stdout(Stdio::null());
        let process = HelperProcess::spawn(command)?;
        control.send_ends(ends)?;
        Ok(Self { process, control })
    }

    /// Lets the process end by itself.
    fn finish(self) -> Result<()> {
        let Self { mut process, control } = self;
        drop(control);
        if process.wait()?.success() { Ok(()) } else { Err(Error::Disconnected) }
    }
}

/// Both processes. If they are dropped before their end, both are killed.
struct Players {
    ping: Player,
    pong: Player,
}

impl Players {
    /// Plays one order, and returns its time as each side measured it.
    fn play(&mut self, order: &Workload) -> Result<[Duration; 2]> {
        self.pong.control.send_order(order)?;
        self.pong.control.receive_time()?; // it is awake
        self.ping.control.send_order(order)?;
        self.both()
    }

    /// Receives an answer of each, in any order. Where one has ended instead, the other might wait for it without end.
    fn both(&self) -> Result<[Duration; 2]> {
        let players = [&self.ping, &self.pong];
        let mut answers = [None; 2];
        loop {
            let missing = players.iter().zip(&answers).filter(|(_, answer)| answer.is_none());
            wait_readable(missing.map(|(player, _)| player.control.as_fd()), Duration::MAX)?;
            for (player, answer) in players.iter().zip(&mut answers).filter(|(_, answer)| answer.is_none()) {
                *answer = player.control.try_receive_time()?;
            }
            if let [Some(on_ping), Some(on_pong)] = answers {
                return Ok([on_ping, on_pong]);
            }
        }
    }

    fn finish(self) -> Result<()> {
        self.ping.finish().and(self.pong.finish())
    }
}

/// Plays one side by bare calls until the harness leaves.
///
/// # Errors
/// As the calls.
pub(crate) fn serve(invitation: &Invitation) -> Result<()> {
    // A bare call would not notice the end of the other side, so this process dies with the harness.
    set_pdeathsig(Signal::SIGKILL).call("prctl")?;
    let role = if invitation.role == PING { Role::Ping } else { Role::Pong };
    let BaselineArguments { mechanism, variant, wait, cpus, piece } = invitation.argument()?;
    let calls = registry::find(&mechanism, &variant);
    let calls = calls.ok_or_else(|| Error::Usage(format!("no floor for {mechanism} ({variant})")))?;
    cpus.bind(role)?;
    let control = OrderSocket::inherited()?;
    let ends = control.receive_ends()?;
    let mut side = (calls.side)(role, ends, piece, Waiter::new(wait.parse()?))?;
    has_one_thread()?;
    control.send_time(Duration::ZERO)?; // ready
    loop {
        let order = match control.receive_order() {
            Err(Error::Disconnected) => return Ok(()),
            order => order?,
        };
        if role == Role::Pong {
            control.send_time(Duration::ZERO)?; // awake
        }
        match side(&order) {
            Ok(elapsed) => control.send_time(elapsed)?,
            // The harness sees that this process has ended, too.
            Err(Errno::EPIPE | Errno::ECONNRESET | Errno::EIDRM) => return Ok(()),
            Err(Errno::EBADMSG) => return Err(Error::Corrupt("a message that was not sent")),
            Err(errno) => return Err(errno).call("a bare call"),
        }
    }
}

/// Fails if this process has a second thread: even an idle one makes each call with a descriptor slower, and the figure
/// would be no baseline.
fn has_one_thread() -> Result<()> {
    let path = "/proc/self/task";
    match fs::read_dir(path).call("open").on(path)?.count() {
        1 => Ok(()),
        threads => {
            Err(Error::Refused(format!("a floor is played by one thread, but this process has {threads}")))
        }
    }
}
