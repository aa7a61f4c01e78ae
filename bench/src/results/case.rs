//! The subject of one row of the comparison.

use std::fmt;
use std::str::FromStr;

use ipc_core::{Error, Result, Unit, Variant, Wait};
use ipc_demo::cpus::{Cpus, Role};
use ipc_demo::exchange::{Pattern, Workload};
use serde::{Deserialize, Serialize};

use crate::results::registry::{self, Member};
use crate::results::units;

/// The quantity that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The time from sending a message to having read its answer.
    RoundTrip,
    /// The throughput in one direction.
    Throughput,
    /// The time of a round trip from the moment at which it was *meant* to start. Round trips start at fixed times,
    /// whether the previous one is over or not, so a stall counts for every message that it delays.
    OpenLoop,
    /// The time of a message in one direction from the moment at which it was *meant* to be sent. Messages are sent at
    /// fixed times, as a sensor sends to a logger.
    Stream,
    /// The throughput from many clients to one server.
    Clients,
}

impl Kind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Self; 5] =
        [Self::RoundTrip, Self::Throughput, Self::OpenLoop, Self::Stream, Self::Clients];

    /// The kinds that need no further parameter: no rate, no number of clients.
    pub const USUAL: [Self; 2] = [Self::RoundTrip, Self::Throughput];

    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RoundTrip => "round_trip",
            Self::Throughput => "throughput",
            Self::OpenLoop => "open_loop",
            Self::Stream => "stream",
            Self::Clients => "clients",
        }
    }

    /// The name as the beginning of a heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::RoundTrip => "Round trip",
            Self::Throughput => "Throughput",
            Self::OpenLoop => "Open loop",
            Self::Stream => "Stream at a rate",
            Self::Clients => "Many clients",
        }
    }

    /// Returns true if its messages have fixed times: it needs a rate.
    #[must_use]
    pub const fn is_paced(self) -> bool {
        matches!(self, Self::OpenLoop | Self::Stream)
    }

    /// The name within a sentence.
    #[must_use]
    pub fn words(self) -> String {
        self.title().to_lowercase()
    }

    /// Returns true if its messages go one way: only those can leave in batches, as none is waited for.
    #[must_use]
    pub const fn is_one_way(self) -> bool {
        matches!(self, Self::Throughput | Self::Stream)
    }
}

impl FromStr for Kind {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        // People join words by a hyphen; results, and so scripts, by an underscore.
        let found = Self::ALL.into_iter().find(|kind| kind.name() == text.replace('-', "_"));
        found.ok_or_else(|| {
            Error::Usage(format!(
                "invalid kind '{text}': expected round-trip, throughput, open-loop, stream or clients"
            ))
        })
    }
}

/// The numbers of the CPUs on which the two processes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The placement as requested.
    pub cpus: Cpus,
    /// The CPU of the process that plays ping and measures.
    pub ping: usize,
    /// The CPU of its peer.
    pub pong: usize,
}

impl Placement {
    /// Finds the two CPUs.
    ///
    /// # Errors
    /// [`Usage`](Error::Usage): this process may not use one of them.
    pub fn resolve(cpus: Cpus) -> Result<Self> {
        Ok(Self { cpus, ping: cpus.cpu(Role::Ping)?, pong: cpus.cpu(Role::Pong)? })
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (ping on CPU {}, pong on CPU {})", self.cpus, self.ping, self.pong)
    }
}

/// The way in which the clients of one server are run. It decides as much as the mechanism: never compare one way with the
/// other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientsRun {
    /// Each in a thread of its own, which sleeps in the call that receives the answer: as separate programs do.
    Threads,
    /// Those of a process in one thread, which sleeps for all of them: as a load generator or a gateway does.
    Multiplexed,
}

impl ClientsRun {
    /// Both ways.
    pub const ALL: [Self; 2] = [Self::Threads, Self::Multiplexed];

    /// Returns the name, as in the results and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Threads => "threads",
            Self::Multiplexed => "multiplexed",
        }
    }
}

/// Formats a number of clients and the way in which they are run, where that is known: `1,000 clients (threads)`.
pub(crate) fn clients_run(number: usize, run: Option<ClientsRun>) -> String {
    let run = run.map(|run| format!(" ({})", run.name()));
    units::clients(number) + &run.unwrap_or_default()
}

impl FromStr for ClientsRun {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let invalid =
            || Error::Usage(format!("invalid way to run clients '{text}': expected threads or multiplexed"));
        Self::ALL.into_iter().find(|way| way.name() == text).ok_or_else(invalid)
    }
}

/// One row of the comparison, before it is measured.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The mechanism.
    pub member: &'static Member,
    /// The variant of the mechanism.
    pub variant: &'static str,
    /// The quantity that is measured.
    pub kind: Kind,
    /// Length of each message, in bytes.
    pub size: usize,
    /// The wait strategy of both sides.
    pub wait: Wait,
    /// The CPUs on which both sides run.
    pub placement: Placement,
    /// Kinds with fixed times: the number of messages to send per second.
    pub rate: Option<u64>,
    /// The number of clients of one server; 1 for every kind but [`Kind::Clients`].
    pub clients: usize,
    /// The way in which they are run.
    pub clients_run: ClientsRun,
    /// The number of messages between two flushes; 1: each is sent by itself.
    pub flush_every: u64,
}

impl Case {
    /// Returns a case of one client, without a rate.
    #[must_use]
    pub const fn of(
        member: &'static Member,
        variant: &'static str,
        kind: Kind,
        size: usize,
        wait: Wait,
        placement: Placement,
    ) -> Self {
        Self {
            member,
            variant,
            kind,
            size,
            wait,
            placement,
            rate: None,
            clients: 1,
            clients_run: ClientsRun::Threads,
            flush_every: 1,
        }
    }

    /// Returns the [`case`](Self::of) of each variant of each mechanism.
    pub fn of_each(kind: Kind, size: usize, wait: Wait, placement: Placement) -> impl Iterator<Item = Self> {
        registry::all()
            .map(move |(member, variant)| Self::of(member, variant.name, kind, size, wait, placement))
    }

    /// Returns the description of its variant.
    ///
    /// # Panics
    /// The mechanism has no such variant.
    #[must_use]
    pub fn variant(&self) -> &'static Variant {
        self.member
            .variants()
            .find(|known| known.name == self.variant)
            .expect("a case names one that there is")
    }

    /// Returns true if this case is also played by bare system calls. Of batches, those in a byte stream are: there, a C
    /// programmer would gather messages in a block as well.
    #[must_use]
    pub fn has_baseline(&self) -> bool {
        match self.kind {
            Kind::RoundTrip => true,
            Kind::Throughput => self.flush_every == 1 || self.variant().unit == Unit::ByteStream,
            Kind::OpenLoop | Kind::Stream | Kind::Clients => false,
        }
    }

    /// Returns the order that times `count` messages.
    ///
    /// A throughput order sends one more: the first message only starts the receiver's clock, so the reported time is
    /// that of the `count` messages after it.
    #[must_use]
    pub fn timed(&self, count: u64) -> Workload {
        match self.kind {
            Kind::RoundTrip | Kind::OpenLoop => {
                Workload { pattern: Pattern::RoundTrip, verify: false, size: self.size, count }
            }
            Kind::Throughput | Kind::Clients => {
                Workload { pattern: Pattern::Stream, verify: false, size: self.size, count: count + 1 }
            }
            Kind::Stream => Workload { pattern: Pattern::Stream, verify: false, size: self.size, count },
        }
    }

    /// Returns the order that comes first: a few messages, each checked. They prove that the exchange works, and warm
    /// up both processes.
    #[must_use]
    pub fn verified(&self) -> Workload {
        /// Verifying a checksum takes about a nanosecond per byte, so large messages are checked less often.
        const BYTES: usize = 4 << 20;
        let count = (BYTES / self.size).clamp(4, 100) as u64;
        Workload { verify: true, ..self.timed(count) }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { member, variant, kind, size, wait, .. } = self;
        let what = if *kind == Kind::Clients {
            clients_run(self.clients, Some(self.clients_run))
        } else {
            kind.words()
        };
        let batches = units::in_batches(self.flush_every);
        write!(f, "{} ({variant}) {what}, {}{batches}, wait {wait}", member.profile.name, units::bytes(*size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invented::case;

    /// The first message of a stream only starts the receiver's clock; a round trip needs no such message.
    #[test]
    fn so_many_are_timed_as_were_asked_for() {
        let orders = Kind::ALL.map(|kind| case("pipe", "anonymous", kind, Wait::Block).timed(7));
        assert_eq!(orders.map(|order| order.count), [7, 8, 7, 7, 8]);
        let (there_and_back, stream) = (Pattern::RoundTrip, Pattern::Stream);
        let expected = [there_and_back, stream, there_and_back, stream, stream];
        assert_eq!(orders.map(|order| order.pattern), expected);
        assert!(orders.iter().all(|order| order.size == 64 && !order.verify));
    }

    #[test]
    fn long_messages_are_checked_less_often() {
        let of_size = |size| {
            let order = Case { size, ..case("pipe", "anonymous", Kind::RoundTrip, Wait::Block) }.verified();
            assert!(order.verify && order.size == size, "{order:?}");
            order.count
        };
        assert_eq!([1, 64, 64 << 10, 1 << 20, 1 << 30].map(of_size), [100, 100, 64, 4, 4]);
    }

    #[test]
    fn a_kind_is_read_as_it_is_written() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse::<Kind>().unwrap(), kind);
            assert_eq!(kind.name().replace('_', "-").parse::<Kind>().unwrap(), kind);
        }
        assert!("latency".parse::<Kind>().is_err());
    }
}
