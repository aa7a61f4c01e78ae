//! A well-maintained ring crate between two *threads*: the speed of messages through memory where the two sides trust
//! each other and share one process. The difference from the suite's ring is the price of what that ring does in
//! addition.

use std::hint;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::{Call, Error, Result};
use ipc_demo::cpus::{Cpus, Role};
use ipc_demo::exchange::{Payload, Workload};
use rtrb::{Consumer, Producer, RingBuffer};

use crate::measure::pair::{Pair, TaskChannel};
use crate::measure::task::TaskResult;
use crate::results::case::Placement;

/// The length of each message: an array, which is one element of the ring.
pub const SIZE: usize = 64;
type Element = [u8; SIZE];

/// The same number of bytes as in a ring of the suite.
const CAPACITY: usize = ipc_core::ring::CAPACITY / SIZE;

/// Two threads that are ready to play streams.
///
/// # Errors
/// A thread cannot be started.
pub(crate) fn start(placement: Placement) -> Result<Pair> {
    Pair::on_thread(move |channel| feed(placement, channel))
}

fn feed(placement: Placement, channel: &TaskChannel) -> Result<()> {
    let cpus = Cpus::Pair(placement.ping, placement.pong);
    let (mut producer, consumer) = RingBuffer::<Element>::new(CAPACITY);
    let (orders, their_orders) = mpsc::channel();
    let (said, told) = mpsc::channel();
    let drainer = move || drain(cpus, consumer, &their_orders, &said);
    let drainer = thread::Builder::new().name("pong".into()).spawn(drainer).call("clone")?;
    cpus.bind(Role::Ping)?;
    channel.report_ready(SIZE, None);
    for task in channel.tasks() {
        let order = task.order;
        let hear = || -> Result<Duration> { told.recv().map_err(|_| Error::Disconnected) };
        let _ = orders.send(order); // if nothing receives it, no answer comes
        hear()?; // the thread is awake
        fill(&mut producer, &order);
        channel.report(TaskResult::in_time(hear()?));
    }
    drop(orders);
    drainer.join().expect("it does not panic")
}

fn fill(producer: &mut Producer<Element>, order: &Workload) {
    let payload = Payload { verify: order.verify };
    let mut message: Element = [0; SIZE];
    for number in 0..order.count {
        payload.write(number, &mut message);
        while producer.push(message).is_err() {
            hint::spin_loop();
        }
    }
}

fn drain(
    cpus: Cpus,
    mut consumer: Consumer<Element>,
    orders: &Receiver<Workload>,
    said: &Sender<Duration>,
) -> Result<()> {
    cpus.bind(Role::Pong)?;
    for order in orders {
        let _ = said.send(Duration::ZERO); // if nothing receives it, no order will come
        let payload = Payload { verify: order.verify };
        let mut started = Instant::now();
        for number in 0..order.count {
            let message = loop {
                match consumer.pop() {
                    Ok(message) => break message,
                    Err(_) => hint::spin_loop(),
                }
            };
            if number == 0 {
                started = Instant::now();
            }
            payload.read(number, &message)?;
        }
        let _ = said.send(started.elapsed());
    }
    Ok(())
}
