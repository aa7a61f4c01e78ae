//! The ring between two threads, and between one side and a hostile peer.

use std::cell::RefCell;
use std::panic::catch_unwind;
use std::sync::Barrier;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use ipc_conformance::watchdog::{WHOLE_CASE, watched_for};
use ipc_conformance::{Bytes as _, fuzz, scribble};
use ipc_core::{
    Error, Receiver, Result, Sender, Split,
    process::ProcessId,
    ring::{
        Attachment, CAPACITY, HeapMemory, Layout, MAX_MESSAGE, Region, RingLink, SEGMENT_LEN, data_offset,
    },
};
use proptest::prelude::*;

type Link = RingLink<HeapMemory>;

fn create(memory: &HeapMemory, layout: Layout) -> Attachment<HeapMemory> {
    Attachment::create(Region::new(memory.clone()).unwrap(), layout).unwrap()
}

fn join(memory: &HeapMemory) -> Result<Option<Link>> {
    Link::join(Region::new(memory.clone())?)
}

fn pair() -> (Link, Link) {
    pair_in(&HeapMemory::new(SEGMENT_LEN))
}

fn pair_in(memory: &HeapMemory) -> (Link, Link) {
    let mut attachment = create(memory, Link::LAYOUT);
    let joined = join(memory).unwrap().expect("the owner waits");
    attachment.wait_for_peer("here", Duration::ZERO).unwrap();
    (Link::new(attachment), joined)
}

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

/// Returns a message that differs from all others in these tests.
fn message(len: usize, seed: usize) -> Vec<u8> {
    (0..len).map(|i| (i.wrapping_mul(31) ^ (i >> 8) ^ seed) as u8).collect()
}

/// Runs `work`, and fails instead of hanging.
fn watched<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    watched_for(WHOLE_CASE, work) // in a debug build it takes seconds
}

#[test]
fn every_length_arrives_whole_and_in_order_both_ways() {
    watched(|| {
        let (mut a, mut b) = pair();
        let lens: Vec<usize> =
            (0..300).chain([4095, 4096, 4097, 65_536, MAX_MESSAGE - 1, MAX_MESSAGE]).collect();
        let expected = lens.clone();
        let echo = thread::spawn(move || {
            let mut buffer = vec![0; MAX_MESSAGE];
            for len in expected {
                assert_eq!(b.recv(&mut buffer).unwrap(), len);
                assert!(buffer[..len] == message(len, len));
                b.send(&buffer[..len]).unwrap();
            }
        });
        let mut buffer = vec![0; MAX_MESSAGE];
        for len in lens {
            a.send(&message(len, len)).unwrap();
            assert_eq!(a.recv(&mut buffer).unwrap(), len);
            assert!(buffer[..len] == message(len, len));
        }
        echo.join().unwrap();
    });
}

#[test]
fn a_long_stream_of_mixed_lengths_wraps_around_many_times() {
    watched(|| {
        let (mut a, mut b) = pair();
        let len = |n: usize| (n * 7919) % 200_003; // about 20 rounds of the ring, ending at every alignment
        let sender = thread::spawn(move || (0..400).try_for_each(|n| a.send(&message(len(n), n))));
        let mut buffer = vec![0; MAX_MESSAGE];
        for n in 0..400 {
            let received = b.recv(&mut buffer).unwrap();
            assert!(buffer[..received] == message(len(n), n), "message {n} differs");
        }
        sender.join().unwrap().unwrap();
    });
}

#[test]
fn the_longest_messages_cross_the_end_of_the_ring_unharmed() {
    let (mut a, mut b) = pair();
    let mut buffer = vec![0; MAX_MESSAGE];
    // Two of the longest do not quite fit before the end, so every other one runs over it, each time at a different
    // place.
    for n in 0..40 {
        let sent = message(MAX_MESSAGE - n * 1000, n);
        assert_eq!(a.try_send(&sent).unwrap(), Some(()));
        assert_eq!(b.try_recv(&mut buffer).unwrap(), Some(sent.len()));
        assert!(buffer[..sent.len()] == sent);
    }
}

#[test]
fn a_full_ring_says_not_now_and_goes_on_when_there_is_room() {
    let (mut a, mut b) = pair();
    // Four records fill the ring but for the 8 bytes of the header after the last.
    let len = |n| CAPACITY / 4 - if n % 4 == 0 { 16 } else { 8 };
    for n in 0..4 {
        assert_eq!(a.try_send(&message(len(n), n)).unwrap(), Some(()));
    }
    assert_eq!(a.try_send(b"").unwrap(), None);
    let mut buffer = vec![0; MAX_MESSAGE];
    for n in 0..8 {
        assert_eq!(b.try_recv(&mut buffer).unwrap(), Some(len(n)));
        assert!(buffer[..len(n)] == message(len(n), n));
        assert_eq!(a.try_send(&message(len(n + 4), n + 4)).unwrap(), Some(()));
        assert_eq!(a.try_send(b"").unwrap(), None);
    }
}

#[test]
fn a_message_too_long_for_the_buffer_is_kept() {
    let (mut a, mut b) = pair();
    a.send(b"twelve bytes").unwrap();
    for _ in 0..3 {
        assert!(matches!(b.try_recv(&mut [0; 11]), Err(Error::BufferTooSmall { needed: 12 })));
    }
    assert!(matches!(b.recv(&mut []), Err(Error::BufferTooSmall { needed: 12 })));
    let mut buffer = [0; 12];
    assert_eq!(b.recv(&mut buffer).unwrap(), 12);
    assert_eq!(&buffer, b"twelve bytes");
}

#[test]
fn a_message_too_long_to_send_leaves_the_link_as_it_was() {
    let (mut a, mut b) = pair();
    let long = vec![0; MAX_MESSAGE + 1];
    assert!(matches!(a.send(&long), Err(Error::TooLarge { len, max: MAX_MESSAGE }) if len == long.len()));
    assert_eq!(b.try_recv(&mut [0; 8]).unwrap(), None);
    a.send(b"").unwrap();
    assert_eq!(b.try_recv(&mut []).unwrap(), Some(0));
}

#[test]
fn all_that_was_sent_before_the_peer_left_is_received() {
    let (mut a, mut b) = pair();
    b.send(b"never read").unwrap();
    a.send(b"one").unwrap();
    a.send(b"two").unwrap();
    drop(a);
    let mut buffer = [0; 8];
    assert_eq!(b.recv(&mut buffer).unwrap(), 3);
    assert_eq!(b.recv(&mut buffer).unwrap(), 3);
    for _ in 0..2 {
        assert!(matches!(b.recv(&mut buffer), Err(Error::Disconnected)));
        assert!(matches!(b.try_recv(&mut buffer), Err(Error::Disconnected)));
        assert!(matches!(b.send(b"x"), Err(Error::Disconnected)));
    }
}

#[test]
fn a_peer_that_leaves_wakes_a_sleeping_receiver_and_a_sleeping_sender() {
    watched(|| {
        for full in [false, true] {
            let (a, mut b) = pair();
            while full && b.try_send(&[0; 4096]).unwrap().is_some() {}
            let sleeper =
                thread::spawn(move || if full { b.send(&[0; 4096]) } else { b.recv(&mut []).map(drop) });
            thread::sleep(Duration::from_millis(20));
            drop(a);
            assert!(matches!(sleeper.join().unwrap(), Err(Error::Disconnected)));
        }
    });
}

/// Both sides sleep and wake all the time. A lost wake-up costs a slice of 100 ms; many of them exceed the watchdog's
/// limit.
#[test]
fn two_sleepers_wake_each_other_every_time() {
    watched(|| {
        let (mut a, mut b) = pair();
        let echo = thread::spawn(move || {
            let mut buffer = [0; 8];
            while let Ok(len) = b.recv(&mut buffer) {
                b.send(&buffer[..len]).unwrap();
            }
        });
        let mut buffer = [0; 8];
        for n in 0..5_000_u64 {
            a.send(&n.to_le_bytes()).unwrap();
            assert_eq!(a.recv(&mut buffer).unwrap(), 8);
            assert_eq!(u64::from_le_bytes(buffer), n);
        }
        drop(a);
        echo.join().unwrap();
    });
}

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

#[test]
fn a_time_that_is_over_is_no_error() {
    watched(|| {
        let (mut a, mut b) = pair();
        for time in [Duration::ZERO, Duration::from_millis(1)] {
            assert_eq!(b.recv_timeout(&mut [0; 8], time).unwrap(), None);
            while a.try_send(&[7; 4096]).unwrap().is_some() {}
            assert_eq!(a.send_timeout(&[7; 4096], time).unwrap(), None);
            while b.try_recv(&mut [0; 4096]).unwrap().is_some() {}
        }
    });
}

const STATE_OF_OWNER: usize = 128;

/// Each half of a link ends its own direction, whichever is dropped first.
#[test]
fn a_half_that_is_dropped_ends_its_direction() {
    let (a, mut b) = pair();
    let (mut sender, receiver) = a.split();
    sender.send(b"before").unwrap();
    drop(receiver);
    assert!(matches!(b.send(b"x"), Err(Error::Disconnected)));
    assert!(matches!(b.check_receiver(), Err(Error::Disconnected)));
    b.check_sender().unwrap();
    sender.send(b"after").unwrap();
    assert_eq!([(); 2].map(|()| b.recv(&mut [0; 8]).unwrap()), [6, 5]);
    drop(sender);
    assert!(matches!(b.recv(&mut [0; 8]), Err(Error::Disconnected)));

    let (a, mut b) = pair();
    let (mut sender, mut receiver) = a.split();
    sender.send(b"before").unwrap();
    drop(sender);
    b.check_receiver().unwrap();
    assert!(matches!(b.check_sender(), Err(Error::Disconnected)), "though a message is still there");
    assert_eq!(b.recv(&mut [0; 8]).unwrap(), 6);
    assert!(matches!(b.recv(&mut [0; 8]), Err(Error::Disconnected)));
    b.send(b"answer").unwrap();
    assert_eq!(receiver.recv(&mut [0; 8]).unwrap(), 6);
    drop(b);
    assert!(matches!(receiver.recv(&mut [0; 8]), Err(Error::Disconnected)));
}

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

#[test]
fn a_batch_stays_until_it_is_flushed() {
    let (mut a, mut b) = pair();
    let mut buffer = [0; 8];
    for number in 1..=5 {
        a.feed(&[0; 8][..number]).unwrap();
        assert_eq!((a.unsent(), b.try_recv(&mut buffer).unwrap()), (number, None));
    }
    a.flush().unwrap();
    assert_eq!(a.unsent(), 0);
    assert_eq!(
        [(); 6].map(|()| b.try_recv(&mut buffer).unwrap()),
        [1, 2, 3, 4, 5, 0].map(|n| (n > 0).then_some(n))
    );
}

/// A batch leaves ahead of a message that is sent, before a call that receives, when it is large, and on drop.
#[test]
fn a_batch_leaves_by_itself() {
    let mut buffer = [0; 8];
    let leaves: [fn(&mut Link); 6] = [
        |link| link.send(b"").unwrap(),
        |link| link.reserve(0).unwrap().commit().unwrap(),
        |link| assert_eq!(link.try_recv(&mut []).unwrap(), None),
        |link| assert_eq!(link.recv_timeout(&mut [], Duration::from_millis(1)).unwrap(), None),
        |link| assert!(link.try_peek().unwrap().is_none()),
        |link| {
            while link.unsent() > 0 {
                link.feed(b"").unwrap();
            }
        },
    ];
    for leave in leaves {
        let (mut a, mut b) = pair();
        a.feed(b"one").unwrap();
        a.reserve(4).unwrap().feed().unwrap();
        leave(&mut a);
        assert_eq!([(); 2].map(|()| b.try_recv(&mut buffer).unwrap()), [Some(3), Some(4)]);
    }
    let (mut a, mut b) = pair();
    a.feed(b"one").unwrap();
    drop(a);
    assert_eq!(b.recv(&mut buffer).unwrap(), 3);
    assert!(matches!(b.recv(&mut buffer), Err(Error::Disconnected)));
}

#[test]
fn a_batch_for_a_peer_that_left_is_counted() {
    let (mut a, b) = pair();
    a.feed(b"one").unwrap();
    a.feed(b"two").unwrap();
    drop(b);
    assert!(matches!(a.feed(b"three"), Err(Error::Disconnected)));
    assert!(matches!(a.flush(), Err(Error::Disconnected)));
    assert!(matches!(a.recv(&mut [0; 8]), Err(Error::Disconnected)));
    assert_eq!(a.unsent(), 2);
}

/// A batch as large as the ring, fed by a side that then has to wait for room.
#[test]
fn a_batch_is_no_obstacle_to_itself() {
    watched(|| {
        let (mut a, mut b) = pair();
        let sender = thread::spawn(move || {
            (0..100).try_for_each(|n| a.feed(&message(MAX_MESSAGE - n, n))).unwrap();
        });
        let mut buffer = vec![0; MAX_MESSAGE];
        for n in 0..100 {
            assert_eq!(b.recv(&mut buffer).unwrap(), MAX_MESSAGE - n);
            assert!(buffer[..MAX_MESSAGE - n] == message(MAX_MESSAGE - n, n));
        }
        sender.join().unwrap();
    });
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
