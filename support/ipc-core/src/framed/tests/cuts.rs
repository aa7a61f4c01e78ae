//! Messages that come in parts, wherever the stream cuts them.

use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;

use super::choppy::{TRIES, chops, framed, length, message};
use crate::framed::SHORT;
use crate::framed::frame::HEADER;
use crate::{Error, Receiver as _, Sender as _};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// The same messages arrive, wherever the stream cuts them, whichever side may wait, and whatever room the reader
    /// has.
    #[test]
    fn messages_survive_every_cut(
        lengths in prop::collection::vec(length(), 1..6),
        writes in chops(),
        reads in chops(),
        room in prop_oneof![Just(0usize), Just(1), Just(5000), Just(200_000)],
        may_wait in any::<bool>(),
    ) {
        let mut link = framed();
        link.sink().cut(writes);
        link.sink().must_not_wait(!may_wait);
        for &len in &lengths {
            let message = message(len);
            if may_wait {
                link.send(&message).unwrap();
            } else {
                prop_assert!((0..TRIES).any(|_| link.try_send(&message).unwrap().is_some()));
            }
        }
        link.sink().cut(reads);
        for &len in &lengths {
            let mut buffer = vec![0; len + room];
            let received = if may_wait {
                Some(link.recv(&mut buffer).unwrap())
            } else {
                (0..TRIES).find_map(|_| link.try_recv(&mut buffer).unwrap())
            };
            prop_assert_eq!(received, Some(len));
            prop_assert!(buffer[..len] == message(len), "{} other bytes", len);
        }
        link.sink().must_not_wait(true);
        prop_assert_eq!(link.try_recv(&mut [0; 10]).unwrap(), None);
        prop_assert_eq!(link.try_recv(&mut [0; 10_000]).unwrap(), None);
    }

    /// A message too long for the buffer is there for the next call, and so is the one behind it.
    #[test]
    fn a_buffer_too_small_loses_nothing(len in length(), room in length(), reads in chops()) {
        let mut link = framed();
        for len in [len, 3] {
            link.send(&message(len)).unwrap();
        }
        link.sink().cut(reads);
        if room < len {
            let refused = link.recv(&mut vec![0; room]);
            prop_assert!(matches!(refused, Err(Error::BufferTooSmall { needed }) if needed == len), "{:?}", refused);
        }
        for len in [len, 3] {
            let mut buffer = vec![0; 70_000];
            let received = link.recv(&mut buffer).unwrap();
            prop_assert!(buffer[..received] == message(len));
        }
    }
}

/// The reader is full in the middle of a frame, at any place: in its header, or a byte before its end.
#[test]
fn a_frame_runs_over_the_end_of_the_reader() {
    const LAST: usize = 100;
    let capacity = framed().receiver.reader.capacity();
    for missing in [0, 1, 2, LAST - 1, LAST, LAST + 1, LAST + HEADER - 1, LAST + HEADER] {
        let mut link = framed();
        let mut left = capacity + missing - (HEADER + LAST);
        let mut lengths = Vec::new();
        while left > 0 {
            lengths.push((HEADER + SHORT).min(left) - HEADER);
            left -= HEADER + lengths[lengths.len() - 1];
        }
        lengths.extend([LAST, 3]);
        for &len in &lengths {
            link.send(&message(len)).unwrap();
        }
        for len in lengths {
            let mut buffer = [0; SHORT];
            assert_eq!(link.try_recv(&mut buffer).unwrap(), Some(len), "{missing} bytes behind the end");
            assert!(buffer[..len] == message(len));
        }
    }
}

/// Only the first part of a long message has arrived: a call that may not wait says "not now", whichever way it read
/// that part, and returns the message once the rest is there. So does a call with a timeout.
#[test]
fn half_a_message_is_not_now() {
    let whole = message(20_000);
    let frame = [&(whole.len() as u32).to_le_bytes()[..], &whole].concat();
    for cut in [1, HEADER, HEADER + 1, HEADER + SHORT, frame.len() - 1] {
        for begun_by_a_short_buffer in [false, true] {
            let mut link = framed();
            link.sink().must_not_wait(true);
            link.sink().put(&frame[..cut]);
            if begun_by_a_short_buffer && cut >= HEADER {
                let refused = link.try_recv(&mut [0; 10]);
                assert!(matches!(refused, Err(Error::BufferTooSmall { needed: 20_000 })), "{refused:?}");
            }
            let mut buffer = vec![0; 30_000];
            for _ in 0..2 {
                assert_eq!(link.try_recv(&mut buffer).unwrap(), None, "{cut} bytes of {}", frame.len());
            }
            link.sink().put(&frame[cut..]);
            assert_eq!(link.recv_timeout(&mut buffer, Duration::ZERO).unwrap(), Some(whole.len()));
            assert!(buffer[..whole.len()] == whole, "cut at {cut}");
        }
    }
}

/// A peer that is writing a long message brings its chunks one by one: a call that must not wait looks for them a few
/// times, takes them straight to their place, and gives up if they stay away.
#[test]
fn a_long_message_under_way_is_looked_for_a_few_times() {
    let mut link = framed();
    let mut buffer = vec![0; 20_000];
    for (looks_in_vain, arrives) in [(5, true), (100, false)] {
        link.send(&message(20_000)).unwrap();
        let arrival = [vec![10_000], vec![0; looks_in_vain], vec![usize::MAX]].concat();
        link.sink().cut(VecDeque::from(arrival));
        assert_eq!(link.try_recv(&mut buffer).unwrap(), arrives.then_some(20_000));
        let looked = looks_in_vain + 2 - link.sink().cuts_left();
        assert!(looked < 50, "{looked} reads");
        link.sink().cut(VecDeque::new());
        if !arrives {
            assert_eq!(link.try_recv(&mut buffer).unwrap(), Some(20_000));
        }
        assert!(buffer == message(20_000));
    }
}

/// A stream that is always ready, but never has more than part of a message, does not keep a call beyond its timeout.
#[test]
fn a_trickle_does_not_keep_a_call() {
    let time = Duration::from_millis(1);
    let not_now = || VecDeque::from(vec![0; 1_000_000]);
    let mut link = framed();
    link.send(b"message").unwrap();
    link.sink().must_not_wait(true);
    link.sink().cut(not_now());
    assert_eq!(link.recv_timeout(&mut [0; 8], time).unwrap(), None);
    link.sink().cut(not_now());
    assert_eq!(link.send_timeout(b"message", time).unwrap(), None);
}

/// A long message is written in chunks: larger ones when it is alone, smaller ones behind another message.
#[test]
fn messages_in_a_row_leave_in_smaller_chunks() {
    let mut link = framed();
    let mut calls = || {
        link.sink().cut(VecDeque::from([usize::MAX; 20]));
        link.send(&message(20_000)).unwrap();
        20 - link.sink().cuts_left()
    };
    assert_eq!([calls(), calls()], [3, 4], "alone, and behind another");
    link.recv(&mut vec![0; 20_000]).unwrap();
    link.sink().cut(VecDeque::from([usize::MAX; 20]));
    link.send(&message(20_000)).unwrap();
    assert_eq!(20 - link.sink().cuts_left(), 3, "behind one that was received");
}
