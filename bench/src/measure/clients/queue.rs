//! System V message queues: the server of `ipc-msgq`, and its clients.

use std::sync::Arc;
use std::time::Duration;

use ipc_core::ownership::OwnershipLock;
use ipc_core::{Error, Result};
use ipc_msgq::server::{Client, Server};
use ipc_msgq::{Key, Queue, QueueId, SystemV};

use super::part::{Clients, Part, ServerObjects};
use super::pipelined::Pipelined;
use super::threads::{Exchange, Threads};
use crate::results::case::ClientsRun;

/// The time that an answer may take on a loaded machine. Reached only when something hangs.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

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
    let ownership = Arc::new(OwnershipLock::take::<SystemV>(Some(&key.to_string()))?);
    let queue = Queue::create_crash_safe(&ownership, key, 0o600)?;
    let further = Arc::clone(&ownership);
    let make = move |mode| Queue::create_crash_safe(&further, Key::fresh(), mode);
    let server = Server::start_with(queue, make, |request: &[u8]| request.to_vec())?;
    // In this order: a server without its queue cannot reach its clients.
    Ok((queue.id().to_string(), Box::new((server, ownership))))
}

/// Joins with all clients of this process.
pub(super) fn join(part: &Part) -> Result<Box<dyn Clients>> {
    let id = part.address.parse().map_err(|_| Error::Usage("no queue".into()))?;
    let queue = Queue::from_id(QueueId::new(id));
    match part.clients_run {
        ClientsRun::Threads => {
            let join = |_| Client::join(queue, ANSWER_TIMEOUT);
            Threads::start(part.clients.clone().map(join).collect::<Result<_>>()?, part.size)
        }
        ClientsRun::Multiplexed => {
            let link = Client::pipelined(queue, part.clients.len(), ANSWER_TIMEOUT)?;
            Ok(Box::new(Pipelined::new(link, part.clients.len(), part.size)?))
        }
    }
}

impl Exchange for Client {
    fn exchange(&mut self, message: &mut Vec<u8>) -> Result<()> {
        *message = self.request(message)?;
        Ok(())
    }
}
