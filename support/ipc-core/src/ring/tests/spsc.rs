//! The positions: how far each side may go, and which values it rejects.

use std::sync::atomic::Ordering;

use crate::Error;
use crate::ring::layout::{CAPACITY, MAX_MESSAGE, SEGMENT_LEN, data_offset};
use crate::ring::record::{self, HEADER};
use crate::ring::spsc::{Receiver, Sender};
use crate::ring::{HeapMemory, Region};

const WHOLE: u64 = CAPACITY as u64;

/// The length of a message. Three of them, and one that is longer by three headers, leave room for one header.
const QUARTER: usize = CAPACITY / 4 - 2 * HEADER as usize;

fn both() -> (Region<HeapMemory>, Sender, Receiver) {
    (Region::new(HeapMemory::new(SEGMENT_LEN)).unwrap(), Sender::new(0), Receiver::new(0))
}

fn send(sender: &mut Sender, region: &Region<HeapMemory>, len: usize) {
    assert!(sender.find_room(region, len).unwrap());
    sender.add(region, len);
    sender.publish(region);
}

fn receive(receiver: &mut Receiver, region: &Region<HeapMemory>) -> Option<usize> {
    let len = record::len(receiver.next(region))?;
    receiver.release(region, len);
    Some(len)
}

#[test]
fn a_ring_fills_up_to_the_next_header_and_not_beyond() {
    let (region, mut sender, mut receiver) = both();
    for _ in 0..3 {
        (0..3).for_each(|_| send(&mut sender, &region, QUARTER));
        let rest = QUARTER + 3 * HEADER as usize;
        assert!(!sender.find_room(&region, rest + 1).unwrap());
        send(&mut sender, &region, rest);
        assert!(!sender.find_room(&region, 0).unwrap());
        assert_eq!(receive(&mut receiver, &region), Some(QUARTER));
        assert!(sender.find_room(&region, QUARTER).unwrap());
        assert!(!sender.find_room(&region, QUARTER + 1).unwrap());
        assert_eq!(
            [(); 4].map(|()| receive(&mut receiver, &region)),
            [Some(QUARTER), Some(QUARTER), Some(rest), None]
        );
    }
}

/// Whatever lies in the ring, the receiver takes nothing for a record that was not handed over.
#[test]
fn old_bytes_are_no_records() {
    let (region, mut sender, mut receiver) = both();
    let like_headers = 2_u64.to_ne_bytes().repeat(CAPACITY / 8);
    region.write(data_offset(0) + HEADER as usize, &like_headers[..CAPACITY - HEADER as usize]);
    for len in (0..5000).chain(0..5000) {
        assert_eq!(receive(&mut receiver, &region), None);
        for batched in [len, 3] {
            assert!(sender.find_room(&region, batched).unwrap());
            sender.add(&region, batched);
            assert_eq!(receive(&mut receiver, &region), None);
        }
        assert_eq!(sender.unsent(), 2);
        sender.publish(&region);
        assert_eq!(sender.unsent(), 0);
        assert_eq!([(); 3].map(|()| receive(&mut receiver, &region)), [Some(len), Some(3), None]);
    }
}

#[test]
fn an_impossible_header_is_corrupt() {
    let (region, _, receiver) = both();
    for lie in [MAX_MESSAGE as u64 + 2, u64::MAX, u64::MAX - 7, 1 << 63, 1 << 32] {
        region.u64_at(data_offset(0)).store(lie, Ordering::Relaxed);
        assert_eq!(record::len(receiver.next(&region)), None, "header {lie}");
    }
    region.u64_at(data_offset(0)).store(MAX_MESSAGE as u64 + 1, Ordering::Relaxed);
    assert_eq!(record::len(receiver.next(&region)), Some(MAX_MESSAGE));
}

#[test]
fn an_impossible_position_is_corrupt() {
    let (region, mut sender, _) = both();
    (0..4).for_each(|_| send(&mut sender, &region, QUARTER));
    for lie in [1, WHOLE + HEADER, u64::MAX, u64::MAX - 7, 1 << 63] {
        region.control().rings[0].released.bytes.store(lie, Ordering::Relaxed);
        assert!(matches!(sender.find_room(&region, QUARTER), Err(Error::Corrupt(_))), "released {lie}");
    }
}

/// Nor can the receiver have read what was not handed over to it.
#[test]
fn a_position_within_the_batch_is_corrupt() {
    let (region, mut sender, mut receiver) = both();
    send(&mut sender, &region, QUARTER);
    (0..3).for_each(|_| sender.add(&region, QUARTER));
    receive(&mut receiver, &region).unwrap();
    assert!(sender.find_room(&region, QUARTER).unwrap());
    region.control().rings[0].released.bytes.store(WHOLE / 2, Ordering::Relaxed);
    assert!(matches!(sender.find_room(&region, 2 * QUARTER), Err(Error::Corrupt(_))));
}

#[test]
fn a_position_that_goes_back_is_corrupt() {
    let (region, mut sender, mut receiver) = both();
    (0..4).for_each(|_| send(&mut sender, &region, QUARTER));
    receive(&mut receiver, &region).unwrap();
    send(&mut sender, &region, QUARTER);
    region.control().rings[0].released.bytes.store(0, Ordering::Relaxed);
    assert!(matches!(sender.find_room(&region, QUARTER), Err(Error::Corrupt(_))));
}
