//! Messages written and read in place.

use std::thread;
use std::time::Duration;

use ipc_conformance::scribble;
use ipc_conformance::watchdog::over_this_test;
use ipc_core::{
    Error, Receiver, Result, Sender, Split,
    ring::{
        Attachment, CAPACITY, HeapMemory, MAX_MESSAGE, Region, RingLink, SEGMENT_LEN, WriteGrant, data_offset,
    },
};
use proptest::prelude::*;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// The offset in the segment of what the owner says about itself.
const STATE_OF_OWNER: usize = 128;

type Link = RingLink<HeapMemory>;

fn pair() -> (Link, Link) {
    over_this_test();
    let memory = HeapMemory::new(SEGMENT_LEN);
    let mut attachment = Attachment::create(Region::new(memory.clone()).unwrap(), Link::LAYOUT).unwrap();
    let joined = Link::join(Region::new(memory).unwrap()).unwrap().expect("the owner waits");
    attachment.wait_for_peer("here", Duration::ZERO).unwrap();
    (Link::new(attachment), joined)
}

fn send_in_place(link: &mut Link, message: &[u8]) {
    let mut reservation = link.reserve(message.len()).unwrap();
    reservation.write(0, message);
    reservation.commit().unwrap();
}

fn receive_in_place(link: &mut Link) -> Vec<u8> {
    let message = link.peek().unwrap();
    let mut bytes = vec![0; message.len()];
    message.read(0, &mut bytes);
    message.release().unwrap();
    bytes
}

#[test]
fn copied_and_in_place_are_the_same_messages() {
    let (mut a, mut b) = pair();
    let mut buffer = [0; 64];
    a.send(b"copied in, read in place").unwrap();
    send_in_place(&mut a, b"written in place, copied out");
    assert_eq!(receive_in_place(&mut b), b"copied in, read in place");
    let len = b.recv(&mut buffer).unwrap();
    assert_eq!(&buffer[..len], b"written in place, copied out");
    send_in_place(&mut b, b"");
    assert_eq!(receive_in_place(&mut a), b"");
}

#[test]
fn a_reservation_that_is_dropped_sends_nothing() {
    let (mut a, mut b) = pair();
    let mut reservation = a.reserve(100).unwrap();
    reservation.fill(7);
    drop(reservation);
    assert!(b.try_peek().unwrap().is_none());
    send_in_place(&mut a, b"sent");
    assert_eq!(receive_in_place(&mut b), b"sent");
    assert!(b.try_peek().unwrap().is_none());
}

#[test]
fn a_message_that_is_not_released_stays_the_next_one() {
    let (mut a, mut b) = pair();
    a.send(b"one").unwrap();
    a.send(b"two").unwrap();
    for _ in 0..3 {
        let message = b.try_peek().unwrap().expect("it is there");
        assert_eq!((message.len(), message.get(0)), (3, b'o'));
    }
    assert_eq!(receive_in_place(&mut b), b"one");
    assert_eq!(receive_in_place(&mut b), b"two");
}

#[test]
fn words_and_bytes_see_the_same_memory() {
    let (mut a, mut b) = pair();
    let mut reservation = a.reserve(21).unwrap();
    assert!(!reservation.is_empty());
    reservation.fill(0xff);
    reservation.set_word(1, 0x0102_0304_0506_0708);
    reservation.write(16, b"abcde");
    reservation.commit().unwrap();
    let message = b.peek().unwrap();
    assert_eq!(message.words().collect::<Vec<_>>(), [u64::MAX, 0x0102_0304_0506_0708]);
    let bytes: Vec<u8> = (0..message.len()).map(|at| message.get(at)).collect();
    let expected = [&[0xff; 8][..], &0x0102_0304_0506_0708_u64.to_ne_bytes(), b"abcde"].concat();
    assert_eq!(bytes, expected);
    message.release().unwrap();
}

#[derive(Clone, Copy, Debug, PartialEq, FromBytes, Immutable, IntoBytes)]
#[repr(C)]
struct Sample {
    time: u32,
    values: [i16; 3],
    kind: [u8; 2],
}

const fn sample(time: u32) -> Sample {
    Sample { time, values: [-1, 0, i16::MAX], kind: *b"st" }
}

#[test]
fn structs_are_copied_in_and_out() {
    let (mut a, mut b) = pair();
    let mut reservation = a.reserve(2 + 3 * size_of::<Sample>()).unwrap();
    reservation.fill(0xee);
    for time in 0..3 {
        reservation.write_struct(time as usize * size_of::<Sample>(), &sample(time));
    }
    reservation.commit().unwrap();
    let message = b.peek().unwrap();
    assert_eq!(message.structs::<Sample>().len(), 3, "two bytes are left");
    assert!(message.structs::<Sample>().eq([sample(0), sample(1), sample(2)]));
    assert_eq!(message.read_struct::<Sample>(size_of::<Sample>()), sample(1));
    assert_eq!(message.read_struct::<[u8; 3]>(message.len() - 3), [b't', 0xee, 0xee], "at any offset");
    message.release().unwrap();
}

#[derive(FromBytes, Immutable, IntoBytes)]
#[repr(C)]
struct Reading {
    sensor: u32,
    celsius: f32,
}

// ANCHOR: write
fn send_two(link: &mut Link) -> Result<()> {
    let mut message = link.reserve(2 * size_of::<Reading>())?;
    message.write_struct(0, &Reading { sensor: 1, celsius: 20.5 });
    message.write_struct(size_of::<Reading>(), &Reading { sensor: 2, celsius: 21.0 });
    message.commit()
}
// ANCHOR_END: write

// ANCHOR: read
fn receive_the_warmest(link: &mut Link) -> Result<f32> {
    let message = link.peek()?;
    let degrees = message.structs::<Reading>().map(|reading| reading.celsius);
    let warmest = degrees.fold(f32::MIN, f32::max);
    message.release()?; // an error here would mean that the peer took the memory away: trust nothing that was read
    Ok(warmest)
}
// ANCHOR_END: read

/// The code that the course shows.
#[test]
fn several_structs_are_one_message() {
    let (mut a, mut b) = pair();
    send_two(&mut a).unwrap();
    assert_eq!(receive_the_warmest(&mut b).unwrap().to_bits(), 21.0_f32.to_bits());
}

#[test]
fn beyond_the_message_nothing_can_be_touched() {
    fn panics(f: impl FnOnce()) -> bool {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).is_err()
    }
    let (mut a, mut b) = pair();
    let mut reservation = a.reserve(20).unwrap();
    assert!(panics(|| reservation.write(20, b"x")));
    assert!(panics(|| reservation.write(usize::MAX, b"xx")));
    assert!(panics(|| reservation.set_word(2, 0)));
    assert!(panics(|| reservation.write_struct(9, &sample(0))));
    reservation.write(20, b"");
    reservation.commit().unwrap();
    let message = b.peek().unwrap();
    assert!(panics(|| _ = message.get(20)));
    assert!(panics(|| message.read(1, &mut [0; 20])));
    assert!(panics(|| _ = message.read_struct::<Sample>(9)));
    assert!(panics(|| message.read(usize::MAX, &mut [0; 2])));
    message.release().unwrap();
}

#[test]
fn room_is_asked_for_as_when_sending() {
    let (mut a, mut b) = pair();
    let too_large = a.try_reserve(MAX_MESSAGE + 1).map(drop);
    assert!(matches!(too_large, Err(Error::TooLarge { max: MAX_MESSAGE, .. })));
    for len in [CAPACITY / 2 - 8, CAPACITY / 2 - 16] {
        a.try_reserve(len).unwrap().expect("there is room").commit().unwrap();
    }
    assert!(a.try_reserve(0).unwrap().is_none());
    b.peek().unwrap().release().unwrap();
    assert!(a.try_reserve(0).unwrap().is_some());
    drop(b);
    assert!(matches!(a.try_reserve(0).map(drop), Err(Error::Disconnected)));
    assert!(matches!(a.peek().map(drop), Err(Error::Disconnected)));
}

fn first_and_last(message: &[u8]) -> u8 {
    assert_eq!(message.first(), message.last());
    message[0]
}

#[test]
fn both_sides_can_sleep_for_each_other() {
    let (mut a, mut b) = pair();
    let receiver = thread::spawn(move || {
        (0..200).map(|_| first_and_last(&receive_in_place(&mut b))).collect::<Vec<u8>>()
    });
    for n in 0..200 {
        let mut reservation = a.reserve(100_000).unwrap(); // 20 of them fill the ring
        reservation.fill(n);
        reservation.commit().unwrap();
    }
    assert!(receiver.join().unwrap().into_iter().eq(0..200));
}

/// A peeked message keeps its length and its bounds, whatever the peer writes over it and beside it.
#[test]
fn a_hostile_peer_cannot_make_a_message_longer_while_it_is_read() {
    let (mut a, mut b) = pair();
    a.send(b"8 bytes.").unwrap();
    let message = b.try_peek().unwrap().expect("it is there");
    scribble(a.memory(), data_offset(0), &u64::MAX.to_le_bytes());
    scribble(a.memory(), 384, &u64::MAX.to_le_bytes());
    assert_eq!((message.len(), message.words().len()), (8, 1));
    drop(message);
    // At the next call, the ring is read again, and found broken.
    assert!(matches!(b.try_peek().map(drop), Err(Error::Corrupt(_))));
    assert!(matches!(b.try_reserve(1).map(drop), Err(Error::Corrupt(_))));
}

/// A message that is being written or read when the *other* half finds the link broken is finished: its room was checked
/// before, and the memory is still there. The next call fails.
#[test]
fn a_grant_outlives_what_the_other_half_finds_out() {
    let is_corrupt = |answer: Result<()>| matches!(answer, Err(Error::Corrupt(_)));
    let write: [fn(WriteGrant<'_, HeapMemory>) -> Result<()>; 2] =
        [|grant| grant.commit(), |grant| grant.feed()];
    for finish in write {
        let (a, b) = pair();
        let (mut sender, mut receiver) = b.split();
        let grant = sender.reserve(8).unwrap();
        scribble(a.memory(), data_offset(0), &u64::MAX.to_le_bytes());
        assert!(is_corrupt(receiver.recv(&mut []).map(drop)));
        finish(grant).unwrap();
        assert!(is_corrupt(sender.try_reserve(8).map(drop)));
        assert!(is_corrupt(sender.send(b"x")) && is_corrupt(sender.feed(b"x")));
    }
    let (mut a, b) = pair();
    let (mut sender, mut receiver) = b.split();
    a.send(b"8 bytes.").unwrap();
    a.send(b"another.").unwrap();
    let message = receiver.peek().unwrap();
    scribble(a.memory(), STATE_OF_OWNER, &17_u32.to_le_bytes());
    assert!(is_corrupt(sender.send(b"x")));
    message.release().unwrap();
    assert!(is_corrupt(receiver.try_peek().map(drop)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any mixture of the ways to send and to receive yields the same messages in the same order.
    #[test]
    fn every_mixture_of_ways_keeps_order_and_bytes(
        messages in prop::collection::vec((0..200_000_usize, any::<u8>(), any::<bool>(), any::<bool>()), 1..30),
    ) {
        let (mut a, mut b) = pair();
        let mut buffer = vec![0; MAX_MESSAGE];
        for batch in messages.chunks(5) {
            for &(len, byte, in_place, _) in batch {
                if in_place { send_in_place(&mut a, &vec![byte; len]) } else { a.send(&vec![byte; len]).unwrap() }
            }
            for &(len, byte, _, in_place) in batch {
                let received = if in_place {
                    receive_in_place(&mut b)
                } else {
                    let len = b.recv(&mut buffer).unwrap();
                    buffer[..len].to_vec()
                };
                prop_assert!(received == vec![byte; len]);
            }
        }
    }
}
