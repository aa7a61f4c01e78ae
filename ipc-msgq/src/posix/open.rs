//! Making a POSIX queue, opening one, and removing its name.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;

use ipc_core::{Advise, Call, Result};
use nix::errno::Errno;
use nix::mqueue::{MQ_OFlag, MqAttr, mq_open, mq_unlink};
use nix::sys::stat::Mode;

use super::{PosixName, PosixQueue};
use crate::sys;

/// The direction for which a descriptor is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Receiving.
    Receive,
    /// Sending.
    Send,
}

/// `struct mq_attr`: the size of a queue, and its fill level.
///
/// ```
/// # use ipc_msgq::posix::{Access, Attributes, PosixQueue, PosixName};
/// let name = PosixName::fresh();
/// let small = Attributes { capacity: 2, longest: 16, messages: 0 };
/// let queue = PosixQueue::create(&name, Access::Receive, small, 0o600)?;
/// PosixQueue::unlink(&name)?;
/// assert_eq!(queue.attributes()?, small);
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// The number of messages that it holds.
    pub capacity: usize,
    /// The longest message, in bytes.
    pub longest: usize,
    /// The number of messages in it.
    pub messages: usize,
}

impl Attributes {
    /// Returns the longest messages that this system allows, and the default number of them: 10 of 8192 bytes, unless
    /// `/proc/sys/fs/mqueue` says otherwise.
    ///
    /// # Errors
    /// A file there cannot be read: `/proc` is not mounted, or the kernel lacks POSIX queues.
    pub fn of_the_system() -> Result<Self> {
        let limit = |name| -> Result<usize> {
            let path = format!("/proc/sys/fs/mqueue/{name}");
            let text = std::fs::read_to_string(&path).call("open").on(&path)?;
            Ok(text.trim().parse().unwrap_or(usize::MAX))
        };
        let capacity = limit("msg_default")?.min(limit("msg_max")?);
        Ok(Self { capacity, longest: limit("msgsize_max")?, messages: 0 })
    }
}

impl PosixQueue {
    /// Makes the queue `name`, which must not exist, with the size `attributes` and the permissions `mode`. The umask
    /// plays no part.
    ///
    /// C: `mqd_t mq_open(const char *name, O_CREAT | O_EXCL | O_CLOEXEC, mode_t mode, struct mq_attr *attr);`
    /// — [mq_open(3)](https://man7.org/linux/man-pages/man3/mq_open.3.html)
    ///
    /// ```
    /// # use ipc_msgq::posix::{Access, Attributes, PosixQueue, PosixName};
    /// let name = PosixName::fresh();
    /// let inbound = PosixQueue::create(&name, Access::Receive, Attributes::of_the_system()?, 0o600)?;
    /// let again = PosixQueue::create(&name, Access::Receive, Attributes::of_the_system()?, 0o600);
    /// PosixQueue::unlink(&name)?;
    /// assert!(again.unwrap_err().to_string().starts_with("mq_open: File exists (EEXIST); "));
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `EEXIST`: there is one of this name. `EINVAL`: more or longer messages than `fs.mqueue` allows. `EMFILE`: the
    /// user's queues would take more than `ulimit -q` bytes, or this process has no descriptor left. `ENOSPC`: the
    /// system has reached its limit of queues.
    #[doc(alias = "mq_open")]
    pub fn create(name: &PosixName, access: Access, attributes: Attributes, mode: u32) -> Result<Self> {
        // Made without permissions, which are then set: exactly these, whatever the umask.
        let queue = Self::make(name, access, attributes, 0)?;
        queue.set_mode(mode).inspect_err(|_| drop(Self::unlink(name)))?;
        Ok(queue)
    }

    /// Makes a queue of `mode`, less the bits in the umask.
    pub(super) fn make(name: &PosixName, access: Access, attributes: Attributes, mode: u32) -> Result<Self> {
        let flags = MQ_OFlag::O_CREAT | MQ_OFlag::O_EXCL;
        let attr = MqAttr::new(0, attributes.capacity as i64, attributes.longest as i64, 0);
        Self::open_with(name, access, flags, Mode::from_bits_retain(mode), Some(&attr))
            .advise(Errno::EEXIST, || {
                "choose another name, or remove that queue with: rm /dev/mqueue/…".into()
            })
            .advise(Errno::EINVAL, || "see /proc/sys/fs/mqueue/msg_max and msgsize_max".into())
            .advise(Errno::ENOSPC, || {
                "there are as many queues as fs.mqueue.queues_max allows: see /dev/mqueue for what is left over"
                    .into()
            })
            .advise(Errno::EMFILE, || {
                "all queues of a user share an allowance (ulimit -q): end other programs, or raise it".into()
            })
    }

    /// Sets exactly this mode.
    pub(super) fn set_mode(&self, mode: u32) -> Result<()> {
        self.0.set_permissions(Permissions::from_mode(mode & 0o777)).call("fchmod")
    }

    /// Opens the queue `name`, which must exist.
    ///
    /// C: `mqd_t mq_open(const char *name, O_RDONLY | O_CLOEXEC);`
    /// — [mq_open(3)](https://man7.org/linux/man-pages/man3/mq_open.3.html)
    ///
    /// ```
    /// # use ipc_msgq::posix::{Access, Attributes, PosixQueue, PosixName};
    /// let name = PosixName::fresh();
    /// let error = PosixQueue::open(&name, Access::Send).unwrap_err().to_string();
    /// assert_eq!(error, format!("mq_open: No such file or directory (ENOENT); there is no queue {name}"));
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ENOENT`: there is none. `EACCES`: no permission.
    #[doc(alias = "mq_open")]
    pub fn open(name: &PosixName, access: Access) -> Result<Self> {
        Self::open_with(name, access, MQ_OFlag::empty(), Mode::empty(), None)
            .advise(Errno::ENOENT, || format!("there is no queue {name}"))
    }

    fn open_with(
        name: &PosixName,
        access: Access,
        flags: MQ_OFlag,
        mode: Mode,
        attr: Option<&MqAttr>,
    ) -> Result<Self> {
        let access = match access {
            Access::Receive => MQ_OFlag::O_RDONLY,
            Access::Send => MQ_OFlag::O_WRONLY,
        };
        let opened = mq_open(name.as_str(), access | flags | MQ_OFlag::O_CLOEXEC, mode, attr);
        opened.map(|queue| Self(File::from(sys::own_queue(queue)))).call("mq_open")
    }

    /// Removes the name. The queue itself is removed when its last descriptor is closed.
    ///
    /// C: `int mq_unlink(const char *name);` — [mq_unlink(3)](https://man7.org/linux/man-pages/man3/mq_unlink.3.html)
    ///
    /// ```
    /// # use ipc_msgq::posix::{Access, Attributes, PosixQueue, PosixName};
    /// let name = PosixName::fresh();
    /// let inbound = PosixQueue::create(&name, Access::Receive, Attributes::of_the_system()?, 0o600)?;
    /// PosixQueue::unlink(&name)?;
    /// assert!(PosixQueue::open(&name, Access::Send).is_err(), "it cannot be found any more");
    /// assert_eq!(inbound.attributes()?.messages, 0); // but a process that has it can use it
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `ENOENT`: there is no such queue. `EACCES`: it is another user's.
    #[doc(alias = "mq_unlink")]
    pub fn unlink(name: &PosixName) -> Result<()> {
        match mq_unlink(name.as_str()) {
            Err(Errno::EPERM) => Err(Errno::EACCES), // as in the manual page
            unlinked => unlinked,
        }
        .call("mq_unlink")
    }
}
