//! A System V message queue by bare calls: `msgsnd` and `msgrcv`. One queue carries both directions, distinguished by
//! the type of a message. The payload is written directly after the type, from where the kernel takes it: no copy is
//! made before.

use ipc_core::Result;
use ipc_core::ownership::{self, OwnershipLock};
use ipc_demo::cpus::Role;
use ipc_msgq::{Key, Queue, SystemV};

use super::ends::{BareEnds, BareSide, BothEnds};
use super::loops::play;
use super::sys;
use super::waiting::Waiter;

/// Creates a queue under a fresh key, which the ownership lock removes.
pub(super) fn make() -> Result<BothEnds> {
    let _guard = ownership::CreationGuard::new();
    let key = Key::fresh();
    let ownership = OwnershipLock::take::<SystemV>(Some(&key.to_string()))?;
    let number = Queue::create_crash_safe(&ownership, key, 0o600)?.id().get();
    let ends = || BareEnds { descriptors: Vec::new(), number };
    Ok(BothEnds { ping: ends(), pong: ends(), ownership: Some(ownership) })
}

// ANCHOR: side
/// Returns one side of the exchange.
pub(super) fn side(role: Role, ends: &BareEnds, waiter: Waiter) -> BareSide {
    let queue = ends.number;
    let (outbound, inbound) = match role {
        Role::Ping => (1, 2),
        Role::Pong => (2, 1),
    };
    let flags = if waiter.polls() { libc::IPC_NOWAIT } else { 0 };
    Box::new(move |order| {
        let size = order.size;
        play(
            role,
            order,
            |message| {
                message.words_mut()[0] = outbound;
                waiter.until(|| sys::msgsnd(queue, message.words_mut(), size, flags))
            },
            |message| waiter.until(|| sys::msgrcv(queue, message.words_mut(), size, inbound, flags)),
        )
    })
}
// ANCHOR_END: side
