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
//! the same amount. Instead, the wake-up timer of the process interrupts a call that waits for more than a tenth of a
//! second, to check that the peer is still there, and the end of the peer's process interrupts it at once: as for a
//! System V queue, see `wake_timer.rs`. Both take a thread, which a child of `fork` that does not `exec` lacks.
//!
//! # A reading plan
//!
//! | part, file | minutes | what it is |
//! |---|---|---|
//! | **1. Making a queue** | **15** | |
//! | `posix.rs` | 9 | this page, and [`Posix`]: the meeting of two processes |
//! | `posix/open.rs` | 5 | making a queue, opening one, removing its name: [`Access`], [`Attributes`] |
//! | **2. The calls** | **13** | |
//! | `posix/queue.rs` | 10 | [`PosixQueue`]: the other calls, one by one |
//! | `posix/lock.rs` | 2 | telling two queues of one name apart, and detecting whether a process holds one |
//! | **3. Two processes at two queues** | **13** | |
//! | `posix/crash_safe.rs` | 2 | a queue whose name is removed even when its owner is killed |
//! | `posix/protocol.rs` | 3 | the handshake and the end-of-stream marker |
//! | `posix/link.rs` | 8 | [`PosixLink`]: messages in both directions, and noticing when the peer is gone |

mod crash_safe;
mod link;
mod lock;
mod open;
mod protocol;
mod queue;

use std::time::Duration;

use ipc_core::ownership::{self, Note, OwnershipLock};
use ipc_core::{
    Advise, Clients, Error, MAX_MESSAGE, Mechanism, Persistence, Profile, Reach, Result, Setup, Shared, Unit,
    Variant, poll_for,
};
use nix::errno::Errno;
use nix::unistd::geteuid;

use protocol::{Handshake, QueuePair, check_longest};

pub(crate) use crash_safe::reclaim;
pub use ipc_core::PosixName;
pub use link::{PosixLink, PosixReceiver, PosixSender};
pub use open::{Access, Attributes};
pub use queue::{PosixQueue, Priority, Received};

/// The variant `posix`: two queues that wait for their second user. See the [module](self).
///
/// ```
/// # use std::time::Duration;
/// # use ipc_core::{Mechanism, Receiver, Sender, Setup};
/// # use ipc_msgq::Posix;
/// # let timeout = Duration::from_secs(30);
/// let setup = Setup::default();
/// let mut meeting = Posix::create(None, &setup)?;
/// let mut joiner = Posix::join(&meeting.address(), &setup, timeout)?; // in another process
/// let mut owner = meeting.accept(timeout)?;
/// owner.send(b"hello")?;
/// let mut buffer = [0; 100];
/// assert_eq!(joiner.recv(&mut buffer)?, 5);
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Posix {
    name: PosixName,
    /// The open queues, until `accept` returns it in a link.
    queues: Option<QueuePair>,
}

impl Mechanism for Posix {
    const PROFILE: Profile = crate::PROFILE;
    const VARIANT: Variant = Variant {
        name: "posix",
        type_path: "ipc_msgq::Posix",
        summary: "two POSIX queues, one for each direction",
        unit: Unit::WholeStruct,
        limits: &[("fs.mqueue.msgsize_max", 16 << 20)], // HARD_MSGSIZEMAX of the kernel
        reach: Reach::SameHost,
        persistence: Persistence::Kernel,
        remains: true,
        clients: Clients::Many,
        server: None,
        lasting: None,
        shares: &[Shared::IpcNamespace],
    };
    const TITLE: &'static str = "message queue";
    const IN_IPC_NAMESPACE: bool = crate::IN_IPC_NAMESPACE;

    type Options = ();
    type Link = PosixLink;

    fn create(address: Option<&str>, setup: &Setup) -> Result<Self> {
        let name = address.map(str::parse).transpose()?.unwrap_or_else(PosixName::fresh);
        let ownership = OwnershipLock::take::<Self>(Some(&lock_name(&name)))
            .advise(Errno::EEXIST, || format!("{name} is in use by another process: choose another name"))?;
        let make = |name: &PosixName, access| -> Result<PosixQueue> {
            let mut attributes = Attributes::of_the_system()?;
            attributes.longest = attributes.longest.min(MAX_MESSAGE);
            PosixQueue::create_crash_safe(&ownership, name, access, attributes, setup.mode)
        };
        let inbound = make(&name, Access::Receive)?;
        inbound.lock()?;
        let outbound = make(&name.back(), Access::Send)?;
        outbound.try_mark()?;
        check_longest(&inbound)?;
        Handshake::send(&outbound, Handshake::INVITATION)?;
        Ok(Self { name, queues: Some(QueuePair::new(inbound, outbound, Some(ownership))) })
    }

    fn address(&self) -> String {
        self.name.to_string()
    }

    fn describe(&self) -> String {
        format!("POSIX queues {0} and {0}.back (under /dev/mqueue, where that is mounted)", self.name)
    }

    fn accept(&mut self, timeout: Duration) -> Result<PosixLink> {
        let Some(queues) = &self.queues else {
            return Err(Error::Usage("these queues are connected already".into()));
        };
        let no_peer = || format!("no peer connected at {}", self.name);
        let acceptance = || Handshake::try_recv(&queues.inbound.queue, Handshake::ACCEPTANCE);
        let joiner = poll_for(timeout, no_peer, || {
            let outbound = &queues.outbound.queue;
            // A process that was killed after it took the invitation and before it answered must not keep it. In this
            // order: it locks before it takes, and answers before it unlocks, so one that does so just now is seen.
            let is_lost = outbound.attributes()?.messages == 0 && !outbound.is_locked_by_another()?;
            let came = acceptance()?;
            if came.is_none() && is_lost {
                Handshake::send(outbound, Handshake::INVITATION)?;
            }
            Ok(came)
        })?;
        unlink(&self.name);
        PosixLink::new(self.queues.take().expect("it was there above"), joiner)
    }

    fn join(address: &str, setup: &Setup, timeout: Duration) -> Result<PosixLink> {
        let name = address.parse()?;
        ownership::sweep::<Self>()?; // queues left by dead processes must not be joined
        let no_peer = || format!("no peer is waiting at {name}");
        poll_for(timeout, no_peer, || try_join(&name, setup))
    }

    fn reclaim(note: &Note) -> Result<()> {
        crate::reclaim(note)
    }
}

/// Joins the owner of the queues; returns `None` if they do not exist, or no longer.
fn try_join(name: &PosixName, setup: &Setup) -> Result<Option<PosixLink>> {
    let another = || format!("the queue {name} is another user's");
    let Some(outbound) = unless_gone(PosixQueue::open(name, Access::Send).advise(Errno::EACCES, another))?
    else {
        return Ok(None);
    };
    let Some(inbound) = unless_gone(PosixQueue::open(&name.back(), Access::Receive))? else {
        return Ok(None);
    };
    for queue in [&outbound, &inbound] {
        setup.check_owner(queue.identity()?.2, format_args!("the queue {name}"))?;
    }
    let ownership = OwnershipLock::share::<Posix>(&lock_name(name))?;
    if ownership.is_none() && outbound.identity()?.2 == geteuid().as_raw() {
        return match unless_gone(PosixQueue::open(name, Access::Send))? {
            None => Ok(None), // it was just removed, and its ownership lock before it
            Some(_) => Err(Error::Refused(format!(
                "the queue {name} was not made by ipc-msgq, or with another TMPDIR: it is left alone"
            ))),
        };
    }
    check_longest(&inbound)?;
    check_longest(&outbound)?;
    // Lock before taking the invitation: so the owner can tell a joiner that is about to answer from one that died.
    let is_free = outbound.is_locked_by_another()? && inbound.try_lock()? && outbound.try_mark()?;
    let invitation = if is_free { Handshake::try_recv(&inbound, Handshake::INVITATION)? } else { None };
    let Some(owner) = invitation else {
        return Ok(None); // just being made, or of a dead process; or another has joined, and the names go soon
    };
    Handshake::send(&outbound, Handshake::ACCEPTANCE)?;
    // Both sides have both queues open. Without names, the queues disappear with their last user, however it ends. Not
    // earlier: if this process were killed before its answer, the next joiner would not find them.
    unlink(name);
    PosixLink::new(QueuePair::new(inbound, outbound, ownership), owner).map(Some)
}

/// Removes the names. Fails for the other side's user, and where the other side was faster.
fn unlink(name: &PosixName) {
    for name in [name, &name.back()] {
        let _ = PosixQueue::unlink(name);
    }
}

/// Returns the name's form in an ownership lock: without a slash; a key of the other variant has no dash.
fn lock_name(name: &PosixName) -> String {
    format!("posix-{}", name.as_str().trim_start_matches('/'))
}

/// Returns `None` if the queue does not exist, or no longer.
pub(super) fn unless_gone<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Err(error) if error.errno() == Some(Errno::ENOENT) => Ok(None),
        answer => answer.map(Some),
    }
}
