//! # Message queues: a mailbox in the kernel
//!
//! A process sends a struct to the one that made the queue; here it is a child, which is told the key. (Two programs that are
//! started apart are in `examples/sender.rs` and `receiver.rs`.)
//!
//! ```
//! use std::{env, process::Command, time::Duration};
//!
//! use ipc_msgq::{SystemV, prelude::*};
//! use zerocopy::{FromBytes, Immutable, IntoBytes};
//!
//! #[derive(Debug, PartialEq, FromBytes, Immutable, IntoBytes)]
//! #[repr(C)]
//! struct Reading {
//!     sensor: u32,
//!     celsius: f32,
//! }
//!
//! const TIMEOUT: Duration = Duration::from_secs(10);
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     if let Some(address) = env::args().nth(1) {
//!         // The child: this program, started again below.
//!         let mut link = SystemV::join(&address, &Setup::default(), TIMEOUT)?;
//!         link.typed().send(&Reading { sensor: 7, celsius: 20.5 })?;
//!         return Ok(());
//!     }
//!     let mut meeting = SystemV::create(None, &Setup::default())?;
//!     let mut child = Command::new(env::current_exe()?);
//!     meeting.invite(&mut child)?;
//!     let mut child = child.spawn()?;
//!     let mut link = meeting.accept(TIMEOUT)?;
//!     let reading: Reading = link.typed().recv()?;
//!     assert_eq!(reading, Reading { sensor: 7, celsius: 20.5 });
//!     child.wait()?;
//!     Ok(())
//! }
//! ```
//!
//! `msgget(2)` gives access to a kernel queue, found by a number that both sides know, the *key*. `msgsnd(2)` puts a
//! message in, `msgrcv(2)` takes one out. A message is received whole, as it was sent, or not at all. In front of its
//! bytes is a number, its *type*, and a receiver may ask for the oldest message of one type and leave the others.
//!
//! Sender and receiver need not run at the same time. A message waits in kernel memory, even after its sender has
//! ended, until a process takes it, the queue is removed, or the machine is switched off.
//!
//! Each message goes to exactly one receiver. With a single type for both directions, a process would receive its own
//! messages. So [`SystemV`] makes one queue and uses one type for each direction:
//!
//! ```text
//!   owner (pong)           queue 0x5e1f00d5                joiner (ping)
//!     msgsnd(1) ──────► [ 1 | 1 | 1 | … ] ──────► msgrcv(1)
//!     msgrcv(2) ◄────── [ 2 | 2 | … ]     ◄────── msgsnd(2)
//!                       [ 3 | 4 ]  "this side has closed", for a peer that waits for room
//!                       [ 5 ]      the invitation: names the owner; the first joiner takes it
//! ```
//!
//! Linux has a second kind, POSIX queues. [`Posix`] makes two of them, one for each direction; the page of [`posix`]
//! compares the two kinds.
//!
//! | variant | type | what it makes | a connected end |
//! |---|---|---|---|
//! | `sysv`, the default | [`SystemV`] | one System V queue, a message type for each direction | [`SystemVLink`] |
//! | `posix` | [`Posix`] | two POSIX queues, one for each direction | [`PosixLink`](posix::PosixLink) |
//!
//! The rest of this page is about System V queues.
//!
//! **Use it** for small messages between processes that start and end independently, or when receivers share the work
//! or select messages by type. **Do not use it** for large messages (8 KiB at most by default), next to sockets in one
//! `poll` (a queue has no descriptor; [`Readiness`] helps, with a thread), or where a user's memory limit should count
//! the messages (only the limit of a control group does).
//!
//! **System calls**: `msgget` once; then one `msgsnd` and one `msgrcv` for each message. The kernel copies each message
//! twice, in and out. `msgctl` removes the queue.
//!
//! **Pitfalls**, each shown by a test in `tests/behaviour/`. A queue outlives its users, and the system has a limited
//! number of them: one of the users has to remove it, but only after the other side has received everything. A full
//! queue blocks its senders in both directions at once, since they share its capacity. The kernel gives no notice when
//! a user of the queue dies. `msgsnd` and `msgrcv` fail with `EINTR` on any handled signal, even with `SA_RESTART`. The
//! size passed to them is that of the text, without the type. A message longer than the receiver's buffer stays in the
//! queue and blocks those behind it. With the mode 0666 that many examples use, any user can read or empty the queue.
//!
//! This crate deals with each: it removes the queue when both sides are gone, even after `SIGKILL`
//! ([`ipc_core::ownership`]); marks the end of the stream with a message of length zero, which fits even into a full
//! queue; interrupts long waits to check that the peer is still alive (`wake_timer.rs`, by `SIGURG`, which a program
//! may also use itself, but should not block or ignore); and gives only the owner access to the queue (mode 0600). A
//! hostile process *of the same user* can still take messages out: the kernel offers no protection between them. Both
//! processes must be in the same pid namespace, or each takes the other for dead.
//!
//! **Errors** carry the name of the call and its errno, with advice where there is some. Tests provoke all but one of
//! the 25 errors that the manual pages list for the four calls: `tests/errnos.rs` has the table. The exception is
//! `ENOSYS` of `MSG_COPY`, which needs a kernel built without `CONFIG_CHECKPOINT_RESTORE`; the test uses a filter
//! (seccomp) to give that kernel's answer. Some errors cannot happen through this interface (a type below 1, a size
//! that is not that of the memory, an invalid address, for which `msgrcv` returns `EFAULT` *and has lost the message*).
//! Two are not errors here but `None`: `EAGAIN` of `msgsnd` and `ENOMSG` of `msgrcv`, which mean "not now".
//!
//! # A reading plan
//!
//! No part takes more than 15 minutes, at 150 words a minute and without the unit tests. Start with
//! `examples/smallest.rs`, a message and its answer in thirty lines. Parts 1 to 6 follow a message from one process to
//! the other; each of the others can be read on its own.
//!
//! | part, file | minutes | what it is |
//! |---|---|---|
//! | **1. Overview** | **13** | |
//! | `lib.rs` | 12 | this page, and the [row](PROFILE) of the course's table |
//! | `../examples/smallest.rs` | 1 | two processes and one queue, with nothing else |
//! | **2. A queue and its messages** | **14** | |
//! | `open.rs` | 5 | making a queue, or opening an existing one: [`Queue::create`], [`Queue::open`], [`Access`] |
//! | `message.rs` | 7 | [`Message`], [`MessageType`] |
//! | `select.rs` | 2 | [`Select`]: the message that a receiver wants |
//! | **3. The calls** | **15** | |
//! | `../../support/ipc-core/src/key.rs` | 6 | [`Key`]: the name of a queue, [`ProjectId`] |
//! | `queue.rs` | 8 | [`Queue`]: the kernel's calls, one by one |
//! | **4. The system calls** | **11** | |
//! | `sys.rs` | 9 | all `unsafe` of the crate |
//! | `crash_safe.rs` | 2 | a queue that is removed even when its owner is killed |
//! | **5. How two processes meet** | **15** | |
//! | `system_v.rs` | 7 | [`SystemV`]: the owner makes the queue, the other joins |
//! | `process_bytes.rs` | 1 | a process in a message |
//! | `system_v/protocol.rs` | 7 | the meaning of each type, the introduction and the end-of-stream marker |
//! | **6. Messages in both directions** | **12** | |
//! | `system_v/link.rs` | 8 | [`SystemVLink`]: a connected end, and its two halves |
//! | `system_v/peer.rs` | 2 | noticing when the peer is gone |
//! | `wake_timer/periodic.rs` | 3 | interrupting a call of a link now and then, to look for the peer |
//! | **7. Interrupting a wait** | **14** | |
//! | `wait_limit.rs` | 7 | [`WaitLimit`]: waiting with a deadline; [`CancelToken`] |
//! | `wake_timer.rs` | 7 | the timer thread behind all that |
//! | **8. A descriptor for a queue** | **10** | |
//! | `readiness.rs` | 8 | [`Readiness`]: to poll a queue and sockets together |
//! | `readiness/helper.rs` | 2 | the thread behind it |
//! | **9. Structs, and the kernel's records** | **13** | |
//! | `typed.rs` | 5 | [`TypedQueue`]: messages that are structs |
//! | `stat.rs` | 4 | [`Stat`]: what the kernel records about a queue |
//! | `control.rs` | 4 | [`Settings`]: what can be changed |
//! | **10. Removing and listing** | **12** | |
//! | `owned.rs` | 2 | [`OwnedQueue`]: removed when dropped |
//! | `drain.rs` | 4 | [`Drain`]: removing a queue so that nothing is lost |
//! | `limits.rs` | 3 | [`Limits`], [`Usage`]: for the whole system |
//! | `list.rs` | 4 | [`list()`]: all queues of the system |
//!
//! Three more have a plan of their own: [`posix`], the other kind of queue; [`server`], many clients on one queue; and
//! the program, `bin/ipc-msgq/main.rs`: ping-pong, commands for operators, and scenarios to watch. It is built by the
//! default feature `demo`; the library needs none of its dependencies. `../include/` and `../interop/` have the same
//! queue in C and in C++.

mod control;
mod crash_safe;
mod drain;
mod limits;
mod list;
mod message;
mod open;
mod owned;
pub mod posix;
mod process_bytes;
mod queue;
mod readiness;
mod select;
pub mod server;
mod stat;
mod sys;
mod system_v;
mod typed;
mod wait_limit;
mod wake_timer;

use ipc_core::ownership::{self, Note};
use ipc_core::{Between, Direction, Medium, Profile, Reach, Unit};

pub use control::Settings;
pub use drain::Drain;
#[doc(inline)]
pub use ipc_core::prelude::{self, *};
pub use ipc_core::{Key, ProjectId};
pub use limits::{Limits, Usage};
pub use list::{Entry, list, list_proc};
pub use message::{Message, MessageType};
pub use open::Access;
pub use owned::OwnedQueue;
#[doc(inline)]
pub use posix::Posix;
pub use queue::{Queue, QueueId};
pub use readiness::Readiness;
pub use select::Select;
pub use stat::Stat;
pub use system_v::{SystemV, SystemVLink, SystemVReceiver, SystemVSender};
pub use typed::TypedQueue;
pub use wait_limit::{CancelToken, WaitLimit};

/// The variants of the message queue; the first is the default.
pub type Variants = (SystemV, Posix);

/// The row of the message queue in the course's table.
pub const PROFILE: Profile = Profile {
    name: "msgq",
    title: "message queue (System V)",
    between: Between::AnyTwoProcesses,
    medium: Medium::Memory,
    unit: Unit::WholeStruct,
    direction: Direction::OneWay,
    reach: Reach::SameHost,
    address: Some("KEY|/NAME"),
};

/// Queues of either kind belong to an IPC namespace.
const IN_IPC_NAMESPACE: bool = true;

/// Removes a queue of either kind that a dead process left behind: an ownership lock records the mechanism, not the
/// variant.
fn reclaim(note: &Note) -> Result<()> {
    match note {
        Note::Queue(name, made) => posix::reclaim(name, made.as_ref()),
        Note::SystemV(ownership::SystemV::Queue, key, made) => crash_safe::reclaim(*key, *made),
        other => Err(Error::Usage(format!("not a queue: {other}"))),
    }
}
