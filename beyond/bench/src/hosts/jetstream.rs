//! JetStream: publishes into a stream in the memory of the server, which acknowledges each. When all are acknowledged, and
//! the clock has stopped, the receiver reads the stream.

use std::collections::VecDeque;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::context::PublishAckFuture;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, StorageType};
use bytes::Bytes;
use futures_util::StreamExt as _;
use ipc_core::{Error, Result};

use super::core::{connect, end, refused, subscribe};
use super::medium::Part;
use super::window::{Sending, Sent, send_all};
use crate::Tally;
use crate::helper::answer;

struct Publishes {
    jetstream: Context,
    subject: String,
    /// The acknowledgements to come, the first in front.
    under_way: VecDeque<PublishAckFuture>,
}

impl Sending for Publishes {
    async fn send(&mut self, message: &[u8]) -> Result<()> {
        let publish = PublishMessage::build().payload(Bytes::copy_from_slice(message));
        let published = self.jetstream.send_publish(self.subject.clone(), publish).await;
        self.under_way.push_back(published.map_err(refused)?);
        Ok(())
    }

    async fn acknowledged(&mut self) -> Result<u64> {
        let first = self.under_way.pop_front().expect("one is under way");
        first.await.map_err(refused)?;
        Ok(1)
    }
}

/// Publishes.
pub(super) fn send(part: &Part) -> Result<Sent> {
    let connection = connect(part)?;
    let (jetstream, subject) = (connection.jetstream().clone(), data(part));
    let mut publishes = Publishes { jetstream, subject, under_way: VecDeque::new() };
    connection.wait(async {
        let sent = send_all(&mut publishes, part).await?;
        let client = connection.client();
        client.publish(end(part), Bytes::new()).await.map_err(refused)?;
        client.flush().await.map_err(refused)?;
        Ok(sent)
    })
}

/// Makes the stream, waits until all was published, and reads it.
pub(super) fn receive(part: &Part) -> Result<Tally> {
    let connection = connect(part)?;
    let mut ended = subscribe(&connection, end(part))?;
    let config = Config {
        name: part.subject.clone(),
        subjects: vec![data(part)],
        storage: StorageType::Memory,
        ..Config::default()
    };
    let stream = connection.wait(connection.jetstream().create_stream(config)).map_err(refused)?;
    answer(Ok(part.server.clone()))?;
    connection.wait(async {
        ended.next().await.ok_or(Error::Disconnected)?;
        let stored = stream.get_info().await.map_err(refused)?.state.messages;
        let all = pull::Config {
            ack_policy: AckPolicy::None,
            deliver_policy: DeliverPolicy::All,
            ..pull::Config::default()
        };
        let consumer = stream.create_consumer(all).await.map_err(refused)?;
        let mut messages = consumer.messages().await.map_err(refused)?;
        let mut tally = Tally::default();
        while tally.messages < stored {
            let message = messages.next().await.ok_or(Error::Disconnected)?.map_err(refused)?;
            tally.add(&message.payload);
        }
        connection.jetstream().delete_stream(&part.subject).await.map_err(refused)?;
        Ok(tally)
    })
}

fn data(part: &Part) -> String {
    format!("{}.data", part.subject)
}
