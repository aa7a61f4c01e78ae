//! # Message queues: a mailbox that the kernel keeps
//!
//! `msgget(2)` gives access to a queue of the kernel, found by a number that both sides know, the *key*. `msgsnd(2)`
//! puts a message in, `msgrcv(2)` takes one out. A message is a whole: it comes out as it went in, or not at all.
//! In front of its bytes stands a number, its *type*, and a receiver may ask for the oldest message of one type and
//! leave the others.
//!
//! The two do not have to be there at the same time. What was sent waits in the kernel's memory, even when its
//! sender has ended, until somebody takes it, removes the queue, or switches off the machine.
//!
//! A message goes to exactly one receiver. So with one type for both ways a process would take its own messages
//! back. [`Msgq`] makes one queue and uses a type for each way:
//!
//! ```text
//!   owner (pong)           queue 0x5e1f00d5                joiner (ping)
//!     msgsnd(1) ──────► [ 1 | 1 | 1 | … ] ──────► msgrcv(1)
//!     msgrcv(2) ◄────── [ 2 | 2 | … ]     ◄────── msgsnd(2)
//!                       [ 3 | 4 ]  "I have closed", for one who waits for room
//!                       [ 5 ]      the free seat: who is here; taken by the first to join
//! ```
//!
//! **Use it** for small messages between processes that come and go by themselves, or when receivers share the work
//! or choose it by type. **Do not use it** for large messages (8 KiB at most, as systems are set up), next to
//! sockets in one `poll` (a queue has no descriptor), or where a user's limit of memory should count it.
//!
//! **System calls**: `msgget` once; then one `msgsnd` and one `msgrcv` for each message. The kernel copies it twice,
//! in and out. `msgctl` removes the queue.
//!
//! **Pitfalls**, each shown by a test in `tests/behaviour.rs`. A queue outlives its users, and the system has a
//! limited number of them: somebody has to remove it, and not before the other side has received everything. A full
//! queue stops its senders, in both directions at once, since they share the room. The kernel tells nobody when a
//! user of the queue dies. `msgsnd` and `msgrcv` end with `EINTR` on any handled signal, even with `SA_RESTART`. The
//! size given to them is that of the text, without the type. A message that is longer than the receiver's buffer
//! stays, and stands in the way. With the mode 0666 that many examples use, anyone can read or empty the queue.
//!
//! What this crate does about each: it removes the queue when the last of the two is gone, even by `SIGKILL`
//! ([`ipc_core::lease`]); says goodbye with a message of length zero, which fits into a full queue; interrupts long
//! waits to look whether the peer still lives (`alarm.rs`, by `SIGURG`, which a program can use for itself all the
//! same, but should not block or ignore); and gives the queue to its owner alone (mode 0600). A hostile process *of
//! the same user* can still take messages out: the kernel offers no protection between them. Both processes must be
//! in one pid namespace, or each takes the other for dead.
//!
//! | file | what it is |
//! |---|---|
//! | `lib.rs` | [`Msgq`]: how the two meet |
//! | `key.rs` | [`Key`]: the name of a queue, [`ProjectId`] |
//! | `message.rs` | [`Message`], [`MessageType`] |
//! | `select.rs` | [`Select`]: which message a receiver wants |
//! | `queue.rs` | [`Queue`]: the calls of the kernel, one by one |
//! | `until.rs` | [`Until`]: waiting with a deadline; [`Interrupter`] |
//! | `alarm.rs` | how an endless wait is interrupted |
//! | `typed.rs` | [`Typed`]: messages that are structs |
//! | `control.rs` | [`Stat`], [`Settings`]: what the kernel knows of a queue, and what can be changed |
//! | `owned.rs`, `drain.rs` | [`OwnedQueue`]: removed when dropped; removing a queue so that nothing is lost |
//! | `limits.rs`, `list.rs` | [`Limits`], [`Usage`], [`list()`]: of the whole system |
//! | `link.rs` | [`Link`]: messages both ways, and knowing when the peer is gone |
//! | `protocol.rs` | what each type means, the introduction and the goodbye |
//! | `sys.rs` | the system calls themselves; all `unsafe` |

mod alarm;
mod control;
mod drain;
mod key;
mod limits;
mod link;
mod list;
mod message;
mod owned;
mod protocol;
mod queue;
mod select;
mod sys;
mod typed;
mod until;

use std::thread;
use std::time::{Duration, Instant};

use ipc_core::lease::{self, Lease};
use ipc_core::process::PeerProcess;
use ipc_core::{
    Advise, Between, Call, Direction, Error, Mechanism, Medium, Profile, Reach, Result, Setup, Unit, Variant,
};
use nix::errno::Errno;
use nix::unistd::geteuid;

pub use control::{Settings, Stat};
pub use drain::Drain;
pub use key::{Key, ProjectId};
pub use limits::{Limits, Usage};
pub use link::Link;
pub use list::{Entry, list, list_proc};
pub use message::{Message, MessageType};
pub use owned::OwnedQueue;
pub use queue::{Access, Queue, QueueId};
pub use select::Select;
pub use typed::Typed;
pub use until::{Interrupter, Until};

use protocol::{INVITATION, Role, Side, introduce, try_recv_hello};

/// A queue that waits for its second user. See the [crate](self).
#[derive(Debug)]
pub struct Msgq {
    key: Key,
    queue: Queue,
    /// This process's place at the queue, until it is handed out by `accept`.
    side: Option<Side>,
}

/// How often one who waits for the other side looks for it.
const LOOK_EVERY: Duration = Duration::from_millis(2);

impl Mechanism for Msgq {
    const PROFILE: Profile = Profile {
        name: "msgq",
        title: "message queue (System V)",
        variants: &[Variant { name: "sysv", summary: "one System V queue, a message type for each way" }],
        between: Between::AnyTwoProcesses,
        medium: Medium::Memory,
        unit: Unit::WholeStruct,
        direction: Direction::OneWay,
        reach: Reach::SameHost,
        address: Some("KEY"),
    };

    type Link = Link;

    // ANCHOR: create
    fn create(address: Option<&str>, setup: &Setup) -> Result<Self> {
        let key = address.map(str::parse).transpose()?.unwrap_or_else(Key::fresh);
        let lease = Lease::take::<Self>(Some(&key.to_string())).advise(Errno::EEXIST, || {
            format!("key {key} is in use by another process: choose another KEY")
        })?;
        let queue = if address.is_none() {
            // Nobody else picks this key, so it can be noted before the queue is there: no moment to leak it.
            lease.record(&format!("key {key}"))?;
            Queue::create(key, setup.mode)?
        } else {
            // Somebody's queue may have this key: to be removed it must also have this id.
            let queue = Queue::create(key, setup.mode)?;
            lease.record(&format!("key {key} {}", queue.id())).inspect_err(|_| drop(queue.remove()))?;
            queue
        };
        let side = Side::new(queue, Role::Owner, Some(lease));
        introduce(queue, INVITATION)?;
        Ok(Self { key, queue, side: Some(side) })
    }
    // ANCHOR_END: create

    fn address(&self) -> String {
        self.key.to_string()
    }

    fn describe(&self) -> String {
        format!("System V message queue with key {} and id {} (ipcs -q shows it)", self.key, self.queue.id())
    }

    // ANCHOR: accept
    fn accept(&mut self, timeout: Duration) -> Result<Link> {
        let Some(side) = &self.side else {
            return Err(Error::Usage("this queue has its two sides already".into()));
        };
        let kind = Role::Joiner.outbound();
        let joiner = poll(timeout, || try_recv_hello(side.queue, kind))?.ok_or_else(|| Error::TimedOut {
            what: format!("nobody joined at {}", self.key),
            waited: timeout,
        })?;
        Link::new(self.side.take().expect("it was there above"), &joiner)
    }
    // ANCHOR_END: accept

    // ANCHOR: join
    fn join(address: &str, _setup: &Setup, timeout: Duration) -> Result<Link> {
        let key = address.parse()?;
        lease::sweep::<Self>()?; // a queue of dead processes is not one to join
        poll(timeout, || try_join(key))?.ok_or_else(|| Error::TimedOut {
            what: format!("nobody is at {key}: start this first: ipc-msgq pong {key}"),
            waited: timeout,
        })
    }
    // ANCHOR_END: join

    fn reclaim(record: &str) -> Result<()> {
        let mut words = record.split(' ').skip(1);
        let Some(Ok(key)) = words.next().map(str::parse::<Key>) else { return Ok(()) };
        let id = words.next().and_then(|id| id.parse().ok()).map(QueueId::new);
        reclaim(key, id).or_else(|error| match error.errno() {
            Some(Errno::ENOENT | Errno::EINVAL | Errno::EIDRM) => Ok(()), // it is gone
            _ => Err(error),
        })
    }
}

/// Removes the queue of `key` if this user made it, and if its id is `id` where that is known.
fn reclaim(key: Key, id: Option<QueueId>) -> Result<()> {
    let queue = id.map_or_else(|| Queue::open(key), |id| Ok(Queue::from_id(id)))?;
    let stat = queue.stat()?;
    if stat.key == Some(key) && stat.creator == geteuid().as_raw() { queue.remove() } else { Ok(()) }
}

/// Takes the free seat at the queue of `key`; `None` if there is no such queue yet.
fn try_join(key: Key) -> Result<Option<Link>> {
    let Some(queue) = unless_gone(Queue::open(key))? else { return Ok(None) };
    // From here on the queue stays, until this side is done with it too.
    let lease = Lease::share::<Msgq>(&key.to_string())?;
    let stat = queue.stat().advise(Errno::EACCES, || format!("the queue with key {key} is another user's"));
    let Some(stat) = unless_gone(stat)? else { return Ok(None) };
    if lease.is_none() && stat.creator == geteuid().as_raw() {
        return Err(Error::Usage(format!(
            "the queue with key {key} was not made by ipc-msgq (or with another TMPDIR): it is left alone"
        )));
    }
    let owner = match unless_gone(try_recv_hello(queue, INVITATION))? {
        Some(Some(owner)) => owner,
        Some(None) if stat.last_sent.is_some() => {
            return Err(Errno::ENOMSG).call("msgrcv").advise(Errno::ENOMSG, || {
                format!("the queue with key {key} has no free seat: another process has joined it already")
            });
        }
        Some(None) | None => return Ok(None), // just being made, or just removed
    };
    if !PeerProcess::watch(owner.process)?.is_alive() {
        return Ok(None); // what a dead process left: it goes with our lease
    }
    let side = Side::new(queue, Role::Joiner, lease);
    introduce(queue, Role::Joiner.outbound())?;
    Link::new(side, &owner).map(Some)
}

/// `None` if the queue is not there (any more).
fn unless_gone<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Err(error) if matches!(error.errno(), Some(Errno::ENOENT | Errno::EINVAL | Errno::EIDRM)) => Ok(None),
        answer => answer.map(Some),
    }
}

/// Repeats `attempt` until it gives something, for at most `timeout`.
fn poll<T>(timeout: Duration, mut attempt: impl FnMut() -> Result<Option<T>>) -> Result<Option<T>> {
    let started = Instant::now();
    loop {
        let done = attempt()?;
        if done.is_some() || started.elapsed() >= timeout {
            return Ok(done);
        }
        thread::sleep(LOOK_EVERY);
    }
}
