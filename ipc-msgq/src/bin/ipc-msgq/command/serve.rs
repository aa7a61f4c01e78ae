//! `serve`: many clients, one queue.
//!
//! The server itself is in the library: `server/`.

use clap::Args;
use ipc_core::{Advise, Result};
use ipc_demo::print;
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

    /// Makes the queue, and the guard that removes it when this process ends.
    fn make(&self) -> Result<(Key, Queue, Guard)> {
        let key = self.address.key()?.unwrap_or_else(Key::fresh);
        let in_use = || format!("there is a queue with key {key}: choose another key");
        let mut guard = Guard::start()?;
        let queue = guard.create(key, self.mode).advise(Errno::EEXIST, in_use)?;
        Ok((key, queue, guard))
    }
}

/// Returns every request to its sender.
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
