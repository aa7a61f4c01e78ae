//! Clients of a queue that share a thread ([`ClientsRun::Multiplexed`](crate::results::case::ClientsRun::Multiplexed)): all
//! of a process ask through one pipelined client, whose answers come in the order of the requests.

use std::collections::VecDeque;

use ipc_core::{Error, Result};
use ipc_demo::exchange::Payload;
use ipc_msgq::server::Client;

use super::load_generator::Pending;
use super::part::{Clients, Tally};
use super::wire::{self, TurnOrder};

pub(super) struct Pipelined {
    link: Client,
    /// The requests of each client.
    all: Vec<Pending>,
    message: Vec<u8>,
}

impl Pipelined {
    /// Makes one exchange for each of `count` clients, and checks it.
    pub(super) fn new(link: Client, count: usize, size: usize) -> Result<Self> {
        let mut clients = Self { link, all: vec![Pending::default(); count], message: vec![0; size] };
        let now = wire::now()?;
        clients.play(&TurnOrder { start: now, from: now, until: now, verify: true })?;
        Ok(clients)
    }

    /// Has client number `at` want to send its next request: its time begins, even if there is no room yet.
    fn begin(&mut self, at: usize) -> Result<usize> {
        let pending = &mut self.all[at];
        pending.number += 1;
        pending.since = wire::now()?;
        Ok(at)
    }

    /// Sends the requests in `ready` for as long as there is room, each client in its turn.
    fn ask(
        &mut self,
        ready: &mut VecDeque<usize>,
        asked: &mut VecDeque<usize>,
        payload: Payload,
    ) -> Result<()> {
        while let Some(&at) = ready.front() {
            payload.write(self.all[at].number, &mut self.message);
            if !self.link.send_request(&self.message)? {
                break;
            }
            asked.extend(ready.pop_front());
        }
        Ok(())
    }
}

impl Clients for Pipelined {
    fn play(&mut self, order: &TurnOrder) -> Result<Tally> {
        let payload = Payload { verify: order.verify };
        let mut tally = Tally::of(self.all.len());
        order.wait_for_start()?;
        let mut ready = (0..self.all.len()).map(|at| self.begin(at)).collect::<Result<VecDeque<_>>>()?;
        let mut asked = VecDeque::new();
        loop {
            self.ask(&mut ready, &mut asked, payload)?;
            let Some(at) = asked.pop_front() else { return Ok(tally) };
            let answer = self.link.receive_answer()?;
            let now = wire::now()?;
            let pending = self.all[at];
            if answer.len() != self.message.len() {
                return Err(Error::Corrupt("an answer of another length"));
            }
            payload.read(pending.number, &answer)?;
            tally.add(at, order, pending.since, now);
            if now < order.until {
                ready.push_back(self.begin(at)?);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ipc_msgq::Queue;
    use ipc_msgq::server::Server;

    use super::*;

    /// With more clients than requests may be under way, each has its turn, and gets the answer to its own request.
    #[test]
    fn each_client_has_its_turn_and_its_answers() {
        let queue = Queue::private(0o600).unwrap().owned();
        let _server = Server::start(*queue, |request: &[u8]| request.to_vec()).unwrap();
        let link = Client::pipelined(*queue, 2, Duration::from_secs(10)).unwrap();
        let mut clients = Pipelined::new(link, 3, 64).unwrap();
        let now = wire::now().unwrap();
        let until = now + Duration::from_millis(50);
        let tally = clients.play(&TurnOrder { start: now, from: now, until, verify: true }).unwrap();
        let (fewest, most) = (tally.counts.iter().min().unwrap(), tally.counts.iter().max().unwrap());
        assert!(*fewest > 0 && most - fewest <= 1, "{:?}", tally.counts);
    }
}
