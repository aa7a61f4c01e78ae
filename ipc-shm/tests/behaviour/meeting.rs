//! The meeting of two processes, and the objects left when they die.

use std::time::Duration;

use ipc_conformance::Bytes as _;
use ipc_core::ownership::{Made, Note, SystemV};
use ipc_core::pages::Pages;
use ipc_core::ring::{CAPACITY, Mapping, Memory, Region};
use ipc_core::{Error, Mechanism, Receiver, Sender, Setup};
use ipc_shm::posix::Object;
use ipc_shm::{Key, Posix, Ring, Segment, Semaphores};
use nix::unistd::geteuid;

use crate::tools::{PATIENCE, Scratch, listed, played, playing, setup, wait_until};

/// The segment is marked for removal as soon as both sides are attached, so the kernel frees it when both are killed at
/// once. No process has to clean up.
#[test]
fn a_ring_cannot_leak_once_both_are_attached() {
    let key = Key::fresh();
    let joiner = std::thread::spawn(move || playing(&format!("join {key} ring")));
    let mut owner = playing(&format!("own {key} ring"));
    let mut joiner = joiner.join().unwrap();
    let id = first_number(&owner.said);
    let line = listed("shm", id).unwrap();
    let (key_now, permissions, attached) = (&line[0], &line[2], &line[6]);
    assert_eq!((key_now.as_str(), permissions.as_str(), attached.as_str()), ("0", "1600", "2"), "{line:?}");
    assert!(Segment::find(key).unwrap().is_none(), "no other process can join");
    owner.kill();
    joiner.kill();
    wait_until("the kernel has freed it", || listed("shm", id).is_none());
}

/// Either side marks the segment: the joiner, or, if that is another user, the owner.
#[test]
fn either_side_marks_the_segment_for_removal() {
    fn marked(described: &str) -> Option<bool> {
        listed("shm", first_number(described)).map(|line| line[2].len() == 4) // 1600, not 600
    }
    fn check<M: Mechanism<Options = Pages>>() {
        let (wider, variant) = (Setup { mode: 0o666, ..setup() }, M::VARIANT.name);
        let mut meeting = M::create(None, &wider).unwrap();
        let described = meeting.describe();
        let joiner = playing(&format!("join-as-nobody {} {variant}", meeting.address()));
        assert_eq!((joiner.said.as_str(), marked(&described)), ("joined", Some(false)), "{variant}");
        let _link = meeting.accept(PATIENCE).unwrap();
        assert_eq!(marked(&described), Some(true), "{variant}");
    }
    let mut meeting = Ring::create(None, &setup()).unwrap();
    let described = meeting.describe();
    assert_eq!(marked(&described), Some(false));
    let _joiner = Ring::join(&meeting.address(), &setup(), PATIENCE).unwrap();
    assert_eq!(marked(&described), Some(true));
    drop(meeting.accept(PATIENCE).unwrap());
    if !geteuid().is_root() {
        return ipc_conformance::skipped("becoming another user needs root");
    }
    check::<Ring>();
    check::<Semaphores>();
}

/// Semaphores cannot be marked. The next `create` removes those of two killed processes.
#[test]
fn semaphores_of_the_dead_are_removed_by_the_next_create() {
    let key = Key::fresh();
    let joiner = std::thread::spawn(move || playing(&format!("join {key} sem")));
    let mut owner = playing(&format!("own {key} sem"));
    let mut joiner = joiner.join().unwrap();
    let numbers: Vec<_> = owner.said.split(' ').filter_map(|word| word.parse().ok()).collect();
    let array = *numbers.last().unwrap();
    assert!(listed("sem", array).is_some());
    drop(Ring::create(None, &setup()).unwrap());
    assert!(listed("sem", array).is_some(), "what is in use stays");
    owner.kill();
    drop(Ring::create(None, &setup()).unwrap());
    assert!(listed("sem", array).is_some(), "the joiner still holds it");
    joiner.kill();
    wait_until("swept", || {
        drop(Ring::create(None, &setup()).unwrap());
        listed("sem", array).is_none()
    });
    assert!(listed("shm", numbers[0]).is_none());
}

/// An object that no process joined goes with the owner's handle.
#[test]
fn a_meeting_without_a_joiner_leaves_nothing() {
    leaves_nothing::<Ring>();
    leaves_nothing::<Semaphores>();
}

fn leaves_nothing<M: Mechanism<Options = Pages>>() {
    let mut meeting = M::create(None, &setup()).unwrap();
    let (key, described): (Key, _) = (meeting.address().parse().unwrap(), meeting.describe());
    let error = meeting.accept(Duration::from_millis(10)).err().expect("no process comes");
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    drop(meeting);
    assert!(Segment::find(key).unwrap().is_none());
    let array = described.split(' ').next_back().unwrap().parse();
    assert!(array.is_err() || listed("sem", array.unwrap()).is_none());
}

/// The key is free once the two are attached: another pair can meet there while the first still talks.
#[test]
fn a_key_can_be_used_again_once_both_are_attached() {
    let key = Key::fresh().to_string();
    let meet = || {
        let mut meeting = Ring::create(Some(&key), &setup()).unwrap();
        let joiner = Ring::join(&key, &setup(), PATIENCE).unwrap();
        (meeting.accept(PATIENCE).unwrap(), joiner)
    };
    let (mut first, mut second) = (meet(), meet());
    let mut buffer = [0; 8];
    first.0.send(b"first").unwrap();
    second.0.send(b"second").unwrap();
    assert_eq!(first.1.recv(&mut buffer).unwrap(), 5);
    assert_eq!(second.1.recv(&mut buffer).unwrap(), 6);
}

/// A segment that another program made is not taken for a meeting point.
#[test]
fn a_foreign_segment_is_not_joined() {
    let small = Key::fresh();
    let segment = Segment::create(small, 4096, 0o600).unwrap();
    let joined = Ring::join(&small.to_string(), &setup(), PATIENCE);
    segment.mark_for_removal().unwrap();
    assert!(matches!(joined, Err(Error::Corrupt(_))), "{joined:?}");

    let scratch = Scratch::new(0o600);
    let shortly = Duration::from_millis(20);
    let empty = Ring::join(&scratch.key.to_string(), &setup(), shortly).unwrap_err();
    assert!(matches!(empty, Error::TimedOut { .. }), "all zero is not ready yet: {empty}");
    scratch.attach().write(0, b"something else");
    let other = Ring::join(&scratch.key.to_string(), &setup(), PATIENCE).unwrap_err();
    assert!(matches!(other, Error::Corrupt(_)), "{other}");
}

/// A segment of another version of this suite may have another layout, and one of another capacity surely does.
#[test]
fn a_segment_of_another_version_or_capacity_is_not_joined() {
    let attach = |address: &str| {
        let segment = Segment::find(address.parse().unwrap()).unwrap().unwrap();
        Region::new(segment.attach().unwrap()).unwrap()
    };
    let map = |address: &str| {
        let object = Object::open(&address.parse().unwrap()).unwrap().unwrap();
        Region::new(Mapping::new(object.file()).unwrap()).unwrap()
    };
    another_layout_is_refused::<Ring, _>(attach);
    another_layout_is_refused::<Semaphores, _>(attach);
    another_layout_is_refused::<Posix, _>(map);
}

fn another_layout_is_refused<M: Mechanism<Options = Pages>, N: Memory>(at: impl Fn(&str) -> Region<N>) {
    let meeting = M::create(None, &setup()).unwrap();
    let address = meeting.address();
    let variant = M::VARIANT.name;
    for (offset, wrong, right) in [(8, 6, 5), (8, 4, 5), (16, CAPACITY as u64 * 2, CAPACITY as u64)] {
        let len = if offset == 8 { 4 } else { 8 };
        at(&address).write(offset, &u64::to_ne_bytes(wrong)[..len]);
        let refused = M::join(&address, &setup(), PATIENCE).err().expect("of another layout").to_string();
        assert!(refused.contains("another version"), "{variant}: {wrong} at {offset}: {refused}");
        at(&address).write(offset, &u64::to_ne_bytes(right)[..len]);
    }
    assert!(M::join(&address, &setup(), PATIENCE).is_ok());
}

/// A process that is killed between taking the free place and being ready does not keep it: the next takes it over.
/// While it lives, no other does.
#[test]
fn a_place_taken_by_a_process_that_was_killed_is_free() {
    let mut meeting = Ring::create(None, &setup()).unwrap();
    let key = meeting.address();
    let join = |timeout| Ring::join(&key, &setup(), timeout);
    for _ in 0..2 {
        let mut hesitant = playing(&format!("claim {key}"));
        assert_eq!(hesitant.said, "true");
        let late = join(Duration::from_millis(50)).unwrap_err();
        assert!(matches!(late, Error::TimedOut { .. }), "{late}");
        hesitant.kill();
        meeting.accept(Duration::ZERO).unwrap_err(); // the owner sees that it is dead
    }
    let mut joiner = join(PATIENCE).unwrap();
    joiner.send(b"here").unwrap();
    assert_eq!(meeting.accept(PATIENCE).unwrap().recv(&mut [0; 8]).unwrap(), 4);
}

/// A segment under any key may belong to any user, writable for all: a joiner asks the kernel which user made it.
#[test]
fn another_users_segment_is_not_joined_though_it_is_for_all() {
    if !geteuid().is_root() {
        return ipc_conformance::skipped("becoming another user needs root");
    }
    let key = Key::fresh();
    let id = played(&format!("make-as-nobody {key}"));
    let join = |mode| Ring::join(&key.to_string(), &Setup { mode, ..setup() }, Duration::from_millis(20));
    let (refused, allowed) = (join(0o600).unwrap_err().to_string(), join(0o666).unwrap_err().to_string());
    Segment::find(key).unwrap().expect("it is still there").mark_for_removal().unwrap();
    assert!(refused.contains("another user's (uid 65534)"), "segment {id}: {refused}");
    assert!(allowed.contains("no peer is waiting at"), "all zero is not ready yet: {allowed}");
}

/// A note of a dead process does not let any process remove what another has made under that key since.
#[test]
fn a_segment_of_another_process_is_never_reclaimed() {
    let scratch = Scratch::new(0o600);
    let segment = Segment::find(scratch.key).unwrap().unwrap();
    let (id, at) = (segment.id(), segment.stat().unwrap().changed);
    let note = |kind, made| Note::SystemV(kind, scratch.key, made);
    let another = Some(Made { id: id + 1, at });
    // The mode identifies an intention; and semaphores have keys of their own.
    for note in [
        note(SystemV::Segment, None),
        note(SystemV::Segment, another),
        note(SystemV::Semaphores, Some(Made { id, at })),
    ] {
        Ring::reclaim(&note).unwrap();
        assert!(Segment::find(scratch.key).unwrap().is_some(), "{note}");
    }
    // The same id at another time: it may or may not be ours.
    let doubtful = Ring::reclaim(&note(SystemV::Segment, Some(Made { id, at: at - 100 }))).unwrap_err();
    assert!(doubtful.to_string().contains("it has changed since"), "{doubtful}");
    assert!(Segment::find(scratch.key).unwrap().is_some());
    Ring::reclaim(&note(SystemV::Segment, Some(Made { id, at }))).unwrap();
    assert!(Segment::find(scratch.key).unwrap().is_none());
}

fn first_number(text: &str) -> i32 {
    text.split(' ').find_map(|word| word.parse().ok()).expect("a number")
}
