//! Who is there: each side answers at a subject of its own as long as its process lives.
//!
//! A stream does not tell whether a process publishes to it or receives from it. But the server knows who *subscribes*. When
//! a process is killed, its host closes its TCP connection, and with that the server forgets its subscriptions. From then
//! on a request to its subject is answered by the server itself, at once: *no responders*. That is knowledge, not a guess
//! after a time-out. Only if the other *host* is gone, or the network is cut, does no answer come at all.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use async_nats::client::{Request, RequestErrorKind};
use async_nats::connection::State;
use async_nats::{Client, Subscriber};
use futures_util::StreamExt as _;

use crate::names::{LinkName, Side};
use crate::state::{Fault, Known, Shared};
use crate::{Connection, streams};

/// The time between two questions to the peer.
const ASK_EVERY: Duration = Duration::from_millis(200);

/// The time without any answer after which the peer counts as gone. A cut that is shorter does no harm.
pub const SILENCE: Duration = Duration::from_secs(30);

/// The time that a peer has to connect again after this side had to.
const RECONNECTION: Duration = Duration::from_secs(5);

/// The time that an answer may take.
const ANSWER: Duration = Duration::from_millis(500);

/// The number of questions, where the answer is not to be missed.
const QUESTIONS: usize = 4;

/// The question whether another process is there than the one that asks: it alone answers that it is not.
static OTHER_PROCESS: LazyLock<String> = LazyLock::new(|| format!("other than {:016x}?", ipc_core::random()));

/// The answer of a process that neither sends nor receives any more.
const NOT_ANY_MORE: &str = "";

/// The answer of a process that holds its link still, but has found its peer gone and received all that it had sent. A peer
/// that gets it was cut off for a while, and counted as gone: for it, too, the link has ended.
const GIVEN_UP: &str = "has given up";

/// The first word of a request to join.
const JOIN: &str = "join ";

/// The question whether the peer is there.
const THERE: &str = "there?";

/// The answer to a second process that wants to join.
const TAKEN: &str = "taken";

/// Answers as long as the connection lasts.
pub async fn answer(client: Client, mut questions: Subscriber, shared: Arc<Shared>) {
    let mut guest: Option<String> = None;
    while let Some(question) = questions.next().await {
        let Some(reply) = question.reply else { continue };
        let text = String::from_utf8_lossy(&question.payload);
        let Some(peer) = text.strip_prefix(JOIN) else {
            let is_own = *text == *OTHER_PROCESS;
            let answer = if is_own { NOT_ANY_MORE } else { what_it_does(&shared.known()) };
            let _ = client.publish(reply, answer.into()).await;
            continue;
        };
        let is_welcome = guest.get_or_insert_with(|| peer.to_owned()) == peer;
        let _ = client.publish(reply, if is_welcome { "welcome" } else { TAKEN }.into()).await;
        // Only once the answer has left may the caller go on, and end, or be stopped.
        let _ = client.flush().await;
        shared.change(|known| known.has_peer = true);
    }
}

fn what_it_does(known: &Known) -> &'static str {
    match (known.sends, known.receives && known.check().is_ok()) {
        (false, false) => NOT_ANY_MORE, // even if the link had ended before it was dropped
        _ if known.drained => GIVEN_UP,
        (true, true) => "sends, receives",
        (true, false) => "sends",
        (false, true) => "receives",
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

/// Asks once.
async fn ask(client: &Client, name: &LinkName, side: Side, question: &str) -> Answer {
    let request = Request::new().payload(question.to_owned().into()).timeout(Some(ANSWER));
    match client.send_request(name.presence(side), request).await {
        Ok(answer) if *answer.payload == *NOT_ANY_MORE.as_bytes() => Answer::NoOne,
        Ok(answer) => Answer::Says(String::from_utf8_lossy(&answer.payload).into_owned()),
        Err(error) if error.kind() == RequestErrorKind::NoResponders => Answer::NoOne,
        Err(_) => Answer::Silence,
    }
}

/// Asks until there is an answer: a process that is killed between question and answer gives none.
async fn ask_again(client: &Client, name: &LinkName, side: Side, question: &str) -> Answer {
    for _ in 1..QUESTIONS {
        match ask(client, name, side, question).await {
            Answer::Silence => {}
            answer => return answer,
        }
    }
    ask(client, name, side, question).await
}

/// Returns whether there is a process on this side of a link.
pub async fn is_there(client: &Client, name: &LinkName, side: Side) -> Answer {
    ask_again(client, name, side, THERE).await
}

/// Returns whether a process is on any side of a link, or may be.
pub async fn is_used(client: &Client, name: &LinkName) -> bool {
    is_any_there(client, name, THERE).await
}

/// Returns the same about other processes than this one.
pub async fn is_used_elsewhere(client: &Client, name: &LinkName) -> bool {
    is_any_there(client, name, &OTHER_PROCESS).await
}

async fn is_any_there(client: &Client, name: &LinkName, question: &str) -> bool {
    for side in [Side::Owner, Side::Joiner] {
        if ask_again(client, name, side, question).await != Answer::NoOne {
            return true;
        }
    }
    false
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
        match ask(client, &name, peer, THERE).await {
            Answer::Says(what) if what == GIVEN_UP => break,
            Answer::Says(what) => {
                heard = Instant::now();
                if !what.contains("receives") {
                    shared.change(|known| known.unheard = true);
                }
            }
            Answer::NoOne if away.is_none_or(|since: Instant| since.elapsed() > RECONNECTION) => break,
            Answer::Silence if heard.elapsed() > SILENCE => break,
            Answer::NoOne | Answer::Silence => {}
        }
        tokio::time::sleep(ASK_EVERY).await;
    }
    gone(&connection, &name, peer, &shared).await;
}

/// Notes that the peer is gone. What it has sent is received first.
async fn gone(connection: &Connection, name: &LinkName, peer: Side, shared: &Shared) {
    shared.change(|known| known.unheard = true);
    let mut seen = 0;
    // Until a last look finds no more: the server may have stored a message after it closed the peer's connection.
    loop {
        let sent = match connection.jetstream().get_stream(name.stream(peer)).await {
            Ok(stream) => stream.cached_info().state.last_sequence,
            Err(error) if streams::is_missing(&error) => return shared.fail(Fault::Removed),
            Err(_) => seen,
        };
        if sent == seen {
            return shared.change(|known| known.drained = true);
        }
        seen = sent;
        if !all_arrive(shared, sent).await {
            return shared.change(|known| known.drained = true);
        }
    }
}

/// Waits until `sent` messages have arrived. Returns false if they do not, or are not wanted any more.
async fn all_arrive(shared: &Shared, sent: u64) -> bool {
    let mut since = Instant::now();
    while since.elapsed() < crate::TIMEOUT && !shared.is_finished() {
        let (has_all, is_busy) = {
            let known = shared.known();
            (known.received >= sent || known.ended, !known.arrived.is_empty())
        };
        if has_all {
            return true;
        }
        if is_busy {
            since = Instant::now(); // the caller takes its time
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The peer removes the streams once this side is gone: a link that was dropped must not seem to be held still.
    #[test]
    fn an_ended_link_is_held_until_it_is_dropped() {
        let mut known = Known::default();
        (known.sends, known.receives) = (true, true);
        assert_eq!(what_it_does(&known), "sends, receives");
        known.drained = true;
        assert_eq!(what_it_does(&known), GIVEN_UP);
        (known.sends, known.receives) = (false, false);
        assert_eq!(what_it_does(&known), NOT_ANY_MORE);
    }
}
