//! Locks on an open file by [flock(2)](https://man7.org/linux/man-pages/man2/flock.2.html). A lock lasts as long as a
//! copy of the descriptor: at the latest until the process ends, in whatever way.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};

use crate::Result;
use crate::error::Call;

/// Waits for the exclusive lock; a signal does not interrupt the wait.
///
/// # Errors
/// The file system does not support locks.
pub fn lock(file: &File) -> Result<()> {
    wait(|| file.lock())
}

/// Waits for a shared lock; a signal does not interrupt the wait.
///
/// # Errors
/// As [`lock`].
pub fn lock_shared(file: &File) -> Result<()> {
    wait(|| file.lock_shared())
}

/// Takes the exclusive lock; returns `false` if another descriptor holds a lock.
///
/// # Errors
/// As [`lock`].
pub fn try_lock(file: &File) -> Result<bool> {
    unless_held(file.try_lock())
}

/// Takes a shared lock; returns `false` if another descriptor holds the exclusive one.
///
/// # Errors
/// As [`lock`].
pub fn try_lock_shared(file: &File) -> Result<bool> {
    unless_held(file.try_lock_shared())
}

fn wait(lock: impl Fn() -> io::Result<()>) -> Result<()> {
    loop {
        match lock() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            locked => return locked.call("flock"),
        }
    }
}

fn unless_held(locked: std::result::Result<(), TryLockError>) -> Result<bool> {
    match locked {
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error).call("flock"),
        Ok(()) => Ok(true),
    }
}
