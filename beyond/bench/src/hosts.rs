//! Two hosts: one message at a time and many, through four mechanisms, over wires of three lengths.
//!
//! The sender is on host a, the receiver on host b, and so is the NATS server. A message is *acknowledged* when the sender
//! knows that it arrived; up to a *window* of messages are under way without that. Each run has fresh processes and
//! connections, and counts only if the receiver's tally is the sender's.
//!
//! | file | contents |
//! |---|---|
//! | `wires.rs` | [`Wire`]: the wires, and the hosts at their ends |
//! | `medium.rs` | [`Medium`]: the four mechanisms; the two processes of a run |
//! | `window.rs` | the sender's loop, the same for all |
//! | `stream.rs`, `tcp.rs`, `quic.rs` | messages and acknowledgements in a stream of bytes |
//! | `core.rs`, `jetstream.rs` | over the server: requests with replies; acknowledged publishes |
//! | `results.rs`, `table.rs` | the results, and the table |

use std::time::{Duration, Instant};

use ipc_bench::measure::run::stop::Stop;
use ipc_bench::results::environment::Environment;
use ipc_bench::results::statistics;
use ipc_core::{Call as _, Result};
use testserver::{Authority, Certificate, Config, Server};
use wire::Hosts;

mod core;
mod jetstream;
mod medium;
mod quic;
mod results;
mod stream;
mod table;
mod tcp;
mod window;
mod wires;

pub use medium::Medium;
pub(crate) use medium::{RECEIVE, SEND, serve};
pub use results::{HostsResults, HostsRow, SCHEMA_VERSION, Skipped};
pub use table::text;
pub(crate) use table::{STYLE, grouped};
pub use wires::Wire;

/// The numbers of messages that may be under way without an acknowledgement.
pub const WINDOWS: [u64; 2] = [1, 256];

/// The plan of a run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The length of the messages, in bytes.
    pub size: usize,
    /// How often each is run.
    pub runs: usize,
    /// How long the sender sends, each time.
    pub each: Duration,
}

/// What the runs over one wire share.
struct Site<'a> {
    hosts: &'a Hosts,
    /// On host b, or why there is none.
    server: std::result::Result<Server, String>,
    authority: &'a Authority,
    /// Of host b.
    certificate: Certificate,
}

/// Measures until all is done or `stop` is set; `tell` is told how far it is. Without a server, its rows are skipped.
///
/// # Errors
/// There cannot be two hosts here; the error says why.
pub fn run(plan: &Plan, stop: &Stop, tell: &dyn Fn(&str)) -> Result<HostsResults> {
    let started = Instant::now();
    let authority = Authority::new().call("open")?;
    let mut results = HostsResults::new(plan, Environment::read());
    for wire in Wire::ALL {
        let hosts = wire.join()?;
        let address = hosts.b().address();
        let config = Config { listen: Some(address), ..Config::default() };
        let server = testserver::program().and_then(|_| hosts.b().enter(|| Server::with(config)));
        let server = server.map_err(|error| error.to_string());
        if let Err(reason) = &server {
            tell(&format!("SKIPPED: all rows of NATS: {reason}"));
        }
        let certificate = authority.certificate(&[&address.to_string()]).call("open")?;
        let site = Site { hosts: &hosts, server, authority: &authority, certificate };
        over(&wire, &site, plan, stop, tell, &mut results);
        if stop.is_set() {
            break;
        }
    }
    results.complete = !stop.is_set();
    results.took_s = started.elapsed().as_secs_f64();
    Ok(results)
}

/// Measures over one wire: all take turns, so that each meets the machine in different states.
fn over(
    wire: &Wire,
    site: &Site<'_>,
    plan: &Plan,
    stop: &Stop,
    tell: &dyn Fn(&str),
    results: &mut HostsResults,
) {
    let kind = site.hosts.kind().to_string();
    let mut rows = Vec::new();
    for window in WINDOWS {
        for medium in Medium::ALL {
            match &site.server {
                Err(reason) if medium.needs_server() => {
                    let reason = reason.clone();
                    results.skipped.push(Skipped { mechanism: medium, wire: *wire, window, reason });
                }
                _ => rows.push(HostsRow::new(medium, *wire, &kind, window)),
            }
        }
    }
    for round in 1..=plan.runs {
        tell(&format!("{wire}, over {kind}: run {round} of {}", plan.runs));
        for row in &mut rows {
            if row.refused.is_some() || stop.is_set() {
                continue;
            }
            match medium::play(row.mechanism, site, row.window, plan) {
                Ok(rate) => row.runs.push(rate),
                Err(_) if stop.is_set() => {}
                Err(error) => {
                    tell(&format!("REFUSED: {}, window {}: {error}", row.mechanism, row.window));
                    row.refused = Some(error.to_string());
                }
            }
        }
    }
    for mut row in rows {
        row.messages_per_s = if row.refused.is_some() { None } else { statistics::median(&row.runs) };
        results.results.push(row);
    }
}
