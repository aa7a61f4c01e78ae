//! A queue that a [lease](ipc_core::lease) removes, even after a `SIGKILL`.

use std::time::SystemTime;

use ipc_core::Result;
use ipc_core::lease::{Found, Lease, Made, Note, SYSTEM_V_MARK, SystemV};

use crate::meeting::unless_gone;
use crate::{Key, Queue, Settings, Stat, list};

impl Queue {
    /// As [`create`](Self::create), for `lease` to remove when its last holder has ended.
    ///
    /// At no moment is there a queue that is not noted: the key is noted first, then the queue is made with a mode that
    /// no other program gives, then it is noted with its id, and last it gets its own mode.
    ///
    /// # Errors
    /// As [`create`](Self::create); and the note cannot be written.
    pub fn create_leased(lease: &Lease, key: Key, mode: u32) -> Result<Self> {
        lease.record(Note::SystemV(SystemV::Queue, key, None))?;
        let queue = Self::create(key, SYSTEM_V_MARK)?;
        let made = Made { id: queue.id().get(), at: seconds(&queue.stat()?) };
        lease.record(Note::SystemV(SystemV::Queue, key, Some(made)))?;
        queue.set(&Settings { mode: Some(mode & 0o777), ..Settings::default() })?;
        Ok(queue)
    }
}

/// Removes the queue that was noted, if it is still there and still that one.
pub(crate) fn reclaim(key: Key, noted: Option<Made>) -> Result<()> {
    let Some(queue) = unless_gone(Queue::open(key))? else { return Ok(()) };
    // A list of all queues shows also one that does not permit this user to read.
    let Some(entry) = list()?.into_iter().find(|entry| entry.queue == queue) else { return Ok(()) };
    let stat = entry.stat;
    let found =
        Found { id: queue.id().get(), creator: stat.creator, mode: stat.mode, changed: seconds(&stat) };
    if stat.key == Some(key) && found.is(noted)? { unless_gone(queue.remove()).map(drop) } else { Ok(()) }
}

fn seconds(stat: &Stat) -> i64 {
    let since = stat.last_changed.duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs().cast_signed())
}
