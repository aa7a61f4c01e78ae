//! Arrays of semaphores that are removed under a link.

use std::thread;

use ipc_conformance::watchdog::{PATIENCE, over_this_test};
use ipc_core::{Mechanism, Setup};
use nix::errno::Errno;

use super::*;
use crate::{Semaphores, meeting, sem, sys};

fn pair() -> (LockStep, LockStep) {
    over_this_test();
    let mut owner = Semaphores::create(None, &Setup::default()).unwrap();
    let address = owner.address();
    let joiner = thread::spawn(move || Semaphores::join(&address, &Setup::default(), PATIENCE).unwrap());
    (owner.accept(PATIENCE).unwrap(), joiner.join().unwrap())
}

/// An array goes with its owner if the two sides share no ownership lock, as in two containers with a `/tmp` each.
#[test]
fn an_array_that_went_with_its_owner_is_the_owners_end() {
    over_this_test();
    let mut owner = Semaphores::create(None, &Setup::default()).unwrap();
    let address = owner.address();
    let joiner = thread::spawn(move || {
        let claim = |_, segment, region| sem::claim(segment, region, None);
        meeting::join(&address, &Setup::default(), PATIENCE, claim).unwrap()
    });
    drop(owner.accept(PATIENCE).unwrap());
    let mut joiner = joiner.join().unwrap();
    let asked = [joiner.recv(&mut [0; 8]).map(drop), joiner.send(b"text"), joiner.check_sender()];
    for end in asked {
        assert!(matches!(end, Err(Error::Disconnected)), "{end:?}");
    }
}

/// A slot that cannot be handed on since the array is gone does not break the link: each call names the reason.
#[test]
fn an_array_that_goes_between_taking_and_giving_was_removed() {
    let (owner, mut joiner) = pair();
    sys::sem_remove(joiner.semaphores().id()).unwrap();
    assert_eq!(joiner.sender.place.give(free(0)).unwrap_err().errno(), Some(Errno::EIDRM));
    assert_eq!(joiner.send(b"text").unwrap_err().errno(), Some(Errno::EIDRM));
    drop(owner);
}

/// An ownership lock keeps the array until both sides are done: it does not go with the peer.
#[test]
fn an_array_that_is_gone_under_a_lease_was_removed() {
    let (owner, mut joiner) = pair();
    sys::sem_remove(joiner.semaphores().id()).unwrap();
    drop(owner);
    assert_eq!(joiner.recv(&mut [0; 8]).unwrap_err().errno(), Some(Errno::EIDRM));
}
