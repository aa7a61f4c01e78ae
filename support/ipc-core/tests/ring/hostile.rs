//! A peer that writes what it should not.

use std::cell::RefCell;
use std::panic::catch_unwind;

use ipc_conformance::{Bytes as _, fuzz, scribble};
use ipc_core::ring::{HeapMemory, MAX_MESSAGE, Region, SEGMENT_LEN, data_offset};
use ipc_core::{Error, Receiver, Sender};
use proptest::prelude::*;

use crate::tools::{Link, create, join, pair, pair_in};

/// Memory is accessed only within its bounds, whatever is requested: even if a number of bytes overflows its type.
#[test]
fn nothing_reaches_out_of_bounds() {
    let region = Region::new(HeapMemory::new(SEGMENT_LEN)).unwrap();
    for count in [SEGMENT_LEN / 8 + 1, usize::MAX / 8 + 1, usize::MAX] {
        assert!(catch_unwind(|| region.words(0, count).len()).is_err(), "{count} words");
    }
    for offset in [SEGMENT_LEN - 7, usize::MAX - 3] {
        assert!(catch_unwind(|| region.read(offset, &mut [0; 8])).is_err(), "8 bytes at {offset}");
    }
}

#[test]
fn a_record_that_cannot_be_is_corrupt_and_the_link_stays_broken() {
    for lie in [MAX_MESSAGE as u64 + 2, 1 << 32, 1 << 63, u64::MAX] {
        let (mut a, mut b) = pair();
        a.send(b"8 bytes.").unwrap();
        scribble(a.memory(), data_offset(0), &u64::to_le_bytes(lie));
        let mut buffer = vec![0; MAX_MESSAGE];
        for _ in 0..2 {
            assert!(matches!(b.try_recv(&mut buffer), Err(Error::Corrupt(_))), "header {lie}");
            assert!(matches!(b.recv(&mut buffer), Err(Error::Corrupt(_))));
            assert!(matches!(b.send(b"x"), Err(Error::Corrupt(_))));
        }
    }
}

/// A header that is a lie, but a possible one, brings a message of that length: whatever bytes the sender had there.
#[test]
fn a_header_decides_alone() {
    for len in [0, 9, MAX_MESSAGE] {
        let (mut a, mut b) = pair();
        a.send(b"8 bytes.").unwrap();
        scribble(a.memory(), data_offset(0), &(len as u64 + 1).to_le_bytes());
        assert_eq!(b.recv(&mut vec![0; MAX_MESSAGE]).unwrap(), len);
    }
}

const STATE_OF_OWNER: usize = 128;

/// The peer's state is read, and believed only if it is possible.
#[test]
fn a_peer_whose_memory_was_cut_or_that_says_nonsense_is_corrupt() {
    for (state, reason) in [
        (9_u32, "was truncated while the peer had it mapped"),
        (11, "was truncated while the peer had it mapped"),
        (15, "was truncated while the peer had it mapped"),
        (17, "impossible state"),
        (6, "impossible state"),
        (0, "impossible state"),
    ] {
        let (a, mut b) = pair();
        scribble(a.memory(), STATE_OF_OWNER, &state.to_le_bytes());
        for end in [b.recv(&mut [0; 8]).map(drop), b.send(b"x")] {
            assert!(matches!(end, Err(Error::Corrupt(text)) if text.contains(reason)), "{state}: {end:?}");
        }
    }
}

/// What lies ready before a lie is received; the lie is met where the next message would be.
#[test]
fn messages_before_a_lie_are_received() {
    let lies: [fn(&Link); 2] = [
        |peer| scribble(peer.memory(), STATE_OF_OWNER, &17_u32.to_le_bytes()),
        |peer| scribble(peer.memory(), data_offset(0) + 2 * 16, &u64::MAX.to_le_bytes()), // behind two records
    ];
    for lie in lies {
        let (mut a, mut b) = pair();
        for text in [b"1 before", b"2 before"] {
            a.send(text).unwrap();
        }
        lie(&a);
        let mut buffer = [0; 8];
        for text in [b"1 before", b"2 before"] {
            assert_eq!((b.recv(&mut buffer).unwrap(), &buffer), (8, text));
        }
        for _ in 0..2 {
            assert!(matches!(b.recv(&mut buffer), Err(Error::Corrupt(_))));
        }
    }
}

/// But once either half has met it, nothing more is taken from this peer.
#[test]
fn nothing_is_received_after_a_lie_was_met() {
    let (mut a, mut b) = pair();
    a.send(b"8 bytes.").unwrap();
    scribble(a.memory(), STATE_OF_OWNER, &17_u32.to_le_bytes());
    assert!(matches!(b.send(b"x"), Err(Error::Corrupt(_))));
    assert!(matches!(b.recv(&mut [0; 8]), Err(Error::Corrupt(_))));
}

/// The actions of two sides, with a hostile hand in between. `who` is the side.
#[derive(Clone, Debug)]
enum Step {
    Send { who: usize, len: usize },
    Feed { who: usize, len: usize },
    Receive { who: usize, room: usize },
    Scribble { offset: usize, bytes: Vec<u8> },
}

fn step() -> impl Strategy<Value = Step> {
    // Values that are nearly valid.
    let tempting = prop_oneof![
        any::<u64>(),
        (0_u64..64).prop_map(|n| n * 8),
        (0_u32..64).prop_map(|n| 1 << n),
        (0_u64..64).prop_map(|n| u64::MAX - n),
        Just(MAX_MESSAGE as u64 + 1),
    ];
    let word = tempting.prop_map(|value| value.to_le_bytes().to_vec());
    let garbage = prop::collection::vec(any::<u8>(), 1..64);
    let send = |max| (0..2_usize, 0..=max).prop_map(|(who, len)| Step::Send { who, len });
    prop_oneof![
        4 => send(5000),
        1 => send(MAX_MESSAGE),
        4 => (0..2_usize, 0..1000_usize).prop_map(|(who, len)| Step::Feed { who, len }),
        4 => (0..2_usize, 0..=MAX_MESSAGE).prop_map(|(who, room)| Step::Receive { who, room }),
        // The control values are at the beginning of the lines of the first page, and of the records that follow.
        1 => (0..40_usize, word.clone()).prop_map(|(line, bytes)| Step::Scribble { offset: line * 128, bytes }),
        1 => (0..2_usize, 0..4_usize, word).prop_map(|(ring, n, bytes)| {
            Step::Scribble { offset: data_offset(ring) + n * 8, bytes }
        }),
        1 => (0..SEGMENT_LEN - 64, garbage).prop_map(|(offset, bytes)| Step::Scribble { offset, bytes }),
    ]
}

/// Resets the memory: the first page and the first header of each ring. Garbage elsewhere does not matter. Making new
/// memory takes longer than an input.
fn forget(memory: &HeapMemory) {
    let region = Region::new(memory.clone()).unwrap();
    region.write(0, &vec![0; data_offset(0)]);
    (0..2).for_each(|ring| region.write(data_offset(ring), &[0; 8]));
}

/// Whatever is scribbled between two calls, there is no panic, no hang and no unexpected result; and a broken link
/// stays broken.
#[test]
fn fuzz_a_hostile_peer_gets_no_more_than_an_error() {
    let memory = HeapMemory::new(SEGMENT_LEN);
    let (data, buffer) = (vec![7; MAX_MESSAGE], RefCell::new(vec![0; MAX_MESSAGE]));
    fuzz(&prop::collection::vec(step(), 1..60), |steps| {
        forget(&memory);
        let (a, b) = pair_in(&memory);
        let mut links = [a, b];
        let mut broken = [false; 2];
        let mut buffer = buffer.borrow_mut();
        for step in steps {
            let (who, answer) = match step {
                Step::Send { who, len } => {
                    (who, links[who].try_send(&data[..len]).map(|sent| sent.map(|()| len)))
                }
                Step::Feed { who, len } => {
                    (who, links[who].try_feed(&data[..len]).map(|fed| fed.map(|()| len)))
                }
                Step::Receive { who, room } => (who, links[who].try_recv(&mut buffer[..room])),
                Step::Scribble { offset, bytes } => {
                    scribble(links[0].memory(), offset, &bytes);
                    continue;
                }
            };
            let was_broken = broken[who];
            broken[who] |= matches!(answer, Err(Error::Corrupt(_)));
            match answer {
                Err(Error::Corrupt(_)) => {}
                Ok(None) | Err(Error::Disconnected) => prop_assert!(!was_broken),
                Ok(Some(len)) | Err(Error::BufferTooSmall { needed: len }) => {
                    prop_assert!(!was_broken && len <= MAX_MESSAGE);
                }
                Err(other) => prop_assert!(false, "{other}"),
            }
        }
        Ok(())
    });
}

/// Garbage where a segment should be causes none of these either, with or without the right first bytes.
#[test]
fn fuzz_garbage_is_not_joined() {
    let memory = HeapMemory::new(SEGMENT_LEN);
    fuzz(&(prop::collection::vec(any::<u8>(), 512), 0_usize..129), |(garbage, from)| {
        forget(&memory);
        let owner = Link::new(create(&memory, Link::LAYOUT));
        scribble(owner.memory(), from, &garbage);
        match join(&memory) {
            Ok(None) | Err(Error::Corrupt(_)) => Ok(()),
            other => Err(TestCaseError::fail(format!("{other:?}"))),
        }
    });
}
