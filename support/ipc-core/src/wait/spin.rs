//! Polling without end, and the polls that `hybrid` makes as well.

use std::hint;
use std::thread;
use std::time::{Duration, Instant};

use crate::{Result, last_look};

/// The interval at which a polling side checks that its peer is still alive: a system call or two, so a thousandth of the
/// time.
const CHECK_PEER_EVERY: Duration = Duration::from_millis(2);

/// The time after which a spinning side yields the CPU between its polls. Where both sides share a core, one that never
/// yields starves the very peer it waits for; where each has its own core, the answer usually comes earlier.
const YIELD_AFTER: Duration = Duration::from_micros(20);

/// Polls between two readings of the clock. A reading costs as much as a few polls of shared memory; 16 polls by system
/// call take less than 10 µs.
pub(super) const POLLS_PER_LOOK: u32 = 16;

/// Polls `attempt` until it succeeds; returns `None` once `timeout`, if any, has expired. `check_peer` fails once the
/// peer is gone.
#[inline(never)]
pub(super) fn spin<T, R>(
    link: &mut T,
    timeout: Option<Duration>,
    check_peer: impl Fn(&mut T) -> Result<()>,
    mut attempt: impl FnMut(&mut T) -> Result<Option<R>>,
) -> Result<Option<R>> {
    let mut started = None;
    let mut next_check = CHECK_PEER_EVERY;
    loop {
        if let Some(done) = burst(link, &mut attempt)? {
            return Ok(Some(done)); // with a quick peer, without a reading of the clock
        }
        let waited = started.get_or_insert_with(Instant::now).elapsed();
        if waited >= YIELD_AFTER {
            thread::yield_now();
        }
        let is_over = timeout.is_some_and(|timeout| waited >= timeout);
        if waited >= next_check || is_over {
            next_check = waited + CHECK_PEER_EVERY;
            if let Err(gone) = check_peer(link) {
                return last_look(gone, || attempt(link)).map(Some);
            }
        }
        if is_over {
            return Ok(None);
        }
    }
}

/// Polls a few times without reading the clock.
#[inline]
pub(super) fn burst<T, R>(
    link: &mut T,
    attempt: &mut impl FnMut(&mut T) -> Result<Option<R>>,
) -> Result<Option<R>> {
    for _ in 0..POLLS_PER_LOOK {
        if let Some(done) = attempt(link)? {
            return Ok(Some(done));
        }
        hint::spin_loop();
    }
    Ok(None)
}
