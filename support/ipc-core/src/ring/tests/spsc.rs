//! The positions: how far each side may go, and which values it rejects.

use std::sync::atomic::Ordering;

use crate::Error;
use crate::ring::layout::{CAPACITY, Ring};
use crate::ring::spsc::{ALIGN, Receiver, Sender};

const WHOLE: u64 = CAPACITY as u64;

#[test]
fn a_ring_fills_to_the_last_byte_and_not_beyond() {
    let (ring, mut sender, mut receiver) = (Ring::default(), Sender::default(), Receiver::default());
    for _ in 0..3 {
        assert!(sender.has_room(&ring, WHOLE).unwrap());
        sender.publish(&ring, WHOLE);
        assert!(!sender.has_room(&ring, ALIGN).unwrap());
        assert_eq!(receiver.available(&ring).unwrap(), WHOLE);
        receiver.release(&ring, ALIGN);
        assert!(sender.has_room(&ring, ALIGN).unwrap());
        assert!(!sender.has_room(&ring, 2 * ALIGN).unwrap());
        receiver.release(&ring, WHOLE - ALIGN);
        assert_eq!(receiver.available(&ring).unwrap(), 0);
    }
}

#[test]
fn an_impossible_position_is_corrupt() {
    for lie in [1, WHOLE + ALIGN, u64::MAX, u64::MAX - 7, 1 << 63] {
        let (ring, mut sender, mut receiver) = (Ring::default(), Sender::default(), Receiver::default());
        ring.published.bytes.store(lie, Ordering::Relaxed);
        assert!(matches!(receiver.available(&ring), Err(Error::Corrupt(_))), "published {lie}");

        sender.publish(&ring, WHOLE);
        ring.released.bytes.store(lie, Ordering::Relaxed);
        assert!(matches!(sender.has_room(&ring, ALIGN), Err(Error::Corrupt(_))), "released {lie}");
    }
}

#[test]
fn a_position_that_goes_back_is_corrupt() {
    let (ring, mut sender, mut receiver) = (Ring::default(), Sender::default(), Receiver::default());
    sender.publish(&ring, WHOLE);
    receiver.available(&ring).unwrap();
    receiver.release(&ring, WHOLE);
    assert!(sender.has_room(&ring, WHOLE).unwrap());
    sender.publish(&ring, WHOLE);
    ring.released.bytes.store(WHOLE - ALIGN, Ordering::Relaxed);
    assert!(matches!(sender.has_room(&ring, ALIGN), Err(Error::Corrupt(_))));
    ring.published.bytes.store(WHOLE - ALIGN, Ordering::Relaxed);
    assert!(matches!(receiver.available(&ring), Err(Error::Corrupt(_))));
}

#[test]
fn only_lines_with_room_are_claimed_and_each_once_a_round() {
    let (ring, mut sender, mut receiver) = (Ring::default(), Sender::default(), Receiver::default());
    let mut claimed = Vec::new();
    for _ in 0..200_000 {
        while !sender.has_room(&ring, 72).unwrap() {
            let bytes = receiver.available(&ring).unwrap();
            receiver.release(&ring, bytes);
        }
        sender.publish(&ring, 72);
        let released = ring.released.bytes.load(Ordering::Relaxed);
        for line in sender.claim_lines() {
            assert!(line >= sender.position() && line + ALIGN <= released + WHOLE);
            claimed.push(line);
        }
    }
    assert!(claimed.is_sorted_by(|a, b| a < b));
    assert!(claimed.iter().all(|line| line.is_multiple_of(64)));
    assert!(claimed.len() as u64 > 199_000 * 72 / 64, "hardly one is left out");
}
