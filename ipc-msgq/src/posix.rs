//! # POSIX queues: the other kind
//!
//! `mq_open(3)` came twenty years after `msgget(2)` and fixes many of its problems. [`Posix`], the variant `posix`,
//! uses two such queues, so that the two kinds can be compared.
//!
//! | | System V | POSIX |
//! |---|---|---|
//! | found by | a number, the key | a name, `/like-this` |
//! | handle | an id, the same in every process | a descriptor: closed with the process, `O_CLOEXEC`, inherited by `fork` |
//! | next to a socket in `poll` | no; [`Readiness`](crate::Readiness) helps | yes |
//! | order | a *type*: the receiver chooses | a *priority*: the highest first, and by age within one |
//! | a time limit | none | `mq_timedsend`, `mq_timedreceive`, by the wall clock |
//! | notification of a message | no | `mq_notify`: a signal, once, for one process |
//! | removed | at once, even while in use | its name at once, the queue when the last descriptor is closed |
//! | full | by bytes, a limit that all messages share | by messages: a number chosen when it was made |
//! | a peer that dies | no notice | no notice either, but a lock on the descriptor goes with the process |
//! | limits | `kernel.msgmax`, `msgmnb`, `msgmni` | `fs.mqueue.*`, and `ulimit -q`: 819200 bytes for all queues of a user |
//! | inspect it with | `ipcs -q` | `mount -t mqueue none /dev/mqueue`, then `ls` and `cat` |
//!
//! **Use it** for the same purposes as System V queues, when you need a descriptor, a time limit or a priority. **Do
//! not use it** where receivers choose by type, or for many queues at once: with the default ten messages of eight
//! kilobytes, a user can have nine of them.
//!
//! **System calls** of a link: `mq_timedsend` or `mq_timedreceive`, one for each message, with no time limit. A time
//! limit would be a moment of `CLOCK_REALTIME`: if that clock is set back while a call waits, the call waits longer by
//! the same amount. Instead, the alarm clock of the process interrupts a call that waits for more than a tenth of a
//! second, to check that the peer is still there: as for a System V queue, see `alarm.rs`. The clock is a thread, so a
//! child of `fork` that does not `exec` lacks it.
//!
//! | file | minutes | what it is |
//! |---|---|---|
//! | **A queue** | **20** | |
//! | `mod.rs` | 4 | this page |
//! | `open.rs` | 6 | making a queue, opening one, removing its name: [`Access`], [`Attributes`] |
//! | `queue.rs` | 10 | [`PosixQueue`]: the other calls, one by one |
//! | **Two processes at two queues** | **15** | |
//! | `leased.rs` | 2 | a queue whose name is removed even when its owner is killed |
//! | `lock.rs` | 1 | telling two queues of one name apart, and detecting whether a process holds one |
//! | `meeting.rs` | 6 | [`Posix`]: the meeting of two processes |
//! | `link.rs` | 6 | [`PosixLink`]: messages in both directions, and noticing when the peer is gone |

mod leased;
mod link;
mod lock;
mod meeting;
mod open;
mod queue;

pub use ipc_core::PosixName;
pub(crate) use leased::reclaim;
pub use link::PosixLink;
pub use meeting::Posix;
pub use open::{Access, Attributes};
pub use queue::{PosixQueue, Priority, Received};
