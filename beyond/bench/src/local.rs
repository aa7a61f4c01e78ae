//! One machine: the queue on a server beside TCP and the System V queue, in rounds that take turns.
//!
//! The rows have the schema of `ipc-bench`. Those of the server are named by `implementation`; their mechanism and variant
//! are the socket and `tcp`, by which both processes talk to it. There are *three* processes then, on as many CPUs as there
//! are: the placement of such a row says so, and is neither `same` nor `split`.
//!
//! | file | contents |
//! |---|---|
//! | `participant.rs` | [`Participant`]: all that take part |
//! | `pair.rs` | the two processes of an exchange |
//! | `end.rs` | the calls that an exchange makes, over a link of the suite |
//! | `flood.rs` | the same over NATS without JetStream, which loses what is not taken in time |
//! | `table.rs` | the results as a table |

use std::time::{Duration, Instant};

use ipc_bench::measure::alternatives::{Alternative, Measured, play_in_turns};
use ipc_bench::measure::clock;
use ipc_bench::measure::effort::Effort;
use ipc_bench::measure::run::stop::Stop;
use ipc_bench::results::case::{Case, Kind, Placement};
use ipc_bench::results::document::{Document, NotMeasured};
use ipc_core::{Error, Result, Wait};
use ipc_nats::{Connection, ServerOptions};
use testserver::Server;

mod end;
mod flood;
mod pair;
mod participant;
mod table;

pub(crate) use pair::{PONG, serve};
pub use participant::Participant;
pub use table::text;

/// The messages of a batch; as many as the queue's link keeps under way without an acknowledgement.
pub const BATCH: u64 = 256;

/// The profile, by which these results are known among others.
const PROFILE: &str = "beyond-bench";

/// The messages of a flood: three times as many as a subscription of the client holds.
const FLOOD: u64 = 200_000;

/// The plan of a run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The length of the messages, in bytes.
    pub size: usize,
    /// The wait strategies.
    pub waits: Vec<Wait>,
    /// How long each is timed.
    pub effort: Effort,
    /// The CPUs of the two processes. The server's are not chosen.
    pub placement: Placement,
    /// To flood a subscriber of NATS without JetStream, too, which takes this time for each message.
    pub flood: Option<Duration>,
}

/// Measures until all is done or `stop` is set; `tell` is told how far it is. Without a server, its rows are skipped.
#[must_use]
pub fn run(plan: &Plan, stop: &Stop, tell: &dyn Fn(&str)) -> Document {
    let started = Instant::now();
    let mut document =
        Document { clock_cost_ns: clock::cost(), profile: PROFILE.into(), ..Document::empty() };
    let server = serve_queue(&mut document);
    let version = match &server {
        Ok((_, version)) => Some(version.as_str()),
        Err(error) => {
            tell(&format!("SKIPPED: all rows of the queue on a server: {error}"));
            None
        }
    };
    let missing = server.as_ref().err().map(ToString::to_string);
    for (kind, flush_every) in [(Kind::RoundTrip, 1), (Kind::Throughput, 1), (Kind::Throughput, BATCH)] {
        for &wait in &plan.waits {
            tell(&format!("{}, {} at a time, {} bytes, wait {wait}", kind.words(), flush_every, plan.size));
            let mut all = Vec::new();
            for participant in Participant::RELIABLE {
                let case = Case { flush_every, ..participant.case(kind, plan.size, wait, plan.placement) };
                match (&missing, participant.needs_server()) {
                    (Some(reason), true) => {
                        let name = participant.implementation("");
                        document.skipped.push(NotMeasured::by(&name, &case, reason.clone()));
                    }
                    _ => all.push(alternative(participant, case, version)),
                }
            }
            add(&mut document, play_in_turns(all, plan.effort, &|| stop.is_set()));
            if stop.is_set() {
                break;
            }
        }
    }
    if let (Some(handling), Some(_), false) = (plan.flood, version, stop.is_set()) {
        tell("a flood through NATS without JetStream");
        let participant = Participant::Flood { handling };
        let case = participant.case(Kind::Throughput, plan.size, Wait::Block, plan.placement);
        let flood = alternative(participant, Case { flush_every: BATCH, ..case }, version);
        add(&mut document, play_in_turns(vec![flood], Effort::Count(FLOOD), &|| stop.is_set()));
    }
    document.complete = !stop.is_set();
    document.took_s = started.elapsed().as_secs_f64();
    document
}

fn alternative(participant: Participant, case: Case, version: Option<&str>) -> Alternative {
    let implementation = participant.implementation(version.unwrap_or_default());
    Alternative { implementation, case, start: Box::new(move || pair::start(participant, case)) }
}

/// Adds rows. Those of the server name the placement of its three processes.
fn add(document: &mut Document, Measured { mut rows, mut failed }: Measured) {
    let placed = |cpus: &mut String, implementation: &str| {
        if participant::is_served(implementation) {
            *cpus = format!("{cpus} and a server on any");
        }
    };
    for row in &mut rows {
        placed(&mut row.cpus, &row.implementation);
    }
    for case in &mut failed {
        placed(&mut case.cpus, case.implementation.as_deref().unwrap_or_default());
    }
    document.results.append(&mut rows);
    document.failed.append(&mut failed);
}

/// Starts a server for this run, and notes the conditions.
fn serve_queue(document: &mut Document) -> Result<(Server, String)> {
    let server = testserver::program().and_then(|_| Server::start());
    let server = server.map_err(|error| Error::Refused(error.to_string()))?;
    ServerOptions::of(server.url()).choose();
    let version = Connection::open(&ServerOptions::current())?.server().version;
    document.notes = conditions(&version);
    Ok((server, version))
}

fn conditions(version: &str) -> Vec<String> {
    use ipc_nats::{File, Memory, Storage as _};
    vec![
        format!(
            "NATS is nats-server {version} with JetStream on 127.0.0.1, a third process that no CPU was chosen for: such a row \
             is neither `same` nor `split`"
        ),
        format!("the server calls fsync, memory: {}; file: {}", Memory::SYNC, File::SYNC),
        format!(
            "the server acknowledges each message: one at a time, before the next one is sent; in batches, up to {BATCH} are \
             under way"
        ),
        "nothing acknowledges a message over TCP or in the System V queue; a batch over TCP is one write, the queue takes a \
         call for each message"
            .into(),
        "each row stands for messages that were all received, by number and checksum".into(),
    ]
}
