//! Two sides meet at a segment, or do not.

use std::sync::Barrier;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use ipc_conformance::{Bytes as _, scribble};
use ipc_core::Error;
use ipc_core::process::ProcessId;
use ipc_core::ring::{Attachment, HeapMemory, Layout, Region, SEGMENT_LEN};

use crate::tools::{Link, create, join};

#[test]
fn a_third_finds_no_place() {
    let memory = HeapMemory::new(SEGMENT_LEN);
    let _owner = create(&memory, Link::LAYOUT);
    let _joined = join(&memory).unwrap().expect("the owner waits");
    assert!(join(&memory).unwrap().is_none());
}

/// If the holder of a place was killed before it was ready, the place is free again as soon as the owner checks, and
/// then for one process, however many come at the same time.
#[test]
fn one_of_many_takes_over_the_place_of_a_dead_process() {
    const OCCUPANT: usize = 256 + 8; // in side 1
    const NAMESPACES: usize = OCCUPANT + 8;
    let me = ProcessId::current().unwrap();
    let dead = ProcessId { start_time: 1, ..me };
    for _ in 0..30 {
        let memory = HeapMemory::new(SEGMENT_LEN);
        let mut owner = create(&memory, Link::LAYOUT);
        let region = Region::new(memory.clone()).unwrap();
        region.u64_at(OCCUPANT).store(dead.to_bits(), Ordering::Relaxed);
        region.u64_at(NAMESPACES).store(dead.namespaces.to_bits(), Ordering::Relaxed);
        assert!(join(&memory).unwrap().is_none(), "only the owner can tell");
        owner.wait_for_peer("here", Duration::ZERO).unwrap_err();
        let barrier = Barrier::new(4);
        let taken: Vec<_> = thread::scope(|scope| {
            let rush = || {
                barrier.wait();
                join(&memory).unwrap()
            };
            let rushing: Vec<_> = (0..4).map(|_| scope.spawn(rush)).collect();
            rushing.into_iter().filter_map(|one| one.join().unwrap()).collect()
        });
        assert_eq!(taken.len(), 1);
        assert_eq!(region.u64_at(OCCUPANT).load(Ordering::Relaxed), me.to_bits());
    }
}

/// Two owners would send through one ring at the same time.
#[test]
fn a_second_owner_is_refused() {
    let memory = HeapMemory::new(SEGMENT_LEN);
    let first = create(&memory, Link::LAYOUT);
    let again = || Attachment::create(Region::new(memory.clone()).unwrap(), Link::LAYOUT);
    assert!(matches!(again(), Err(Error::Usage(_))));
    drop(first);
    assert!(matches!(again(), Err(Error::Usage(_))), "nor later: what the first has sent may still be read");
}

/// Nor does an owner that was killed: it could not announce its end.
#[test]
fn a_dead_owner_does_not_wait() {
    const OCCUPANT: usize = 128 + 8; // in side 0
    let me = ProcessId::current().unwrap();
    let dead = ProcessId { start_time: 1, ..me };
    let memory = HeapMemory::new(SEGMENT_LEN);
    let owner = create(&memory, Link::LAYOUT);
    owner.region().u64_at(OCCUPANT).store(dead.to_bits(), Ordering::Relaxed);
    assert!(join(&memory).unwrap().is_none());
}

#[test]
fn an_owner_that_left_does_not_wait() {
    let memory = HeapMemory::new(SEGMENT_LEN);
    drop(create(&memory, Link::LAYOUT));
    assert!(join(&memory).unwrap().is_none());
}

#[test]
fn a_peer_that_never_comes_is_an_error_after_the_timeout() {
    let mut attachment = create(&HeapMemory::new(SEGMENT_LEN), Link::LAYOUT);
    let error = attachment.wait_for_peer("key 7", Duration::from_millis(20)).unwrap_err();
    assert_eq!(error.to_string(), "no peer has joined key 7 (waited 0.02 s)");
}

#[test]
fn a_segment_for_something_else_is_refused() {
    let memory = HeapMemory::new(SEGMENT_LEN);
    assert!(join(&memory).unwrap().is_none(), "all zero: not ready yet");
    let _owner = create(&memory, Layout::LockStep);
    assert!(matches!(join(&memory), Err(Error::Corrupt(_))));
    assert!(matches!(join(&HeapMemory::new(4096)), Err(Error::Corrupt(_))));
}

/// Each number in the header describes the segment: if one differs, it is not a segment of this program.
#[test]
fn a_header_that_differs_is_refused() {
    let [magic, version, layout, capacity] = [0, 8, 12, 16];
    for at in [magic, version, layout, capacity] {
        let memory = HeapMemory::new(SEGMENT_LEN);
        let owner = Link::new(create(&memory, Link::LAYOUT));
        scribble(owner.memory(), at, &[0x55]);
        let joined = join(&memory);
        assert!(matches!(joined, Err(Error::Corrupt(_))), "byte {at}: {joined:?}");
    }
}
