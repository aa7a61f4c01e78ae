//! A connected end: two streams on a server, one for each direction.

mod receiver;
mod sender;

use std::sync::Arc;

use bytes::Bytes;
use ipc_core::ownership::OwnershipLock;
use ipc_core::{Endpoint, Error, Result, Split};
use tokio::sync::mpsc;

use crate::inbox::{self, Inbox};
use crate::names::{LinkName, Side};
use crate::outbox::Outbox;
use crate::presence::{self, Answer};
use crate::state::Shared;
use crate::{Connection, streams};
pub use receiver::LinkReceiver;
pub use sender::LinkSender;

/// A connected end.
#[derive(Debug)]
pub struct Link {
    sender: LinkSender,
    receiver: LinkReceiver,
}

/// What is left to do when both halves are gone.
#[derive(Debug)]
pub(crate) struct End {
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
