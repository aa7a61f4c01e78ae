//! The receiving half's work beside the caller: keeping a few messages ready, and acknowledging those that were taken.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::{Consumer, pull};
use async_nats::jetstream::message::{Acker, Message};
use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use crate::names::{LinkName, Side};
use crate::state::{Arrived, Fault, Shared};
use crate::streams;

/// The number of messages that are kept ready at most. The others wait in the stream. Since a message stays in the stream
/// until it was taken, these have no more bytes than a stream may have.
const READY: usize = 256;

/// The time after which a consumer that does not answer is asked again.
const RETRY: Duration = Duration::from_millis(50);

/// The task that receives.
pub struct Inbox {
    pub jetstream: Context,
    pub name: LinkName,
    /// The side whose messages these are.
    pub from: Side,
    pub shared: Arc<Shared>,
    /// The length of the longest message, in bytes.
    pub longest: usize,
}

impl Inbox {
    /// Receives until the link is finished. Each message must have the number that follows the last one: a stream has one
    /// publisher, which starts at 1.
    pub async fn run(self) {
        let mut last = 0;
        while !self.shared.is_finished() {
            match streams::consumer(&self.jetstream, &self.name, self.from).await {
                Ok(consumer) => {
                    if self.receive(&consumer, &mut last).await.is_none() {
                        return;
                    }
                }
                Err(_) if self.is_removed().await => return self.shared.fail(Fault::Removed),
                Err(_) => {} // the server is away
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn is_removed(&self) -> bool {
        let looked = self.jetstream.get_stream(self.name.stream(self.from)).await;
        looked.is_err_and(|error| streams::is_missing(&error))
    }

    /// Receives until the consumer fails; `None`: there is no point in going on.
    async fn receive(&self, consumer: &Consumer<pull::Config>, last: &mut u64) -> Option<()> {
        let pulling = consumer.stream().max_messages_per_batch(READY).heartbeat(Duration::from_secs(5));
        let mut messages = pulling.expires(Duration::from_secs(15)).messages().await.ok()?;
        while let Some(Ok(message)) = messages.next().await {
            match message.info().map(|info| info.stream_sequence) {
                // Again, since it was not acknowledged for a long time: it is here already.
                Ok(number) if number <= *last => {}
                Ok(number) if number == *last + 1 => {
                    *last = number;
                    self.take(message).await?;
                }
                _ => {
                    self.shared.fail(Fault::Corrupt("a message is missing in the stream"));
                    return None;
                }
            }
        }
        Some(())
    }

    /// Keeps a message for the caller. `None`: it was the last.
    async fn take(&self, message: Message) -> Option<()> {
        if *message.subject == *self.name.end(self.from) {
            let _ = message.ack().await; // the stream is removed anyway
            self.shared.change(|known| known.ended = true);
            return None;
        }
        if *message.subject != *self.name.data(self.from) {
            self.shared.fail(Fault::Corrupt("a message with a subject that no link uses"));
            return None;
        }
        if message.payload.len() > self.longest {
            self.shared.fail(Fault::Corrupt("a message that is longer than a link sends"));
            return None;
        }
        let (message, acker) = message.split();
        self.shared.change(|known| {
            known.received += 1;
            known.arrived.push_back(Arrived { payload: message.payload, acker });
        });
        while self.shared.known().arrived.len() >= READY {
            self.shared.taken.notified().await;
        }
        Some(())
    }
}

/// Acknowledges the messages that were taken.
pub async fn acknowledge(mut taken: mpsc::UnboundedReceiver<Acker>) {
    while let Some(acker) = taken.recv().await {
        let _ = acker.ack().await; // if it does not arrive, the message comes again, and is recognised by its number
    }
}
