//! The two processes of an exchange: ping in a thread of this one, pong in a child. What pong has received travels back
//! beside the link, and a difference from what ping has sent ends the pair.

use std::process::Command;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use ipc_bench::measure::pair::{Pair, TaskChannel};
use ipc_bench::measure::task::TaskResult;
use ipc_bench::results::case::Case;
use ipc_core::ownership::CreationGuard;
use ipc_core::{Call as _, Error, Mechanism, Result, Setup, Waiting};
use ipc_demo::cpus::{Cpus, Role};
use ipc_demo::exchange::{Pattern, Workload};
use ipc_demo::helper_process::{self, Control, HelperProcess, Invitation};
use ipc_demo::interrupt;
use ipc_msgq::SystemV;
use ipc_nats::{File, Memory, Nats};
use ipc_socket::Tcp;
use nix::sched::{sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::Participant;
use super::end::{self, End, Played};
use super::flood::Flood;
use crate::helper::{answer, answered, orders};

/// The role of the child.
pub(crate) const PONG: &str = "pong";

/// The time that a peer may take to join, or to play, on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The child's part.
#[derive(Debug, Serialize, Deserialize)]
struct Part {
    participant: Participant,
    wait: String,
    cpus: Cpus,
}

/// An exchange to play, as it travels; none comes after the last.
type Order = [u8; Workload::LEN];

type Orders = Receiver<Result<Option<Order>>>;

/// Starts the two processes.
///
/// # Errors
/// Any error that keeps the two from meeting.
pub(super) fn start(participant: Participant, case: Case) -> Result<Pair> {
    Pair::on_thread(move |channel| match participant {
        Participant::Tcp => ping::<Tcp>(participant, case, channel),
        Participant::Msgq => ping::<SystemV>(participant, case, channel),
        Participant::Memory => ping::<Nats<Memory>>(participant, case, channel),
        Participant::File => ping::<Nats<File>>(participant, case, channel),
        Participant::Flood { .. } => flood(participant, case, channel),
    })
}

/// Plays the child's part.
pub(crate) fn serve(invitation: &Invitation) -> Result<()> {
    let part: Part = invitation.argument()?;
    let (address, orders) = (invitation.address()?, orders()?);
    part.cpus.bind(Role::Pong)?;
    match part.participant {
        Participant::Tcp => pong::<Tcp>(&part, address, &orders),
        Participant::Msgq => pong::<SystemV>(&part, address, &orders),
        Participant::Memory => pong::<Nats<Memory>>(&part, address, &orders),
        Participant::File => pong::<Nats<File>>(&part, address, &orders),
        Participant::Flood { handling } => carry_out(&mut Flood::subscribe(address, handling)?, &orders),
    }
}

fn ping<M: Mechanism>(participant: Participant, case: Case, channel: &TaskChannel) -> Result<()> {
    let (part, mut command) = invite(participant, case)?;
    let anywhere = sched_getaffinity(Pid::from_raw(0)).call("sched_getaffinity")?;
    part.cpus.bind(Role::Ping)?; // first: threads that the link starts inherit it
    let mut meeting = {
        let _guard = CreationGuard::new();
        M::create(None, &Setup::default())?
    };
    meeting.invite(&mut command)?;
    // The child inherits it as well, and needs another one.
    sched_setaffinity(Pid::from_raw(0), &anywhere).call("sched_setaffinity")?;
    let (mut child, control) = HelperProcess::spawn_controlled(command)?;
    part.cpus.bind(Role::Ping)?;
    let link = child.accept(&mut meeting, PATIENCE)?;
    drop(meeting);
    let max_message = ipc_core::Endpoint::max_message(&link);
    direct(Waiting::new(link, case.wait), max_message, child, control, channel)
}

fn flood(participant: Participant, case: Case, channel: &TaskChannel) -> Result<()> {
    let (part, mut command) = invite(participant, case)?;
    let end = Flood::publish()?;
    end.invite(&mut command);
    let (child, control) = HelperProcess::spawn_controlled(command)?;
    part.cpus.bind(Role::Ping)?;
    direct(end, case.size, child, control, channel)
}

fn invite(participant: Participant, case: Case) -> Result<(Part, Command)> {
    let cpus = Cpus::Pair(case.placement.ping, case.placement.pong);
    let part = Part { participant, wait: case.wait.name().into(), cpus };
    let command = helper_process::command(PONG, &part)?;
    Ok((part, command))
}

/// Carries out the tasks, until no more come.
fn direct(
    mut end: impl End,
    max_message: usize,
    mut child: HelperProcess,
    mut control: Control,
    channel: &TaskChannel,
) -> Result<()> {
    let () = answered(&mut control, "joins", PATIENCE)?;
    channel.report_ready(max_message, Some(child.pid()));
    for task in channel.tasks() {
        control.send(&Some(task.order.encode()))?;
        let () = answered(&mut control, "gets ready", PATIENCE)?;
        let ours = end::ping(&mut end, &task.order, task.flush_every)?;
        let theirs: Played = answered(&mut control, "receives", PATIENCE)?;
        theirs.tally.check(&ours.tally)?;
        let is_stream = task.order.pattern == Pattern::Stream;
        channel.report(TaskResult::in_time(if is_stream { theirs.elapsed } else { ours.elapsed }));
    }
    control.send(&None::<Order>)?;
    let has_ended = child.wait()?.success();
    drop(end); // the last one out, which removes what the two have made
    if has_ended { Ok(()) } else { Err(Error::Disconnected) }
}

fn pong<M: Mechanism>(part: &Part, address: &str, orders: &Orders) -> Result<()> {
    interrupt::clean_up_on_signals()?;
    let link = M::join(address, &Setup::default(), PATIENCE)?;
    carry_out(&mut Waiting::new(link, part.wait.parse()?), orders)
}

fn carry_out(end: &mut impl End, orders: &Orders) -> Result<()> {
    answer(Ok(()))?;
    for order in orders {
        let Some(order) = order? else { break };
        let order = Workload::decode(&order)?;
        answer(Ok(()))?;
        answer(Ok(end::pong(end, &order)?))?;
    }
    Ok(())
}
