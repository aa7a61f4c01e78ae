//! `serve`: many clients.
//!
//! The server itself is in the library: `server/`.

use clap::Args;
use ipc_core::{Advise, Result};
use ipc_demo::print;
use ipc_msgq::server::{Event, Handler, Server};
use ipc_msgq::{Key, Queue};
use nix::errno::Errno;

use super::Status;
use super::name::{self, KeyName, NEW_KEY, parse_mode};
use crate::scenario::CleanupGuard;

/// Serve many clients, by an echo
///
/// Creates a queue, prints its id, and sends each request of a `client` back, until interrupted. For every 32 clients
/// more, it creates a further queue. All are removed when this process ends, even if it is killed.
#[derive(Args, Debug)]
pub struct ServeArgs {
    #[arg(value_name = "KEY", help = NEW_KEY, allow_negative_numbers = true)]
    key: Option<KeyName>,
    /// Permissions for owner, group and others: 4 to receive, 2 to send
    #[arg(short = 'p', long, value_name = "MODE", value_parser = parse_mode, default_value = "0600")]
    mode: u32,
}

impl ServeArgs {
    pub fn run(self) -> Result<Status> {
        let (key, queue, mut guard) = self.make()?;
        print(&format!("{}\n", queue.id()))?;
        eprintln!("from another terminal: ipc-msgq client {key} hello");
        let server = Server::start_with(queue, move |mode| guard.create(Key::fresh(), mode), Echo)?;
        name::of(queue, server.wait()).map(|()| Status::Done)
    }

    /// Makes the queue, and the guard that removes it, and further ones, when this process ends.
    fn make(&self) -> Result<(Key, Queue, CleanupGuard)> {
        let key = self.key.as_ref().map_or_else(|| Ok(Key::fresh()), KeyName::key)?;
        let in_use = || format!("a queue with key {key} already exists: choose another key");
        let mut guard = CleanupGuard::start()?;
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
            Event::Joined(client) => eprintln!("client {} joined", client.pid),
            Event::Left(client) => eprintln!("client {} left", client.pid),
            Event::Killed(client) => eprintln!("client {} ended without leaving", client.pid),
            Event::Rejected(client) => {
                eprintln!("client {} rejected: it does not receive its answers", client.pid);
            }
            Event::Refused(client, reason) => eprintln!("client {} refused: {reason}", client.pid),
            Event::Garbage { bytes } => eprintln!("ignored {bytes} bytes: not a request to join"),
        }
    }
}
