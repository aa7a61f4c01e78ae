//! All queues of the system.

use std::fs;
use std::time::SystemTime;

use ipc_core::{Advise, Call, Error, Result};
use nix::errno::Errno;

use crate::stat::{process, time};
use crate::{Key, Queue, QueueId, Stat, sys};

/// An entry of [`list`].
///
/// ```
/// for entry in ipc_msgq::list()? {
///     println!("{} of user {}: {} messages", entry.queue.id(), entry.stat.owner, entry.stat.messages);
/// }
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The queue.
    pub queue: Queue,
    /// The kernel's record of it.
    pub stat: Stat,
}

/// Returns every queue of this IPC namespace, including those that this user may not read.
///
/// C: `int msgctl(int index, MSG_STAT_ANY, struct msqid_ds *buf);` for each index up to the answer of `MSG_INFO`
/// — [msgctl(2)](https://man7.org/linux/man-pages/man2/msgctl.2.html)
///
/// Queues come and go during the scan: this is not a snapshot of one moment. On kernels before 4.17 the answer is that
/// of [`list_proc`].
///
/// ```
/// # use ipc_msgq::Queue;
/// let queue = Queue::private(0o000)?.owned(); // no user but root may read it
/// assert!(ipc_msgq::list()?.iter().any(|entry| entry.queue == *queue));
/// # Ok::<(), ipc_core::Error>(())
/// ```
///
/// # Errors
/// As [`list_proc`].
#[doc(alias = "ipcs")]
#[doc(alias = "MSG_STAT_ANY")]
pub fn list() -> Result<Vec<Entry>> {
    let (highest, info) = sys::msgctl_info(libc::MSG_INFO).call("msgctl")?;
    let mut entries = Vec::new();
    for index in 0..=highest {
        match sys::msgctl_stat(index, sys::MSG_STAT_ANY) {
            Ok((id, stat)) => {
                entries.push(Entry { queue: Queue::from_id(QueueId::new(id)), stat: Stat::new(&stat) });
            }
            Err(Errno::EINVAL | Errno::EIDRM) => {} // no queue has this index, or none any more
            Err(errno) => return Err(errno).call("msgctl"),
        }
    }
    // An old kernel returns EINVAL for the command itself.
    if entries.is_empty() && info.msgpool > 0 { list_proc() } else { Ok(entries) }
}

/// Returns the same as [`list`] from `/proc/sysvipc/msg`, which any user may read.
/// See [proc(5)](https://man7.org/linux/man-pages/man5/proc_sysvipc.5.html).
///
/// That file lacks [`Stat::capacity`]. Each queue is asked for it; it is 0 where that is not permitted. The sequence
/// number is computed from the id.
///
/// ```
/// # use ipc_msgq::Queue;
/// let queue = Queue::private(0o600)?.owned();
/// let listed = ipc_msgq::list_proc()?;
/// assert!(listed.iter().any(|entry| entry.queue == *queue && Ok(entry.stat) == queue.stat().map_err(drop)));
/// # Ok::<(), ipc_core::Error>(())
/// ```
///
/// # Errors
/// `ENOENT`: there is no `/proc`. [`Corrupt`](Error::Corrupt): the file has an unknown format.
pub fn list_proc() -> Result<Vec<Entry>> {
    let table = fs::read_to_string("/proc/sysvipc/msg").call("open").on("/proc/sysvipc/msg")?;
    let entries = table.lines().skip(1).map(entry);
    entries.collect::<Option<_>>().ok_or(Error::Corrupt("an unknown format of /proc/sysvipc/msg"))
}

/// Parses a line of the file.
fn entry(line: &str) -> Option<Entry> {
    let words = line.split_ascii_whitespace().enumerate();
    // The third column, the permissions, is octal.
    let columns = words.map(|(column, word)| i64::from_str_radix(word, if column == 2 { 8 } else { 10 }));
    let columns: Vec<i64> = columns.collect::<std::result::Result<_, _>>().ok()?;
    let [key, id, mode, bytes, messages, sender, receiver, uid, gid, cuid, cgid, sent, received, changed] =
        columns[..]
    else {
        return None;
    };
    let id = QueueId::new(id as i32);
    let queue = Queue::from_id(id);
    let stat = Stat {
        key: Key::new(key as i32),
        owner: uid as u32,
        group: gid as u32,
        creator: cuid as u32,
        creator_group: cgid as u32,
        mode: mode as u32 & 0o777,
        sequence: id.get().cast_unsigned() >> 15, // IPCMNI_SHIFT
        messages: messages as usize,
        bytes: bytes as usize,
        capacity: queue.stat().map_or(0, |stat| stat.capacity),
        last_sender: process(sender as i32),
        last_receiver: process(receiver as i32),
        last_sent: time(sent),
        last_received: time(received),
        last_changed: time(changed).unwrap_or(SystemTime::UNIX_EPOCH),
    };
    Some(Entry { queue, stat })
}
