//! The protocol of the two sides: the meaning of each message type, the introductions, and the end-of-stream marker.

use std::sync::Arc;

use ipc_core::ownership::OwnershipLock;
use ipc_core::process::ProcessId;
use ipc_core::{Error, MAX_MESSAGE, Result};
use nix::errno::Errno;

use crate::{Message, MessageType, Queue, process_bytes};

/// One of the two sides. Each sends messages of its own type and takes only those of the other's: with a single type, a
/// process would receive its own messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Party {
    /// The side that made the queue.
    Owner,
    /// The side that joined it.
    Joiner,
}

const fn message_type(number: i64) -> MessageType {
    MessageType::new(number).expect("1 or more")
}

/// The type of the invitation: a single message that names the process waiting at this queue. The process that takes
/// it is the peer; no other can be, since the kernel gives each message to exactly one.
pub(crate) const INVITATION: MessageType = message_type(5);

impl Party {
    pub(crate) const fn other(self) -> Self {
        match self {
            Self::Owner => Self::Joiner,
            Self::Joiner => Self::Owner,
        }
    }

    /// Returns the type of this side's messages. The last one is the *end-of-stream marker*, of length
    /// zero.
    pub(crate) const fn outbound(self) -> MessageType {
        match self {
            Self::Owner => message_type(1),
            Self::Joiner => message_type(2),
        }
    }

    /// Returns the type of the notice that this side receives no more, also of length zero, for a peer that waits for
    /// room.
    pub(crate) const fn closed(self) -> MessageType {
        match self {
            Self::Owner => message_type(3),
            Self::Joiner => message_type(4),
        }
    }
}

/// This process's end of a queue, in two halves. Dropping one tells the peer; the last side to leave removes the queue.
#[derive(Debug)]
pub(crate) struct QueueEnd {
    // Dropped in this order: a peer that receives the end-of-stream marker can then find out whether we still receive.
    pub(crate) receiving: Receiving,
    pub(crate) sending: Sending,
}

/// The half that receives.
#[derive(Debug)]
pub(crate) struct Receiving(pub(crate) Arc<Side>);

/// The half that sends.
#[derive(Debug)]
pub(crate) struct Sending(pub(crate) Arc<Side>);

/// A side of a queue.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) queue: Queue,
    pub(crate) party: Party,
    /// Keeps the queue in existence. `None` at the queue of another user, which only that user can remove. Given back
    /// when both halves are gone: the queue must not be removed before the peer has received its content.
    pub(crate) ownership: Option<OwnershipLock>,
}

impl QueueEnd {
    pub(crate) fn new(queue: Queue, party: Party, ownership: Option<OwnershipLock>) -> Self {
        let side = Arc::new(Side { queue, party, ownership });
        Self { receiving: Receiving(Arc::clone(&side)), sending: Sending(side) }
    }

    pub(crate) fn queue(&self) -> Queue {
        self.sending.0.queue
    }
}

// ANCHOR: close
impl Side {
    /// Sends a message without text, which always fits, even into a full queue: the limit is in bytes. (The number of
    /// messages has the same limit; those with data have at least two bytes and cannot use it up.)
    fn tell(&self, kind: MessageType) {
        let _ = self.queue.try_send(&Message::new(kind, &[])); // fails if no peer is left to be told
    }
}

impl Sending {
    /// Discards what the peer has sent if no half of ours receives it any more, and returns whether there was anything:
    /// the two directions share the capacity, and nothing else would make room.
    pub(crate) fn discard_unwanted(&self) -> Result<bool> {
        if Arc::strong_count(&self.0) > 1 {
            return Ok(false); // our receiver is there
        }
        let (queue, unwanted) = (self.0.queue, self.0.party.other().outbound());
        let mut discarded = 0;
        // No more than there are now: a peer that goes on sending must not keep us here.
        for _ in 0..queue.stat()?.messages {
            if queue.try_recv(unwanted, &mut Message::truncating(0))?.is_none() {
                break;
            }
            discarded += 1;
        }
        Ok(discarded > 0)
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        self.0.tell(self.0.party.outbound());
    }
}

impl Drop for Receiving {
    fn drop(&mut self) {
        self.0.tell(self.0.party.closed());
    }
}
// ANCHOR_END: close

/// The introduction of each side: the owner's in its invitation, the other's in its first message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hello {
    /// The process to watch, since the queue does not report its end.
    pub(crate) process: ProcessId,
    /// The longest message it accepts, in bytes. Both sides use the smaller of the two.
    pub(crate) max_message: u64,
}

/// The error for anything other than a [`Hello`].
const STRANGER: Error = Error::Corrupt("the process at this queue is not another ipc-msgq");

impl Hello {
    /// Tells this version of the protocol from anything else that may be in a queue.
    const MAGIC: [u8; 8] = *b"ipcmsgq2";
    pub(crate) const SIZE: usize = 8 + process_bytes::SIZE + 8;

    pub(crate) fn encode(&self) -> Vec<u8> {
        [&Self::MAGIC[..], &process_bytes::encode(self.process), &self.max_message.to_ne_bytes()].concat()
    }

    pub(crate) fn decode(text: &[u8]) -> Result<Self> {
        let fields = text.strip_prefix(&Self::MAGIC).and_then(|text| {
            let (process, max_message) = text.split_at_checked(process_bytes::SIZE)?;
            Some((process_bytes::decode(process)?, u64::from_ne_bytes(max_message.try_into().ok()?)))
        });
        let (process, max_message) = fields.ok_or(STRANGER)?;
        // A queue usable for a link has at least this capacity: see `max_message`.
        if max_message < Self::SIZE as u64 - 1 {
            return Err(STRANGER);
        }
        Ok(Self { process, max_message })
    }

    pub(crate) fn send(&self, queue: Queue, kind: MessageType) -> Result<()> {
        let sent = queue.try_send(&Message::new(kind, &self.encode()))?;
        sent.ok_or(Error::Corrupt("the queue is full before both sides have connected"))
    }
}

/// Sends the introduction of this process.
pub(crate) fn introduce(queue: Queue, kind: MessageType) -> Result<()> {
    let hello = Hello { process: ProcessId::current()?, max_message: max_message(queue)? as u64 };
    hello.send(queue, kind)
}

/// Reads the other side's introduction and leaves it in the queue, if it is the first there and the kernel supports
/// that.
pub(crate) fn peek_hello(queue: Queue, kind: MessageType) -> Result<Option<Hello>> {
    let mut hello = Message::with_capacity(Hello::SIZE);
    match queue.peek(0, &mut hello) {
        Ok(Some(())) if hello.kind() == kind => Hello::decode(hello.text()).map(Some),
        Ok(_) => Ok(None),
        // ENOSYS: a kernel without CONFIG_CHECKPOINT_RESTORE. E2BIG: a longer message is there.
        Err(error) if matches!(error.errno(), Some(Errno::ENOSYS | Errno::E2BIG)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Receives the other side's introduction, if it has arrived.
pub(crate) fn try_recv_hello(queue: Queue, kind: MessageType) -> Result<Option<Hello>> {
    let mut hello = Message::with_capacity(Hello::SIZE);
    match queue.try_recv(kind, &mut hello) {
        Ok(Some(())) => Hello::decode(hello.text()).map(Some),
        Ok(None) => Ok(None),
        Err(error) if error.errno() == Some(Errno::E2BIG) => Err(STRANGER),
        Err(error) => Err(error),
    }
}

/// Returns the longest message that a link over `queue` carries, in bytes: one byte is kept for the last byte.
pub(crate) fn max_message(queue: Queue) -> Result<usize> {
    let longest = queue.longest_text()?;
    if longest < Hello::SIZE {
        return Err(Error::Refused(format!(
            "queues with messages of {longest} bytes are too small for a link: raise kernel.msgmax and kernel.msgmnb"
        )));
    }
    Ok((longest - 1).min(MAX_MESSAGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Arbitrary bytes are accepted as a hello only if they encode one exactly.
    #[test]
    fn fuzz_hello() {
        use proptest::prelude::*;

        let hello = Hello { process: ProcessId::current().unwrap(), max_message: 8191 }.encode();
        let damage = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
        ipc_conformance::fuzz(&(damage, 0..2 * Hello::SIZE, any::<u8>()), |(damage, len, byte)| {
            let mut text = hello.clone();
            for (at, byte) in damage {
                text[at.index(Hello::SIZE)] = byte;
            }
            text.resize(if len < Hello::SIZE / 2 { Hello::SIZE } else { len }, byte);
            match Hello::decode(&text) {
                Ok(hello) => prop_assert_eq!(hello.encode(), text),
                Err(Error::Corrupt(_)) => {}
                Err(error) => prop_assert!(false, "{error}"),
            }
            Ok(())
        });
    }

    #[test]
    fn a_hello_is_decoded_and_nothing_else_passes_for_one() {
        let hello = Hello { process: ProcessId::current().unwrap(), max_message: 8191 };
        let text = hello.encode();
        assert_eq!(text.len(), Hello::SIZE);
        assert_eq!(Hello::decode(&text).unwrap(), hello);
        let longer = [&text[..], b"!"].concat();
        let mut other = text.clone();
        other[7] ^= 1;
        let too_short = Hello { max_message: 0, ..hello }.encode();
        for wrong in [&[][..], &text[..Hello::SIZE - 1], &longer, &other, &too_short] {
            assert!(matches!(Hello::decode(wrong), Err(Error::Corrupt(_))));
        }
    }
}
