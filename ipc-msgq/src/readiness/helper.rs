//! The thread that waits for the queue, and its state, shared with the user of the descriptor.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use ipc_core::{Call, Error, Result};
use nix::errno::Errno;
use nix::sys::eventfd::{EfdFlags, EventFd};
use nix::sys::signal::SigSet;

use crate::{CancelToken, Message, MessageType, Queue, Select};

/// The state that the helper and the user share.
#[derive(Debug)]
pub(super) struct HelperState {
    pub(super) turn: Mutex<Turn>,
    /// Tells the helper that it is its turn, or that it must stop.
    pub(super) to_helper: Condvar,
    /// Readable exactly while it is the user's turn.
    pub(super) to_user: EventFd,
    pub(super) stop: CancelToken,
}

/// The thread that may ask the kernel for a message.
#[derive(Debug)]
pub(super) enum Turn {
    /// The helper: there was no message, and it waits.
    Helper,
    /// The user: there is a message.
    User,
    /// The user, whose next call returns this message without text that the helper had to take.
    Taken(MessageType),
    /// The user, whose next call returns the error that kept the helper from waiting.
    Failed(Error),
}

impl HelperState {
    pub(super) fn new() -> Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        Ok(Self {
            turn: Mutex::new(Turn::Helper),
            to_helper: Condvar::new(),
            to_user: EventFd::from_value_and_flags(0, flags).call("eventfd")?,
            stop: CancelToken::new(),
        })
    }

    pub(super) fn turn(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the helper thread.
    pub(super) fn watch(&self, queue: Queue, select: Select) {
        let _ = SigSet::all().thread_block(); // the program's signals are for the program's own threads
        let mut no_room = Message::with_capacity(0);
        loop {
            let found = match queue.recv_until(select, &mut no_room, &self.stop) {
                Ok(None) => return, // cancelled, and nothing taken
                Ok(Some(())) => Turn::Taken(no_room.kind()),
                Err(error) if error.errno() == Some(Errno::E2BIG) => Turn::User,
                Err(error) => Turn::Failed(error),
            };
            let mut turn = self.turn();
            *turn = found;
            let _ = self.to_user.write(1); // this cannot fail: the count was 0
            let waits = |turn: &mut Turn| !matches!(turn, Turn::Helper) && !self.stop.is_cancelled();
            drop(self.to_helper.wait_while(turn, waits).unwrap_or_else(PoisonError::into_inner));
        }
    }
}
