//! Two processes meet at two POSIX queues, `/NAME` towards the owner and `/NAME.back` towards the joiner.

use std::time::Duration;

use ipc_core::lease::{self, Lease, Note};
use ipc_core::{
    Advise, Clients, Error, MAX_MESSAGE, Mechanism, Persistence, Profile, Reach, Result, Setup, Shared, Unit,
    Variant, poll_for,
};
use nix::errno::Errno;
use nix::unistd::geteuid;

use super::link::{PosixLink, check_longest};
use super::{Access, Attributes, PosixName, PosixQueue, Priority};

/// The variant `posix`: two queues that wait for their second user. See the [module](super).
///
/// ```
/// # use std::time::Duration;
/// # use ipc_core::{Mechanism, Setup, Transport};
/// # use ipc_msgq::Posix;
/// # let patience = Duration::from_secs(30);
/// let setup = Setup::default();
/// let mut meeting = Posix::create(None, &setup)?;
/// let mut joiner = Posix::join(&meeting.address(), &setup, patience)?; // in another process
/// let mut owner = meeting.accept(patience)?;
/// owner.send(b"hello")?;
/// let mut buffer = [0; 100];
/// assert_eq!(joiner.recv(&mut buffer)?, 5);
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Posix {
    name: PosixName,
    /// This process's side of the queues, until `accept` returns it in a link.
    side: Option<Side>,
}

/// This process's side of the two queues. Dropping it says goodbye (in `link.rs`).
#[derive(Debug)]
pub(super) struct Side {
    pub(super) inbound: PosixQueue,
    pub(super) outbound: PosixQueue,
    /// Removes the names, if they still exist. `None` at the queues of another user, since only that user can remove
    /// them.
    _lease: Option<Lease>,
}

/// The first message of each side. It only says that both speak this protocol: the kernel keeps the rest.
pub(super) struct Hello;

impl Hello {
    const TEXT: [u8; Self::SIZE] = *b"ipcmqpx1";
    pub(super) const SIZE: usize = 8;

    /// The priority of the owner's hello. There is one such message: the process that takes it has the free seat.
    const INVITATION: Priority = 3;
    /// The priority of the joiner's hello.
    const ACCEPTANCE: Priority = 2;

    fn send(queue: &PosixQueue, priority: Priority) -> Result<()> {
        let sent = queue.try_send(&Self::TEXT, priority)?;
        sent.ok_or(Error::Corrupt("a queue that is full before the two have met"))
    }

    fn try_recv(queue: &PosixQueue, priority: Priority) -> Result<Option<()>> {
        let mut buffer = vec![0; queue.attributes()?.longest];
        match queue.try_recv(&mut buffer)? {
            None => Ok(None),
            Some(hello) if hello.priority == priority && buffer[..hello.len] == Self::TEXT => Ok(Some(())),
            Some(_) => Err(Error::Corrupt("whoever uses this queue is not another ipc-msgq")),
        }
    }
}

impl Mechanism for Posix {
    const PROFILE: Profile = crate::PROFILE;
    const VARIANT: Variant = Variant {
        name: "posix",
        summary: "two POSIX queues, one for each way",
        unit: Unit::WholeStruct,
        reach: Reach::SameHost,
        persistence: Persistence::Kernel,
        remains: true,
        clients: Clients::Many,
        shares: &[Shared::IpcNamespace],
    };
    const TITLE: &'static str = "message queue";
    const IN_IPC_NAMESPACE: bool = crate::IN_IPC_NAMESPACE;

    type Options = ();
    type Link = PosixLink;

    fn create(address: Option<&str>, setup: &Setup) -> Result<Self> {
        let name = address.map(str::parse).transpose()?.unwrap_or_else(PosixName::fresh);
        let lease = Lease::take::<Self>(Some(&lease_name(&name)))
            .advise(Errno::EEXIST, || format!("{name} is in use by another process: choose another name"))?;
        let make = |name: &PosixName, access| -> Result<PosixQueue> {
            let mut attributes = Attributes::of_the_system()?;
            attributes.longest = attributes.longest.min(MAX_MESSAGE);
            PosixQueue::create_leased(&lease, name, access, attributes, setup.mode)
        };
        let inbound = make(&name, Access::Receive)?;
        inbound.lock()?;
        let outbound = make(&name.back(), Access::Send)?;
        check_longest(&inbound)?;
        Hello::send(&outbound, Hello::INVITATION)?;
        Ok(Self { name, side: Some(Side { inbound, outbound, _lease: Some(lease) }) })
    }

    fn address(&self) -> String {
        self.name.to_string()
    }

    fn describe(&self) -> String {
        format!("POSIX queues {0} and {0}.back (under /dev/mqueue, where that is mounted)", self.name)
    }

    fn accept(&mut self, timeout: Duration) -> Result<PosixLink> {
        let Some(side) = &self.side else {
            return Err(Error::Usage("these queues have their two sides already".into()));
        };
        let nobody = || format!("nobody joined at {}", self.name);
        poll_for(timeout, nobody, || {
            let came = Hello::try_recv(&side.inbound, Hello::ACCEPTANCE)?;
            // A process that was killed between taking the seat and saying hello must not keep it.
            let outbound = &side.outbound;
            if came.is_none() && !outbound.is_locked_by_another()? && outbound.attributes()?.messages == 0 {
                Hello::send(outbound, Hello::INVITATION)?;
            }
            Ok(came)
        })?;
        unlink(&self.name);
        PosixLink::new(self.side.take().expect("it was there above"))
    }

    fn join(address: &str, setup: &Setup, timeout: Duration) -> Result<PosixLink> {
        let name = address.parse()?;
        lease::sweep::<Self>()?; // queues left by dead processes must not be joined
        let nobody =
            || format!("nobody waits at {name}: start this first: ipc-msgq pong {name} --variant posix");
        poll_for(timeout, nobody, || try_join(&name, setup))
    }

    fn reclaim(note: &Note) -> Result<()> {
        crate::reclaim(note)
    }
}

/// Takes the free seat at the queues; returns `None` if they do not exist, or no longer.
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
    let lease = Lease::share::<Posix>(&lease_name(name))?;
    if lease.is_none() && outbound.identity()?.2 == geteuid().as_raw() {
        return match unless_gone(PosixQueue::open(name, Access::Send))? {
            None => Ok(None), // it was just removed, and its lease before it
            Some(_) => Err(Error::Usage(format!(
                "the queue {name} was not made by ipc-msgq (or with another TMPDIR): it is left alone"
            ))),
        };
    }
    check_longest(&inbound)?;
    check_longest(&outbound)?;
    // Lock before taking the seat: so the owner can tell a joiner about to say hello from one that died.
    if !outbound.is_locked_by_another()?
        || !inbound.try_lock()?
        || Hello::try_recv(&inbound, Hello::INVITATION)?.is_none()
    {
        return Ok(None); // just being made, or of a dead process; or the seat is taken, and the names go soon
    }
    Hello::send(&outbound, Hello::ACCEPTANCE)?;
    // Both sides have both queues open. Without names, the queues disappear with their last user, however it ends. Not
    // earlier: if this process were killed before its hello, the next joiner would not find them.
    unlink(name);
    PosixLink::new(Side { inbound, outbound, _lease: lease }).map(Some)
}

/// Removes the names. Fails for the other side's user, and where the other side was faster.
fn unlink(name: &PosixName) {
    for name in [name, &name.back()] {
        let _ = PosixQueue::unlink(name);
    }
}

/// Returns the name's form in a lease: without a slash; a key of the other variant has no dash.
fn lease_name(name: &PosixName) -> String {
    format!("posix-{}", name.as_str().trim_start_matches('/'))
}

/// Returns `None` if the queue does not exist, or no longer.
pub(super) fn unless_gone<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Err(error) if error.errno() == Some(Errno::ENOENT) => Ok(None),
        answer => answer.map(Some),
    }
}
