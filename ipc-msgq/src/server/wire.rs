//! The format of the messages between server and clients, in the byte order of the machine.
//!
//! | message | type | text |
//! |---|---|---|
//! | join | [`JOIN`] | magic, the type wanted for the welcome, depth, pid, start time and namespaces of the client |
//! | welcome | as requested | session, slot, queue, pid, start time and namespaces of the server |
//! | refusal | as requested | one byte: [`Refusal`] |
//! | request | the slot's, inbound | [`REQUEST`], session, the request |
//! | leave | the slot's, inbound | [`LEAVE`], session |
//! | no room | [`JOIN`], or the slot's, inbound | nothing, so that it fits into a full queue |
//! | answer | the slot's, outbound | session, the answer |
//! | rejection | that of an answer or of a welcome | nothing, so that it fits into a full queue |
//!
//! Those up to the refusal are in the queue that the clients know, the others in the queue that the welcome names.

use ipc_core::process::ProcessId;

use crate::{MessageType, Queue, QueueId, process_bytes};

/// The type that all clients know: they send their requests to join with it.
pub(super) const JOIN: MessageType = MessageType::ONE;

/// The first byte of a client's message.
pub(super) const REQUEST: u8 = b'?';
pub(super) const LEAVE: u8 = b'.';

/// The number of bytes in front of a request. An answer has one byte less in front.
pub(super) const HEADER: usize = 1 + 8;

const MAGIC: [u8; 8] = *b"ipcserv4";

/// The two types of a client in its queue: to the server, and from it. They belong to a slot and are used again when it
/// is free.
#[derive(Clone, Copy, Debug)]
pub(super) struct Types {
    pub(super) inbound: MessageType,
    pub(super) outbound: MessageType,
}

impl Types {
    pub(super) fn of(slot: u32) -> Self {
        let kind = |number| MessageType::new(number).expect("above 1");
        let first = 2 * i64::from(slot) + 2;
        Self { inbound: kind(first), outbound: kind(first + 1) }
    }
}

/// Returns a type for one welcome: random, and above all types of slots.
pub(super) fn fresh_type() -> MessageType {
    const ABOVE: i64 = 1 << 62;
    let random = ipc_core::random().cast_signed() & (ABOVE - 1);
    MessageType::new(ABOVE | random).expect("above 0")
}

/// The most requests that one client may have under way: the server may have to keep as many for it.
pub(super) const DEEPEST: usize = 64;

/// A client's request to join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Join {
    pub(super) welcome: MessageType,
    /// The most requests that it will have under way; with more than one, it is *pipelined*.
    pub(super) depth: u8,
    pub(super) client: ProcessId,
}

impl Join {
    pub(super) fn encode(&self) -> Vec<u8> {
        [&MAGIC[..], &self.welcome.get().to_ne_bytes(), &[self.depth], &process_bytes::encode(self.client)]
            .concat()
    }

    pub(super) fn decode(text: &[u8]) -> Option<Self> {
        let (kind, text) = text.strip_prefix(&MAGIC)?.split_first_chunk()?;
        let (&depth, client) = text.split_first()?;
        let welcome = MessageType::new(i64::from_ne_bytes(*kind)).filter(|kind| kind.get() >= 1 << 62)?;
        let is_valid = (1..=DEEPEST).contains(&usize::from(depth));
        is_valid.then_some(Self { welcome, depth, client: process_bytes::decode(client)? })
    }
}

/// The server's reply to a [`Join`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Welcome {
    /// Never used before, unlike the slot: tells this client's messages from those of the slot's previous client.
    pub(super) session: u64,
    /// Its number among those of the queue.
    pub(super) slot: u32,
    /// The queue for everything that follows.
    pub(super) queue: Queue,
    pub(super) server: ProcessId,
}

impl Welcome {
    pub(super) fn encode(&self) -> Vec<u8> {
        let (session, slot) = (self.session.to_ne_bytes(), self.slot.to_ne_bytes());
        let queue = self.queue.id().get().to_ne_bytes();
        [&session[..], &slot, &queue, &process_bytes::encode(self.server)].concat()
    }

    pub(super) fn decode(text: &[u8]) -> Option<Self> {
        let (session, text) = text.split_first_chunk()?;
        let (slot, text) = text.split_first_chunk()?;
        let (queue, server) = text.split_first_chunk()?;
        let (session, slot) = (u64::from_ne_bytes(*session), u32::from_ne_bytes(*slot));
        let queue = Queue::from_id(QueueId::new(i32::from_ne_bytes(*queue)));
        Some(Self { session, slot, queue, server: process_bytes::decode(server)? })
    }
}

/// What the server has run out of, so that a client gets no slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Slots = 1,
    Queues = 2,
    Descriptors = 3,
    Threads = 4,
}

impl Refusal {
    const ALL: [Self; 4] = [Self::Slots, Self::Queues, Self::Descriptors, Self::Threads];

    pub(super) fn decode(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|refusal| *refusal as u8 == code)
    }

    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Slots => "the server has as many clients as it can have",
            Self::Queues => {
                "the server could not make a queue for more clients: see ipcs -q for those left over, or raise \
                 kernel.msgmni"
            }
            Self::Descriptors => {
                "the server could not watch this process: its descriptors are used up (ulimit -n)"
            }
            Self::Threads => "the server could not start a thread for this client (ulimit -u)",
        }
    }
}

/// Parses `text`, a message of the client of `session`. Returns `None` if it is not from that session.
pub(super) fn parse(text: &[u8], session: u64) -> Option<ClientMessage<'_>> {
    if text.is_empty() {
        return Some(ClientMessage::LacksRoom); // whose client that is does not matter
    }
    let (first, text) = text.split_first()?;
    let text = text.strip_prefix(&session.to_ne_bytes())?;
    match *first {
        REQUEST => Some(ClientMessage::Request(text)),
        LEAVE => Some(ClientMessage::Leave),
        _ => None,
    }
}

/// A client's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientMessage<'a> {
    Request(&'a [u8]),
    Leave,
    /// It waits for room, which old answers may occupy.
    LacksRoom,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_decoded_and_nothing_else_passes_for_one() {
        let process = ProcessId::current().unwrap();
        let join = Join { welcome: fresh_type(), depth: 1, client: process };
        let welcome =
            Welcome { session: 7, slot: 3, queue: Queue::from_id(QueueId::new(9)), server: process };
        let (join_text, welcome_text) = (join.encode(), welcome.encode());
        assert_eq!(Join::decode(&join_text), Some(join));
        assert_eq!(Welcome::decode(&welcome_text), Some(welcome));
        for cut in 0..join_text.len() {
            assert_eq!(Join::decode(&join_text[..cut]), None);
        }
        for depth in [0, DEEPEST as u8 + 1] {
            assert_eq!(Join::decode(&Join { depth, ..join }.encode()), None);
        }
        for cut in 0..welcome_text.len() {
            assert_eq!(Welcome::decode(&welcome_text[..cut]), None);
        }
        let request = [&[REQUEST][..], &7_u64.to_ne_bytes(), b"text"].concat();
        assert_eq!(parse(&request, 7), Some(ClientMessage::Request(b"text")));
        assert_eq!(parse(&request, 8), None, "another session's");
        assert_eq!(parse(&request[..8], 7), None);
        assert_eq!(parse(b"", 7), Some(ClientMessage::LacksRoom));
        assert!(Refusal::ALL.into_iter().all(|refusal| Refusal::decode(refusal as u8) == Some(refusal)));
        assert_eq!((Refusal::decode(0), Refusal::decode(5)), (None, None));
    }

    /// A welcome cannot be requested with a type that belongs to another client's slot.
    #[test]
    fn a_welcome_goes_to_no_slot() {
        let mut join = Join { welcome: fresh_type(), depth: 1, client: ProcessId::current().unwrap() };
        join.welcome = Types::of(u32::MAX).outbound;
        assert_eq!(Join::decode(&join.encode()), None);
    }
}
