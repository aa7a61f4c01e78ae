//! The sending half's work beside the caller: publishing, waiting for acknowledgements, and trying again.
//!
//! A publish is not done when it was written: only the server's acknowledgement says that the stream has the message. To
//! wait for each would make every message take a round trip, so up to [`WINDOW`] are under way at a time. Then one may be
//! refused, when the stream is full, and the next accepted, when a message was taken meanwhile: they would be out of order.
//! So each message carries the number of the one that must be the last in the stream before it
//! (`Nats-Expected-Last-Sequence`). After a refusal the server refuses all that follow, and they are published again from
//! there. The same number makes sure that a message whose acknowledgement was lost is not stored twice.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;
use tokio::sync::mpsc;

use crate::names::{LinkName, Side};
use crate::state::{Fault, Shared};
use crate::streams;

/// The most messages that are under way without an acknowledgement.
pub const WINDOW: usize = 256;

/// The most bytes that are under way; a single message may be longer.
pub const WINDOW_BYTES: usize = 4 << 20;

/// The time after which a stream that was full is tried again; twice as long each time, up to [`AWAY`].
const RETRY: Duration = Duration::from_millis(2);

/// The time after which a server that was away is tried again.
const AWAY: Duration = Duration::from_millis(50);

/// A message on its way to the stream.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// One of the caller's.
    Data(Bytes),
    /// The last: no more will come.
    End,
}

/// The task that publishes.
pub struct Outbox {
    pub jetstream: Context,
    pub name: LinkName,
    pub side: Side,
    pub shared: Arc<Shared>,
    /// What the caller has sent.
    pub queue: mpsc::UnboundedReceiver<Outgoing>,
}

impl Outbox {
    /// Publishes until the caller sends no more.
    pub async fn run(mut self) {
        // The messages under way, without an acknowledgement. The first has the number `acknowledged` + 1.
        let mut unacknowledged: VecDeque<Outgoing> = VecDeque::new();
        let mut acknowledged = 0;
        let mut answers = FuturesOrdered::new();
        let mut ended = false;
        loop {
            tokio::select! {
                biased;
                Some(answer) = answers.next(), if !answers.is_empty() => {
                    let answer: Result<(), PublishErrorKind> = answer;
                    if answer.is_ok() {
                        self.stored(1, &mut acknowledged, &mut unacknowledged);
                        continue;
                    }
                    while answers.next().await.is_some() {} // all that follow were refused, too
                    if !self.catch_up(&mut acknowledged, &mut unacknowledged).await {
                        return;
                    }
                    for (message, last) in unacknowledged.iter().zip(acknowledged..) {
                        answers.push_back(self.publish(message, last).await);
                    }
                }
                message = self.queue.recv(), if !ended => match message {
                    Some(message) => {
                        let last = acknowledged + unacknowledged.len() as u64;
                        answers.push_back(self.publish(&message, last).await);
                        unacknowledged.push_back(message);
                    }
                    None => ended = true,
                },
                else => return,
            }
        }
    }

    /// Notes that the stream has the next `count` messages.
    fn stored(&self, count: u64, acknowledged: &mut u64, unacknowledged: &mut VecDeque<Outgoing>) {
        *acknowledged += count;
        for message in unacknowledged.drain(..count as usize) {
            self.shared.left(&message);
        }
    }

    /// After a publish that was not acknowledged: publishes the first message that the stream does not have, again and
    /// again, until it is accepted. Returns false if there is no point in going on.
    async fn catch_up(&self, acknowledged: &mut u64, unacknowledged: &mut VecDeque<Outgoing>) -> bool {
        let mut pause = RETRY;
        loop {
            // The stream may have some of which only the acknowledgements were lost.
            let Some(last) = self.last_stored(*acknowledged).await else { return false };
            let more = last - *acknowledged;
            if more > unacknowledged.len() as u64 {
                self.shared.fail(Fault::Foreign);
                return false;
            }
            self.stored(more, acknowledged, unacknowledged);
            let Some(first) = unacknowledged.front() else { return true };
            if self.publish(first, *acknowledged).await.await.is_ok() {
                self.stored(1, acknowledged, unacknowledged);
                return true;
            }
            tokio::time::sleep(pause).await;
            pause = AWAY.min(pause * 2);
        }
    }

    /// Publishes a message after the one with the number `last`; returns the wait for its acknowledgement.
    async fn publish(
        &self,
        message: &Outgoing,
        last: u64,
    ) -> impl Future<Output = Result<(), PublishErrorKind>> + Send + use<> {
        let (subject, payload) = match message {
            Outgoing::Data(bytes) => (self.name.data(self.side), bytes.clone()),
            Outgoing::End => (self.name.end(self.side), Bytes::new()),
        };
        let publish = PublishMessage::build().payload(payload).expected_last_sequence(last);
        let sent = self.jetstream.send_publish(subject, publish).await;
        async move {
            let acknowledgement: PublishAckFuture = sent.map_err(|error| error.kind())?;
            acknowledgement.await.map(drop).map_err(|error| error.kind())
        }
    }

    /// Asks how far the stream has got; waits for a server that is away. `None`: there is no point in going on.
    async fn last_stored(&self, acknowledged: u64) -> Option<u64> {
        while !self.shared.is_finished() {
            match self.jetstream.get_stream(self.name.stream(self.side)).await {
                Ok(stream) => {
                    let last = stream.cached_info().state.last_sequence;
                    if last >= acknowledged {
                        return Some(last);
                    }
                    self.shared.fail(Fault::Lost);
                    return None;
                }
                Err(error) if streams::is_missing(&error) => {
                    self.shared.fail(Fault::Removed);
                    return None;
                }
                Err(_) => tokio::time::sleep(AWAY).await,
            }
        }
        None
    }
}
