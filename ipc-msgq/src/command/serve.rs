//! `serve`: many clients, one queue.
//!
//! What it does with them is in the library: `server/`.

use clap::Args;
use ipc_core::demo::print;
use ipc_core::{Advise, Result};
use ipc_msgq::server::{Event, Handler, Server};
use ipc_msgq::{Key, Queue};
use nix::errno::Errno;

use super::Outcome;
use super::name::{self, Address, parse_mode};
use crate::scenario::Guard;

/// Makes a queue, prints its id, and sends every request of a `client` back, until interrupted
///
/// The queue is removed when this process ends, even if it is killed.
#[derive(Args, Debug)]
pub struct Serve {
    #[command(flatten)]
    address: Address,
    /// Who may receive (4) and send (2): owner, group, others
    #[arg(short = 'p', long, value_name = "MODE", value_parser = parse_mode, default_value = "0600")]
    mode: u32,
}

impl Serve {
    pub fn run(self) -> Result<Outcome> {
        let (key, queue, _guard) = self.make()?;
        print(&format!("{}\n", queue.id()))?;
        eprintln!("from another terminal: ipc-msgq client --key {key} hello");
        let server = Server::start(queue, Echo)?;
        name::of(queue, server.wait()).map(|()| Outcome::Done)
    }

    /// The queue, and who removes it with this process.
    fn make(&self) -> Result<(Key, Queue, Guard)> {
        let Some(key) = self.address.key()? else {
            let key = Key::fresh();
            let guard = Guard::of(key)?; // nobody else picks this key: no moment to leak the queue
            return Ok((key, Queue::create(key, self.mode)?, guard));
        };
        // Another process may use this key, too, now or later: its queue is not to be removed with this process.
        let in_use = || format!("there is a queue with key {key}: choose another key");
        let mut guard = Guard::start()?; // before there is a queue: so there is no more than a moment to leak it
        let queue = Queue::create(key, self.mode).advise(Errno::EEXIST, in_use)?;
        guard.add_queue(key, queue.id()).inspect_err(|_| drop(queue.remove()))?;
        Ok((key, queue, guard))
    }
}

/// Sends every request back.
struct Echo;

impl Handler for Echo {
    fn answer(&self, request: &[u8]) -> Vec<u8> {
        request.to_vec()
    }

    fn notice(&self, event: Event) {
        match event {
            Event::Joined(client) => eprintln!("client {} is here", client.pid),
            Event::Left(client) => eprintln!("client {} has left", client.pid),
            Event::Killed(client) => eprintln!("client {} has ended without a goodbye", client.pid),
            Event::Refused(client) => eprintln!("client {}: refused, as it takes no answers", client.pid),
            Event::Garbage { bytes } => eprintln!("somebody sent {bytes} bytes that are no request"),
        }
    }
}
