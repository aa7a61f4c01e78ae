//! All that take part: the only place that lists them.

use std::time::Duration;

use ipc_bench::results::case::{Case, Kind, Placement};
use ipc_bench::results::implementation::Implementation;
use ipc_bench::results::registry;
use ipc_core::{Mechanism, Wait};
use ipc_msgq::SystemV;
use ipc_socket::Tcp;
use serde::{Deserialize, Serialize};

/// The beginning of the names of all implementations that need a server.
const SERVED: &str = "NATS";

/// One that takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Participant {
    /// The suite's socket, over the loopback interface.
    Tcp,
    /// The suite's System V queue.
    Msgq,
    /// The queue on a server, in its memory.
    Memory,
    /// The queue on a server, in files.
    File,
    /// NATS without JetStream: publish and subscribe, without acknowledgement.
    Flood {
        /// The time that the subscriber takes for each message.
        handling: Duration,
    },
}

impl Participant {
    /// Those that lose nothing.
    pub const RELIABLE: [Self; 4] = [Self::Tcp, Self::Msgq, Self::Memory, Self::File];

    /// Returns the name of the implementation in results, with the `version` of the server.
    #[must_use]
    pub fn implementation(self, version: &str) -> String {
        let what = match self {
            Self::Tcp | Self::Msgq => return Implementation::Suite.name().into(),
            Self::Memory => "JetStream, memory",
            Self::File => "JetStream, file",
            Self::Flood { .. } => "without JetStream",
        };
        let name = [SERVED, version].join(" ");
        format!("{} {what}", name.trim_end())
    }

    /// Returns true if it needs a server.
    #[must_use]
    pub const fn needs_server(self) -> bool {
        !matches!(self, Self::Tcp | Self::Msgq)
    }

    /// Returns its case, one message at a time.
    pub(super) fn case(self, kind: Kind, size: usize, wait: Wait, placement: Placement) -> Case {
        let (mechanism, variant) = match self {
            Self::Msgq => (SystemV::PROFILE.name, SystemV::VARIANT.name),
            _ => (Tcp::PROFILE.name, Tcp::VARIANT.name), // both processes talk to the server over TCP
        };
        let member = registry::member(mechanism).expect("it is one of the six");
        Case::of(member, variant, kind, size, wait, placement)
    }
}

/// Returns true if the implementation of this name needs a server.
pub(super) fn is_served(implementation: &str) -> bool {
    implementation.starts_with(SERVED)
}
