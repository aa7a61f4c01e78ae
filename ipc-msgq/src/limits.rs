//! The limits of the system, and how much of them is used.

use ipc_core::{Call, Result};

use crate::sys;

/// The limits of this system (more precisely: of this IPC namespace). The files of `/proc/sys/kernel/` show the same,
/// and root can write to them.
///
/// ```
/// # use ipc_msgq::{Limits, Usage};
/// let (limits, usage) = (Limits::read()?, Usage::read()?);
/// println!("{} of {} queues, {} bytes in them", usage.queues, limits.queues, usage.bytes);
/// assert!(usage.queues <= limits.queues);
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "msginfo")]
pub struct Limits {
    /// The longest text of a message, in bytes: `kernel.msgmax`, 8192 by default.
    pub message_bytes: usize,
    /// The capacity of a new queue, in bytes, and the highest one that may be [set](crate::Queue::set) without
    /// privilege: `kernel.msgmnb`, 16384 by default.
    pub queue_bytes: usize,
    /// The highest number of queues: `kernel.msgmni`, 32000 by default.
    pub queues: usize,
}

impl Limits {
    /// Asks the kernel.
    ///
    /// C: `int msgctl(0, IPC_INFO, struct msginfo *buf);`
    /// — [msgctl(2)](https://man7.org/linux/man-pages/man2/msgctl.2.html)
    ///
    /// # Errors
    /// None is known: any process may ask.
    #[doc(alias = "IPC_INFO")]
    pub fn read() -> Result<Self> {
        let (_, info) = sys::msgctl_info(libc::IPC_INFO).call("msgctl")?;
        let size = |number| usize::try_from(number).unwrap_or(0);
        Ok(Self {
            message_bytes: size(info.msgmax),
            queue_bytes: size(info.msgmnb),
            queues: size(info.msgmni),
        })
    }
}

/// The usage of this IPC namespace.
///
/// ```
/// # use ipc_msgq::{Message, MessageType, Queue, Usage};
/// let queue = Queue::private(0o600)?.owned();
/// queue.send(&Message::new(MessageType::ONE, b"text"))?;
/// let usage = Usage::read()?;
/// assert!(usage.queues >= 1 && usage.messages >= 1 && usage.bytes >= 4, "others have some, too");
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(alias = "msginfo")]
pub struct Usage {
    /// Queues.
    pub queues: usize,
    /// Messages in all of them.
    pub messages: usize,
    /// Bytes of text in all of them.
    pub bytes: usize,
}

impl Usage {
    /// Asks the kernel.
    ///
    /// C: `int msgctl(0, MSG_INFO, struct msginfo *buf);`
    /// — [msgctl(2)](https://man7.org/linux/man-pages/man2/msgctl.2.html)
    ///
    /// # Errors
    /// None is known: any process may ask.
    #[doc(alias = "MSG_INFO")]
    pub fn read() -> Result<Self> {
        let (_, info) = sys::msgctl_info(libc::MSG_INFO).call("msgctl")?;
        // The fields' names differ from what they hold: for `ipcs`, the kernel reuses an older structure.
        let size = |number| usize::try_from(number).unwrap_or(0);
        Ok(Self { queues: size(info.msgpool), messages: size(info.msgmap), bytes: size(info.msgtql) })
    }
}
