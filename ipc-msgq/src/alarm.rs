//! Interrupting endless waits: the one alarm clock of the process.
//!
//! Linux has no timed `msgrcv`, a queue has no descriptor to poll, and the kernel does not track its users: a process
//! that waits for a message from a dead peer would wait without end. (A POSIX queue has a descriptor and a time limit;
//! but polling first takes another system call, and the limit is by the wall clock.) So there is one helper thread for
//! the whole process, however many threads wait and however many links there are. When the time of a waiting call has
//! come, the helper sends its thread a signal that does nothing. But the call fails with `EINTR`, and the thread checks
//! its peer or its deadline.
//!
//! It handles two kinds of calls:
//!
//! - A link, [`SystemVLink`](crate::SystemVLink) or [`PosixLink`](crate::posix::PosixLink), waits without end, but
//!   regularly checks whether its peer is alive. Each link has a [`Slot`] for its whole life. The helper looks at all
//!   slots each [`TICK`], and interrupts a call that was already there at the previous tick. A busy link pays two
//!   atomic operations for each waiting call and no system call.
//! - A call with a deadline ([`Until`](crate::Until)) is registered while it waits, with the moment at which it is due,
//!   which an [`Interrupter`](crate::Interrupter) can change to "now". From that moment on the signal is repeated until
//!   the call is left: the first signal may come before the thread waits, and interrupt nothing.
//!
//! Nothing can be lost. The kernel gives a waiting call either its message or `EINTR`, never both: a message that comes
//! at the last moment is received, or is still in the queue. And no wake-up is lost, since it is repeated. The signal
//! goes to no other thread, and to this one only around such a call.
//!
//! After `fork` without `exec` the child has no helper, since only the calling thread survives `fork`.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::{Call, Result};
use nix::sys::signal::SigSet;
use nix::unistd::gettid;

use crate::sys;

mod ticks;

use ticks::Slot;
pub(crate) use ticks::Ticks;

/// The interval at which the helper looks at the slots. A dead peer is noticed after two of these at the latest.
const TICK: Duration = Duration::from_millis(100);

/// The delay before a signal that interrupted nothing is repeated; it then doubles, up to [`TICK`].
const REPEAT: Duration = Duration::from_millis(1);

static CLOCK: Mutex<Clock> = Mutex::new(Clock {
    running: false,
    wakes_at: None,
    slots: Vec::new(),
    waits: BTreeMap::new(),
    next_wait: 0,
});

/// Wakes the helper to look earlier than planned.
static EARLIER: Condvar = Condvar::new();

/// The state of the helper thread.
struct Clock {
    running: bool,
    /// The time of the helper's next look; `None`: only when woken.
    wakes_at: Option<Instant>,
    /// The slots of all links, and the call that each was in at the last look.
    slots: Vec<(Arc<Slot>, u64)>,
    /// The calls with a deadline that are waiting now.
    waits: BTreeMap<u64, Wait>,
    next_wait: u64,
}

/// A call with a deadline.
struct Wait {
    thread: libc::pid_t,
    /// `None`: never due by itself.
    due: Option<Instant>,
    repeat: Duration,
    /// The interrupter that can end it.
    token: usize,
}

impl Clock {
    /// Does what is due, and returns the time of the next look.
    fn look(&mut self, now: Instant) -> Option<Instant> {
        for (slot, seen) in &mut self.slots {
            *seen = slot.look(*seen);
        }
        for wait in self.waits.values_mut().filter(|wait| wait.due.is_some_and(|due| due <= now)) {
            // This cannot fail: the thread exists, since it needs the lock held here to leave its call.
            let _ = sys::wake_up(wait.thread);
            wait.due = Some(now + wait.repeat);
            wait.repeat = (wait.repeat * 2).min(TICK);
        }
        let tick = (!self.slots.is_empty()).then(|| now + TICK);
        self.waits.values().filter_map(|wait| wait.due).chain(tick).min()
    }

    /// Makes the helper look at `moment` at the latest.
    fn look_by(&mut self, moment: Instant) -> Result<()> {
        if !self.running {
            sys::handle_wake_up().call("sigaction")?;
            thread::Builder::new().name("msgq-alarm".into()).spawn(run).call("clone")?;
            self.running = true;
        }
        if self.wakes_at.is_none_or(|planned| moment < planned) {
            self.wakes_at = Some(moment);
            EARLIER.notify_one();
        }
        Ok(())
    }
}

fn clock() -> MutexGuard<'static, Clock> {
    CLOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs the helper thread.
fn run() {
    let _ = SigSet::all().thread_block(); // the program's signals are for the program's own threads
    let mut clock = clock();
    loop {
        let now = Instant::now();
        clock = match clock.wakes_at.map(|moment| moment.saturating_duration_since(now)) {
            None => EARLIER.wait(clock).unwrap_or_else(PoisonError::into_inner),
            Some(Duration::ZERO) => {
                clock.wakes_at = clock.look(now);
                clock
            }
            Some(rest) => EARLIER.wait_timeout(clock, rest).unwrap_or_else(PoisonError::into_inner).0,
        };
    }
}

/// An alarm: this thread's calls fail with `EINTR` from `due` on, again and again, until this is dropped.
#[derive(Debug)]
pub(crate) struct Alarm(u64);

impl Alarm {
    /// Sets the alarm. With a `token`, [`ring`] makes it due at once.
    pub(crate) fn set(due: Option<Instant>, token: usize) -> Result<Self> {
        let thread = own_tid();
        let mut clock = clock();
        // Even an alarm that is never due by itself needs the helper.
        clock.look_by(due.unwrap_or_else(|| Instant::now() + FAR))?;
        let id = clock.next_wait;
        clock.next_wait += 1;
        clock.waits.insert(id, Wait { thread, due, repeat: REPEAT, token });
        Ok(Self(id))
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        clock().waits.remove(&self.0);
    }
}

/// A time so long that it is as good as never.
const FAR: Duration = Duration::from_secs(3600);

/// Makes all alarms with `token` due now.
pub(crate) fn ring(token: usize) {
    let (mut clock, now) = (clock(), Instant::now());
    let mut any = false;
    for wait in clock.waits.values_mut().filter(|wait| wait.token == token) {
        wait.due = Some(now);
        any = true;
    }
    if any {
        let _ = clock.look_by(now); // this cannot fail: the waiting thread has started the helper
    }
}

/// Returns this thread's id. The first call in each thread also unblocks the signal, which would otherwise stay pending
/// and interrupt nothing.
fn own_tid() -> libc::pid_t {
    thread_local! {
        static TID: libc::pid_t = {
            let mut wake_up = SigSet::empty();
            wake_up.add(sys::WAKE_UP);
            let _ = wake_up.thread_unblock(); // this fails only for an invalid signal
            gettid().as_raw()
        };
    }
    TID.with(|tid| *tid)
}

#[cfg(test)]
mod tests;
