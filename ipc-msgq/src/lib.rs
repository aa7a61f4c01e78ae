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
//! sockets in one `poll` (a queue has no descriptor; [`Readiness`] helps, with a thread), or where a user's limit of
//! memory should count it (only that of a control group does).
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
//! **Errors** carry the name of the call and its errno, each with what to do about it where there is something. Of
//! the 25 that the manual pages list for the four calls, all but one are provoked by a test: `tests/errnos.rs` has
//! the table. The one is `ENOSYS` of `MSG_COPY`, which takes a kernel built without `CONFIG_CHECKPOINT_RESTORE`; the
//! test has a filter (seccomp) give that kernel's answer.
//! Some cannot be expressed here (a type below 1, a size that is not that of the memory, memory that is not there,
//! for which `msgrcv` says `EFAULT` *and has lost the message*). Two are no errors here but `None`: `EAGAIN` of
//! `msgsnd` and `ENOMSG` of `msgrcv`, the words for "not now".
//!
//! | file | what it is |
//! |---|---|
//! | `lib.rs` | [`Msgq`]: a queue of either kind, where two meet |
//! | `meeting.rs` | how they meet at a System V queue |
//! | `ipc-core/src/key.rs` | [`Key`]: the name of a queue, [`ProjectId`] |
//! | `message.rs` | [`Message`], [`MessageType`] |
//! | `select.rs` | [`Select`]: which message a receiver wants |
//! | `open.rs` | making a queue, or finding one: [`Queue::create`], [`Queue::open`], [`Access`] |
//! | `queue.rs` | [`Queue`]: the calls of the kernel, one by one |
//! | `until.rs` | [`Until`]: waiting with a deadline; [`Interrupter`] |
//! | `alarm.rs`, `alarm/` | how an endless wait is interrupted |
//! | `readiness.rs`, `readiness/` | [`Readiness`]: a descriptor, to wait for a queue next to sockets in one `poll` |
//! | `typed.rs` | [`Typed`]: messages that are structs |
//! | `control.rs` | [`Stat`], [`Settings`]: what the kernel knows of a queue, and what can be changed |
//! | `leased.rs` | a queue that is removed even when its owner is killed |
//! | `owned.rs`, `drain.rs` | [`OwnedQueue`]: removed when dropped; removing a queue so that nothing is lost |
//! | `limits.rs`, `list.rs` | [`Limits`], [`Usage`], [`list()`]: of the whole system |
//! | `link.rs` | [`SystemVLink`]: messages both ways, and knowing when the peer is gone |
//! | `protocol.rs` | what each type means, the introduction and the goodbye |
//! | `server/` | [`server`]: many clients at one queue |
//! | `posix/` | [`posix`]: the other kind of queue, `mq_open` |
//! | `variant.rs` | [`Link`]: a link over either kind |
//! | `sys.rs` | the system calls themselves; all `unsafe` |
//! | `main.rs`, `command/`, `scenario/` | the program `ipc-msgq`: ping-pong, what operators need, and scenes to watch |
//! | `../include/`, `../interop/` | the same queue in C and in C++ |

mod alarm;
mod control;
mod drain;
mod leased;
mod limits;
mod link;
mod list;
mod meeting;
mod message;
mod open;
mod owned;
pub mod posix;
mod protocol;
mod queue;
mod readiness;
mod select;
pub mod server;
mod sys;
mod typed;
mod until;
mod variant;

use std::time::Duration;

use ipc_core::lease::{Note, SystemV};
use ipc_core::{
    Between, Clients, Direction, Error, Mechanism, Medium, Persistence, Profile, Reach, Result, Setup,
    Shared, Unit, Variant,
};

pub use control::{Settings, Stat};
pub use drain::Drain;
pub use ipc_core::{Key, ProjectId};
pub use limits::{Limits, Usage};
pub use link::SystemVLink;
pub use list::{Entry, list, list_proc};
pub use message::{Message, MessageType};
pub use open::Access;
pub use owned::OwnedQueue;
pub use queue::{Queue, QueueId};
pub use readiness::Readiness;
pub use select::Select;
pub use typed::Typed;
pub use until::{Interrupter, Until};
pub use variant::Link;

/// A queue that waits for its second user. See the [crate](self).
///
/// ```
/// # use std::time::Duration;
/// # use ipc_core::{Mechanism, Setup, Transport};
/// # use ipc_msgq::Msgq;
/// # let patience = Duration::from_secs(30);
/// let setup = Setup::default_of::<Msgq>();
/// let mut meeting = Msgq::create(None, &setup)?;
/// let mut joiner = Msgq::join(&meeting.address(), &setup, patience)?; // in another process
/// let mut owner = meeting.accept(patience)?;
/// owner.send(b"hello")?;
/// let mut buffer = [0; 100];
/// assert_eq!(joiner.recv(&mut buffer)?, 5);
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Msgq(Meeting);

#[derive(Debug)]
enum Meeting {
    SystemV(meeting::Meeting),
    Posix(posix::Meeting),
}

impl Mechanism for Msgq {
    const IN_IPC_NAMESPACE: bool = true;

    const PROFILE: Profile = Profile {
        name: "msgq",
        title: "message queue (System V)",
        variants: &[
            Variant {
                name: "sysv",
                summary: "one System V queue, a message type for each way",
                unit: Unit::WholeStruct,
                reach: Reach::SameHost,
                persistence: Persistence::Kernel,
                remains: true,
                clients: Clients::Many,
                shares: &[Shared::IpcNamespace, Shared::PidNamespace],
            },
            Variant {
                name: "posix",
                summary: "two POSIX queues, one for each way",
                unit: Unit::WholeStruct,
                reach: Reach::SameHost,
                persistence: Persistence::Kernel,
                remains: true,
                clients: Clients::Many,
                shares: &[Shared::IpcNamespace],
            },
        ],
        between: Between::AnyTwoProcesses,
        medium: Medium::Memory,
        unit: Unit::WholeStruct,
        direction: Direction::OneWay,
        reach: Reach::SameHost,
        address: Some("KEY|/NAME"),
    };

    type Link = Link;

    fn create(address: Option<&str>, setup: &Setup) -> Result<Self> {
        Ok(Self(match setup.variant {
            POSIX => Meeting::Posix(posix::Meeting::create(address, setup)?),
            _ => Meeting::SystemV(meeting::Meeting::create(address, setup)?),
        }))
    }

    fn address(&self) -> String {
        match &self.0 {
            Meeting::SystemV(meeting) => meeting.address(),
            Meeting::Posix(meeting) => meeting.address(),
        }
    }

    fn describe(&self) -> String {
        match &self.0 {
            Meeting::SystemV(meeting) => meeting.describe(),
            Meeting::Posix(meeting) => meeting.describe(),
        }
    }

    fn accept(&mut self, timeout: Duration) -> Result<Link> {
        Ok(match &mut self.0 {
            Meeting::SystemV(meeting) => Link::SystemV(meeting.accept(timeout)?),
            Meeting::Posix(meeting) => Link::Posix(meeting.accept(timeout)?),
        })
    }

    fn join(address: &str, setup: &Setup, timeout: Duration) -> Result<Link> {
        Ok(match setup.variant {
            POSIX => Link::Posix(posix::Meeting::join(address, setup, timeout)?),
            _ => Link::SystemV(meeting::Meeting::join(address, setup, timeout)?),
        })
    }

    fn reclaim(note: &Note) -> Result<()> {
        match note {
            Note::Queue(name, made) => posix::reclaim(name, made.as_ref()),
            Note::SystemV(SystemV::Queue, key, made) => leased::reclaim(*key, *made),
            other => Err(Error::Usage(format!("not a queue: {other}"))),
        }
    }
}

/// The variant that is not the default.
const POSIX: &str = "posix";
