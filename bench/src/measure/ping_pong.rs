//! Both sides of a pair that uses a mechanism through its public API: ping in a thread of the harness, pong in a child.

use std::time::Duration;

use ipc_core::{Endpoint, Error, Mechanism, Result, Setup, Transport, Wait, Waiting, ownership};
use ipc_demo::cpus::{Cpus, Role};
use ipc_demo::exchange::{self, Pattern};
use ipc_demo::helper_process::{self, HelperProcess};
use ipc_demo::interrupt;
use serde::{Deserialize, Serialize};

use crate::measure::pair::TaskChannel;
use crate::measure::task::{Task, TaskResult};
use crate::results::case::Case;

/// The role of the child.
pub(crate) const PONG: &str = "pong";

/// The time that a peer may take to join, on a loaded machine.
pub(crate) const JOIN_TIMEOUT: Duration = Duration::from_secs(30);

/// The argument of the child.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PongArguments {
    pub(crate) mechanism: String,
    pub(crate) variant: String,
    wait: String,
    pub(crate) cpus: Cpus,
}

impl PongArguments {
    /// Returns the child's part in `case`.
    pub(crate) fn of(case: &Case) -> Self {
        Self {
            mechanism: case.member.profile.name.into(),
            variant: case.variant.into(),
            wait: case.wait.name().into(),
            cpus: Cpus::Pair(case.placement.ping, case.placement.pong),
        }
    }

    /// Returns the wait strategy.
    ///
    /// # Errors
    /// There is no such strategy.
    pub(crate) fn wait(&self) -> Result<Wait> {
        self.wait.parse()
    }
}

/// Runs the thread that plays ping: creates the meeting point, starts the child, and carries out orders until none
/// come. Any failure ends the thread, and the child with it.
pub(crate) fn ping<M: Mechanism>(case: Case, channel: &TaskChannel) -> Result<()> {
    let mut meeting = create::<M>()?;
    let part = PongArguments::of(&case);
    let mut command = helper_process::command(PONG, &part)?;
    meeting.invite(&mut command)?;
    let mut child = HelperProcess::spawn(command)?;
    let link = child.accept(&mut meeting, JOIN_TIMEOUT)?;
    drop(meeting);
    part.cpus.bind(Role::Ping)?;
    let mut link = Waiting::new(link, case.wait);
    channel.report_ready(link.max_message(), Some(child.pid()));
    for task in channel.tasks() {
        channel.report(play_one(&mut link, &task)?);
    }
    drop(link);
    if child.wait()?.success() { Ok(()) } else { Err(Error::Disconnected) }
}

/// Runs the child: joins its parent and answers.
pub(crate) fn pong<M: Mechanism>(part: &PongArguments, address: &str) -> Result<()> {
    interrupt::clean_up_on_signals()?;
    part.cpus.bind(Role::Pong)?;
    let link = M::join(address, &Setup::default(), JOIN_TIMEOUT)?;
    exchange::pong(&mut Waiting::new(link, part.wait()?), |_| {}).map(drop)
}

/// Creates the meeting point; a signal is held back until all of its objects are noted for removal.
pub(crate) fn create<M: Mechanism>() -> Result<M> {
    let _guard = ownership::CreationGuard::new();
    M::create(None, &Setup::default())
}

pub(crate) fn play_one(
    link: &mut impl Transport,
    Task { order, batch, rate, flush_every }: &Task,
) -> Result<TaskResult> {
    let sample = match (order.pattern, rate) {
        (Pattern::RoundTrip, None) => exchange::ping_in_batches(link, order, *batch, |_, _| {}),
        (Pattern::RoundTrip, Some(rate)) => exchange::open_loop(link, order, interval(*rate)),
        (Pattern::Stream, None) => exchange::stream(link, order, *flush_every),
        (Pattern::Stream | Pattern::Paced, Some(rate)) => {
            exchange::paced_stream(link, order, interval(*rate), *flush_every)
        }
        (Pattern::Paced, None) => unreachable!("a paced stream has a rate"),
        (Pattern::OneWay, _) => exchange::one_way(link, order),
    };
    sample.map(TaskResult::from)
}

/// Returns the time from one message to the next at `rate` messages per second.
fn interval(rate: u64) -> Duration {
    Duration::from_secs(1) / rate.clamp(1, 1_000_000_000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_an_interval() {
        let intervals = [0, 1, 5_000, u64::MAX].map(|rate| interval(rate).as_nanos());
        assert_eq!(intervals, [1_000_000_000, 1_000_000_000, 200_000, 1]);
    }
}
