//! Two processes meet at one System V queue, with a message type for each direction.

mod link;
mod peer;
mod protocol;

use std::time::Duration;

use ipc_core::ownership::{self, Note, OwnershipLock};
use ipc_core::process::{PeerProcess, ProcessId};
use ipc_core::{
    Advise, Call, Clients, Error, Mechanism, Persistence, Profile, Reach, Result, Server, Setup, Shared,
    Unit, Variant, poll_for,
};
use nix::errno::Errno;
use nix::unistd::geteuid;

use crate::{Key, Queue};
use protocol::{Hello, INVITATION, Party, QueueEnd, introduce, peek_hello, try_recv_hello};

pub use link::{SystemVLink, SystemVReceiver, SystemVSender};

/// The variant `sysv`: a queue that waits for its second user. See the [crate].
///
/// ```
/// # use std::time::Duration;
/// # use ipc_core::{Mechanism, Receiver, Sender, Setup};
/// # use ipc_msgq::SystemV;
/// # let timeout = Duration::from_secs(30);
/// let setup = Setup::default();
/// let mut meeting = SystemV::create(None, &setup)?;
/// let mut joiner = SystemV::join(&meeting.address(), &setup, timeout)?; // in another process
/// let mut owner = meeting.accept(timeout)?;
/// owner.send(b"hello")?;
/// let mut buffer = [0; 100];
/// assert_eq!(joiner.recv(&mut buffer)?, 5);
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Debug)]
pub struct SystemV {
    key: Key,
    queue: Queue,
    /// This process's end of the queue, until `accept` returns it in a link.
    end: Option<QueueEnd>,
    /// A second hold on the ownership lock. While the meeting is kept until the child has ended, it cleans up after a
    /// child that was killed, even when the link is closed by then.
    _ownership: Option<OwnershipLock>,
}

/// The server of many clients: see [`server`](crate::server).
const SERVER: Server = Server {
    type_path: "ipc_msgq::server::Server",
    lines: "\
let key = ipc_msgq::Key::fresh(); // tell the clients
let queue = ipc_msgq::Queue::create(key, 0o600)?.owned();
let server = ipc_msgq::server::Server::start(*queue, |request: &[u8]| request.to_vec())?;
// Each client:
let queue = ipc_msgq::Queue::open(key)?;
let mut client = ipc_msgq::server::Client::join(queue, timeout)?;
let answer = client.request(b\"hello\")?;
",
};

/// A queue without an owner: it stays until it is removed.
const LASTING: &str = "\
let key = ipc_msgq::Key::new(0x6d7367).expect(\"not IPC_PRIVATE\"); // or `Key::ftok`
let queue = ipc_msgq::Queue::open_or_create(key, 0o600)?;
let kind = ipc_msgq::MessageType::ONE;
queue.send(&ipc_msgq::Message::new(kind, b\"hello\"))?;
// Later, and in any process:
let queue = ipc_msgq::Queue::open(key)?;
let mut message = ipc_msgq::Message::with_capacity(64);
queue.recv(kind, &mut message)?;
";

impl Mechanism for SystemV {
    const PROFILE: Profile = crate::PROFILE;
    const VARIANT: Variant = Variant {
        name: "sysv",
        type_path: "ipc_msgq::SystemV",
        summary: "one System V queue, a message type for each direction",
        unit: Unit::WholeStruct,
        limits: &[("kernel.msgmax", i32::MAX as usize), ("kernel.msgmnb", i32::MAX as usize)],
        reach: Reach::SameHost,
        persistence: Persistence::Kernel,
        remains: true,
        clients: Clients::Many,
        server: Some(SERVER),
        lasting: Some(LASTING),
        shares: &[Shared::IpcNamespace, Shared::PidNamespace],
    };
    const IN_IPC_NAMESPACE: bool = crate::IN_IPC_NAMESPACE;

    type Options = ();
    type Link = SystemVLink;

    // ANCHOR: create
    fn create(address: Option<&str>, setup: &Setup) -> Result<Self> {
        let key = address.map(str::parse).transpose()?.unwrap_or_else(Key::fresh);
        let ownership = OwnershipLock::take::<Self>(Some(&key.to_string())).advise(Errno::EEXIST, || {
            format!("key {key} is in use by another process: choose another KEY")
        })?;
        let queue = Queue::create_crash_safe(&ownership, key, setup.mode)?;
        let end = QueueEnd::new(queue, Party::Owner, Some(ownership));
        introduce(queue, INVITATION)?;
        Ok(Self { key, queue, end: Some(end), _ownership: OwnershipLock::share::<Self>(&key.to_string())? })
    }
    // ANCHOR_END: create

    fn address(&self) -> String {
        self.key.to_string()
    }

    fn describe(&self) -> String {
        format!("System V message queue with key {} and id {} (ipcs -q shows it)", self.key, self.queue.id())
    }

    // ANCHOR: accept
    fn accept(&mut self, timeout: Duration) -> Result<SystemVLink> {
        let Some(end) = &self.end else {
            return Err(Error::Usage("this queue is connected already".into()));
        };
        let hello = || match try_recv_hello(end.queue(), Party::Joiner.outbound())? {
            None => invite_again(end.queue()).map(|()| None),
            hello => Ok(hello),
        };
        let removed = |error| if self.queue.is_gone() { self.queue.removed(error) } else { error };
        let no_peer = || format!("no peer connected at {}", self.key);
        let joiner = poll_for(timeout, no_peer, || hello().map_err(removed))?;
        SystemVLink::new(self.end.take().expect("it was there above"), &joiner)
    }
    // ANCHOR_END: accept

    // ANCHOR: join
    fn join(address: &str, setup: &Setup, timeout: Duration) -> Result<SystemVLink> {
        let key = address.parse()?;
        ownership::sweep::<Self>()?; // a queue left by dead processes must not be joined
        let no_peer = || format!("no peer is waiting at {key}");
        poll_for(timeout, no_peer, || try_join(key, setup))
    }
    // ANCHOR_END: join

    fn reclaim(note: &Note) -> Result<()> {
        crate::reclaim(note)
    }
}

/// Sends the invitation again if the process that took it was killed before it introduced itself.
fn invite_again(queue: Queue) -> Result<()> {
    let Some(taker) = queue.stat()?.last_receiver else { return Ok(()) };
    let watch = ProcessId::of(taker)?.map(PeerProcess::watch).transpose()?;
    // In this order: whatever it sent was in the queue before it died.
    let silent = !watch.is_some_and(|taker| taker.is_alive()) && queue.stat()?.messages == 0;
    if silent { introduce(queue, INVITATION) } else { Ok(()) }
}

/// Takes the invitation from the queue of `key`; returns `None` if there is no such queue yet.
fn try_join(key: Key, setup: &Setup) -> Result<Option<SystemVLink>> {
    let Some(queue) = unless_gone(Queue::open(key))? else { return Ok(None) };
    // From here on the queue stays until this side has finished with it, too.
    let ownership = OwnershipLock::share::<SystemV>(&key.to_string())?;
    let stat = queue.stat().advise(Errno::EACCES, || format!("the queue with key {key} is another user's"));
    let Some(stat) = unless_gone(stat)? else { return Ok(None) };
    for user in [stat.creator, stat.owner] {
        setup.check_owner(user, format_args!("the queue with key {key} (see `ipcs -q`)"))?;
    }
    if ownership.is_none() && stat.creator == geteuid().as_raw() {
        return Err(Error::Refused(format!(
            "the queue with key {key} was not made by ipc-msgq, or with another TMPDIR: it is left alone"
        )));
    }
    // Check before taking the invitation: a process in another pid namespace could not use it.
    if let Some(Some(owner)) = unless_gone(peek_hello(queue, INVITATION))? {
        check_namespaces(&owner)?;
    }
    let owner = match unless_gone(try_recv_hello(queue, INVITATION))? {
        Some(Some(owner)) => owner,
        Some(None) if stat.last_sent.is_some() => {
            return Err(Errno::ENOMSG).call("msgrcv").advise(Errno::ENOMSG, || {
                format!("another process has already joined the queue with key {key}")
            });
        }
        Some(None) | None => return Ok(None), // it is being made, or was just removed
    };
    // The kernel could not show the invitation without removing it, so send it again on refusal.
    check_namespaces(&owner).or_else(|refusal| owner.send(queue, INVITATION).and(Err(refusal)))?;
    if !PeerProcess::watch(owner.process)?.is_alive() {
        return Ok(None); // left by a dead process: it is removed with our ownership lock
    }
    let end = QueueEnd::new(queue, Party::Joiner, ownership);
    introduce(queue, Party::Joiner.outbound())?;
    SystemVLink::new(end, &owner).map(Some)
}

/// Refuses a side in another pid namespace: the kernel records nothing about a queue's users but their last pids.
fn check_namespaces(other: &Hello) -> Result<()> {
    let (theirs, ours) = (other.process.namespaces, ProcessId::current()?.namespaces);
    if theirs == ours {
        return Ok(());
    }
    Err(theirs.refusal(ours, "use a POSIX queue, or another mechanism"))
}

/// Returns `None` if the queue does not exist, or no longer.
pub(crate) fn unless_gone<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Err(error) if matches!(error.errno(), Some(Errno::ENOENT | Errno::EINVAL | Errno::EIDRM)) => Ok(None),
        answer => answer.map(Some),
    }
}
