//! The protocol of the ring, model-checked with [loom](https://docs.rs/loom): it tries every order in which the steps
//! of two threads can follow each other, and every value that a load may see in the memory model of C11, on the source
//! files of the ring themselves: a whole [`RingLink`], from its attachment to its end.
//!
//! If a message is read before it was written, or overwritten while it is read, both sides access a loom `UnsafeCell`
//! at once, which loom reports. A lost wake-up leaves a thread asleep indefinitely, which loom reports as a deadlock.
#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use loom::thread;

use super::atomic::Ordering;
use super::attachment::{Attachment, Layout};
use super::half::Half as _;
use super::link::RingLink;
use super::memory::{FULL, MESSAGE, Region, Segment};
use super::record::payload;
use crate::process::ProcessId;
use crate::{Error, Receiver, Result, Sender, Split};

type Memory = Arc<Segment>;
type Link = Whole<RingLink<Memory>>;
type Place = Whole<Attachment<Memory>>;

/// Drops its value normally, but not after a failure: the checker, no longer working itself, would be asked to run
/// that.
struct Whole<T>(ManuallyDrop<T>);

impl<T> Whole<T> {
    fn new(value: T) -> Self {
        Self(ManuallyDrop::new(value))
    }

    fn into_inner(mut self) -> T {
        // SAFETY: this value is not used again, nor dropped.
        let value = unsafe { ManuallyDrop::take(&mut self.0) };
        std::mem::forget(self);
        value
    }
}

impl<T> Deref for Whole<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Whole<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> Drop for Whole<T> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // SAFETY: this value is not used again.
            unsafe { ManuallyDrop::drop(&mut self.0) }
        }
    }
}

/// Tries every order with at most three switches from a thread that could continue; going to sleep does not count.
/// Published faults of such protocols need two; without a bound, the check would take hours.
fn check(execution: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(execution);
}

const AN_HOUR: Duration = Duration::from_secs(3600);

fn create(memory: &Memory) -> Place {
    Whole::new(Attachment::create(Region::new(Memory::clone(memory)), Layout::Ring).unwrap())
}

fn join(memory: &Memory) -> Option<Link> {
    RingLink::join(Region::new(Memory::clone(memory))).unwrap().map(Whole::new)
}

/// Returns both ends of a link. Until there is a second thread, the steps have only one order.
fn pair() -> (Link, Link) {
    let memory = Memory::default();
    let mut attachment = Attachment::create(Region::new(Memory::clone(&memory)), Layout::Ring).unwrap();
    let joined = join(&memory).expect("the owner waits");
    attachment.wait_for_peer("here", AN_HOUR).unwrap();
    (Whole::new(RingLink::new(attachment)), joined)
}

fn message(number: u8) -> Vec<u8> {
    let mut message = vec![0; MESSAGE];
    message[0] = number;
    message
}

fn receive(link: &mut Link) -> Result<u8> {
    let mut buffer = vec![0; MESSAGE];
    let len = link.recv(&mut buffer)?;
    assert_eq!(len, MESSAGE);
    Ok(buffer[0])
}

/// Receives a message in place, without a copy.
fn peek(link: &mut Link) -> u8 {
    let message = link.peek().unwrap();
    let mut byte = [0];
    message.read(0, &mut byte);
    message.release().unwrap();
    byte[0]
}

fn is_end<T>(answer: &Result<T>) -> bool {
    matches!(answer, Err(Error::Disconnected))
}

#[test]
fn a_sleeping_receiver_hears_each_message() {
    check(|| {
        let (mut ours, mut theirs) = pair();
        let sender = thread::spawn(move || {
            for number in 1..=2 {
                theirs.send(&message(number)).unwrap();
            }
            theirs // dropped only when the other side has received everything
        });
        assert_eq!([receive(&mut ours).unwrap(), peek(&mut ours)], [1, 2]);
        drop(sender.join().unwrap());
    });
}

/// A batch changes hands as a whole, whether it is flushed or a message is sent after it.
#[test]
fn a_sleeping_receiver_hears_of_a_batch() {
    check(|| {
        let (mut ours, mut theirs) = pair();
        let sender = thread::spawn(move || {
            theirs.feed(&message(1)).unwrap();
            theirs.feed(&message(2)).unwrap();
            theirs.flush().unwrap();
            theirs
        });
        assert_eq!(receive(&mut ours).unwrap(), 1);
        assert_eq!(ours.try_recv(&mut vec![0; MESSAGE]).unwrap(), Some(MESSAGE), "it came with the first");
        drop(sender.join().unwrap());
    });
}

/// A sender that waits for room hands its batch over first, or both sides would sleep.
#[test]
fn a_batch_that_fills_the_ring_changes_hands() {
    check(|| {
        let (mut ours, mut theirs) = pair();
        for number in 1..=FULL {
            theirs.feed(&message(number)).unwrap();
        }
        let sender = thread::spawn(move || {
            theirs.feed(&message(FULL + 1)).unwrap();
            theirs
        });
        for number in 1..=FULL {
            assert_eq!(receive(&mut ours).unwrap(), number);
        }
        drop(sender.join().unwrap()); // with a batch of one
        assert_eq!(receive(&mut ours).unwrap(), FULL + 1);
        assert!(is_end(&receive(&mut ours)));
    });
}

#[test]
fn a_sleeping_sender_hears_that_there_is_room() {
    check(|| {
        let (mut ours, mut theirs) = pair();
        for number in 1..=FULL {
            theirs.send(&message(number)).unwrap();
        }
        let sender = thread::spawn(move || {
            let mut room = theirs.reserve(MESSAGE).unwrap();
            room.fill(FULL + 1);
            room.commit().unwrap();
            theirs
        });
        assert_eq!([receive(&mut ours).unwrap(), peek(&mut ours)], [1, 2]);
        assert_eq!([(); 2].map(|()| receive(&mut ours).unwrap()), [3, 4]);
        drop(sender.join().unwrap());
    });
}

#[test]
fn one_who_leaves_wakes_a_receiver_who_finds_all_it_sent() {
    check(|| {
        let (mut ours, mut theirs) = pair();
        let leaver = thread::spawn(move || theirs.send(&message(1)).unwrap());
        assert_eq!(receive(&mut ours).unwrap(), 1);
        assert!(is_end(&receive(&mut ours)));
        leaver.join().unwrap();
    });
}

#[test]
fn one_who_leaves_wakes_a_sender() {
    check(|| {
        let (mut ours, theirs) = pair();
        for number in 1..=FULL {
            ours.send(&message(number)).unwrap();
        }
        let leaver = thread::spawn(move || drop(theirs));
        assert!(is_end(&ours.send_timeout(&message(3), AN_HOUR)));
        leaver.join().unwrap();
    });
}

/// The sleeper looks after announcing its sleep, so that the watcher need not wake it twice.
#[test]
fn the_end_of_a_killed_peer_wakes_a_receiver() {
    check(|| {
        let (mut ours, theirs) = pair();
        let watch = ours.receiver.wake_at_end().clone();
        let watcher = thread::spawn(move || watch.end());
        assert!(is_end(&receive(&mut ours)));
        watcher.join().unwrap();
        drop(theirs); // only now: a killed process announces nothing
    });
}

#[test]
fn the_end_of_a_killed_peer_wakes_a_sender() {
    check(|| {
        let (mut ours, theirs) = pair();
        for number in 1..=FULL {
            ours.send(&message(number)).unwrap();
        }
        let watch = ours.sender.wake_at_end().clone();
        let watcher = thread::spawn(move || watch.end());
        assert!(is_end(&ours.send(&message(FULL + 1))));
        watcher.join().unwrap();
        drop(theirs);
    });
}

/// All that a peer sent before it was killed is received first.
#[test]
fn what_a_killed_peer_sent_is_received() {
    check(|| {
        let (mut ours, mut theirs) = pair();
        let watch = ours.receiver.wake_at_end().clone();
        let watcher = thread::spawn(move || {
            theirs.send(&message(1)).unwrap();
            watch.end();
            theirs
        });
        assert_eq!(receive(&mut ours).unwrap(), 1);
        assert!(is_end(&receive(&mut ours)));
        drop(watcher.join().unwrap());
    });
}

/// The two halves of a link end at the same time, in two threads; the peer misses neither.
#[test]
fn halves_that_are_dropped_at_once_end_both_directions() {
    check(|| {
        let (mut ours, theirs) = pair();
        let (sender, receiver) = theirs.into_inner().split();
        let leaver = thread::spawn(move || drop(sender));
        drop(receiver);
        assert!(is_end(&receive(&mut ours)));
        leaver.join().unwrap();
        assert!(is_end(&ours.send(&message(1))));
    });
}

/// The offset of side 1's first message.
const THEIRS: usize = payload(1, 0);

/// Reads a byte there; the caller must know that it has been written.
fn read(attachment: &Attachment<Memory>) -> u8 {
    let mut byte = [0];
    attachment.region().read(THEIRS, &mut byte);
    byte[0]
}

fn claim(memory: &Memory) -> Place {
    Whole::new(
        Attachment::claim(Region::new(Memory::clone(memory)), Layout::Ring)
            .unwrap()
            .expect("the owner waits"),
    )
}

#[test]
fn one_who_is_ready_wakes_the_owner_who_sees_what_it_did_before() {
    check(|| {
        let memory = Memory::default();
        let mut owner = create(&memory);
        let joiner = thread::spawn({
            let memory = Memory::clone(&memory);
            move || {
                let attachment = claim(&memory);
                attachment.region().write(THEIRS, &[7]);
                attachment.ready();
                attachment
            }
        });
        owner.wait_for_peer("here", AN_HOUR).unwrap();
        assert_eq!(read(&owner), 7);
        memory.forget_who_holds_it();
        owner.check_peer().expect("it is known by its pid");
        drop(joiner.join().unwrap());
    });
}

/// The owner does not sleep on if the joiner leaves before it was ready.
#[test]
fn one_who_leaves_at_once_wakes_the_owner() {
    check(|| {
        let memory = Memory::default();
        let mut owner = create(&memory);
        let joiner = thread::spawn(move || drop(claim(&memory)));
        owner.wait_for_peer("here", AN_HOUR).unwrap();
        assert!(owner.peer_sends_no_more().unwrap());
        joiner.join().unwrap();
    });
}

/// Everything it wrote, through the ring or not, is visible.
#[test]
fn all_that_was_written_before_one_left_is_seen() {
    check(|| {
        let memory = Memory::default();
        let mut owner = create(&memory);
        let joiner = claim(&memory);
        joiner.ready();
        owner.wait_for_peer("here", AN_HOUR).unwrap();
        let joiner = thread::spawn(move || {
            joiner.region().write(THEIRS, &[7]);
            drop(joiner);
        });
        if owner.peer_sends_no_more().unwrap() {
            assert_eq!(read(&owner), 7);
        }
        joiner.join().unwrap();
    });
}

/// A process that joins while the owner is still setting up finds a complete segment or none.
#[test]
fn a_segment_that_is_being_made_is_not_joined_too_early() {
    check(|| {
        let memory = Memory::default();
        let owner = thread::spawn({
            let memory = Memory::clone(&memory);
            move || create(&memory)
        });
        let joined = join(&memory);
        let mut owner = owner.join().unwrap();
        let mut link = joined.unwrap_or_else(|| join(&memory).expect("now it is there"));
        owner.wait_for_peer("here", AN_HOUR).unwrap();
        memory.forget_who_holds_it();
        link.check_sender().expect("the owner is known by its pid");
    });
}

/// The place of a process that was killed before it was ready is freed and taken at the same time.
#[test]
fn the_place_of_a_dead_process_passes_to_one_that_lives() {
    let me = ProcessId::current().unwrap();
    let dead = ProcessId { start_time: 1, ..me };
    check(move || {
        let memory = Memory::default();
        let mut owner = create(&memory);
        let place = &owner.region().control().sides[1];
        place.occupant.store(dead.to_bits(), Ordering::Relaxed);
        place.namespaces.store(dead.namespaces.to_bits(), Ordering::Relaxed);
        let joiner = thread::spawn({
            let memory = Memory::clone(&memory);
            move || join(&memory)
        });
        let _ = owner.wait_for_peer("here", Duration::ZERO); // the joiner has come, or not yet
        let joined = joiner.join().unwrap();
        let _link = joined.unwrap_or_else(|| join(&memory).expect("the place is free"));
        owner.wait_for_peer("here", AN_HOUR).unwrap();
        memory.forget_who_holds_it();
        owner.check_peer().expect("the one that took it lives");
    });
}
