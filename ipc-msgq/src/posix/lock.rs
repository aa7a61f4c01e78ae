//! Telling queues apart, and detecting the other process. To the kernel a POSIX queue is a file, so it has an inode,
//! and it can be locked.

use std::fs::TryLockError;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;

use ipc_core::{Call, Result};

use super::PosixQueue;

impl PosixQueue {
    /// Returns device and inode, which tell this queue from any other that has or had its name, and its owner's user
    /// id.
    pub(super) fn identity(&self) -> Result<(u64, u64, u32)> {
        let meta = self.0.metadata().call("fstat")?;
        Ok((meta.dev(), meta.ino(), meta.uid()))
    }

    /// Locks the queue for this descriptor. The lock is released with the last copy of the descriptor, at the latest
    /// when the process ends.
    pub(super) fn lock(&self) -> Result<()> {
        loop {
            match self.0.lock() {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                locked => return locked.call("flock"),
            }
        }
    }

    /// Locks the queue unless another descriptor holds a lock; returns `false` if one does.
    pub(super) fn try_lock(&self) -> Result<bool> {
        match self.0.try_lock() {
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error).call("flock"),
            Ok(()) => Ok(true),
        }
    }

    /// Returns whether another descriptor holds the lock.
    pub(super) fn is_locked_by_another(&self) -> Result<bool> {
        // A shared lock: two processes that ask at once do not take each other for the holder.
        match self.0.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error).call("flock"),
            Ok(()) => self.0.unlock().call("flock").map(|()| false),
        }
    }
}
