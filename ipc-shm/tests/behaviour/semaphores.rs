//! Pitfalls of semaphores, and the lock-step.

use std::process::Command;
use std::thread;
use std::time::Duration;

use ipc_conformance::scribble;
use ipc_core::ring::data_offset;
use ipc_core::{Endpoint, Error, Mechanism, Receiver, Sender};
use ipc_shm::{LockStep, Ring, Semaphores, Undo};

use crate::tools::{PATIENCE, ScratchArray, pair, played, playing, setup, wait_until, watched};

/// A semaphore never goes below zero: a process that would take it there is told "not now", or sleeps until another
/// gives.
#[test]
fn taking_from_zero_waits_for_a_gift() {
    let scratch = ScratchArray::new();
    assert!(!scratch.array.try_take(1, Undo::Never).unwrap());
    assert!(!scratch.array.take(1, Duration::from_millis(1)).unwrap(), "the time is over");
    let array = scratch.array;
    let taker = thread::spawn(move || watched(move || array.take(1, PATIENCE).unwrap()));
    played(&format!("give {} 1 never", scratch.key));
    assert!(taker.join().unwrap());
    assert_eq!(array.get(1).unwrap(), 0);
}

/// The kernel takes back operations with `SEM_UNDO` when their process ends, also by `SIGKILL`; others stay.
#[test]
fn undo_restores_the_count_when_a_process_is_killed() {
    let scratch = ScratchArray::new();
    let mut with = playing(&format!("give {} 2 undo", scratch.key));
    let mut without = playing(&format!("give {} 5 never", scratch.key));
    assert_eq!((scratch.array.get(2).unwrap(), scratch.array.get(5).unwrap()), (1, 1));
    with.kill();
    without.kill();
    wait_until("the kernel has undone it", || scratch.array.get(2).unwrap() == 0);
    assert_eq!(scratch.array.get(5).unwrap(), 1);
}

/// `SEM_UNDO` does harm where one process takes and another gives: it takes back what was already balanced, and leaves
/// a free slot that does not exist.
#[test]
fn undo_is_wrong_where_one_takes_and_another_gives() {
    let scratch = ScratchArray::new();
    assert_eq!(scratch.array.get(0).unwrap(), 1, "one free slot");
    let mut taker = playing(&format!("take-with-undo {} 0", scratch.key));
    assert_eq!((taker.said.as_str(), scratch.array.get(0).unwrap()), ("true", 0));
    scratch.array.give(0, Undo::Never).unwrap(); // we have emptied it: one free slot again
    taker.kill();
    wait_until("there seem to be two", || scratch.array.get(0).unwrap() == 2);
}

/// Lock-step: one message under way in each direction, and not one more.
#[test]
fn lock_step_has_one_message_under_way() {
    let (mut owner, mut joiner) = pair::<Semaphores>();
    let mut buffer = [0; 8];
    for _ in 0..3 {
        assert_eq!(owner.try_send(b"one").unwrap(), Some(()));
        assert_eq!(owner.try_send(b"two").unwrap(), None);
        assert_eq!(joiner.try_send(b"back").unwrap(), Some(()), "the other direction has its own slot");
        assert_eq!(joiner.try_recv(&mut buffer).unwrap(), Some(3));
        assert_eq!(joiner.try_recv(&mut buffer).unwrap(), None);
        assert_eq!(owner.try_recv(&mut buffer).unwrap(), Some(4));
    }
}

/// A slot that is "full" by its semaphore but has no message is corrupt, and stays so.
#[test]
fn a_semaphore_that_lies_is_corrupt() {
    let (mut owner, mut joiner) = pair::<Semaphores>();
    owner.send(b"true").unwrap();
    joiner.recv(&mut [0; 8]).unwrap();
    owner.semaphores().set(1, 1).unwrap();
    for _ in 0..2 {
        assert!(matches!(joiner.try_recv(&mut [0; 8]), Err(Error::Corrupt(_))));
        assert!(matches!(joiner.recv(&mut [0; 8]), Err(Error::Corrupt(_))));
    }
}

/// A count at its maximum cannot be raised: the peer has caused that, too.
#[test]
fn a_semaphore_at_its_maximum_is_corrupt() {
    let (mut owner, joiner) = pair::<Semaphores>();
    joiner.semaphores().set(1, 32767).unwrap();
    assert!(matches!(owner.send(b"one too many"), Err(Error::Corrupt(_))));
}

/// A semaphore that cannot be raised after a read costs not the message, but the link: the two sides are out of step.
#[test]
fn a_slot_that_cannot_be_given_back_breaks_the_link() {
    let (mut owner, mut joiner) = pair::<Semaphores>();
    owner.send(b"good").unwrap();
    owner.semaphores().set(FREE_OF_OWNER, 32767).unwrap();
    assert_eq!(joiner.recv(&mut [0; 8]).unwrap(), 4);
    owner.semaphores().set(FREE_OF_OWNER, 1).unwrap();
    for _ in 0..2 {
        assert!(matches!(joiner.send(b"text"), Err(Error::Corrupt(_))));
    }
}

/// The semaphores of side 0, the owner, and of side 1.
const FREE_OF_OWNER: u16 = 0;
const FULL_OF_JOINER: u16 = 4;
const PRESENT_JOINER: u16 = 5;

/// A side that leaves raises every semaphore that the other may be waiting for, and removes its mark of presence, even
/// if its process lives on.
#[test]
fn one_who_leaves_wakes_each_wait_and_signs_off() {
    let (mut owner, joiner) = pair::<Semaphores>();
    let counts = |link: &LockStep| {
        [FREE_OF_OWNER, FULL_OF_JOINER, PRESENT_JOINER].map(|index| link.semaphores().get(index).unwrap())
    };
    assert_eq!(counts(&owner), [1, 0, 1]);
    owner.check_sender().unwrap();
    drop(joiner);
    assert_eq!(counts(&owner), [2, 1, 0]);
    assert!(matches!(owner.check_sender(), Err(Error::Disconnected)));
}

/// A peer that has tampered with its mark of presence is still noticed when it is killed.
#[test]
fn a_sign_of_presence_that_outlives_its_process_fools_no_peer() {
    let mut meeting = Semaphores::create(None, &setup()).unwrap();
    let mut peer = playing(&format!("join-and-tamper {}", meeting.address()));
    let mut link = meeting.accept(PATIENCE).unwrap();
    let sleeper = thread::spawn(move || watched(move || (link.recv(&mut [0; 8]), link.check_sender())));
    peer.kill();
    assert!(matches!(sleeper.join().unwrap(), (Err(Error::Disconnected), Err(Error::Disconnected))));
}

/// A length beyond the slot is not trusted.
#[test]
fn a_length_that_lies_is_corrupt() {
    for lie in [ipc_core::ring::MAX_MESSAGE as u64 + 1, u64::MAX] {
        let (mut owner, mut joiner) = pair::<Semaphores>();
        owner.send(b"short").unwrap();
        scribble(owner.memory(), data_offset(0), &lie.to_le_bytes());
        let mut buffer = vec![0; joiner.max_message()];
        assert!(matches!(joiner.recv(&mut buffer), Err(Error::Corrupt(_))));
        scribble(owner.memory(), data_offset(0), &5_u64.to_le_bytes());
        assert!(matches!(joiner.recv(&mut buffer), Err(Error::Corrupt(_))), "it stays so");
    }
}

/// Removing an array from outside ends all waits on it at once; the error says that, and not that the peer is gone.
#[test]
fn a_removed_array_is_named_as_such() {
    let (mut owner, mut joiner) = pair::<Semaphores>();
    let sleeper = thread::spawn(move || watched(move || (joiner.recv(&mut [0; 8]), joiner)));
    thread::sleep(Duration::from_millis(20)); // too short only makes the case easier
    if !remove(&owner) {
        return ipc_conformance::skipped("there is no ipcrm here");
    }
    let (end, _joiner) = sleeper.join().unwrap(); // the joiner does not leave
    for end in [end.map(drop), owner.send(b"text"), owner.check_sender()] {
        let end = end.unwrap_err();
        assert_eq!(end.errno(), Some(nix::errno::Errno::EIDRM), "{end}");
        assert!(end.to_string().contains("was removed while in use: by ipcrm"), "{end}");
    }
}

fn remove(link: &LockStep) -> bool {
    let id = link.semaphores().id().to_string();
    Command::new("ipcrm").args(["-s", &id]).status().is_ok_and(|status| status.success())
}

/// The same holds if the side that raises a semaphore finds it first: the message that was read is still good.
#[test]
fn an_array_that_is_removed_between_two_calls_is_named_as_such() {
    let (mut owner, mut joiner) = pair::<Semaphores>();
    owner.send(b"text").unwrap();
    if !remove(&owner) {
        return ipc_conformance::skipped("there is no ipcrm here");
    }
    for end in
        [joiner.recv(&mut [0; 8]).map(drop), joiner.send(b"text"), owner.send(b"text"), owner.send(b"text")]
    {
        assert_eq!(end.unwrap_err().errno(), Some(nix::errno::Errno::EIDRM));
    }
}

/// The two sides must use the same variant: a lock-step is not joined as a ring.
#[test]
fn another_variant_is_told() {
    let meeting = Semaphores::create(None, &setup()).unwrap();
    let error = Ring::join(&meeting.address(), &setup(), PATIENCE).unwrap_err();
    assert!(error.to_string().contains("another variant"), "{error}");
}

/// An array of six exceeds the limit of this system.
#[test]
fn the_limit_of_an_array_is_named() {
    let (limit, demo) = ("echo 3 32000 500 32000 > /proc/sys/kernel/sem", env!("CARGO_BIN_EXE_ipc-shm"));
    let Some(mut demo) = ipc_conformance::namespaces::limited(&["--ipc"], limit, demo) else {
        return ipc_conformance::skipped(
            "a new IPC namespace needs root or a user namespace, and unshare(1)",
        );
    };
    let output = demo.args(["--count", "5", "--variant", "sem"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("semget: Invalid argument (EINVAL); an array of 6 exceeds the limit"), "{said}");
}
