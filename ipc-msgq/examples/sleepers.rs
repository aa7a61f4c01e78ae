//! Measures what a message costs while other threads sleep at the same queue, each waiting for a type of its own; and
//! what it costs if they are spread over queues, 32 on each.
//!
//! ```console
//! $ cargo run --release -p ipc-msgq --example sleepers
//! ```
//!
//! `msgsnd` walks the list of the sleepers of its queue to find one that wants the message, with the queue locked. No
//! queue has an index of the types that its sleepers want.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::{Call as _, Result};
use ipc_msgq::{Message, MessageType, OwnedQueue, Queue};

const ASLEEP: [usize; 7] = [0, 10, 32, 100, 300, 1000, 2000];
const PER_QUEUE: usize = 32;
const ROUNDS: usize = 21;
const MESSAGES: u32 = 500;

fn main() -> Result<()> {
    println!("threads asleep  at one queue  32 at a queue");
    for asleep in ASLEEP {
        let (one, spread) = (beside(asleep, asleep.max(1))?, beside(asleep, PER_QUEUE)?);
        println!("{asleep:>14}  {:>9.2} µs  {:>10.2} µs", micros(one), micros(spread));
    }
    Ok(())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// Returns the time of one `msgsnd` and one `msgrcv` at a queue while `asleep` threads sleep, `per_queue` at each queue.
fn beside(asleep: usize, per_queue: usize) -> Result<Duration> {
    let queues = (0..asleep.div_ceil(per_queue).max(1)).map(|_| Ok(Queue::private(0o600)?.owned()));
    let mut queues: Vec<OwnedQueue> = queues.collect::<Result<_>>()?;
    let about_to_sleep = Barrier::new(asleep + 1);
    thread::scope(|scope| {
        for number in 0..asleep {
            let (queue, about_to_sleep) = (*queues[number / per_queue], &about_to_sleep);
            let sleep = move || {
                about_to_sleep.wait();
                let own = MessageType::new(number as i64 + 2).expect("above 0");
                queue.recv(own, &mut Message::with_capacity(64)) // until the queue is removed
            };
            thread::Builder::new().stack_size(64 << 10).spawn_scoped(scope, sleep).call("clone")?;
        }
        about_to_sleep.wait();
        thread::sleep(Duration::from_millis(100));
        let time = exchange(*queues[0]);
        queues.clear(); // which removes them
        time
    })
}

/// Returns the median time of sending a message that no sleeper wants and taking it out again.
fn exchange(queue: Queue) -> Result<Duration> {
    let mut message = Message::new(MessageType::ONE, &[7; 64]);
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for _ in 0..MESSAGES {
            queue.send(&message)?;
            queue.recv(MessageType::ONE, &mut message)?;
        }
        rounds.push(started.elapsed() / MESSAGES);
    }
    rounds.sort_unstable();
    Ok(rounds[ROUNDS / 2])
}
