//! Shared memory with semaphores by bare calls: a copy into the slot, then `semop` to announce it.
//!
//! For a round trip one semaphore in each direction is enough: the answer shows that the slot is free again. For a
//! stream the receiver has to report that itself.

use ipc_core::ownership::{self, OwnershipLock};
use ipc_core::{Key, Result};
use ipc_demo::cpus::Role;
use ipc_demo::exchange::Pattern;
use ipc_shm::{SemaphoreArray, Semaphores};

use super::ends::{BareEnds, BareSide, BothEnds};
use super::loops::play;
use super::waiting::Waiter;
use super::{memory, sys};

// The suite's semaphores that are used here.
/// Begins with 1: the slot may be filled.
const FREE: u16 = 0;
/// Begins with 0: pong may take the message.
const FOR_PONG: u16 = 1;
/// Begins with 0: ping may take the message.
const FOR_PING: u16 = 4;

/// Creates memory, and an array of semaphores under a fresh key, which the ownership lock removes.
pub(super) fn make(size: usize) -> Result<BothEnds> {
    let _guard = ownership::CreationGuard::new();
    let mut made = memory::make(size, 1)?;
    let key = Key::fresh();
    let ownership = OwnershipLock::take::<Semaphores>(Some(&key.to_string()))?;
    let number = SemaphoreArray::create_crash_safe(&ownership, key, 0o600)?.id();
    (made.ping.number, made.pong.number, made.ownership) = (number, number, Some(ownership));
    Ok(made)
}

/// Returns one side of the exchange.
pub(super) fn side(role: Role, ends: &BareEnds, waiter: Waiter) -> Result<BareSide> {
    let (shared, array) = (memory::map(ends)?, ends.number);
    let flags = if waiter.polls() { libc::IPC_NOWAIT } else { 0 };
    let take = move |semaphore| waiter.until(|| sys::semop(array, semaphore, -1, flags));
    let give = move |semaphore| sys::semop(array, semaphore, 1, 0);
    let (mine, yours) = if role == Role::Ping { (FOR_PING, FOR_PONG) } else { (FOR_PONG, FOR_PING) };
    Ok(Box::new(move |order| {
        let slot = shared.slot(0, order.size);
        let is_stream = order.pattern == Pattern::Stream;
        play(
            role,
            order,
            |message| {
                if is_stream {
                    take(FREE)?;
                }
                slot.copy_in(message.text());
                give(yours)
            },
            |message| {
                take(mine)?;
                slot.copy_out(message.text_mut());
                if is_stream { give(FREE) } else { Ok(()) }
            },
        )
    }))
}
