//! Shared memory by bare loads and stores: a payload, and a flag that names the owner of the slot.
//!
//! For a round trip there is a slot in each direction, with the flag beside the payload: the least that hands a message
//! over. The sender copies a message in and changes the flag by a store with *release*; the other side sees that by a
//! load with *acquire*, and copies the message out. The answer says that the slot is free again. For a stream there are
//! two slots, so that one can be filled while the other is emptied. Two slots stay in the caches of two
//! cores, which then take each cache line from one another; so the same is also measured with as many slots as the
//! suite's ring is long.
//!
//! The way in which two processes came to share the pages makes no difference here, so there is one baseline for shared
//! memory and for mapped files, in memory without a name.

use std::sync::atomic::{AtomicU32, Ordering};

use ipc_core::{Call, Error, Result};
use ipc_demo::cpus::Role;
use ipc_demo::exchange::Pattern;
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::ftruncate;

use super::ends::{BareEnds, BareSide, BothEnds};
use super::loops::play;
use super::sys::{self, Shared};
use super::waiting::{BareWait, Waiter};

/// The slot belongs to ping, or to the sender.
const MINE: u32 = 0;
/// The slot belongs to pong, or to the receiver.
const YOURS: u32 = 2;
/// Added to either: a process sleeps until the flag changes.
const ASLEEP: u32 = 1;

/// Creates memory for `slots` slots.
pub(super) fn make(size: usize, slots: usize) -> Result<BothEnds> {
    let memory = memfd_create(c"floor", MFdFlags::MFD_CLOEXEC).call("memfd_create")?;
    ftruncate(&memory, (slots * Shared::slot_len(size)) as i64).call("ftruncate")?;
    let copy = memory.try_clone().call("fcntl")?;
    let ends = |fd| BareEnds { descriptors: vec![fd], number: slots as i32 };
    Ok(BothEnds { ping: ends(memory), pong: ends(copy), ownership: None })
}

/// Maps the memory that [`make`] has created.
pub(super) fn map(ends: &BareEnds) -> Result<Shared> {
    let memory = ends.descriptors.first().ok_or(Error::Corrupt("no descriptor"))?;
    Shared::map(memory).call("mmap")
}

/// Returns one side of the exchange.
pub(super) fn side(role: Role, ends: &BareEnds, waiter: Waiter) -> Result<BareSide> {
    let (shared, count) = (map(ends)?, ends.number as usize);
    // Of the slots for round trips: the flag of the last message, which changes with each. It counts, since the compiler
    // would flip a bit in a single byte, and the CPU could not forward that byte to the load of the whole flag after it:
    // the flag would leave late, and the other side, which polls it, would fetch its line twice for each message.
    let (mut sent, mut received) = (MINE, MINE);
    Ok(Box::new(move |order| match order.pattern {
        Pattern::RoundTrip | Pattern::OneWay => {
            let [out, into] = if role == Role::Ping { [0, 1] } else { [1, 0] };
            let [out, into] = [out, into].map(|index| shared.slot(index, order.size));
            play(
                role,
                order,
                |message| {
                    sent = sent.wrapping_add(YOURS);
                    out.copy_in(message.text());
                    hand_over(out.flag(), sent, waiter);
                    Ok(())
                },
                |message| {
                    received = received.wrapping_add(YOURS);
                    wait_for(into.flag(), received, waiter);
                    into.copy_out(message.text_mut());
                    Ok(())
                },
            )
        }
        Pattern::Stream | Pattern::Paced => {
            let slots: Vec<_> = (0..count).map(|index| shared.slot(index, order.size)).collect();
            let (mut out, mut into) = (slots.iter().cycle(), slots.iter().cycle());
            play(
                role,
                order,
                |message| {
                    let slot = out.next().expect("there is always a next one");
                    wait_for(slot.flag(), MINE, waiter);
                    slot.copy_in(message.text());
                    hand_over(slot.flag(), YOURS, waiter);
                    Ok(())
                },
                |message| {
                    let slot = into.next().expect("there is always a next one");
                    wait_for(slot.flag(), YOURS, waiter);
                    slot.copy_out(message.text_mut());
                    hand_over(slot.flag(), MINE, waiter);
                    Ok(())
                },
            )
        }
    }))
}

/// Gives the slot to `whom`, and wakes the process that sleeps for it.
#[inline]
fn hand_over(flag: &AtomicU32, whom: u32, waiter: Waiter) {
    if waiter.wait != BareWait::Sleep {
        flag.store(whom, Ordering::Release);
    } else if flag.swap(whom, Ordering::AcqRel) & ASLEEP != 0 {
        sys::futex_wake(flag);
    }
}

/// Waits until the slot is given to `whom`.
#[inline]
fn wait_for(flag: &AtomicU32, whom: u32, waiter: Waiter) {
    loop {
        let seen = flag.load(Ordering::Acquire);
        if seen & !ASLEEP == whom {
            return;
        }
        if waiter.wait == BareWait::Sleep {
            let asleep = seen | ASLEEP;
            let said = flag.compare_exchange(seen, asleep, Ordering::Relaxed, Ordering::Relaxed).is_ok();
            if said {
                sys::futex_wait(flag, asleep);
            }
        }
        waiter.pause();
    }
}
