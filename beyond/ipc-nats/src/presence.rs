//! Who is there: each side answers at a subject of its own as long as its process lives.
//!
//! A stream does not tell whether anybody publishes to it or receives from it. But the server knows who *subscribes*. When
//! a process is killed, its host closes its TCP connection, and with that the server forgets its subscriptions. From then
//! on a request to its subject is answered by the server itself, at once: *no responders*. That is knowledge, not a guess
//! after a time-out. Only if the other *host* is gone, or the network is cut, does no answer come at all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::client::RequestErrorKind;
use async_nats::connection::State;
use async_nats::{Client, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt as _;

use crate::names::{LinkName, Side};
use crate::state::{Fault, Shared};
use crate::{Connection, streams};

/// The time between two questions to the peer.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// The time without any answer after which the peer counts as gone. A cut that is shorter does no harm.
pub const SILENCE: Duration = Duration::from_secs(30);

/// The time that a peer has to connect again after this side had to.
const RECONNECTION: Duration = Duration::from_secs(5);

/// The first word of a request to join.
const JOIN: &str = "join ";

/// The question whether the peer is there.
const THERE: &str = "there?";

/// The answer to a second process that wants to join.
const TAKEN: &str = "taken";

/// Subscribes to the subject of `side`. When this returns, the server knows.
pub async fn subscribe(client: &Client, name: &LinkName, side: Side) -> Option<Subscriber> {
    let subscriber = client.subscribe(name.presence(side)).await.ok()?;
    // The subscription was written, no more. A server reads in order: if it answers what follows, it knows. Nobody else
    // answers there, so its answer is that there is nobody, and comes at once.
    let unused = format!("{}.known", name.presence(side));
    let _ = client.request(unused, Bytes::new()).await;
    Some(subscriber)
}

/// Answers as long as the link is not finished.
pub async fn answer(client: Client, mut questions: Subscriber, shared: Arc<Shared>) {
    while let Some(question) = questions.next().await {
        let Some(reply) = question.reply else { continue };
        let text = String::from_utf8_lossy(&question.payload);
        let answer = match text.strip_prefix(JOIN) {
            Some(peer) => shared.change(|known| {
                let first = known.peer.get_or_insert_with(|| peer.to_owned());
                if first == peer { "welcome" } else { TAKEN }
            }),
            None => {
                let known = shared.known();
                match (known.sends, known.receives) {
                    (true, true) => "sends, receives",
                    (true, false) => "sends",
                    (false, true) => "receives",
                    (false, false) => "",
                }
            }
        };
        let _ = client.publish(reply, answer.into()).await;
    }
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The peer is there, and says this.
    Says(String),
    /// The server knows of no such subscription.
    NoOne,
    /// No answer came.
    Silence,
}

async fn ask(client: &Client, name: &LinkName, side: Side, question: &str) -> Answer {
    match client.request(name.presence(side), question.to_owned().into()).await {
        Ok(answer) => Answer::Says(String::from_utf8_lossy(&answer.payload).into_owned()),
        Err(error) if error.kind() == RequestErrorKind::NoResponders => Answer::NoOne,
        Err(_) => Answer::Silence,
    }
}

/// Returns whether there is a process on this side of a link.
pub async fn is_there(client: &Client, name: &LinkName, side: Side) -> Answer {
    ask(client, name, side, THERE).await
}

/// Asks the owner to be let in, under a name of one's own.
pub async fn join(client: &Client, name: &LinkName, own: &str) -> Answer {
    ask(client, name, Side::Owner, &format!("{JOIN}{own}")).await
}

/// Returns whether an owner's answer is that it has a peer already.
pub fn is_taken(answer: &str) -> bool {
    answer == TAKEN
}

/// Asks again and again whether the peer is there, until the link is finished or the peer is gone.
pub async fn watch(connection: Arc<Connection>, name: LinkName, peer: Side, shared: Arc<Shared>) {
    let client = connection.client();
    let (mut heard, mut reconnected, mut away) = (Instant::now(), connection.reconnected(), None);
    while !shared.is_finished() {
        if connection.reconnected() != reconnected || client.connection_state() != State::Connected {
            reconnected = connection.reconnected();
            away = Some(Instant::now()); // the peer may have been cut off, too, and need a moment longer
        }
        match is_there(client, &name, peer).await {
            Answer::Says(what) => {
                heard = Instant::now();
                if !what.contains("receives") {
                    shared.change(|known| known.unheard = true);
                }
            }
            Answer::NoOne if away.is_none_or(|since: Instant| since.elapsed() > RECONNECTION) => break,
            Answer::NoOne => {}
            Answer::Silence if heard.elapsed() > SILENCE => break,
            Answer::Silence => {}
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
    gone(&connection, &name, peer, &shared).await;
}

/// Notes that the peer is gone. What it has sent is received first.
async fn gone(connection: &Connection, name: &LinkName, peer: Side, shared: &Shared) {
    shared.change(|known| known.unheard = true);
    let sent = match connection.jetstream().get_stream(name.stream(peer)).await {
        Ok(stream) => stream.cached_info().state.last_sequence,
        Err(error) if streams::is_missing(&error) => return shared.fail(Fault::Removed),
        Err(_) => 0,
    };
    let mut since = Instant::now();
    while since.elapsed() < crate::TIMEOUT {
        let (has_all, is_busy) = {
            let known = shared.known();
            (known.received >= sent || known.ended, !known.arrived.is_empty())
        };
        if has_all {
            break;
        }
        if is_busy {
            since = Instant::now(); // the caller takes its time
        }
        if shared.is_finished() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    shared.change(|known| known.drained = true);
}
