//! NATS without JetStream: requests, each answered by the receiver. The server keeps nothing; only the answer says that a
//! message has arrived.

use std::fmt::Display;

use async_nats::{Client, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt as _;
use ipc_core::{Error, Result};
use ipc_nats::{Connection, ServerOptions};

use super::medium::Part;
use super::window::{Sending, Sent, send_all};
use crate::Tally;
use crate::helper::answer;

pub(super) fn refused(error: impl Display) -> Error {
    Error::Refused(format!("NATS: {error}"))
}

/// Returns a connection to the server of this run.
pub(super) fn connect(part: &Part) -> Result<Connection> {
    Connection::open(&ServerOptions::of(part.server.clone()))
}

/// Returns a subscription that the server knows of.
pub(super) fn subscribe(connection: &Connection, subject: String) -> Result<Subscriber> {
    let subscription = connection.wait(connection.client().subscribe(subject)).map_err(refused)?;
    connection.settle();
    Ok(subscription)
}

struct Requests {
    client: Client,
    subject: String,
    /// The subject of the answers.
    inbox: String,
    answers: Subscriber,
}

impl Sending for Requests {
    async fn send(&mut self, message: &[u8]) -> Result<()> {
        let (subject, inbox) = (self.subject.clone(), self.inbox.clone());
        let message = Bytes::copy_from_slice(message);
        self.client.publish_with_reply(subject, inbox, message).await.map_err(refused)
    }

    async fn acknowledged(&mut self) -> Result<u64> {
        match self.answers.next().await {
            Some(answer) if answer.status.is_none() => Ok(1),
            Some(_) => Err(refused("no responders")),
            None => Err(Error::Disconnected),
        }
    }
}

/// Sends requests.
pub(super) fn send(part: &Part) -> Result<Sent> {
    let connection = connect(part)?;
    let client = connection.client().clone();
    let inbox = client.new_inbox();
    let answers = subscribe(&connection, inbox.clone())?;
    let subject = format!("{}.request", part.subject);
    let mut requests = Requests { client: client.clone(), subject, inbox, answers };
    connection.wait(async {
        let sent = send_all(&mut requests, part).await?;
        client.publish(end(part), Bytes::new()).await.map_err(refused)?;
        client.flush().await.map_err(refused)?;
        Ok(sent)
    })
}

/// Answers requests until the end.
pub(super) fn receive(part: &Part) -> Result<Tally> {
    let connection = connect(part)?;
    let client = connection.client();
    let mut requests = subscribe(&connection, format!("{}.>", part.subject))?;
    answer(Ok(part.server.clone()))?;
    connection.wait(async {
        let mut tally = Tally::default();
        while let Some(request) = requests.next().await {
            let Some(inbox) = request.reply else { break };
            tally.add(&request.payload);
            client.publish(inbox, Bytes::new()).await.map_err(refused)?;
        }
        Ok(tally)
    })
}

/// Returns the subject of the message that says that no more will come.
pub(super) fn end(part: &Part) -> String {
    format!("{}.end", part.subject)
}
