//! Two threads in the place of the two processes, for a library whose memory is that of one process.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use ipc_core::{Call as _, Error, Result};
use ipc_demo::cpus::{Cpus, Role};
use ipc_demo::exchange::{Pattern, Workload};

use crate::measure::pair::{Pair, TaskChannel};
use crate::measure::task::TaskResult;

/// One side: plays an exchange, and returns its time. That of ping counts for a round trip, that of pong for a stream. A side
/// whose peer has been dropped returns [`Disconnected`](Error::Disconnected).
pub trait Play: FnMut(&Workload) -> Result<Duration> + Send + 'static {}

impl<F: FnMut(&Workload) -> Result<Duration> + Send + 'static> Play for F {}

/// Starts the two threads.
///
/// # Errors
/// A thread cannot be started, or not be bound to its CPU.
pub fn start(cpus: Cpus, max_message: usize, ping: impl Play, pong: impl Play) -> Result<Pair> {
    Pair::on_thread(move |tasks| {
        let (orders, their_orders) = channel();
        let (said, told) = channel();
        let thread = thread::Builder::new().name("pong".into());
        let thread = thread.spawn(move || answer(cpus, pong, &their_orders, &said)).call("clone")?;
        let ours = lead(cpus, max_message, ping, tasks, &orders, &told);
        drop(orders); // ends pong
        let theirs = thread.join().expect("it does not panic");
        match (ours, theirs) {
            (Err(Error::Disconnected), Err(why)) => Err(why), // one failed, the other has lost its peer
            (ours, theirs) => ours.and(theirs),
        }
    })
}

/// Plays ping, and drops it at the end, so that pong waits for no message of it.
fn lead(
    cpus: Cpus,
    max_message: usize,
    mut ping: impl Play,
    tasks: &TaskChannel,
    orders: &Sender<Workload>,
    told: &Receiver<Duration>,
) -> Result<()> {
    cpus.bind(Role::Ping)?;
    tasks.report_ready(max_message, None);
    let hear = || -> Result<Duration> { told.recv().map_err(|_| Error::Disconnected) };
    for task in tasks.tasks() {
        let order = task.order;
        let _ = orders.send(order); // if nothing receives it, no answer comes
        hear()?; // the thread is awake
        let ours = ping(&order)?;
        let theirs = hear()?;
        tasks.report(TaskResult::in_time(if order.pattern == Pattern::Stream { theirs } else { ours }));
    }
    Ok(())
}

fn answer(
    cpus: Cpus,
    mut pong: impl Play,
    orders: &Receiver<Workload>,
    said: &Sender<Duration>,
) -> Result<()> {
    cpus.bind(Role::Pong)?;
    for order in orders {
        let _ = said.send(Duration::ZERO); // if nothing receives it, no order will come
        let _ = said.send(pong(&order)?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: Workload = Workload { pattern: Pattern::Stream, count: 3, size: 8, verify: false };

    /// The time of a stream is that of pong.
    #[test]
    fn two_threads_play() {
        let (there, here) = channel();
        let ping = move |order: &Workload| {
            (0..order.count).try_for_each(|number| there.send(number).map_err(|_| Error::Disconnected))?;
            Ok(Duration::from_secs(1))
        };
        let pong = move |order: &Workload| {
            let received: Vec<u64> = here.iter().take(order.count as usize).collect();
            assert_eq!(received, [0, 1, 2]);
            Ok(Duration::from_secs(2))
        };
        let mut pair = start(Cpus::Same, 8, ping, pong).unwrap();
        assert_eq!(pair.play(ORDER).unwrap().elapsed, Duration::from_secs(2));
        pair.finish().unwrap();
    }

    /// Whichever side fails, the error of the pair is its own, not that of the side that lost its peer.
    #[test]
    fn the_side_that_failed_says_why() {
        let corrupt = |_: &Workload| Err(Error::Corrupt("a wrong message"));
        let lost = |_: &Workload| Err(Error::Disconnected);
        for mut pair in
            [start(Cpus::Same, 8, corrupt, lost), start(Cpus::Same, 8, lost, corrupt)].map(Result::unwrap)
        {
            let error = pair.play(ORDER).unwrap_err();
            assert!(matches!(error, Error::Corrupt("a wrong message")), "{error}");
        }
    }
}
