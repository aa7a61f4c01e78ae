//! The two sides of a scenario, and the check of all orders of their steps.
#![allow(unsafe_code)]

use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use super::attachment::{Attachment, Layout};
use super::link::RingLink;
use super::memory::{Region, Segment};

pub(super) type Memory = Arc<Segment>;
pub(super) type Link = Whole<RingLink<Memory>>;
pub(super) type Place = Whole<Attachment<Memory>>;

/// Drops its value normally, but not after a failure: the checker, no longer working itself, would be asked to run
/// that.
pub(super) struct Whole<T>(ManuallyDrop<T>);

impl<T> Whole<T> {
    pub(super) fn new(value: T) -> Self {
        Self(ManuallyDrop::new(value))
    }

    pub(super) fn into_inner(mut self) -> T {
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
pub(super) fn check(execution: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(execution);
}

pub(super) const AN_HOUR: Duration = Duration::from_secs(3600);

pub(super) fn create(memory: &Memory) -> Place {
    Whole::new(Attachment::create(Region::new(Memory::clone(memory)), Layout::Ring).unwrap())
}

pub(super) fn join(memory: &Memory) -> Option<Link> {
    RingLink::join(Region::new(Memory::clone(memory))).unwrap().map(Whole::new)
}

/// Returns both ends of a link. Until there is a second thread, the steps have only one order.
pub(super) fn pair() -> (Link, Link) {
    let memory = Memory::default();
    let mut owner = create(&memory);
    let joined = join(&memory).expect("the owner waits");
    owner.wait_for_peer("here", AN_HOUR).unwrap();
    (Whole::new(RingLink::new(owner.into_inner())), joined)
}
