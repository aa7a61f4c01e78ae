//! The protocol of the two sides: the handshake, and the end-of-stream marker.

use std::sync::Arc;

use ipc_core::ownership::OwnershipLock;
use ipc_core::process::ProcessId;
use ipc_core::{Error, MAX_MESSAGE, Result};

use super::{PosixQueue, Priority};
use crate::process_bytes;

/// The priority of the caller's messages.
pub(super) const DATA: Priority = 1;
/// The priority of the end-of-stream marker, which has length zero: the lowest, so it comes after everything sent
/// before.
pub(super) const END_OF_STREAM: Priority = 0;

/// This process's side of the two queues, in two halves. Dropping one tells the peer.
#[derive(Debug)]
pub(super) struct QueuePair {
    // Dropped in this order: a peer that receives the end-of-stream marker can then find out whether we still receive.
    pub(super) inbound: Inbound,
    pub(super) outbound: Outbound,
}

/// The queue that this side receives from. Its lock tells the peer that there is a receiver.
#[derive(Debug)]
pub(super) struct Inbound {
    pub(super) queue: PosixQueue,
    _names: Arc<Names>,
}

/// The queue that this side sends to. Its mark tells the peer that there is a sender.
#[derive(Debug)]
pub(super) struct Outbound {
    pub(super) queue: PosixQueue,
    _names: Arc<Names>,
}

/// Removes the names of the two queues, if they still exist. `None` at the queues of another user, since only that user
/// can remove them.
type Names = Option<OwnershipLock>;

impl QueuePair {
    pub(super) fn new(inbound: PosixQueue, outbound: PosixQueue, ownership: Option<OwnershipLock>) -> Self {
        let names = Arc::new(ownership);
        Self {
            inbound: Inbound { queue: inbound, _names: Arc::clone(&names) },
            outbound: Outbound { queue: outbound, _names: names },
        }
    }
}

/// The first message of each side. It says that both speak this protocol, and names the process, whose end is to be
/// noticed at once. That is a hint: the locks of the queue decide whether the side is there.
pub(super) struct Handshake;

impl Handshake {
    const TEXT: [u8; 8] = *b"ipcmqpx2";
    pub(super) const SIZE: usize = Self::TEXT.len() + process_bytes::SIZE;

    /// The priority of the owner's message, the invitation. There is one: the process that takes it is the peer.
    pub(super) const INVITATION: Priority = 3;
    /// The priority of the joiner's message.
    pub(super) const ACCEPTANCE: Priority = 2;

    pub(super) fn send(queue: &PosixQueue, priority: Priority) -> Result<()> {
        let me = ProcessId::current().map_or([0; process_bytes::SIZE], process_bytes::encode);
        let sent = queue.try_send(&[&Self::TEXT[..], &me].concat(), priority)?;
        sent.ok_or(Error::Corrupt("the queue is full before both sides have connected"))
    }

    /// Returns the process that sent it, by its own account; `None` if there is no message.
    pub(super) fn try_recv(queue: &PosixQueue, priority: Priority) -> Result<Option<ProcessId>> {
        let mut buffer = vec![0; queue.attributes()?.longest];
        let Some(hello) = queue.try_recv(&mut buffer)? else { return Ok(None) };
        let process = buffer[..hello.len].strip_prefix(&Self::TEXT).and_then(process_bytes::decode);
        match process {
            Some(process) if hello.priority == priority => Ok(Some(process)),
            _ => Err(Error::Corrupt("the process at this queue is not another ipc-msgq")),
        }
    }
}

impl Drop for Inbound {
    fn drop(&mut self) {
        // Closing the descriptor is not enough while another thread starts a program: until its `exec`, the child has a
        // copy.
        let _ = self.queue.unlock();
    }
}

impl Drop for Outbound {
    fn drop(&mut self) {
        let _ = self.queue.try_send(&[], END_OF_STREAM); // no room: the peer notices when the mark is gone
        let _ = self.queue.unmark();
    }
}

/// Checks that the longest message of a queue is one that a link can use: the other side may have made the queues.
pub(super) fn check_longest(queue: &PosixQueue) -> Result<()> {
    match queue.attributes()?.longest {
        Handshake::SIZE..=MAX_MESSAGE => Ok(()),
        _ => Err(Error::Corrupt(
            "the queue was not made by ipc-msgq: its longest message is too short or too long",
        )),
    }
}

#[cfg(test)]
mod tests {
    use ipc_conformance::Allowance;

    use super::*;
    use crate::posix::{Access, Attributes, PosixName};

    /// Makes both ends of a queue whose name is already removed.
    fn ends(longest: usize) -> (PosixQueue, PosixQueue) {
        drop(Allowance::wait_for(1)); // small queues fit wherever a link's do
        let name = PosixName::fresh();
        let attributes = Attributes { capacity: 1, longest, messages: 0 };
        let inbound = PosixQueue::create(&name, Access::Receive, attributes, 0o600).unwrap();
        let outbound = PosixQueue::open(&name, Access::Send);
        PosixQueue::unlink(&name).unwrap();
        (inbound, outbound.unwrap())
    }

    #[test]
    fn a_queue_has_room_for_the_handshake() {
        for (longest, is_usable) in [(1, false), (27, false), (28, true), (29, true)] {
            assert_eq!(check_longest(&ends(longest).0).is_ok(), is_usable, "{longest} bytes");
        }
    }

    /// The same text means something else with another priority.
    #[test]
    fn an_acceptance_is_no_invitation() {
        let (inbound, outbound) = ends(Handshake::SIZE);
        let said = [Handshake::INVITATION, Handshake::ACCEPTANCE];
        for (sent, expected) in said.into_iter().flat_map(|sent| said.map(|expected| (sent, expected))) {
            Handshake::send(&outbound, sent).unwrap();
            assert!(Handshake::send(&outbound, sent).is_err(), "it is full");
            match Handshake::try_recv(&inbound, expected) {
                Err(Error::Corrupt(_)) => assert_ne!(sent, expected),
                received => {
                    assert_eq!((received.unwrap(), sent), (Some(ProcessId::current().unwrap()), expected));
                }
            }
            assert_eq!(Handshake::try_recv(&inbound, expected).unwrap(), None);
        }
    }
}
