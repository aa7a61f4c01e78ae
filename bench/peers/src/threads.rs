//! The two threads of an exchange within one process, for a library whose memory is that of one process.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use ipc_bench::measure::pair::{Pair, TaskChannel};
use ipc_bench::measure::task::TaskResult;
use ipc_core::{Call as _, Error, Result};
use ipc_demo::cpus::{Cpus, Role};
use ipc_demo::exchange::{Pattern, Workload};

use crate::link::{Side, Sides};
use crate::setup::Setup;

/// Starts the two threads.
///
/// # Errors
/// A thread cannot be started.
pub fn start(setup: Setup, sides: fn(&Setup) -> Result<Sides>) -> Result<Pair> {
    Pair::on_thread(move |channel| ping(&setup, sides(&setup)?, channel))
}

fn ping(setup: &Setup, (mut ours, theirs): Sides, tasks: &TaskChannel) -> Result<()> {
    let cpus = setup.cpus;
    let (orders, their_orders) = channel();
    let (said, told) = channel();
    let pong = thread::Builder::new().name("pong".into());
    let pong = pong.spawn(move || pong_in(cpus, theirs, &their_orders, &said)).call("clone")?;
    cpus.bind(Role::Ping)?;
    tasks.report_ready(setup.size, None);
    for task in tasks.tasks() {
        let order = task.order;
        let hear = || -> Result<Duration> { told.recv().map_err(|_| Error::Disconnected) };
        let _ = orders.send(order); // if nothing receives it, no answer comes
        hear()?; // the thread is awake
        let elapsed = ours.play(&order)?;
        let theirs = hear()?;
        tasks.report(TaskResult::in_time(if order.pattern == Pattern::Stream { theirs } else { elapsed }));
    }
    drop(orders);
    pong.join().expect("it does not panic")
}

fn pong_in(
    cpus: Cpus,
    mut side: Box<dyn Side + Send>,
    orders: &Receiver<Workload>,
    said: &Sender<Duration>,
) -> Result<()> {
    cpus.bind(Role::Pong)?;
    for order in orders {
        let _ = said.send(Duration::ZERO); // if nothing receives it, no order will come
        let _ = said.send(side.play(&order)?);
    }
    Ok(())
}
