//! Telling queues apart, and whether a process is there. A POSIX queue is a file to the kernel, so it has an inode, and a
//! lock can be held on it.

use std::fs::TryLockError;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;

use ipc_core::{Call, Result};

use super::PosixQueue;

impl PosixQueue {
    /// Device and inode, which tell this queue from any other that has or had its name; and its owner's user id.
    pub(super) fn identity(&self) -> Result<(u64, u64, u32)> {
        let meta = self.0.metadata().call("fstat")?;
        Ok((meta.dev(), meta.ino(), meta.uid()))
    }

    /// Locks the queue for this descriptor. The lock goes with the last copy of the descriptor, so at the latest with
    /// the process.
    pub(super) fn lock(&self) -> Result<()> {
        loop {
            match self.0.lock() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                locked => return locked.call("flock"),
            }
        }
    }

    /// Locks it if no other descriptor holds a lock; `false` if one does.
    pub(super) fn try_lock(&self) -> Result<bool> {
        match self.0.try_lock() {
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error).call("flock"),
            Ok(()) => Ok(true),
        }
    }

    /// Returns whether some other descriptor holds the lock.
    pub(super) fn is_locked_by_another(&self) -> Result<bool> {
        // Shared: two that ask at once do not take each other for the one who holds it.
        match self.0.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error).call("flock"),
            Ok(()) => self.0.unlock().call("flock").map(|()| false),
        }
    }
}
