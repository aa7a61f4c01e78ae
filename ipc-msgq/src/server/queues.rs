//! The queues of a server: the one that its clients know, and those that it makes as more of them join.
//!
//! Why not one for all? `msgsnd` walks the list of every thread that sleeps in `msgrcv` on the same queue, and compares
//! the types, with the queue locked. With two threads asleep for each of 1,000 clients, that walk is most of the work,
//! and all senders wait for each other. With [`PER_QUEUE`] clients it costs less than the rest of the call.
//! `examples/sleepers.rs` shows the curve.
//!
//! A queue is made with the first slot that needs it, and recorded in an ownership lock of the server before any client
//! learns of it: a server that is killed leaves one directory to clean up, and its clients own nothing. A queue without
//! clients stays for the next ones until the server stops. It costs 256 bytes of kernel memory, less than the two notes
//! for making it again; and since the lowest free slot is taken first, no queue is added while another has room.
//!
//! A pipelined client has a queue of its own: the answers that it does not take are in no other client's way. When it has
//! gone, the next one gets that queue. So the record grows only with the number of clients at the same time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ipc_core::Result;

use super::wire::Refusal;
use crate::{Queue, Settings};

/// The most clients on one queue.
pub(super) const PER_QUEUE: usize = 32;

/// The shortest interval between two attempts to make a queue after a failure: each leaves a note.
const RETRY: Duration = Duration::from_secs(1);

/// The shortest interval between two searches of a queue for untaken answers, however many senders lack room.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Makes a queue with the given mode, for an ownership lock to remove.
pub(super) type MakeQueue = Box<dyn FnMut(u32) -> Result<Queue> + Send>;

pub(super) struct Queues {
    /// Those that clients share, by the number of their slots divided by [`PER_QUEUE`]. Number 0 is the one that the
    /// clients know; it is not ours to remove.
    shared: BTreeMap<usize, Shared>,
    /// Those of pipelined clients that have gone.
    idle: Vec<Queue>,
    /// Makes the others; `None` when the server has stopped.
    make: Option<MakeQueue>,
    failed_at: Option<Instant>,
}

/// A queue that some clients share.
struct Shared {
    queue: Queue,
    last_reclaim: Instant,
}

impl Shared {
    fn new(queue: Queue) -> Self {
        Self { queue, last_reclaim: Instant::now() }
    }
}

impl Queues {
    pub(super) fn new(meeting: Queue, make: MakeQueue) -> Self {
        let shared = BTreeMap::from([(0, Shared::new(meeting))]);
        Self { shared, idle: Vec::new(), make: Some(make), failed_at: None }
    }

    /// Returns the queue of slot `number`, and makes it if it does not exist, or no longer exists.
    pub(super) fn of_slot(&mut self, number: usize) -> std::result::Result<Queue, Refusal> {
        let at = number / PER_QUEUE;
        let known = self.shared.get(&at).map(|shared| shared.queue);
        if let Some(queue) = known.filter(|queue| at == 0 || !queue.is_gone()) {
            return Ok(queue);
        }
        let queue = self.one_more()?;
        self.shared.insert(at, Shared::new(queue));
        Ok(queue)
    }

    /// Returns a queue for one client, until it is [given back](Self::give_back).
    pub(super) fn for_one(&mut self) -> std::result::Result<Queue, Refusal> {
        while let Some(queue) = self.idle.pop() {
            if queue.stat().is_ok_and(|stat| stat.messages == 0) {
                return Ok(queue);
            }
            let _ = queue.remove(); // another process has left something in it, or has removed it
        }
        self.one_more()
    }

    /// Takes back the queue of a client that has gone.
    pub(super) fn give_back(&mut self, queue: Queue) {
        self.idle.push(queue);
    }

    fn one_more(&mut self) -> std::result::Result<Queue, Refusal> {
        if self.failed_at.is_some_and(|failed_at| failed_at.elapsed() < RETRY) {
            return Err(Refusal::Queues);
        }
        let made = self.make();
        if made.is_none() {
            self.failed_at = Some(Instant::now());
        }
        made.ok_or(Refusal::Queues)
    }

    /// Makes a queue like the first one.
    fn make(&mut self) -> Option<Queue> {
        let like = self.shared[&0].queue.stat().ok()?;
        let queue = self.make.as_mut()?(like.mode).ok()?;
        let (owner, group) = (Some(like.owner), Some(like.group));
        let set = queue.set(&Settings { owner, group, capacity: Some(like.capacity), mode: None });
        if set.is_err() {
            let _ = queue.remove();
        }
        set.ok().map(|()| queue)
    }

    /// Returns whether it is time to look again for untaken answers in `queue`, and remembers when that was.
    pub(super) fn is_reclaim_due(&mut self, queue: Queue) -> bool {
        let shared = self.shared.values_mut().find(|shared| shared.queue == queue);
        let due = shared.filter(|shared| shared.last_reclaim.elapsed() >= LOOK_EVERY);
        due.map(|shared| shared.last_reclaim = Instant::now()).is_some()
    }

    #[cfg(test)]
    pub(super) fn set_last_reclaim(&mut self, at: Instant) {
        self.shared.get_mut(&0).expect("it is always there").last_reclaim = at;
    }

    /// Removes all queues but the first.
    pub(super) fn remove(&mut self) {
        let shared = self.shared.split_off(&1).into_values().map(|shared| shared.queue);
        for queue in shared.chain(self.idle.drain(..)) {
            let _ = queue.remove(); // another process was faster
        }
        self.make = None;
    }
}

#[cfg(test)]
mod tests {
    use ipc_core::Key;
    use ipc_core::ownership::OwnershipLock;

    use super::*;
    use crate::{SystemV, list};

    /// Returns the queues of a server, and where they are recorded.
    fn queues(meeting: Queue) -> (Queues, std::path::PathBuf) {
        let ownership = OwnershipLock::take::<SystemV>(None).unwrap();
        let records = ownership.path("records");
        let make = move |mode| Queue::create_crash_safe(&ownership, Key::fresh(), mode);
        (Queues::new(meeting, Box::new(make)), records)
    }

    /// A queue is made with its first slot, like the queue that the clients know; removed by hand, it is made again.
    #[test]
    fn a_queue_is_made_with_its_first_slot() {
        let meeting = Queue::private(0o620).unwrap().owned();
        meeting.set(&Settings { capacity: Some(4000), ..Settings::default() }).unwrap();
        let (mut queues, records) = queues(*meeting);
        assert_eq!(queues.of_slot(PER_QUEUE - 1).unwrap(), *meeting);
        assert!(!records.exists(), "nothing was made");
        let second = queues.of_slot(PER_QUEUE).unwrap();
        assert_ne!(second, *meeting);
        assert_eq!(queues.of_slot(2 * PER_QUEUE - 1).unwrap(), second);
        let stat = second.stat().unwrap();
        assert_eq!((stat.mode, stat.capacity), (0o620, 4000));
        let noted = std::fs::read_to_string(&records).unwrap();
        assert!(noted.contains(&second.id().to_string()), "{noted}");
        second.remove().unwrap();
        let again = queues.of_slot(PER_QUEUE).unwrap();
        assert_ne!(again, second);
        queues.remove();
        assert!(again.is_gone() && !records.exists());
        assert!(list().unwrap().iter().any(|entry| entry.queue == *meeting), "it is not ours");
    }

    /// A queue is shared by the slots of its number, whether the ones before are needed or not. All are removed at the end,
    /// although their maker keeps no record.
    #[test]
    fn queues_are_made_in_any_order() {
        let meeting = Queue::private(0o600).unwrap().owned();
        let mut queues = Queues::new(*meeting, Box::new(Queue::private));
        let third = queues.of_slot(2 * PER_QUEUE).unwrap();
        let second = queues.of_slot(PER_QUEUE).unwrap();
        assert_eq!(queues.of_slot(3 * PER_QUEUE - 1).unwrap(), third);
        let own = queues.for_one().unwrap();
        assert!(second != third && own != second && own != third);
        queues.give_back(own);
        queues.remove();
        assert!([second, third, own].iter().all(|queue| queue.is_gone()));
    }

    /// After a failure the next attempt is a second later.
    #[test]
    fn a_failure_is_not_repeated_at_once() {
        let meeting = Queue::private(0o600).unwrap();
        let (mut queues, _) = queues(meeting);
        meeting.remove().unwrap(); // so that none like it can be made
        assert_eq!(queues.of_slot(PER_QUEUE), Err(Refusal::Queues));
        let other = Queue::private(0o600).unwrap().owned();
        queues.shared.insert(0, Shared::new(*other));
        assert_eq!(queues.of_slot(PER_QUEUE), Err(Refusal::Queues));
        queues.failed_at = Instant::now().checked_sub(RETRY);
        assert!(queues.of_slot(PER_QUEUE).is_ok());
    }
}
