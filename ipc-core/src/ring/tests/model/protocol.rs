//! The protocol of the ring, model-checked with [loom](https://docs.rs/loom): every order in which the steps of two
//! threads can follow each other, and every value that a load may see in the memory model of C11, is tried, on the
//! source files of the ring themselves.
//!
//! A message that is read before it was written, or overwritten while it is read, is an access to a loom `UnsafeCell`
//! by both at once, which loom reports. A wake-up that is lost leaves a thread asleep for ever, which it reports as a
//! deadlock.

#![allow(unsafe_code)]

use std::time::Duration;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;

use super::bell::Bell;
use super::layout::{CAPACITY, Ring};
use super::spsc::{Receiver, Sender};

/// The longest a side sleeps; the model has no time.
const SLICE: Duration = Duration::MAX;

/// A ring, and for each message that fits in a place for what it says.
struct Shared<const PLACES: usize> {
    ring: Ring,
    places: [UnsafeCell<u64>; PLACES],
}

// SAFETY: whether both sides touch a place at once is what loom checks.
unsafe impl<const PLACES: usize> Sync for Shared<PLACES> {}

/// How many bytes a message takes of a ring with that many places.
const fn size(places: usize) -> u64 {
    (CAPACITY / places) as u64
}

impl<const PLACES: usize> Shared<PLACES> {
    fn new() -> Arc<Self> {
        Arc::new(Self { ring: Ring::default(), places: std::array::from_fn(|_| UnsafeCell::new(0)) })
    }

    /// One try to send `message`.
    fn try_send(&self, sender: &mut Sender, message: u64) -> Option<()> {
        let place = (sender.position() / size(PLACES)) as usize % PLACES;
        sender.has_room(&self.ring, size(PLACES)).unwrap().then(|| {
            // SAFETY: the ring has given this place to the sender; if not, loom panics here.
            self.places[place].with_mut(|place| unsafe { *place = message });
            sender.publish(&self.ring, size(PLACES));
        })
    }

    /// One try to receive.
    fn try_receive(&self, receiver: &mut Receiver) -> Option<u64> {
        let place = (receiver.position() / size(PLACES)) as usize % PLACES;
        (receiver.available(&self.ring).unwrap() > 0).then(|| {
            // SAFETY: as above, to the receiver.
            let message = self.places[place].with(|place| unsafe { *place });
            receiver.release(&self.ring, size(PLACES));
            message
        })
    }
}

/// As `RingLink` sleeps: says so, looks once more, sleeps.
fn sleep_until<T>(bell: &Bell, mut attempt: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(done) = attempt() {
            return done;
        }
        bell.arm();
        let looked_again = attempt();
        if looked_again.is_none() {
            bell.sleep(SLICE);
        }
        bell.disarm();
        if let Some(done) = looked_again {
            return done;
        }
    }
}

/// Tries every order with at most so many switches from a thread that could go on; sleeping is none. Published faults
/// of such protocols need two; without a bound it would take hours.
fn check(execution: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(execution);
}

/// Sends 1, 2, … through a ring of so many places; both sides sleep when they have to.
fn play<const PLACES: usize>(messages: u64) {
    check(move || {
        let shared = Shared::<PLACES>::new();
        let theirs = Arc::clone(&shared);
        let sender = thread::spawn(move || {
            let mut sender = Sender::default();
            for message in 1..=messages {
                sleep_until(&theirs.ring.sender, || theirs.try_send(&mut sender, message));
            }
        });
        let mut receiver = Receiver::default();
        for message in 1..=messages {
            let received = sleep_until(&shared.ring.receiver, || shared.try_receive(&mut receiver));
            assert_eq!(received, message);
        }
        sender.join().unwrap();
    });
}

#[test]
fn a_sleeping_receiver_hears_each_message() {
    play::<2>(2);
}

#[test]
fn a_sleeping_sender_hears_that_there_is_room() {
    play::<1>(2);
}

/// What a peer sent before it left is found by whoever then knows that it left, asleep or not.
#[test]
fn one_who_leaves_wakes_the_other_who_finds_all_it_sent() {
    check(|| {
        let shared = Arc::new((Shared::<2>::new(), AtomicU32::new(0)));
        let theirs = Arc::clone(&shared);
        let leaver = thread::spawn(move || {
            let (shared, left) = &*theirs;
            shared.try_send(&mut Sender::default(), 1).unwrap();
            left.store(1, Ordering::Release);
            shared.ring.receiver.ring_loud();
        });
        let (shared, left) = &*shared;
        let mut receiver = Receiver::default();
        let mut received = Vec::new();
        let mut look = || {
            let left = left.load(Ordering::Acquire) == 1;
            while let Some(message) = shared.try_receive(&mut receiver) {
                received.push(message);
            }
            left.then_some(())
        };
        sleep_until(&shared.ring.receiver, &mut look);
        assert_eq!(received, [1]);
        leaver.join().unwrap();
    });
}
