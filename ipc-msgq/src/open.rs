//! Making a queue, and opening an existing one: `msgget` with its flags.

use std::ffi::c_int;

use ipc_core::{Advise, Call, Result};
use nix::errno::Errno;

use crate::{Key, Queue, QueueId, sys};

/// The access that a process needs to a queue, requested from the kernel by [`Queue::open_for`].
///
/// ```
/// # use ipc_msgq::{Access, Key, Queue};
/// let key = Key::fresh();
/// let queue = Queue::create(key, 0o600)?.owned();
/// for access in [Access::Read, Access::Write, Access::ReadWrite] {
///     assert_eq!(Queue::open_for(key, access)?, *queue);
/// }
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Receiving, and asking for the [`Stat`](crate::Stat).
    Read = 0o400,
    /// Sending.
    Write = 0o200,
    /// Both.
    ReadWrite = 0o600,
}

impl Queue {
    /// Makes the queue of `key`, which must not exist, with the permissions `mode`. The umask plays no part.
    ///
    /// C: `int msgget(key_t key, IPC_CREAT | IPC_EXCL | mode);`
    /// — [msgget(2)](https://man7.org/linux/man-pages/man2/msgget.2.html)
    ///
    /// ```
    /// # use ipc_msgq::{Key, Queue};
    /// let key = Key::fresh();
    /// let queue = Queue::create(key, 0o600)?.owned();
    /// let error = Queue::create(key, 0o600).unwrap_err().to_string();
    /// assert!(error.starts_with("msgget: File exists (EEXIST); "));
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `EEXIST`: there is a queue with this key. `ENOSPC`: the system has reached its limit of queues. `ENOMEM`: it has
    /// no memory for one more.
    #[doc(alias = "msgget")]
    #[doc(alias = "IPC_EXCL")]
    pub fn create(key: Key, mode: u32) -> Result<Self> {
        get(key.get(), libc::IPC_CREAT | libc::IPC_EXCL | bits(mode))
    }

    /// Opens the queue of `key`, and makes it with `mode` if there is none yet. Two processes may do this at once: both
    /// get the same queue. An existing queue keeps its own mode, and may hold messages from an earlier run.
    ///
    /// C: `int msgget(key_t key, IPC_CREAT | mode);`
    /// — [msgget(2)](https://man7.org/linux/man-pages/man2/msgget.2.html)
    ///
    /// ```
    /// # use ipc_msgq::{Key, Queue};
    /// let key = Key::fresh();
    /// let queue = Queue::open_or_create(key, 0o600)?.owned();
    /// assert_eq!(*queue, Queue::open_or_create(key, 0o600)?); // the same key, the same queue
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `EACCES`: the queue exists and does not grant this user what `mode` asks for. `ENOSPC` and `ENOMEM` as in
    /// [`create`](Self::create).
    #[doc(alias = "msgget")]
    #[doc(alias = "IPC_CREAT")]
    pub fn open_or_create(key: Key, mode: u32) -> Result<Self> {
        get(key.get(), libc::IPC_CREAT | bits(mode))
    }

    /// Opens the queue of `key`, which must exist. Permission is checked only when the queue is used.
    ///
    /// C: `int msgget(key_t key, 0);` — [msgget(2)](https://man7.org/linux/man-pages/man2/msgget.2.html)
    ///
    /// ```
    /// # use ipc_msgq::{Key, Queue};
    /// let key = Key::fresh();
    /// let error = Queue::open(key).unwrap_err().to_string();
    /// assert_eq!(error, format!("msgget: No such file or directory (ENOENT); no queue has key {key}"));
    /// let queue = Queue::create(key, 0o600)?.owned();
    /// assert_eq!(Queue::open(key)?, *queue);
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ENOENT`: there is none.
    #[doc(alias = "msgget")]
    pub fn open(key: Key) -> Result<Self> {
        get(key.get(), 0).advise(Errno::ENOENT, || format!("no queue has key {key}"))
    }

    /// Opens the queue of `key`, which must exist and permit `access`.
    ///
    /// C: `int msgget(key_t key, access);` — [msgget(2)](https://man7.org/linux/man-pages/man2/msgget.2.html)
    ///
    /// ```
    /// # use ipc_msgq::{Access, Key, Queue};
    /// let key = Key::fresh();
    /// let queue = Queue::create(key, 0o600)?.owned();
    /// let same = Queue::open_for(key, Access::ReadWrite)?;
    /// assert_eq!(same.id(), queue.id());
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ENOENT`: there is none. `EACCES`: it exists, but does not permit this user `access`.
    #[doc(alias = "msgget")]
    pub fn open_for(key: Key, access: Access) -> Result<Self> {
        get(key.get(), access as c_int).advise(Errno::ENOENT, || format!("no queue has key {key}"))
    }

    /// Makes a queue without a key. Other processes can use it only if they learn its id (a child, from its command
    /// line).
    ///
    /// C: `int msgget(IPC_PRIVATE, mode);` — [msgget(2)](https://man7.org/linux/man-pages/man2/msgget.2.html)
    ///
    /// ```
    /// # use ipc_msgq::{Queue, QueueId};
    /// let queue = Queue::private(0o600)?.owned();
    /// let told = queue.id().to_string(); // on a command line, say
    /// let id = QueueId::new(told.parse().expect("a number"));
    /// assert_eq!(Queue::from_id(id), *queue);
    /// assert_eq!(queue.stat()?.key, None);
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ENOSPC` and `ENOMEM` as in [`create`](Self::create).
    #[doc(alias = "IPC_PRIVATE")]
    pub fn private(mode: u32) -> Result<Self> {
        get(libc::IPC_PRIVATE, bits(mode))
    }
}

const fn bits(mode: u32) -> c_int {
    (mode & 0o777).cast_signed()
}

fn get(key: libc::key_t, flags: c_int) -> Result<Queue> {
    let id = sys::msgget(key, flags)
        .call("msgget")
        .advise(Errno::EEXIST, || {
            format!("choose another key, or remove that queue with: ipcrm -Q {key:#010x}")
        })
        .advise(Errno::EACCES, || {
            format!("the queue with key {key:#010x} exists, but its mode does not permit this")
        })
        .advise(Errno::ENOSPC, || {
            "kernel.msgmni limits the queues: see ipcs -q for what is left over, and remove it with ipcrm -q"
                .into()
        })?;
    Ok(Queue::from_id(QueueId::new(id)))
}
