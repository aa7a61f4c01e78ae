//! Interrupting endless waits: the one wake-up timer of the process.
//!
//! Linux has no timed `msgrcv`, a queue has no descriptor to poll, and the kernel does not track its users: a process
//! that waits for a message from a dead peer would wait without end. (A POSIX queue has a descriptor and a time limit;
//! but polling first takes another system call, and the limit is by the wall clock.) So there is one timer thread for
//! the whole process, however many threads wait and however many links there are. When the time of a waiting call has
//! come, the timer sends its thread a signal whose handler does nothing. But the call fails with `EINTR`, and the
//! thread checks its peer or its deadline.
//!
//! It handles two kinds of calls:
//!
//! - A link, [`SystemVLink`](crate::SystemVLink) or [`PosixLink`](crate::posix::PosixLink), waits without end. When the
//!   peer's process has ended, the watcher ([`WakeAtEnd`](ipc_core::process::WakeAtEnd)) interrupts the call. A peer that
//!   lives may have closed its end without a word, where the queue had no room for one; so the timer interrupts long
//!   calls now and then. Each link has a [place](Interruptible) where it waits, for its whole life. The timer looks at all
//!   each [`TICK`], and interrupts a call that was already there at the previous tick. A busy link pays two
//!   atomic operations for each waiting call and no system call.
//! - A call with a limit ([`WaitLimit`](crate::WaitLimit)) is registered while it waits, with the moment at which it is
//!   due, which a [`CancelToken`](crate::CancelToken) can change to "now". From that moment on the signal is repeated
//!   until the call is left: the first signal may come before the thread waits, and interrupt nothing.
//!
//! Nothing can be lost. The kernel gives a waiting call either its message or `EINTR`, never both: a message that comes
//! at the last moment is received, or is still in the queue. And no wake-up is lost, since it is repeated. The signal
//! goes to no other thread, and to this one only around such a call.
//!
//! The timer leaves the descriptors of the other threads ([`background`]), on whose calls it would be a toll.
//!
//! After `fork` without `exec` the child has no timer, since only the calling thread survives `fork`.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ipc_core::background::{self, Descriptors};
use ipc_core::interrupt::{self, Interruptible};
use ipc_core::{Deadline, Result, ThreadId};

mod periodic;

pub(crate) use periodic::PeriodicWakeUp;

/// The interval at which the timer looks at the slots, and a waiting link at its peer. A peer that has closed its end is
/// noticed after two of these at the latest, and so is a dead one that cannot be watched.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// The delay before a signal that interrupted nothing is repeated; it then doubles, up to [`TICK`].
const REPEAT: Duration = Duration::from_millis(1);

static TIMER: Mutex<Timer> = Mutex::new(Timer {
    running: false,
    wakes_at: None,
    slots: Vec::new(),
    calls: BTreeMap::new(),
    next_id: 0,
});

/// Wakes the timer to look earlier than planned.
static EARLIER: Condvar = Condvar::new();

/// The state of the timer thread.
struct Timer {
    running: bool,
    /// The time of the next look; `None`: only when woken.
    wakes_at: Option<Instant>,
    /// The slots of all links, and the call that each was in at the last look.
    slots: Vec<(Arc<Interruptible>, u64)>,
    /// The calls with a limit that are waiting now.
    calls: BTreeMap<u64, TimedCall>,
    next_id: u64,
}

/// A waiting call with a limit.
struct TimedCall {
    thread: ThreadId,
    /// `None`: never due by itself.
    due: Option<Instant>,
    repeat: Duration,
    /// The token that can cancel it; 0 for none.
    token: usize,
}

impl Timer {
    /// Does what is due, and returns the time of the next look.
    fn look(&mut self, now: Instant) -> Option<Instant> {
        for (slot, seen) in &mut self.slots {
            *seen = slot.look(*seen);
        }
        for call in self.calls.values_mut().filter(|call| call.due.is_some_and(|due| due <= now)) {
            // This cannot fail: the thread exists, since it needs the lock held here to leave its call.
            let _ = interrupt::interrupt(call.thread);
            call.due = Some(now + call.repeat);
            call.repeat = (call.repeat * 2).min(TICK);
        }
        let tick = (!self.slots.is_empty()).then(|| now + TICK);
        self.calls.values().filter_map(|call| call.due).chain(tick).min()
    }

    /// Makes the timer look at `moment` at the latest.
    fn look_by(&mut self, moment: Instant) -> Result<()> {
        if !self.running {
            interrupt::install()?;
            background::spawn("msgq-wake-up", Descriptors::Own, run)?;
            self.running = true;
        }
        if self.wakes_at.is_none_or(|planned| moment < planned) {
            self.wakes_at = Some(moment);
            EARLIER.notify_one();
        }
        Ok(())
    }
}

fn timer() -> MutexGuard<'static, Timer> {
    TIMER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the timer thread.
fn run() {
    let mut timer = timer();
    loop {
        let now = Instant::now();
        timer = match timer.wakes_at.map(|moment| moment.saturating_duration_since(now)) {
            None => EARLIER.wait(timer).unwrap_or_else(PoisonError::into_inner),
            Some(Duration::ZERO) => {
                timer.wakes_at = timer.look(now);
                timer
            }
            Some(rest) => EARLIER.wait_timeout(timer, rest).unwrap_or_else(PoisonError::into_inner).0,
        };
    }
}

/// A planned wake-up: this thread's calls fail with `EINTR` from its moment on, again and again, until it is dropped.
#[derive(Debug)]
pub(crate) struct WakeUp(u64);

impl WakeUp {
    /// Plans to wake this thread at `deadline`. With a `token`, [`wake`] makes it due at once.
    pub(crate) fn at(deadline: Deadline, token: usize) -> Result<Self> {
        let due = match deadline {
            Deadline::Now => Some(Instant::now()),
            Deadline::At(moment) => Some(moment),
            Deadline::Never => None,
        };
        let thread = interrupt::this_thread();
        let mut timer = timer();
        // Even a wake-up that is never due by itself needs the thread.
        timer.look_by(due.unwrap_or_else(|| Instant::now() + FAR))?;
        let id = timer.next_id;
        timer.next_id += 1;
        timer.calls.insert(id, TimedCall { thread, due, repeat: REPEAT, token });
        Ok(Self(id))
    }
}

impl Drop for WakeUp {
    fn drop(&mut self) {
        timer().calls.remove(&self.0);
    }
}

/// A time so long that it is as good as never.
const FAR: Duration = Duration::from_secs(3600);

/// Makes all wake-ups with `token` due now.
pub(crate) fn wake(token: usize) {
    let (mut timer, now) = (timer(), Instant::now());
    let mut any = false;
    for call in timer.calls.values_mut().filter(|call| call.token == token) {
        call.due = Some(now);
        any = true;
    }
    if any {
        let _ = timer.look_by(now); // this cannot fail: the waiting thread has started the timer
    }
}

#[cfg(test)]
mod tests;
