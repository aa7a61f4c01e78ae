//! A process of a scenario, from the inside: what it asks of the server.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use async_nats::Subscriber;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, pull};
use async_nats::jetstream::stream::Stream;
use async_nats::jetstream::{self, Message};
use futures_util::StreamExt as _;
use ipc_core::{Error, Result};
use ipc_demo::scenario::{self, STEP_TIMEOUT, Value};
use ipc_nats::{Connection, ServerOptions};
use tokio::time::sleep;

use super::object;
use super::refusal::{
    NO_MESSAGE, of_consumer, of_creation, of_publish, of_receive, of_request, of_stream, refused,
};
use super::step::Step;

/// The pause between two attempts to publish, and between two looks at a stream.
const AGAIN: Duration = Duration::from_millis(20);

/// A process that is connected to the server and knows the name of the stream.
pub struct Performer {
    stream: String,
    reader: Option<Consumer<pull::Config>>,
    /// The message that was received last.
    message: Option<Message>,
    requests: Option<Subscriber>,
    connection: Connection, // last, since the others use it
}

impl scenario::Performer for Performer {
    type Start = (ServerOptions, String);

    type Step = Step;

    fn enter((server, stream): Self::Start, _: Vec<OwnedFd>) -> Result<Self> {
        let connection = Connection::open(&server)?;
        Ok(Self { stream, reader: None, message: None, requests: None, connection })
    }

    fn perform(&mut self, step: Step) -> Result<Value> {
        let (client, jetstream) = (self.connection.client().clone(), self.connection.jetstream().clone());
        match step {
            Step::CreateStream { name, max_messages } => self.connection.wait(async {
                let config = object::config(&name, max_messages.unwrap_or(object::UNLIMITED));
                let stream = jetstream.create_stream(config).await.map_err(|error| of_creation(&error))?;
                Ok(Value::number(stream.cached_info().state.messages as i64))
            }),
            Step::CreateConsumer { subject, ack_wait } => {
                self.reader = Some(self.create_consumer(subject.as_deref(), ack_wait)?);
                Ok(Value::default())
            }
            Step::Publish { subject, text } => self.connection.wait(publish(&jetstream, subject, text)),
            Step::PublishLong { subject, len } => {
                self.connection.wait(publish(&jetstream, subject, "x".repeat(len)))
            }
            Step::PublishAgainAndAgain { subject, text } => self.connection.wait(async {
                for attempt in 1.. {
                    match publish(&jetstream, subject.clone(), text.clone()).await {
                        Err(Error::Refused(how)) if how.starts_with(object::FULL) => sleep(AGAIN).await,
                        done => return done.map(|_| Value::number(attempt)),
                    }
                }
                unreachable!("it returns once the stream is not full")
            }),
            Step::Receive { waits } => self.receive(waits),
            Step::Acknowledge => {
                let message = self.message.take().ok_or_else(|| refused(NO_MESSAGE))?;
                let confirmed = self.connection.wait(message.double_ack());
                confirmed.map(|()| Value::default()).map_err(|error| refused(error.to_string()))
            }
            Step::SetMaxAge { age } => self.connection.wait(async {
                let mut config = self.stream().await?.cached_info().config.clone();
                config.max_age = age;
                config.duplicate_window = config.duplicate_window.min(age); // it must not be longer
                let updated = jetstream.update_stream(config).await;
                updated.map(|_| Value::default()).map_err(|error| of_creation(&error))
            }),
            Step::DeleteStream { name } => {
                let deleted = self.connection.wait(jetstream.delete_stream(name));
                deleted.map(|_| Value::default()).map_err(|error| of_stream(&error))
            }
            Step::Drain { limit } => self.connection.wait(self.drain(limit)),
            Step::Subscribe { subject } => {
                let subscribed = self.connection.wait(client.subscribe(subject));
                self.requests = Some(subscribed.map_err(|error| refused(error.to_string()))?);
                self.connection.settle();
                Ok(Value::default())
            }
            Step::Serve { requests } => self.serve(requests),
            Step::Request { subject, text } => {
                let answer = self.connection.wait(client.request(subject, text.into()));
                let answer = answer.map_err(|error| of_request(&error))?;
                Ok(Value::received(0, &answer.payload))
            }
        }
    }

    /// The server refuses in words of its own.
    fn failure(error: &Error) -> Option<String> {
        match error {
            Error::Refused(how) => Some(how.clone()),
            _ => None,
        }
    }
}

impl Performer {
    async fn stream(&self) -> Result<Stream> {
        let found = self.connection.jetstream().get_stream(&self.stream).await;
        found.map_err(|error| of_stream(&error))
    }

    /// Makes a consumer of messages of this subject, or of all; those who do the same share it.
    fn create_consumer(
        &self,
        subject: Option<&str>,
        ack_wait: Option<Duration>,
    ) -> Result<Consumer<pull::Config>> {
        let name = subject.map_or_else(|| "all".into(), |subject| subject.replace('.', "-"));
        let config = pull::Config {
            durable_name: Some(name.clone()),
            filter_subject: subject.unwrap_or_default().into(),
            ack_wait: ack_wait.unwrap_or(object::ACK_WAIT),
            ack_policy: AckPolicy::Explicit, // the only one that a work queue allows
            ..pull::Config::default()
        };
        self.connection.wait(async {
            let made = self.stream().await?.get_or_create_consumer(&name, config).await;
            made.map_err(|error| of_consumer(&error))
        })
    }

    fn receive(&mut self, waits: bool) -> Result<Value> {
        if self.reader.is_none() {
            self.reader = Some(self.create_consumer(None, None)?);
        }
        let reader = self.reader.as_ref().expect("it was just made");
        let message = self.connection.wait(async {
            let asked = if waits {
                reader.batch().max_messages(1).expires(STEP_TIMEOUT).messages().await
            } else {
                reader.fetch().max_messages(1).messages().await
            };
            let mut messages = asked.map_err(|error| refused(error.to_string()))?;
            match messages.next().await {
                Some(Ok(message)) => Ok(message),
                Some(Err(error)) => Err(of_receive(&error)),
                None => Err(refused(NO_MESSAGE)),
            }
        })?;
        let delivered = message.info().map_err(|error| refused(error.to_string()))?.delivered;
        let value = Value::received(delivered, &message.payload);
        self.message = Some(message);
        Ok(value)
    }

    /// Takes its subjects from the stream, so that no message can come any more; deletes it once it is empty. After
    /// `limit`, gives them back instead. Returns the number of messages that are left.
    async fn drain(&self, limit: Duration) -> Result<Value> {
        let jetstream = self.connection.jetstream();
        let mut stream = self.stream().await?;
        let open = stream.cached_info().config.clone();
        let closed =
            jetstream::stream::Config { subjects: vec![object::closed(&self.stream)], ..open.clone() };
        jetstream.update_stream(closed).await.map_err(|error| of_creation(&error))?;
        let started = Instant::now();
        loop {
            let info = stream.info().await.map_err(|error| refused(error.to_string()))?;
            let left = info.state.messages; // also those that were received and not acknowledged
            if left == 0 {
                jetstream.delete_stream(&self.stream).await.map_err(|error| of_stream(&error))?;
                return Ok(Value::number(0));
            }
            if started.elapsed() >= limit {
                jetstream.update_stream(open).await.map_err(|error| of_creation(&error))?;
                return Ok(Value::number(left as i64));
            }
            sleep(AGAIN).await;
        }
    }

    /// Answers so many requests, one after the other.
    fn serve(&mut self, requests: i64) -> Result<Value> {
        let subscription = self.requests.as_mut().ok_or_else(|| refused("not subscribed"))?;
        let client = self.connection.client();
        self.connection.wait(async {
            let mut answered = 0;
            while answered < requests
                && let Some(request) = subscription.next().await
            {
                let Some(client_subject) = request.reply else { continue }; // it wants no answer
                let answer = [b"you said ", &*request.payload].concat();
                let published = client.publish(client_subject, answer.into()).await;
                published.map_err(|error| refused(error.to_string()))?;
                answered += 1;
            }
            client.flush().await.map_err(|error| refused(error.to_string()))?;
            Ok(Value::number(answered))
        })
    }
}

/// Publishes a message and waits until the server has acknowledged it; returns the number of the message in the stream.
async fn publish(jetstream: &jetstream::Context, subject: String, text: String) -> Result<Value> {
    // The first wait is for the connection to take it, the second for the server.
    let sent = jetstream.publish(subject, text.into()).await.map_err(|error| of_publish(&error))?;
    let acknowledged = sent.await.map_err(|error| of_publish(&error))?;
    Ok(Value::number(acknowledged.sequence as i64))
}
