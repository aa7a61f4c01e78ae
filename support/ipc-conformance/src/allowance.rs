//! The limit on POSIX queues (`ulimit -q`), which all processes of a user share, across namespaces: a test waits until
//! enough of it is free. Root raises it instead.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};
use std::{fs, thread};

use ipc_core::{MAX_MESSAGE, random};
use nix::errno::Errno;
use nix::mqueue::{MQ_OFlag, MqAttr, mq_close, mq_open, mq_unlink};
use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};
use nix::sys::stat::Mode;
use nix::unistd::geteuid;

use super::Outcome;

/// The time to wait for other tests of this user, each of which ends.
const TURN: Duration = Duration::from_secs(300);

/// The time to wait for other programs.
const PATIENCE: Duration = Duration::from_secs(20);

/// The part of the limit that the queues of some links take. Other tests that wait for a part leave this one alone
/// until it is dropped, or its process has ended.
///
/// A socket bound to the part's name in the abstract namespace holds the part: the kernel gives each name to one
/// socket, takes it back however the process ends, and leaves no file behind.
#[derive(Debug)]
#[must_use = "the part is given back when this is dropped"]
pub struct Allowance {
    links: u64,
    /// `None` where the limit is as high as any test needs.
    parts: Option<Vec<UnixDatagram>>,
}

impl Allowance {
    /// Waits for a part large enough for the queues of `links` links.
    ///
    /// # Panics
    /// None is free in time; the message says what was waited for.
    pub fn wait_for(links: u64) -> Self {
        let Some(limit) = raised() else { return Self { links, parts: None } };
        let queue = Queue::of_a_link();
        let fit = limit / (2 * queue.bytes());
        let user = geteuid();
        assert!(fit >= links, "ulimit -q: {limit} bytes are too few for the queues of {links} links");
        // One in reserve: a case that kills a process and starts the next has the queues of both for a moment.
        let all = (fit - 1).max(links);
        let name = |part: u64| format!("ipc-suite test queues of user {user}, part {part}");
        let free = || {
            let free = (0..all).filter_map(|part| {
                UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(name(part)).ok()?).ok()
            });
            let parts: Vec<_> = free.take(links as usize).collect();
            (parts.len() == links as usize).then_some(parts)
        };
        let parts = within(TURN, free).unwrap_or_else(|| {
            panic!(
                "after {TURN:?} other tests of user {user} still hold all {all} parts of the allowance of POSIX queues"
            )
        });
        let parts = Some(parts);
        let allowance = Self { links, parts };
        let left = within(PATIENCE, || (!allowance.has_run_out()).then_some(()));
        left.unwrap_or_else(|| {
            panic!(
                "waited {PATIENCE:?} for {} bytes of user {user}'s allowance of POSIX queues ({limit} bytes, ulimit -q): \
                 other programs of this user have them",
                2 * links * queue.bytes()
            )
        });
        allowance
    }

    /// True if the kernel refuses the queues that the part is for: another program has taken the rest of the limit.
    fn has_run_out(&self) -> bool {
        let queue = Queue::of_a_link();
        let made: Vec<_> =
            self.parts.iter().flat_map(|_| 0..2 * self.links).map(|_| queue.make_without_a_name()).collect();
        let run_out = made.iter().any(|made| matches!(made, Err(Errno::EMFILE)));
        for queue in made.into_iter().flatten() {
            let _ = mq_close(queue);
        }
        run_out
    }

    /// Runs a case with a part for the queues of one link. Retries a case that fails because another program has taken
    /// the rest of the limit.
    ///
    /// # Errors
    /// That of the last try.
    ///
    /// # Panics
    /// As [`wait_for`](Self::wait_for).
    pub fn run(case: impl Fn() -> Outcome) -> Outcome {
        const RETRIES: usize = 2;
        for _ in 0..RETRIES {
            let allowance = Self::wait_for(1);
            let outcome = case();
            let told = |failed: &libtest_mimic::Failed| {
                failed
                    .message()
                    .is_some_and(|message| message.contains("mq_open") && message.contains("(EMFILE)"))
            };
            if !outcome.as_ref().is_err_and(|failed| told(failed) || allowance.has_run_out()) {
                return outcome;
            }
        }
        let _allowance = Self::wait_for(1);
        case()
    }
}

/// Raises the limit, here and for all children, as far as permitted. Returns the limit, unless it is as high as any
/// test needs.
fn raised() -> Option<rlim_t> {
    const ENOUGH: rlim_t = 64 << 20;
    let (soft, hard) = getrlimit(Resource::RLIMIT_MSGQUEUE).ok()?;
    if setrlimit(Resource::RLIMIT_MSGQUEUE, soft.max(ENOUGH), hard.max(ENOUGH)).is_ok() {
        return None;
    }
    setrlimit(Resource::RLIMIT_MSGQUEUE, hard, hard).ok()?;
    Some(hard)
}

/// The size of a queue.
struct Queue {
    capacity: u64,
    longest: u64,
}

impl Queue {
    /// Returns the largest size that the system allows.
    fn of_a_link() -> Self {
        let limit = |name, usual| {
            let text = fs::read_to_string(format!("/proc/sys/fs/mqueue/{name}")).unwrap_or_default();
            text.trim().parse().unwrap_or(usual)
        };
        let capacity = limit("msg_default", 10).min(limit("msg_max", 10));
        Self { capacity, longest: limit("msgsize_max", 8192).min(MAX_MESSAGE as u64) }
    }

    /// Returns the bytes that the kernel counts for it: each message with its `struct msg_msg` and a node of the tree
    /// that orders them.
    const fn bytes(&self) -> rlim_t {
        self.capacity * (self.longest + 48 + 48)
    }

    fn make_without_a_name(&self) -> nix::Result<nix::mqueue::MqdT> {
        let name = format!("/ipc-test-{:x}", random());
        let attributes = MqAttr::new(0, self.capacity as i64, self.longest as i64, 0);
        let flags = MQ_OFlag::O_CREAT | MQ_OFlag::O_EXCL | MQ_OFlag::O_RDONLY | MQ_OFlag::O_CLOEXEC;
        let queue = mq_open(name.as_str(), flags, Mode::S_IRUSR, Some(&attributes))?;
        let _ = mq_unlink(name.as_str());
        Ok(queue)
    }
}

/// Repeats `attempt` until it returns a value, for at most `time`.
fn within<T>(time: Duration, attempt: impl Fn() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + time;
    loop {
        match attempt() {
            None if Instant::now() < deadline => thread::sleep(Duration::from_millis(10)),
            ended => return ended,
        }
    }
}
