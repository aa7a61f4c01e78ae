//! Clients in a thread each ([`ClientsRun::Threads`](crate::results::case::ClientsRun::Threads)), asleep in the call that
//! receives the answer, as separate programs are.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use ipc_core::{Call, Error, Result};
use ipc_demo::exchange::Payload;

use super::part::{Clients, Tally};
use super::wire::{self, TurnOrder};

/// The stack size of a client's thread.
const STACK: usize = 256 << 10;

/// A client that sends a request and sleeps until it has the answer.
pub(super) trait Exchange: Send + 'static {
    /// Sends `message`, and replaces it by the answer.
    fn exchange(&mut self, message: &mut Vec<u8>) -> Result<()>;
}

/// The clients of this process, each in a thread.
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

impl Threads {
    /// Starts a thread for each client, and makes one exchange with each, which is checked.
    pub(super) fn start<C: Exchange>(clients: Vec<C>, size: usize) -> Result<Box<dyn Clients>> {
        let (told, played) = channel();
        let mut threads = Self { orders: Vec::new(), played };
        for (at, client) in clients.into_iter().enumerate() {
            let (order, orders) = channel();
            let told = told.clone();
            let run = move || run(at, client, size, &orders, &told);
            thread::Builder::new().name("client".into()).stack_size(STACK).spawn(run).call("clone")?;
            threads.orders.push(order);
        }
        let now = wire::now()?;
        threads.play(&TurnOrder { start: now, from: now, until: now, verify: true })?;
        Ok(Box::new(threads))
    }
}

impl Clients for Threads {
    fn play(&mut self, order: &TurnOrder) -> Result<Tally> {
        for orders in &self.orders {
            let _ = orders.send(*order); // a client that has ended has reported why
        }
        let mut tally = Tally::of(self.orders.len());
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

/// Runs one client until no more orders come.
fn run<C: Exchange>(
    at: usize,
    mut client: C,
    size: usize,
    orders: &Receiver<TurnOrder>,
    told: &Sender<(usize, Result<ClientTurn>)>,
) {
    let mut number = 0;
    for order in orders {
        let turn = turn(&mut client, &order, size, &mut number);
        let _ = told.send((at, turn)); // if the receiver is gone, no order comes either
    }
}

fn turn(client: &mut impl Exchange, order: &TurnOrder, size: usize, number: &mut u64) -> Result<ClientTurn> {
    let payload = Payload { verify: order.verify };
    let mut message = vec![0; size];
    let mut turn = ClientTurn { all: 0, times: Vec::new() };
    order.wait_for_start()?;
    loop {
        *number += 1;
        let since = wire::now()?;
        payload.write(*number, &mut message);
        client.exchange(&mut message)?;
        let now = wire::now()?;
        if message.len() != size {
            return Err(Error::Corrupt("an answer of another length"));
        }
        payload.read(*number, &message)?;
        turn.all += 1;
        if order.counts(now) {
            turn.times.push(now.saturating_sub(since).as_nanos() as u64);
        }
        if now >= order.until {
            return Ok(turn);
        }
    }
}
