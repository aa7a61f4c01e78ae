//! The variants from which a server of many clients can be built, and the reason why the others cannot.

use ipc_core::{Error, Mechanism, Result};
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::socket::SockType;

use super::part::{Clients, Part, ServerObjects};
use super::{fifo, queue, sockets};

/// A variant, and whether it serves many clients.
struct Known {
    mechanism: &'static str,
    variant: &'static str,
    /// The reason if it does not.
    serving: std::result::Result<Serving, &'static str>,
}

/// The functions of a variant that serves many clients.
#[derive(Debug)]
pub(super) struct Serving {
    /// Starts to serve; returns the address, and the created objects.
    pub(super) serve: fn(&Part) -> Result<(String, ServerObjects)>,
    /// Joins with all clients of a process.
    pub(super) join: fn(&Part) -> Result<Box<dyn Clients>>,
    /// Returns the longest request.
    pub(super) longest: fn() -> usize,
    /// Returns the reason why a server cannot have so many clients, if it cannot.
    pub(super) too_many: fn(clients: usize) -> Option<String>,
}

const QUEUE: Serving =
    Serving { serve: queue::serve, join: queue::join, longest: queue::longest, too_many: queue::too_many };
const FIFO: Serving = Serving {
    serve: fifo::serve,
    join: fifo::join,
    longest: || fifo::LONGEST,
    too_many: too_many_descriptors,
};
const STREAMS: Serving = Serving {
    serve: |part| sockets::serve_unix(part, SockType::Stream),
    join: |part| sockets::join_unix(part, SockType::Stream),
    longest: || sockets::LONGEST,
    too_many: too_many_descriptors,
};
const PACKETS: Serving = Serving {
    serve: |part| sockets::serve_unix(part, SockType::SeqPacket),
    join: |part| sockets::join_unix(part, SockType::SeqPacket),
    ..STREAMS
};
const TCP: Serving = Serving { serve: sockets::serve_tcp, join: sockets::join_tcp, ..STREAMS };

const PIPE: &str = "an anonymous pipe has two ends and no name: no further client can join";
const POSIX_QUEUE: &str =
    "a POSIX queue cannot be received from by sender: for many clients each needs a queue of its own";
const MEMORY: &str =
    "one memory is one link of two: a server of many would need one for each, and a way to wait for all";

static ALL: [Known; 12] = [
    Known::of::<ipc_pipe::Pipe>(Err(PIPE)),
    Known::of::<ipc_fifo::Fifo>(Ok(FIFO)),
    Known::of::<ipc_msgq::SystemV>(Ok(QUEUE)),
    Known::of::<ipc_msgq::Posix>(Err(POSIX_QUEUE)),
    Known::of::<ipc_shm::Ring>(Err(MEMORY)),
    Known::of::<ipc_shm::Semaphores>(Err(MEMORY)),
    Known::of::<ipc_shm::Posix>(Err(MEMORY)),
    Known::of::<ipc_mmap::File>(Err(MEMORY)),
    Known::of::<ipc_mmap::Memfd>(Err(MEMORY)),
    Known::of::<ipc_socket::UnixStream>(Ok(STREAMS)),
    Known::of::<ipc_socket::UnixSeqpacket>(Ok(PACKETS)),
    Known::of::<ipc_socket::Tcp>(Ok(TCP)),
];

impl Known {
    const fn of<M: Mechanism>(serving: std::result::Result<Serving, &'static str>) -> Self {
        Self { mechanism: M::PROFILE.name, variant: M::VARIANT.name, serving }
    }
}

/// Returns the functions of a variant.
///
/// # Errors
/// [`Usage`](Error::Usage) with the reason: it serves one client only.
pub(super) fn serving(mechanism: &str, variant: &str) -> Result<&'static Serving> {
    let known = ALL.iter().find(|known| (known.mechanism, known.variant) == (mechanism, variant));
    let known = known.ok_or_else(|| Error::Usage(format!("no server for {mechanism} ({variant})")))?;
    known.serving.as_ref().map_err(|reason| Error::Usage((*reason).into()))
}

/// The descriptors of the server besides those of its clients.
const OTHERS: usize = 32;

/// Returns a refusal if the server needs too many descriptors: one for each connection, or each FIFO.
fn too_many_descriptors(clients: usize) -> Option<String> {
    let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return None };
    let needed = clients + OTHERS;
    (hard < needed as u64).then(|| {
        format!("{clients} clients take {needed} descriptors of a process, and it may have {hard}: raise ulimit -Hn")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::registry;

    /// A variant that serves only one client says so.
    #[test]
    fn each_variant_is_known() {
        let names = registry::all().map(|(member, variant)| (member.profile.name, variant.name));
        assert_eq!(names.collect::<Vec<_>>(), ALL.each_ref().map(|known| (known.mechanism, known.variant)));
    }
}
