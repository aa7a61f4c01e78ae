//! Links between two threads, and what goes through them.

use std::time::Duration;

use ipc_conformance::watchdog::{WHOLE_CASE, watched_for};
use ipc_core::Result;
use ipc_core::ring::{Attachment, HeapMemory, Layout, Region, RingLink, SEGMENT_LEN};

pub type Link = RingLink<HeapMemory>;

pub fn create(memory: &HeapMemory, layout: Layout) -> Attachment<HeapMemory> {
    Attachment::create(Region::new(memory.clone()).unwrap(), layout).unwrap()
}

pub fn join(memory: &HeapMemory) -> Result<Option<Link>> {
    Link::join(Region::new(memory.clone())?)
}

pub fn pair() -> (Link, Link) {
    pair_in(&HeapMemory::new(SEGMENT_LEN))
}

pub fn pair_in(memory: &HeapMemory) -> (Link, Link) {
    let mut attachment = create(memory, Link::LAYOUT);
    let joined = join(memory).unwrap().expect("the owner waits");
    attachment.wait_for_peer("here", Duration::ZERO).unwrap();
    (Link::new(attachment), joined)
}

/// Returns a message that differs from all others in these tests.
pub fn message(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|i| (i.wrapping_mul(31) ^ (i >> 8) ^ seed) as u8).collect()
}

/// Runs `work`, and fails instead of hanging.
pub fn watched<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    watched_for(WHOLE_CASE, work) // in a debug build it takes seconds
}
