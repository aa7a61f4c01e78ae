//! A connected end: two streams on a server, one for each direction.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::message::Acker;
use bytes::Bytes;
use ipc_core::ownership::OwnershipLock;
use ipc_core::{Deadline, Endpoint, Error, Receiver, Result, Sender, Split};
use tokio::sync::mpsc;

use crate::inbox::{self, Inbox};
use crate::names::{LinkName, Side};
use crate::outbox::{Outbox, Outgoing};
use crate::presence::{self, Answer};
use crate::state::{Known, Shared};
use crate::{Connection, streams};

/// The longest time for which dropping the sender waits until the stream has all that was sent. Like a socket's, a message
/// that was taken is on its way, whether its sender is still interested or not.
const LINGER: Duration = Duration::from_secs(10);

/// A connected end.
#[derive(Debug)]
pub struct Link {
    sender: LinkSender,
    receiver: LinkReceiver,
}

/// The half that sends.
#[derive(Debug)]
pub struct LinkSender {
    shared: Arc<Shared>,
    longest: usize,
    /// `None` once the last message was sent.
    queue: Option<mpsc::UnboundedSender<Outgoing>>,
    end: Arc<End>,
}

/// The half that receives.
#[derive(Debug)]
pub struct LinkReceiver {
    shared: Arc<Shared>,
    longest: usize,
    taken: mpsc::UnboundedSender<Acker>,
    _end: Arc<End>,
}

/// What is left to do when both halves are gone.
#[derive(Debug)]
struct End {
    connection: Arc<Connection>,
    name: LinkName,
    side: Side,
    shared: Arc<Shared>,
    /// Held while the link is used: the streams are noted in it.
    _ownership: Option<OwnershipLock>,
}

impl Link {
    /// Starts what works beside the two halves.
    pub(crate) fn start(
        connection: Arc<Connection>,
        name: &LinkName,
        side: Side,
        shared: Arc<Shared>,
        ownership: Option<OwnershipLock>,
    ) -> Self {
        let longest = streams::longest(&connection.server());
        let jetstream = connection.jetstream();
        let (queue, outgoing) = mpsc::unbounded_channel();
        let (taken, acknowledged) = mpsc::unbounded_channel();
        let outbox = Outbox {
            jetstream: jetstream.clone(),
            name: name.clone(),
            side,
            shared: Arc::clone(&shared),
            queue: outgoing,
        };
        let inbox = Inbox {
            jetstream: jetstream.clone(),
            name: name.clone(),
            from: side.peer(),
            shared: Arc::clone(&shared),
            longest,
            connections: connection.connections(),
        };
        connection.spawn(outbox.run());
        connection.spawn(inbox.run());
        connection.spawn(inbox::acknowledge(acknowledged));
        connection.spawn(presence::watch(
            Arc::clone(&connection),
            name.clone(),
            side.peer(),
            Arc::clone(&shared),
        ));
        let end = Arc::new(End {
            connection,
            name: name.clone(),
            side,
            shared: Arc::clone(&shared),
            _ownership: ownership,
        });
        Self {
            sender: LinkSender {
                shared: Arc::clone(&shared),
                longest,
                queue: Some(queue),
                end: Arc::clone(&end),
            },
            receiver: LinkReceiver { shared, longest, taken, _end: end },
        }
    }

    /// Publishes `bytes` at a subject that no link uses, as a peer might that does not keep to the rules.
    pub fn publish_nonsense(&mut self, bytes: &[u8]) {
        let End { connection, name, side, .. } = &*self.sender.end;
        let subject = name.data(*side).replace("data", "nonsense");
        let _ = connection.wait(async {
            connection.jetstream().publish(subject, Bytes::copy_from_slice(bytes)).await?.await
        });
    }

    /// Returns the connection.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.sender.end.connection
    }
}

/// Starts to answer at the subject of `side`.
pub(crate) fn appear(connection: &Connection, name: &LinkName, side: Side) -> Result<Arc<Shared>> {
    let shared = Arc::new(Shared::default());
    shared.change(|known| (known.sends, known.receives) = (true, true));
    let client = connection.client().clone();
    let subscribed = connection.wait(client.subscribe(name.presence(side)));
    let questions = subscribed.map_err(|error| Error::Refused(format!("no subscription: {error}")))?;
    connection.settle();
    connection.spawn(presence::answer(client, questions, Arc::clone(&shared)));
    Ok(shared)
}

impl Endpoint for LinkSender {
    fn max_message(&self) -> usize {
        self.longest
    }
}

impl Endpoint for LinkReceiver {
    fn max_message(&self) -> usize {
        self.longest
    }
}

impl Endpoint for Link {
    fn max_message(&self) -> usize {
        self.sender.max_message()
    }
}

impl Split for Link {
    type Sender = LinkSender;
    type Receiver = LinkReceiver;

    fn sender(&mut self) -> &mut LinkSender {
        &mut self.sender
    }

    fn receiver(&mut self) -> &mut LinkReceiver {
        &mut self.receiver
    }

    fn split(self) -> (LinkSender, LinkReceiver) {
        (self.sender, self.receiver)
    }
}

impl LinkSender {
    /// Puts a message under way once there is room for it.
    fn put(&mut self, message: &[u8], deadline: Deadline) -> Result<Option<()>> {
        let (len, max) = (message.len(), self.longest);
        if len > max {
            return Err(Error::TooLarge { len, max });
        }
        let room = self.shared.wait(deadline, |known| {
            is_heard(known)?;
            let has_room = known.has_room(len);
            if has_room {
                known.under_way.0 += 1;
                known.under_way.1 += len;
            }
            Ok(has_room.then_some(()))
        })?;
        if room.is_some() {
            let queue = self.queue.as_ref().expect("it is there until the drop");
            let _ = queue.send(Outgoing::Data(Bytes::copy_from_slice(message))); // fails after a fault, which is reported
        }
        Ok(room)
    }

    /// Waits until the stream has all that was put under way.
    fn settle(&self, deadline: Deadline) -> Result<Option<()>> {
        self.shared.wait(deadline, |known| {
            if known.under_way.0 == 0 {
                return Ok(Some(()));
            }
            is_heard(known).map(|()| None)
        })
    }
}

/// Fails if there is no point in sending.
fn is_heard(known: &mut Known) -> Result<()> {
    known.check()?;
    if known.unheard { Err(Error::Disconnected) } else { Ok(()) }
}

impl Sender for LinkSender {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.put(message, Deadline::Never)?;
        self.settle(Deadline::Never).map(drop)
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.put(message, Deadline::after(timeout))
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.put(message, Deadline::Now)
    }

    fn feed(&mut self, message: &[u8]) -> Result<()> {
        self.put(message, Deadline::Never).map(drop)
    }

    fn flush(&mut self) -> Result<()> {
        self.settle(Deadline::Never).map(drop)
    }

    fn flush_timeout(&mut self, timeout: Duration) -> Result<Option<()>> {
        self.settle(Deadline::after(timeout))
    }

    fn try_flush(&mut self) -> Result<Option<()>> {
        self.settle(Deadline::Now)
    }

    fn unsent(&mut self) -> usize {
        self.shared.known().under_way.0
    }

    fn check_receiver(&mut self) -> Result<()> {
        is_heard(&mut self.shared.known())
    }
}

impl Drop for LinkSender {
    fn drop(&mut self) {
        if let Some(queue) = self.queue.take() {
            let _ = queue.send(Outgoing::End);
        }
        if !std::thread::panicking() {
            // Until the end is in the stream, with all that comes before it.
            let _ = self.shared.wait(Deadline::after(LINGER), |known| {
                is_heard(known)?;
                Ok((!known.sends).then_some(()))
            });
        }
        self.shared.change(|known| known.sends = false);
    }
}

impl LinkReceiver {
    fn take(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<Option<usize>> {
        let arrived = self.shared.wait(deadline, |known| {
            if let Some(first) = known.arrived.front() {
                let needed = first.payload.len();
                if needed > buffer.len() {
                    return Err(Error::BufferTooSmall { needed });
                }
                return Ok(known.arrived.pop_front());
            }
            known.check()?;
            if known.ended || known.drained { Err(Error::Disconnected) } else { Ok(None) }
        })?;
        let Some(arrived) = arrived else { return Ok(None) };
        self.shared.taken.notify_one();
        let len = arrived.payload.len();
        buffer[..len].copy_from_slice(&arrived.payload);
        let _ = self.taken.send(arrived.acker); // fails only when the connection is being dropped
        Ok(Some(len))
    }
}

impl Receiver for LinkReceiver {
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        Ok(self.take(buffer, Deadline::Never)?.expect("without a deadline, there is a message or an error"))
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        self.take(buffer, Deadline::after(timeout))
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.take(buffer, Deadline::Now)
    }

    fn check_sender(&mut self) -> Result<()> {
        let known = self.shared.known();
        known.check()?;
        if known.ended || known.drained { Err(Error::Disconnected) } else { Ok(()) }
    }
}

impl Drop for LinkReceiver {
    fn drop(&mut self) {
        self.shared.change(|known| known.receives = false);
    }
}

impl Drop for End {
    fn drop(&mut self) {
        self.shared.finish();
        self.shared.taken.notify_one();
        let Self { connection, name, side, .. } = self;
        // Whichever side leaves last removes the streams: what the first has sent is still to be received. If both leave at
        // once, both may, which does no harm.
        connection.wait(async {
            if presence::is_there(connection.client(), name, side.peer()).await == Answer::NoOne {
                streams::remove(connection.jetstream(), name).await;
            }
        });
    }
}
