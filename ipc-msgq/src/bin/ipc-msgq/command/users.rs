//! The users of a queue. The kernel does not track them: it records the last process to send and the last to receive,
//! but not whether they still run. Everything else is in `/proc`.

use std::time::{Duration, SystemTime};

use clap::Args;
use ipc_core::process::proc::{self, Stat};
use ipc_core::{Result, ownership};
use ipc_demo::MIN_ORPHAN_AGE;
use ipc_demo::system_call::{self, SystemCall};
use ipc_demo::units::parse_duration_or_zero;
use ipc_msgq::{Entry, QueueId, Stat as QueueStat, SystemV};
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

/// The definition of an orphan in `--help`.
pub const ORPHAN: &str = "\
The kernel does not know the users of a queue. A queue is called an orphan if, as far as can be seen from here, no \
process uses it: the last sender and the last receiver have both ended (or there never were any), no process sleeps in \
msgsnd or msgrcv on it, no ping or pong of this user holds it, and it has been like that for the time of --min-age. A \
process that will use it only later cannot be seen, nor can one of another pid namespace, unless it was the last sender \
or receiver: `ls` shows it as `elsewhere`, and the queue is not an orphan. Of a receiver that had to sleep, the kernel records the thread, not the process: once that thread \
has ended, nothing tells whether its process is alive. So a server that only receives, in threads that come and go, \
appears to have ended while none of them sleeps on the queue. Root sees the sleepers of all users; other users see only \
their own, and not even those where the system restricts ptrace (Yama).";

/// The processes that sleep on each queue, at one moment.
#[derive(Debug)]
pub struct Sleepers(Vec<(u32, QueueId)>);

impl Sleepers {
    /// Inspects every thread of every process that this user may inspect.
    ///
    /// # Errors
    /// `/proc` cannot be read, or this process has no descriptor left: this does not mean that no process sleeps.
    pub fn look() -> Result<Self> {
        let mut sleepers = Vec::new();
        for pid in system_call::processes()? {
            let calls = system_call::calls_of(pid)?;
            sleepers.extend(calls.iter().filter_map(call_on_queue).map(|call| (pid, call.queue)));
        }
        sleepers.dedup(); // a process with two threads on it is one process
        Ok(Self(sleepers))
    }

    /// Returns the processes that sleep on `queue`.
    pub fn on(&self, queue: QueueId) -> Vec<u32> {
        self.0.iter().filter(|(_, on)| *on == queue).map(|(pid, _)| *pid).collect()
    }
}

/// The call on a queue in which a thread sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallNow {
    pub queue: QueueId,
    pub receives: bool,
}

/// Returns the call on a queue, if it is one.
pub fn call_on_queue(call: &SystemCall) -> Option<CallNow> {
    let receives = match call.number {
        libc::SYS_msgrcv => true,
        libc::SYS_msgsnd => false,
        _ => return None,
    };
    Some(CallNow { queue: QueueId::new(call.int(0)), receives })
}

/// The age from which on an unused queue is an orphan.
#[derive(Args, Clone, Copy, Debug)]
pub struct MinAge {
    /// How long an orphan must have been unused: 10min, 24h
    ///
    /// A queue that was just made, or that holds messages for a process to come, may be about to be used.
    #[arg(long, value_name = "TIME", value_parser = parse_duration_or_zero, default_value = MIN_ORPHAN_AGE, allow_negative_numbers = true)]
    pub min_age: Duration,
}

/// Returns whether no process uses the queue, as far as can be seen, and none has for `min_age`. See [`ORPHAN`].
pub fn is_orphan(entry: &Entry, sleepers: &Sleepers, min_age: Duration) -> bool {
    left_alone_for(&entry.stat) >= min_age && !is_used(entry, sleepers)
}

/// Returns the time since the queue was made, changed or used; zero if the clock was set back meanwhile.
fn left_alone_for(stat: &QueueStat) -> Duration {
    let last = stat.last_sent.max(stat.last_received).max(Some(stat.last_changed));
    last.and_then(|last| last.elapsed().ok()).unwrap_or(Duration::ZERO)
}

fn is_used(entry: &Entry, sleepers: &Sleepers) -> bool {
    let stat = &entry.stat;
    let lives = |pid: Option<u32>, when: Option<SystemTime>| match pid {
        Some(pid) => is_alive(pid, when),
        None => when.is_some(), // the kernel gives no pid for a process of another pid namespace: it may live
    };
    // An ownership lock that cannot be inspected may be in use.
    let is_locked =
        || stat.key.is_some_and(|key| ownership::is_held::<SystemV>(&key.to_string()).unwrap_or(true));
    lives(stat.last_sender, stat.last_sent)
        || lives(stat.last_receiver, stat.last_received)
        || !sleepers.on(entry.queue.id()).is_empty()
        || is_locked()
}

/// Returns whether the process that had the number `pid` at the time `then` still runs. A process that has started
/// since then is another with the same number. The number may also be that of a thread: then the result is about this
/// thread. A process that cannot be inspected counts as running.
pub fn is_alive(pid: u32, then: Option<SystemTime>) -> bool {
    let asked = i32::try_from(pid).map(|pid| kill(Pid::from_raw(pid), None));
    if !matches!(asked, Ok(Ok(()) | Err(Errno::EPERM))) {
        return false;
    }
    // A /proc of another pid namespace shows another process under that number.
    if proc::own_directory().ok() != Some(format!("/proc/{}", std::process::id()).into()) {
        return true;
    }
    let Ok(Some(stat)) = Stat::read(&format!("/proc/{pid}/stat")) else { return true };
    if stat.is_zombie() {
        return false;
    }
    match (stat.start_time().ok().and_then(moment_of), then) {
        // The queue's times are whole seconds, and the time of boot is rounded, too.
        (Some(started), Some(then)) => started <= then + Duration::from_secs(2),
        _ => true,
    }
}

/// Returns the time that many ticks after boot. A second has a hundred ticks, whatever the kernel's own clock does.
fn moment_of(ticks: u64) -> Option<SystemTime> {
    let boot = proc::value("/proc/stat", "btime ").ok()??.parse().ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(boot) + Duration::from_millis(ticks * 10))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn this_process_lives_now_and_is_not_the_one_of_1970() {
        let pid = std::process::id();
        assert!(is_alive(pid, Some(SystemTime::now())));
        assert!(is_alive(pid, None), "nothing is known of the time");
        assert!(!is_alive(pid, Some(SystemTime::UNIX_EPOCH)), "it started after that");
        assert!(!is_alive(0x7fff_ffff, None), "no process has so high a number");
    }

    /// A child that has ended is a zombie until it is waited for.
    #[test]
    fn a_zombie_does_not_live() {
        let mut child = Command::new("true").spawn().unwrap();
        let started = std::time::Instant::now();
        while is_alive(child.id(), None) && started.elapsed() < Duration::from_secs(10) {}
        let lives = is_alive(child.id(), None);
        child.wait().unwrap();
        assert!(!lives);
    }

    /// A queue held by a ping or a pong is no orphan, even if no process has used it yet.
    #[test]
    fn a_queue_that_is_held_is_no_orphan() {
        let key = ipc_msgq::Key::fresh();
        let look = |queue: ipc_msgq::Queue| {
            let stat = queue.stat().unwrap();
            assert_eq!((stat.last_sender, stat.last_receiver), (None, None));
            is_orphan(&Entry { queue, stat }, &Sleepers(Vec::new()), Duration::ZERO)
        };
        let ownership = ownership::OwnershipLock::take::<SystemV>(Some(&key.to_string())).unwrap();
        assert!(!look(ipc_msgq::Queue::create_crash_safe(&ownership, key, 0o600).unwrap()));
        drop(ownership);
        assert!(look(*ipc_msgq::Queue::private(0o600).unwrap().owned()), "no process holds that one");
    }

    /// The age counts from the last of what the kernel has recorded, and not at all if that is in the future.
    #[test]
    fn a_queue_used_lately_is_no_orphan() {
        let queue = ipc_msgq::Queue::private(0o600).unwrap().owned();
        let ago = |minutes: u64| SystemTime::now() - Duration::from_secs(minutes * 60);
        let is_orphan = |changed, sent: Option<SystemTime>, received: Option<SystemTime>, min_age: u64| {
            let mut stat = queue.stat().unwrap();
            (stat.last_changed, stat.last_sent, stat.last_received) = (changed, sent, received);
            // Both have ended: no process has so high a number.
            (stat.last_sender, stat.last_receiver) = (Some(0x7fff_ffff), Some(0x7fff_ffff));
            let entry = Entry { queue: *queue, stat };
            super::is_orphan(&entry, &Sleepers(Vec::new()), Duration::from_secs(min_age * 60))
        };
        assert!(is_orphan(ago(61), None, None, 60));
        assert!(!is_orphan(ago(59), None, None, 60), "just made");
        assert!(!is_orphan(ago(900), Some(ago(59)), Some(ago(900)), 60), "it has just got a message");
        assert!(!is_orphan(ago(900), Some(ago(900)), Some(ago(59)), 60));
        assert!(is_orphan(ago(900), Some(ago(900)), Some(ago(900)), 60));
        let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
        assert!(!is_orphan(tomorrow, None, None, 60), "a clock that was set back says nothing");
    }

    /// The kernel records the thread that was woken. While the thread runs, its process is known; afterwards it is not.
    #[test]
    fn a_receiver_that_slept_is_known_by_its_thread() {
        let queue = ipc_msgq::Queue::private(0o600).unwrap().owned();
        let (end, may_end) = std::sync::mpsc::channel::<()>();
        let look = || {
            let mut stat = queue.stat().unwrap();
            (stat.last_sender, stat.last_sent) = (None, None); // as if there had been none
            let orphan =
                is_orphan(&Entry { queue: *queue, stat }, &Sleepers::look().unwrap(), Duration::ZERO);
            (orphan, is_alive(stat.last_receiver.unwrap(), stat.last_received))
        };
        let thread = std::thread::scope(|scope| {
            let receive = *queue;
            let receiver = scope.spawn(move || {
                receive.recv(ipc_msgq::Select::Any, &mut ipc_msgq::Message::with_capacity(1)).unwrap();
                let _ = may_end.recv_timeout(Duration::from_secs(30));
                nix::unistd::gettid().as_raw().cast_unsigned()
            });
            let started = std::time::Instant::now();
            while Sleepers::look().unwrap().on(queue.id()).is_empty()
                && started.elapsed() < Duration::from_secs(10)
            {}
            queue.send(&ipc_msgq::Message::new(ipc_msgq::MessageType::ONE, b"")).unwrap();
            while queue.stat().unwrap().last_receiver.is_none() {}
            let seen = look();
            drop(end);
            let thread = receiver.join().unwrap();
            assert_eq!(seen, (false, true), "thread {thread} lives");
            thread
        });
        assert_eq!(queue.stat().unwrap().last_receiver, Some(thread));
        let started = std::time::Instant::now();
        while look().1 && started.elapsed() < Duration::from_secs(10) {} // a joined thread may not be quite gone
        assert_eq!(look(), (true, false), "this guess is wrong, as the help says: the process lives");
    }

    #[test]
    fn a_thread_that_sleeps_in_msgrcv_is_seen() {
        let queue = ipc_msgq::Queue::private(0o600).unwrap().owned();
        std::thread::scope(|scope| {
            let sleeper =
                scope.spawn(|| queue.recv(ipc_msgq::Select::Any, &mut ipc_msgq::Message::with_capacity(1)));
            let started = std::time::Instant::now();
            let seen = loop {
                let seen = Sleepers::look().unwrap().on(queue.id());
                if !seen.is_empty() || started.elapsed() > Duration::from_secs(10) {
                    break seen;
                }
            };
            queue.send(&ipc_msgq::Message::new(ipc_msgq::MessageType::ONE, b"")).unwrap();
            sleeper.join().unwrap().unwrap();
            if system_call::is_shown(std::process::id()) {
                assert_eq!(seen, [std::process::id()]);
            } else {
                ipc_conformance::skipped("this system does not let one read /proc/PID/syscall");
            }
        });
    }
}
