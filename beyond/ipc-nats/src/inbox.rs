//! The receiving half's work beside the caller: keeping a few messages ready, and acknowledging those that were taken.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::consumer::{Consumer, pull};
use async_nats::jetstream::message::{Acker, Message};
use futures_util::StreamExt as _;
use tokio::sync::{mpsc, watch};

use crate::names::{LinkName, Side};
use crate::state::{Arrived, Fault, Shared};
use crate::streams;

/// The number of messages that are kept ready at most. The others wait in the stream.
const READY: usize = 256;

/// The number of bytes that are kept ready; one message more may be longer.
const READY_BYTES: usize = 4 << 20;

/// The number of messages that are asked for at a time. As many may be under way when there is no more room.
const BATCH: usize = 64;

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
    /// Changes when the connection was made again.
    pub connections: watch::Receiver<u64>,
}

impl Inbox {
    /// Receives until the link is finished. Each message must have the number that follows the last one: a stream has one
    /// publisher, which starts at 1.
    pub async fn run(mut self) {
        let (mut last, mut is_first) = (0, true);
        while !self.shared.is_finished() {
            self.connections.mark_unchanged();
            let taken = (!is_first).then(|| self.shared.known().taken());
            match streams::consumer(&self.jetstream, &self.name, self.from, taken).await {
                Ok(consumer) => {
                    is_first = false;
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

    /// Receives until the consumer fails, or the connection was made again; `None`: there is no point in going on.
    async fn receive(&mut self, consumer: &Consumer<pull::Config>, last: &mut u64) -> Option<()> {
        let pulling = consumer.stream().max_messages_per_batch(BATCH).heartbeat(Duration::from_secs(5));
        let mut messages = pulling.expires(Duration::from_secs(15)).messages().await.ok()?;
        loop {
            let message = tokio::select! {
                message = messages.next() => message,
                _ = self.connections.changed() => return Some(()),
            };
            let Some(Ok(message)) = message else { return Some(()) };
            match message.info().map(|info| info.stream_sequence) {
                Ok(number) if number <= *last => self.take_again(message, number).await,
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
    }

    /// Handles a message that has arrived before: it was not acknowledged in time, or its acknowledgement was lost.
    async fn take_again(&self, message: Message, number: u64) {
        let acker = {
            let mut known = self.shared.known();
            let taken = known.taken();
            let waiting = number.checked_sub(taken + 1).and_then(|at| known.arrived.get_mut(at as usize));
            let (_, acker) = message.split();
            match waiting {
                Some(arrived) => {
                    arrived.acker = acker; // the one that the consumer expects now
                    return;
                }
                None => acker,
            }
        };
        let _ = acker.ack().await; // if this is lost, too, it comes once more
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
        while is_enough(&self.shared.known().arrived) {
            self.shared.taken.notified().await;
        }
        Some(())
    }
}

fn is_enough(arrived: &VecDeque<Arrived>) -> bool {
    let bytes = || arrived.iter().map(|message| message.payload.len()).sum::<usize>();
    arrived.len() >= READY || bytes() >= READY_BYTES
}

/// Acknowledges the messages that were taken.
pub async fn acknowledge(mut taken: mpsc::UnboundedReceiver<Acker>) {
    while let Some(acker) = taken.recv().await {
        let _ = acker.ack().await; // if it does not arrive, the message comes again, and is recognised by its number
    }
}
