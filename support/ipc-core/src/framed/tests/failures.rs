//! A stream that fails, or ends, anywhere.

use std::collections::VecDeque;

use nix::errno::Errno;
use proptest::prelude::*;

use super::choppy::{chops, chops_and_failures, despite_and_insist, framed, length, message};
use crate::{Error, Receiver as _, Sender as _};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// A read or a write may fail anywhere, even in the middle of a message: the next call continues from there, and
    /// exactly the bytes that were sent arrive.
    #[test]
    fn a_failure_anywhere_loses_nothing(
        lengths in prop::collection::vec(length(), 1..6),
        writes in chops_and_failures(),
        reads in chops_and_failures(),
        room in prop_oneof![Just(0usize), Just(1), Just(5000), Just(200_000)],
        may_wait in any::<bool>(),
    ) {
        let mut link = framed();
        link.sink().cut(writes);
        for &len in &lengths {
            despite_and_insist(may_wait, |mode| link.sender.write_frame(&message(len), mode));
        }
        link.sink().cut(reads);
        for &len in &lengths {
            let mut buffer = vec![0; len + room];
            let received = despite_and_insist(may_wait, |mode| link.receiver.read_frame(&mut buffer, mode));
            prop_assert_eq!(received, len);
            prop_assert!(buffer[..len] == message(len), "{} other bytes", len);
        }
    }

    /// A stream that ends between two messages means that the peer is gone. If it ends within one, part of the message
    /// is missing, and every further call reports that too.
    #[test]
    fn an_end_within_a_message_is_corrupt(
        lengths in prop::collection::vec(length(), 1..4),
        reads in chops(),
        room in prop_oneof![Just(0usize), Just(5000), Just(200_000)],
        cut in any::<prop::sample::Index>(),
    ) {
        let mut link = framed();
        let mut ends = vec![0]; // the ends of all frames
        for &len in &lengths {
            link.send(&message(len)).unwrap();
            ends.push(link.sink().written().len());
        }
        let left = cut.index(ends[lengths.len()] + 1);
        link.sink().truncate(left);
        link.sink().cut(reads);
        let whole = ends.iter().rposition(|&end| end <= left).unwrap();
        for &len in &lengths[..whole] {
            let mut buffer = vec![0; len + room];
            prop_assert_eq!(link.recv(&mut buffer).unwrap(), len);
            prop_assert!(buffer[..len] == message(len), "{} other bytes", len);
        }
        for _ in 0..2 {
            let end = link.recv(&mut vec![0; 70_000 + room]);
            if ends[whole] == left {
                prop_assert!(matches!(end, Err(Error::Disconnected)), "{:?}", end);
            } else {
                prop_assert!(matches!(end, Err(Error::Corrupt(_))), "{:?}", end);
            }
        }
    }
}

/// The error names the call that the stream refused; a peer that is gone is reported as such, whatever was partly sent.
#[test]
fn how_the_stream_fails_is_told() {
    fn told<T: std::fmt::Debug>(answer: crate::Result<T>) -> (&'static str, Errno) {
        match answer {
            Err(Error::Os(error)) => (error.call, error.errno),
            Err(Error::Disconnected) => ("gone", Errno::EPIPE),
            Err(Error::Corrupt(_)) => ("corrupt", Errno::EPIPE),
            other => panic!("{other:?}"),
        }
    }
    let mut buffer = [0; 8];
    for errno in [Errno::EIO, Errno::EAGAIN] {
        let mut link = framed();
        link.sink().refuse(errno);
        assert_eq!(told(link.recv(&mut buffer)), ("read", errno));
        link.sink().refuse(errno);
        assert_eq!(told(link.send(&buffer)), ("write", errno));
    }
    let mut link = framed();
    link.sink().refuse(Errno::ECONNRESET);
    assert_eq!(told(link.recv(&mut buffer)).0, "gone");
    link.sink().put(&[7, 0]);
    link.sink().cut(VecDeque::from([2, 0]));
    assert_eq!(link.try_recv(&mut buffer).unwrap(), None, "half a header");
    link.sink().refuse(Errno::ECONNRESET);
    assert_eq!(told(link.recv(&mut buffer)).0, "corrupt");
    for errno in [Errno::EPIPE, Errno::ECONNRESET] {
        let mut link = framed();
        link.sink().cut(VecDeque::from([10, 0]));
        assert!(link.try_send(&message(100)).unwrap().is_none());
        for len in [100, 50] {
            link.sink().refuse(errno);
            assert_eq!(told(link.send(&message(len))).0, "gone", "{errno}, {len} bytes");
        }
    }
}

/// An error in the middle of a message, even one that no blocking call should return, is reported; then the same
/// message can continue, and no other can take its place.
#[test]
fn an_error_in_the_middle_of_a_message_is_no_end_of_it() {
    for errno in [Errno::ENOBUFS, Errno::EAGAIN] {
        let mut link = framed();
        link.sink().cut(VecDeque::from([10, 0]));
        assert!(link.try_send(&message(100)).unwrap().is_none());
        link.sink().refuse(errno);
        assert_eq!(link.send(&message(100)).unwrap_err().errno(), Some(errno));
        // Not even one of the same length: its end would be taken for the end of the first one.
        for other in [vec![1; 50], vec![1; 100]] {
            assert!(matches!(link.send(&other), Err(Error::Usage(_))));
        }
        link.send(&message(100)).unwrap();
        link.sink().refuse(errno);
        link.send(&[1; 100]).unwrap_err();
        link.sink().cut(VecDeque::from([10, 0]));
        assert!(link.try_send(&[2; 100]).unwrap().is_none(), "nothing had left of the one that failed");
        link.send(&[2; 100]).unwrap();
        let mut buffer = [0; 100];
        assert_eq!(link.recv(&mut buffer).unwrap(), 100);
        assert!(buffer[..] == message(100));
    }
}
