//! The kernel's record of a queue.

use std::time::{Duration, SystemTime};

use ipc_core::IpcPerm;

use crate::Key;

/// The kernel's record of a queue: every field of `struct msqid_ds`.
///
/// Process ids are those of this process's pid namespace; one from outside it is not shown. They name the *last*
/// processes to use the queue. Such a process may have ended since, and its id may belong to another by now. That of
/// the last receiver may be a [thread's](Self::last_receiver).
///
/// ```
/// # use ipc_msgq::{Message, MessageType, Queue};
/// let queue = Queue::private(0o600)?.owned();
/// queue.send(&Message::new(MessageType::ONE, b"text"))?;
/// let stat = queue.stat()?;
/// assert_eq!((stat.messages, stat.bytes, stat.mode), (1, 4, 0o600));
/// assert_eq!(stat.last_sender, Some(std::process::id()));
/// assert!(stat.last_sent.is_some() && stat.last_received.is_none());
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "msqid_ds")]
pub struct Stat {
    /// The key that it was made with; `None` for a [private](crate::Queue::private) one.
    pub key: Option<Key>,
    /// The user to whom the mode's first three bits apply.
    pub owner: libc::uid_t,
    /// The group to which the next three apply.
    pub group: libc::gid_t,
    /// The user that made it, which always keeps the owner's rights.
    pub creator: libc::uid_t,
    /// The group of the process that made it.
    pub creator_group: libc::gid_t,
    /// Permission bits: 4 to receive, 2 to send; 1 means nothing.
    pub mode: u32,
    /// The number of earlier uses of its slot in the kernel's table. A part of the id.
    pub sequence: u32,
    /// Messages in the queue.
    pub messages: usize,
    /// Bytes of text in the queue.
    pub bytes: usize,
    /// The number of bytes of text it may hold, and the number of messages.
    pub capacity: usize,
    /// The process that sent last.
    pub last_sender: Option<u32>,
    /// The process that received last, if its message was already in the queue. If it slept until a message came, the
    /// *thread* that slept: the kernel records the id by which the sender woke it, which msgctl(2) does not mention. In
    /// a single-threaded process the two are the same. Otherwise the id may be unused, or another's, before the process
    /// has ended.
    ///
    /// ```
    /// # use ipc_msgq::{Message, MessageType, Queue, Select};
    /// let queue = Queue::private(0o600)?.owned();
    /// let receive = || {
    ///     queue.recv(Select::Any, &mut Message::with_capacity(1))?;
    ///     Ok::<_, ipc_core::Error>(nix::unistd::gettid())
    /// };
    /// let thread = std::thread::scope(|scope| {
    ///     let receiver = scope.spawn(receive);
    ///     std::thread::sleep(std::time::Duration::from_millis(100)); // until it sleeps
    ///     queue.send(&Message::new(MessageType::ONE, b""))?;
    ///     receiver.join().expect("it does not panic")
    /// })?;
    /// let process = std::process::id();
    /// let last = queue.stat()?.last_receiver;
    /// assert!(last == Some(thread.as_raw() as u32) || last == Some(process), "process: it came too late to sleep");
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    pub last_receiver: Option<u32>,
    /// The time at which a message was last sent, in whole seconds.
    pub last_sent: Option<SystemTime>,
    /// The time at which a message was last received, in whole seconds.
    pub last_received: Option<SystemTime>,
    /// The time at which it was made or last [changed](crate::Queue::set), in whole seconds.
    pub last_changed: SystemTime,
}

impl Stat {
    pub(crate) fn new(stat: &libc::msqid_ds) -> Self {
        let IpcPerm { key, owner, group, creator, creator_group, mode, sequence } = (&stat.msg_perm).into();
        Self {
            key,
            owner,
            group,
            creator,
            creator_group,
            mode: mode & 0o777,
            sequence,
            messages: stat.msg_qnum as usize,
            bytes: stat.__msg_cbytes as usize,
            capacity: stat.msg_qbytes as usize,
            last_sender: process(stat.msg_lspid),
            last_receiver: process(stat.msg_lrpid),
            last_sent: time(stat.msg_stime),
            last_received: time(stat.msg_rtime),
            last_changed: time(stat.msg_ctime).unwrap_or(SystemTime::UNIX_EPOCH),
        }
    }
}

/// Converts a process id, where 0 means "none yet, or one that cannot be seen from here".
pub(crate) fn process(pid: libc::pid_t) -> Option<u32> {
    u32::try_from(pid).ok().filter(|pid| *pid != 0)
}

/// Converts seconds since 1970, where 0 means "never".
pub(crate) fn time(seconds: i64) -> Option<SystemTime> {
    let seconds = u64::try_from(seconds).ok().filter(|seconds| *seconds != 0)?;
    Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}
