//! The meeting of the two sides at a segment, checked in the same way.

use std::time::Duration;

use loom::thread;

use super::atomic::Ordering;
use super::attachment::{Attachment, Layout};
use super::memory::Region;
use super::record::payload;
use super::sides::{AN_HOUR, Memory, Place, Whole, check, create, join};
use crate::Receiver as _;
use crate::process::ProcessId;

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
