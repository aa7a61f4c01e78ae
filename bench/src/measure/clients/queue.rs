//! One System V message queue: the server of `ipc-msgq`, and its clients, each in a thread.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use ipc_core::ownership::OwnershipLock;
use ipc_core::{Call, Error, Result};
use ipc_demo::exchange::{self, Payload};
use ipc_msgq::server::{Client, Server};
use ipc_msgq::{Key, Queue, QueueId, SystemV};

use super::part::{Clients, Part, ServerObjects, Tally};
use super::wire::{self, TurnOrder};

/// The time that an answer may take on a loaded machine. Reached only when something hangs.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// The stack size of a client's thread.
const STACK: usize = 256 << 10;

/// The most clients that a server of `ipc-msgq` accepts.
const SEATS: usize = 4096;

/// Returns the longest request.
pub(super) fn longest() -> usize {
    let read = std::fs::read_to_string("/proc/sys/kernel/msgmax");
    // `ipc-msgq` puts a byte and the session's number in front of a request.
    let header = 1 + size_of::<u64>();
    read.ok().and_then(|text| text.trim().parse::<usize>().ok()).unwrap_or(8192).saturating_sub(header)
}

/// Returns the reason why a server cannot have so many clients, if it cannot.
pub(super) fn too_many(clients: usize) -> Option<String> {
    (clients > SEATS)
        .then(|| format!("{clients} clients are too many: a server of ipc-msgq has {SEATS} seats"))
}

/// Creates a queue and starts to serve there; returns its id.
pub(super) fn serve(_: &Part) -> Result<(String, ServerObjects)> {
    let key = Key::fresh();
    let ownership = OwnershipLock::take::<SystemV>(Some(&key.to_string()))?;
    let queue = Queue::create_crash_safe(&ownership, key, 0o600)?;
    let server = Server::start(queue, |request: &[u8]| request.to_vec())?;
    // In this order: a server without its queue cannot reach its clients.
    Ok((queue.id().to_string(), Box::new((server, ownership))))
}

/// The clients of this process.
pub(super) struct Threads {
    orders: Vec<Sender<TurnOrder>>,
    played: Receiver<(usize, Result<ClientTurn>)>,
}

/// The result of a turn for one client.
struct ClientTurn {
    all: u64,
    /// The time that each answer in the window took, in nanoseconds.
    times: Vec<u64>,
}

/// Starts the clients. Each makes one exchange, which is checked.
pub(super) fn join(part: &Part) -> Result<Box<dyn Clients>> {
    let id = part.address.parse().map_err(|_| Error::Usage("no queue".into()))?;
    let queue = Queue::from_id(QueueId::new(id));
    let (told, played) = channel();
    let mut threads = Threads { orders: Vec::new(), played };
    for at in 0..part.clients.len() {
        let (order, orders) = channel();
        let (size, told) = (part.size, told.clone());
        let run = move || run(at, queue, size, &orders, &told);
        thread::Builder::new().name("client".into()).stack_size(STACK).spawn(run).call("clone")?;
        threads.orders.push(order);
    }
    let now = wire::now()?;
    threads.play(&TurnOrder { start: now, from: now, until: now, verify: true })?;
    Ok(Box::new(threads))
}

impl Clients for Threads {
    fn play(&mut self, order: &TurnOrder) -> Result<Tally> {
        for orders in &self.orders {
            let _ = orders.send(*order); // a client that has ended has reported why
        }
        let mut tally = Tally { counts: vec![0; self.orders.len()], all: 0, times: exchange::histogram() };
        for _ in 0..self.orders.len() {
            let (at, turn) = self.played.recv().map_err(|_| Error::Disconnected)?;
            let turn = turn?;
            tally.all += turn.all;
            tally.counts[at] = turn.times.len() as u64;
            turn.times.iter().for_each(|&time| tally.times.saturating_record(time));
        }
        Ok(tally)
    }
}

/// Runs one client: joins with its first order, and disconnects when no more come.
fn run(
    at: usize,
    queue: Queue,
    size: usize,
    orders: &Receiver<TurnOrder>,
    told: &Sender<(usize, Result<ClientTurn>)>,
) {
    let mut client = None;
    let mut number = 0;
    for order in orders {
        let joined = match client.take() {
            Some(client) => Ok(client),
            None => Client::join(queue, ANSWER_TIMEOUT),
        };
        let turn = joined.and_then(|joined| turn(client.insert(joined), &order, size, &mut number));
        let _ = told.send((at, turn)); // if the receiver is gone, no order comes either
    }
}

fn turn(client: &mut Client, order: &TurnOrder, size: usize, number: &mut u64) -> Result<ClientTurn> {
    let payload = Payload { verify: order.verify };
    let mut message = vec![0; size];
    let mut turn = ClientTurn { all: 0, times: Vec::new() };
    order.wait_for_start()?;
    loop {
        *number += 1;
        let since = wire::now()?;
        payload.write(*number, &mut message);
        let answer = client.request(&message)?;
        let now = wire::now()?;
        if answer.len() != size {
            return Err(Error::Corrupt("an answer of another length"));
        }
        payload.read(*number, &answer)?;
        turn.all += 1;
        if order.counts(now) {
            turn.times.push(now.saturating_sub(since).as_nanos() as u64);
        }
        if now >= order.until {
            return Ok(turn);
        }
    }
}
