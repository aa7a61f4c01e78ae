//! A queue that an [ownership lock](OwnershipLock) removes, even after a `SIGKILL`.

use std::time::SystemTime;

use ipc_core::Result;
use ipc_core::ownership::{self, Found, Made, Note, OwnershipLock, SYSTEM_V_MARK};

use crate::system_v::unless_gone;
use crate::{Key, Queue, Settings, Stat, SystemV, list};

impl Queue {
    /// Makes a queue as [`create`](Self::create) does, for `ownership` to remove when its last holder has ended.
    ///
    /// The queue is recorded at every moment of its life: first the key is recorded, then the queue is made with a mode
    /// that no other program uses, then its id is recorded, and last it gets its own mode.
    ///
    /// # Errors
    /// As [`create`](Self::create), or the record cannot be written.
    pub fn create_crash_safe(ownership: &OwnershipLock, key: Key, mode: u32) -> Result<Self> {
        ownership.record(Note::SystemV(ownership::SystemV::Queue, key, None))?;
        let queue = Self::create(key, SYSTEM_V_MARK)?;
        let made = Made { id: queue.id().get(), at: seconds(&queue.stat()?) };
        ownership.record(Note::SystemV(ownership::SystemV::Queue, key, Some(made)))?;
        queue.set(&Settings { mode: Some(mode & 0o777), ..Settings::default() })?;
        Ok(queue)
    }

    /// Returns a function that makes such queues, with keys of its own. It takes an ownership lock with the first.
    pub(crate) fn crash_safe_maker() -> impl FnMut(u32) -> Result<Self> + Send {
        let mut ownership = None;
        move |mode| {
            let ownership = match &mut ownership {
                Some(ownership) => ownership,
                none => none.insert(OwnershipLock::take::<SystemV>(None)?),
            };
            Self::create_crash_safe(ownership, Key::fresh(), mode)
        }
    }
}

/// Removes the recorded queue, if it still exists and is the same one.
pub(crate) fn reclaim(key: Key, noted: Option<Made>) -> Result<()> {
    let Some(queue) = unless_gone(Queue::open(key))? else { return Ok(()) };
    // A list of all queues also shows one that this user may not read.
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

#[cfg(test)]
mod tests {
    use nix::unistd::geteuid;

    use super::*;
    use crate::OwnedQueue;

    fn queue(mode: u32) -> (Key, OwnedQueue) {
        let key = Key::fresh();
        (key, Queue::create(key, mode).unwrap().owned())
    }

    fn made(queue: Queue) -> Made {
        Made { id: queue.id().get(), at: seconds(&queue.stat().unwrap()) }
    }

    /// The intention is recorded first, then the queue; the queue gets its own mode last.
    #[test]
    fn a_queue_of_a_lease_is_noted_twice() {
        let ownership = OwnershipLock::take::<SystemV>(None).unwrap();
        let key = Key::fresh();
        let queue = Queue::create_crash_safe(&ownership, key, 0o640).unwrap();
        assert_eq!(queue.stat().unwrap().mode, 0o640);
        let lines =
            [None, Some(made(queue))].map(|made| Note::SystemV(ownership::SystemV::Queue, key, made).line());
        assert_eq!(std::fs::read_to_string(ownership.path("records")).unwrap(), lines.concat());
        drop(ownership);
        assert!(queue.is_gone());
    }

    #[test]
    fn only_the_queue_that_was_noted_is_removed() {
        let (key, queue) = queue(0o600);
        let right = made(*queue);
        reclaim(key, None).unwrap(); // without the mark
        reclaim(key, Some(Made { id: right.id + 1, ..right })).unwrap();
        reclaim(key, Some(Made { at: right.at - 100, ..right })).unwrap_err();
        queue.stat().expect("it is still there");
        reclaim(key, Some(right)).unwrap();
        assert!(queue.is_gone());
        reclaim(key, Some(right)).unwrap();
        let (key, queue) = self::queue(SYSTEM_V_MARK);
        reclaim(key, None).unwrap();
        assert!(queue.is_gone());
    }

    /// The owner of a queue can change, its creator cannot: the creator decides who may remove it.
    #[test]
    fn a_queue_is_known_by_its_creator() {
        let (key, queue) = queue(0o600);
        if queue.set(&Settings { owner: Some(65534), group: Some(65533), ..Settings::default() }).is_err() {
            return ipc_conformance::skipped("giving a queue away needs root");
        }
        let stat = queue.stat().unwrap();
        let groups = (stat.creator_group, stat.group);
        assert_eq!(
            ((stat.creator, stat.owner), groups),
            ((geteuid().as_raw(), 65534), (nix::unistd::getegid().as_raw(), 65533))
        );
        reclaim(key, Some(made(*queue))).unwrap();
        assert!(queue.is_gone());
    }
}
