//! What the process that tells the story sees of the stream, and waits for.

use std::time::{Duration, Instant};

use async_nats::Request;
use async_nats::client::RequestErrorKind;
use async_nats::jetstream::consumer::Info as ReaderInfo;
use async_nats::jetstream::stream::{Config, State as StreamState};
use futures_util::TryStreamExt as _;
use ipc_core::{Error, Result};
use ipc_demo::scenario::{Readers, STEP_TIMEOUT, ScenarioResult, shortened};

use super::object::{StreamOfScenario, closed};
use super::{Context, Process, refusal};

impl StreamOfScenario {
    /// Returns the longest message that the server accepts.
    pub fn max_payload(&self) -> usize {
        self.connection.server().max_payload
    }

    /// Changes the configuration of the stream.
    pub fn set(&self, change: impl FnOnce(&mut Config)) -> Result<()> {
        let (_, mut config) = self.stream()?.ok_or_else(|| refusal::refused("the stream is gone"))?;
        change(&mut config);
        let updated = self.connection.wait(self.connection.jetstream().update_stream(config));
        updated.map(drop).map_err(|error| refusal::of_creation(&error))
    }

    /// Returns the number of messages in the stream; `None` if it was deleted.
    pub fn messages(&self) -> Result<Option<u64>> {
        Ok(self.stream()?.map(|(state, _)| state.messages))
    }

    /// Returns how far the readers have got.
    pub fn read(&self) -> Readers {
        sum(&self.readers())
    }

    /// Waits until the stream is closed for publishers.
    pub fn until_closed(&self) -> Result<()> {
        until("the stream stays open", || {
            Ok(self.stream()?.is_some_and(|(_, config)| config.subjects == [closed(&self.name)]))
        })
    }

    /// Waits until the stream holds no message.
    pub fn until_empty(&self) -> Result<()> {
        until("the messages stay", || Ok(self.messages()? == Some(0)))
    }

    /// Waits until the server knows that no process takes requests any more.
    pub fn until_unserved(&self) -> Result<()> {
        until("the requests are still taken", || {
            let limit = Some(Duration::from_millis(200));
            let request = Request::new().timeout(limit);
            let answer =
                self.connection.wait(self.connection.client().send_request(self.requests(), request));
            Ok(answer.is_err_and(|error| error.kind() == RequestErrorKind::NoResponders))
        })
    }

    pub(super) fn stream(&self) -> Result<Option<(StreamState, Config)>> {
        match self.connection.wait(self.connection.jetstream().get_stream(&self.name)) {
            Ok(stream) => Ok(Some((stream.cached_info().state.clone(), stream.cached_info().config.clone()))),
            Err(error) if ipc_nats::is_missing(&error) => Ok(None),
            Err(error) => Err(refusal::of_stream(&error)),
        }
    }

    /// Returns the consumers; none if the stream was deleted.
    pub(super) fn readers(&self) -> Vec<ReaderInfo> {
        self.connection.wait(async {
            let found = self.connection.jetstream().get_stream_no_info(&self.name).await;
            let Ok(stream) = found else { return Vec::new() };
            stream.consumers().try_collect().await.unwrap_or_default()
        })
    }

    /// Returns the messages, the oldest first.
    pub(super) fn contents(&self, stream: &StreamState, readers: &[ReaderInfo]) -> Vec<String> {
        let mut contents = Vec::new();
        self.connection.wait(async {
            let Ok(found) = self.connection.jetstream().get_stream_no_info(&self.name).await else { return };
            for sequence in stream.first_sequence..=stream.last_sequence {
                let Ok(message) = found.get_raw_message(sequence).await else { continue }; // acknowledged before
                let kind = message.subject.rsplit('.').next().unwrap_or_default();
                let is_out = readers.iter().any(|reader| {
                    [&*message.subject, ""].contains(&&*reader.config.filter_subject)
                        && reader.delivered.stream_sequence >= sequence
                });
                let note = if is_out { ", not acknowledged" } else { "" };
                let text = String::from_utf8_lossy(&message.payload);
                contents.push(format!("{kind}: {}{note}", shortened(&text)));
            }
        });
        contents
    }
}

/// Adds up how far they have got.
pub fn sum(readers: &[ReaderInfo]) -> Readers {
    readers.iter().fold(Readers::default(), |sum, reader| Readers {
        pending: sum.pending + reader.num_pending,
        delivered: sum.delivered + reader.delivered.consumer_sequence,
        unacknowledged: sum.unacknowledged + reader.num_ack_pending as u64,
        redelivered: sum.redelivered + reader.num_redelivered as u64,
        waiting: sum.waiting + reader.num_waiting as u64,
    })
}

/// Waits until it is so.
fn until(otherwise: &str, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let started = Instant::now();
    while !is_so()? {
        if started.elapsed() > STEP_TIMEOUT {
            return Err(Error::TimedOut { what: otherwise.into(), waited: STEP_TIMEOUT });
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

/// Waits until the process sleeps, and the server has its request: with those of others, so many.
pub fn until_asleep(context: &Context, process: &mut Process, waiting: u64) -> ScenarioResult {
    until("the request does not arrive", || Ok(context.object().read().waiting == waiting))?;
    process.wait_until_asleep(1)
}
