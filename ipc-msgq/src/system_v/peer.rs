//! The other side of a System V queue: noticing that it is gone, or that it no longer receives.

use std::sync::atomic::{AtomicBool, Ordering};

use ipc_core::process::{PeerProcess, ProcessId};
use ipc_core::{Error, Result};
use nix::errno::Errno;

use super::protocol::Side;
use crate::Message;

/// The peer, as far as either half knows.
#[derive(Debug)]
pub(super) struct Peer {
    process: PeerProcess,
    /// It no longer receives. Either half may have found that out: there is one notice of it in the queue.
    closed: AtomicBool,
}

impl Peer {
    pub(super) fn watch(process: ProcessId) -> Result<Self> {
        Ok(Self { process: PeerProcess::watch(process)?, closed: AtomicBool::new(false) })
    }

    /// Returns whether it is known that the peer no longer receives.
    pub(super) fn has_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    pub(super) fn is_alive(&self) -> bool {
        let alive = self.process.is_alive();
        if !alive {
            self.closed.store(true, Ordering::Relaxed);
        }
        alive
    }

    /// Takes the notice that the peer has closed, if it is in the queue.
    pub(super) fn look_for_notice(&self, side: &Side) -> Result<()> {
        let notice = side.queue.try_recv(side.party.other().closed(), &mut Message::with_capacity(0));
        let closed = match notice.map_err(|error| self.refused(side, error)) {
            Ok(notice) => notice.is_some(),
            Err(error) if error.errno() == Some(Errno::EIDRM) => return Err(error),
            Err(_) => true, // an invalid notice, or the queue went with the peer
        };
        if closed {
            self.closed.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Interprets the error of a refused call on the queue.
    #[cold]
    pub(super) fn refused(&self, side: &Side, error: Error) -> Error {
        match error.errno() {
            // An ownership lock keeps the queue until both sides are done; without one, it goes with its owner. So with
            // one it was removed in use, even if the peer has noticed that first, and has ended.
            Some(Errno::EIDRM | Errno::EINVAL) if side.queue.is_gone() => {
                if side.ownership.is_some() || self.is_alive() {
                    side.queue.removed(error)
                } else {
                    Error::Disconnected
                }
            }
            Some(Errno::E2BIG) => Error::Corrupt("the queue holds a message longer than this link carries"),
            _ => error,
        }
    }
}
