//! The four mechanisms, and the two processes of a run.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipc_core::{Result, random};
use ipc_demo::helper_process::{HelperProcess, Invitation, command};
use serde::{Deserialize, Serialize};

use super::window::Sent;
use super::{Plan, Site, core, jetstream, quic, tcp};
use crate::Tally;
use crate::helper::{answer, answered, orders};

/// The roles of the helpers.
pub(crate) const SEND: &str = "send";
pub(crate) const RECEIVE: &str = "receive";

/// The time that a helper may take for a run, on a loaded machine and a bad wire.
const PATIENCE: Duration = Duration::from_secs(60);

/// A mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// A TCP connection; the receiver acknowledges what it has read.
    Tcp,
    /// Requests over a NATS server; each is answered by the receiver.
    NatsCore,
    /// Publishes into a stream in the memory of a NATS server, which acknowledges each.
    Jetstream,
    /// A stream of a QUIC connection, used as the TCP connection is.
    Quic,
}

impl Medium {
    /// All, in the order of the columns.
    pub const ALL: [Self; 4] = [Self::Tcp, Self::NatsCore, Self::Jetstream, Self::Quic];

    /// Returns true if it needs a server.
    #[must_use]
    pub const fn needs_server(self) -> bool {
        matches!(self, Self::NatsCore | Self::Jetstream)
    }
}

impl fmt::Display for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Tcp => "TCP",
            Self::NatsCore => "NATS core",
            Self::Jetstream => "JetStream",
            Self::Quic => "QUIC",
        })
    }
}

/// All that a helper has to know.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Part {
    pub medium: Medium,
    pub window: u64,
    pub size: usize,
    pub each: Duration,
    /// The host that it runs on.
    pub host: IpAddr,
    /// The address of the NATS server; empty without.
    pub server: String,
    /// The subject and the stream of this run.
    pub subject: String,
    pub authority: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Runs one mechanism once. Returns the messages that were acknowledged per second.
pub(super) fn play(medium: Medium, site: &Site<'_>, window: u64, plan: &Plan) -> Result<f64> {
    let (a, b) = (site.hosts.a(), site.hosts.b());
    let part = |host| Part {
        medium,
        window,
        size: plan.size,
        each: plan.each,
        host,
        server: site.server.as_ref().map(testserver::Server::url).unwrap_or_default(),
        subject: String::new(),
        authority: site.authority.file(),
        certificate: site.certificate.certificate.clone(),
        key: site.certificate.key.clone(),
    };
    let subject = format!("bench-{:016x}", random());
    let receiving = command(RECEIVE, &Part { subject: subject.clone(), ..part(b.address()) })?;
    let (_receiver, mut receives) = b.enter(|| HelperProcess::spawn_controlled(receiving))?;
    let address: String = answered(&mut receives, "receives", PATIENCE)?;
    let mut sending = command(SEND, &Part { subject, ..part(a.address()) })?;
    sending.arg(address);
    let (_sender, mut sends) = a.enter(|| HelperProcess::spawn_controlled(sending))?;
    let Sent { tally, elapsed }: Sent = answered(&mut sends, "sends", PATIENCE)?;
    let received: Tally = answered(&mut receives, "receives", PATIENCE)?;
    received.check(&tally)?;
    Ok(tally.messages as f64 / elapsed.as_secs_f64())
}

/// Plays the part of a helper.
pub(crate) fn serve(invitation: &Invitation) -> Result<()> {
    let part: Part = invitation.argument()?;
    let _orders = orders::<()>()?; // none come, but their end ends this process
    if invitation.role == RECEIVE {
        let tally = match part.medium {
            Medium::Tcp => tcp::receive(&part),
            Medium::NatsCore => core::receive(&part),
            Medium::Jetstream => jetstream::receive(&part),
            Medium::Quic => quic::receive(&part),
        };
        return answer(Ok(tally?));
    }
    let address = invitation.address()?;
    let sent = match part.medium {
        Medium::Tcp => tcp::send(&part, address),
        Medium::NatsCore => core::send(&part),
        Medium::Jetstream => jetstream::send(&part),
        Medium::Quic => quic::send(&part, address),
    };
    answer(Ok(sent?))
}
