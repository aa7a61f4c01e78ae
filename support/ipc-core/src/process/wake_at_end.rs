//! Waking those that wait for a process as soon as it has ended.
//!
//! The end of a process wakes no sleeper on a word of shared memory, a semaphore or a message queue. A sleeper could
//! wake now and then to look, but each sleep with a time limit sets a timer of the kernel, and each death is noticed
//! late. Instead, one thread for the whole process, the *watcher*, sleeps in `poll(2)` on a pidfd of each peer. When
//! one has ended, it wakes the sleepers of that peer's links.
//!
//! | the sleeper | the watcher |
//! |---|---|
//! | announces that it is about to sleep | records that the process has ended |
//! | checks [`has_ended`](WakeAtEnd::has_ended) | wakes |
//! | sleeps | wakes again every 100 ms until the link is dropped |
//!
//! The repetition is for a sleeper whose announcement is a lie by the time it sleeps: it may be in memory that others
//! can write. Once it sleeps, it is woken whatever the memory says.
//!
//! Some sleepers have more to fear than the end of the peer: the memory with their word may be taken away, and no wake-up
//! finds them there. For those the watcher takes a [look](WakeAtEnd::with_looks) every 100 ms while the peer lives.
//!
//! The watcher has a descriptor table of its own ([`background`]), so it costs the other threads nothing. Without a
//! descriptor in common, it is told of new peers by a signal, which it alone receives. It opens its own pidfds. Where
//! it cannot (no thread, no descriptor, a kernel before 5.3, a child after `fork`, which has no watcher),
//! [`is_on`](WakeAtEnd::is_on) is false, and the sleeper must look by itself.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll, ppoll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::time::TimeSpec;

use super::{ProcessId, look_at};
use crate::background::{self, Descriptors};
use crate::{ThreadId, sys};

/// The interval at which the sleepers of a dead peer are woken again, and those of a living one looked after.
const AGAIN: Duration = Duration::from_millis(100);

/// Tells the watcher that the list has changed. The kernel never sends this signal, and the watcher blocks it and reads
/// it from a descriptor, so that it needs no handler.
const TOLD: Signal = Signal::SIGSTKFLT;

/// As long as it lives, the end of a process wakes its owner.
#[derive(Debug)]
pub struct WakeAtEnd {
    /// The place in the registry; `None` for a process that needs no watch or cannot be watched.
    place: Option<(Process, u64)>,
    state: Arc<AtomicU8>,
}

/// A process, as [`ProcessId::to_bits`] describes it: all are of our namespaces.
type Process = u64;

/// The states of a watched process.
mod state {
    /// The watcher has not opened the process yet, or cannot.
    pub(super) const OFF: u8 = 0;
    pub(super) const ON: u8 = 1;
    pub(super) const ENDED: u8 = 2;
}

impl WakeAtEnd {
    /// Calls `wake` in the watcher as soon as the process `id` has ended, and again and again until the value is
    /// dropped. `wake` must return quickly, and must use no descriptor: the watcher has none of the others'. A panic in it
    /// is reported, and disturbs no other.
    ///
    /// `wake` itself is dropped with the value, in the same thread. After that it is not running, so it may refer to
    /// memory that is unmapped next.
    #[must_use]
    pub fn of(id: ProcessId, wake: impl Fn() + Send + 'static) -> Self {
        Self::watch(id, Wake { at_end: Box::new(wake), look: None })
    }

    /// Does the same, and calls `look` every 100 ms until then. The same holds for it as for `wake`.
    #[must_use]
    pub fn with_looks(
        id: ProcessId,
        wake: impl Fn() + Send + 'static,
        look: impl Fn() + Send + 'static,
    ) -> Self {
        Self::watch(id, Wake { at_end: Box::new(wake), look: Some(Box::new(look)) })
    }

    fn watch(id: ProcessId, wake: Wake) -> Self {
        match ProcessId::current() {
            Ok(ours) if ours.namespaces != id.namespaces => return Self::off(), // its number means nothing here
            Ok(ours) if ours == id && wake.look.is_some() => return Self::off(), // which must not be watched by itself
            Ok(ours) if ours == id => return Self { place: None, state: Arc::new(AtomicU8::new(state::ON)) }, // its end is ours
            _ => {}
        }
        let Some(mut registry) = registry() else { return Self::off() };
        let key = registry.next_key;
        registry.next_key += 1;
        let process = id.to_bits();
        let new = || Peer { id, state: Arc::default(), wakes: BTreeMap::new() };
        let is_news = wake.look.is_some() || !registry.peers.contains_key(&process);
        let peer = registry.peers.entry(process).or_insert_with(new);
        peer.wakes.insert(key, wake);
        let state = Arc::clone(&peer.state);
        if is_news {
            registry.tell();
        }
        Self { place: Some((process, key)), state }
    }

    /// Watches nothing, for a peer that cannot be watched by its pid.
    #[must_use]
    pub fn off() -> Self {
        Self { place: None, state: Arc::default() }
    }

    /// Returns whether the end of the process will wake its owner. If not, it must not sleep for long.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.state.load(Ordering::Relaxed) == state::ON && !FORKED.load(Ordering::Relaxed)
    }

    /// Returns whether the process has ended. Check it after announcing a sleep and before sleeping: whatever the
    /// process did is visible then.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.state.load(Ordering::Acquire) == state::ENDED
    }
}

impl Drop for WakeAtEnd {
    fn drop(&mut self) {
        let Some((process, key)) = self.place else { return };
        let Some(mut registry) = registry() else { return };
        let Some(peer) = registry.peers.get_mut(&process) else { return };
        let wake = peer.wakes.remove(&key);
        if peer.wakes.is_empty() {
            registry.peers.remove(&process);
            registry.tell();
        }
        drop(registry);
        drop(wake); // which may drop all of a link
    }
}

/// The processes to watch. A `wake` is called only while this is locked, and so not after its removal.
struct Registry {
    watcher: Watcher,
    peers: BTreeMap<Process, Peer>,
    next_key: u64,
}

enum Watcher {
    None,
    /// It looks at the registry by itself when it is ready.
    Starting,
    Runs(ThreadId),
}

struct Peer {
    id: ProcessId,
    state: Arc<AtomicU8>,
    wakes: BTreeMap<u64, Wake>,
}

/// What the watcher calls for one sleeper.
struct Wake {
    at_end: Box<dyn Fn() + Send>,
    look: Option<Box<dyn Fn() + Send>>,
}

static REGISTRY: Mutex<Registry> =
    Mutex::new(Registry { watcher: Watcher::None, peers: BTreeMap::new(), next_key: 0 });

/// True in a child after `fork`: only the thread that calls `fork` goes on in the child, so that it has no watcher.
static FORKED: AtomicBool = AtomicBool::new(false);

/// Locks the registry. `None` in a child of `fork` if another thread held the lock at that moment: there it stays
/// locked for good.
fn registry() -> Option<MutexGuard<'static, Registry>> {
    if FORKED.load(Ordering::Relaxed) {
        return REGISTRY.try_lock().ok();
    }
    Some(REGISTRY.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Registry {
    /// Has the watcher look at the registry. An error leaves all that is new switched off.
    fn tell(&mut self) {
        if FORKED.load(Ordering::Relaxed) {
            return; // the number of the parent's watcher may be that of another thread here
        }
        match self.watcher {
            Watcher::Runs(thread) => _ = thread.signal(TOLD),
            Watcher::None if !self.peers.is_empty() => {
                static FORKS_ARE_NOTED: LazyLock<bool> =
                    LazyLock::new(|| sys::in_each_forked_child(note_fork).is_ok());
                if *FORKS_ARE_NOTED && background::spawn("watcher", Descriptors::Own, watch).is_ok() {
                    self.watcher = Watcher::Starting;
                }
            }
            Watcher::None | Watcher::Starting => {}
        }
    }
}

extern "C" fn note_fork() {
    FORKED.store(true, Ordering::Relaxed);
}

/// The watched processes. `None` instead of a pidfd: it has ended.
type Pidfds = BTreeMap<Process, Option<OwnedFd>>;

// ANCHOR: watch
/// Runs the watcher.
fn watch() {
    let told: SigSet = [TOLD].into_iter().collect();
    let told = SignalFd::with_flags(&told, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC);
    if let Some(mut registry) = registry() {
        // Without its descriptor it ends, and the next peer starts another.
        registry.watcher = if told.is_ok() { Watcher::Runs(ThreadId::current()) } else { Watcher::None };
    }
    let Ok(told) = told else { return };
    let mut pidfds = Pidfds::new();
    loop {
        follow_registry(&mut pidfds);
        let again = wake(&pidfds);
        sleep(&told, &mut pidfds, again);
    }
}
// ANCHOR_END: watch

/// Opens the processes that are new in the registry, and closes those that are no longer there.
fn follow_registry(pidfds: &mut Pidfds) {
    let Some(registry_now) = registry() else { return };
    let peers = &registry_now.peers;
    pidfds.retain(|process, _| peers.contains_key(process));
    let new: Vec<_> =
        peers.values().map(|peer| peer.id).filter(|id| !pidfds.contains_key(&id.to_bits())).collect();
    drop(registry_now);
    for id in new {
        // One that cannot be opened now stays switched off, and is tried again when the registry changes.
        if let Ok(found) = look_at(id.pid) {
            let same = found.filter(|(_, started)| *started == id.start_time);
            pidfds.insert(id.to_bits(), same.map(|(pidfd, _)| pidfd));
        }
    }
    let Some(registry) = registry() else { return };
    for (process, peer) in &registry.peers {
        // One that has ended already is not switched on: its sleepers are woken next.
        if matches!(pidfds.get(process), Some(Some(_))) && peer.state.load(Ordering::Relaxed) == state::OFF {
            peer.state.store(state::ON, Ordering::Relaxed);
        }
    }
}

/// Sleeps until the registry has changed or a process has ended, whose pidfd is closed then; if it has to wake `again`, not
/// for long.
fn sleep(told: &SignalFd, pidfds: &mut Pidfds, again: bool) {
    let time = again.then(|| TimeSpec::from_duration(AGAIN));
    let living = pidfds.values().flatten().map(AsFd::as_fd);
    let mut polled: Vec<_> =
        [told.as_fd()].into_iter().chain(living).map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
    if ppoll(&mut polled, time, None).is_err() {
        // No memory, or more descriptors than a limit that was lowered meanwhile: look at each alone, now and then.
        std::thread::sleep(AGAIN);
        for one in &mut polled {
            let _ = poll(std::slice::from_mut(one), PollTimeout::ZERO);
        }
    }
    let ended: Vec<bool> = polled[1..].iter().map(|pidfd| pidfd.any().unwrap_or(false)).collect();
    let living = pidfds.values_mut().filter(|pidfd| pidfd.is_some());
    for (pidfd, _) in living.zip(ended).filter(|(_, ended)| *ended) {
        *pidfd = None;
    }
    while let Ok(Some(_)) = told.read_signal() {}
}

/// Wakes all that wait for a process that has ended, and looks after those that asked for it. Returns whether there are
/// any.
fn wake(pidfds: &Pidfds) -> bool {
    let Some(registry) = registry() else { return false };
    let mut any = false;
    for (process, pidfd) in pidfds {
        let Some(peer) = registry.peers.get(process) else { continue };
        let has_ended = pidfd.is_none();
        if has_ended {
            peer.state.store(state::ENDED, Ordering::Release);
        }
        for wake in peer.wakes.values() {
            let Some(call) = (if has_ended { Some(&wake.at_end) } else { wake.look.as_ref() }) else {
                continue;
            };
            any = true;
            // The watcher goes on: all the others rely on it.
            let _ = catch_unwind(AssertUnwindSafe(call));
        }
    }
    any
}

#[cfg(test)]
mod tests;
