//! Lengths that are too long, and those that a peer only claims.

use std::collections::VecDeque;

use super::choppy::{framed, message};
use crate::framed::frame::HEADER;
use crate::framed::{MAX_MESSAGE, Mode, SHORT};
use crate::{Error, Receiver as _, Sender as _};

/// An impossible length is reported as corrupt with a short buffer and with a long one, and claims no memory.
#[test]
fn a_length_is_not_believed() {
    for room in [10, 1 << 20] {
        for mode in [Mode::Block, Mode::Try] {
            let mut link = framed();
            link.sink().put(&u32::MAX.to_le_bytes());
            link.sink().put(&[1; 100]);
            let answer = link.receiver.read_frame(&mut vec![0; room], mode);
            assert!(matches!(answer, Err(Error::Corrupt(_))), "{answer:?}");
        }
    }
    // A length that would fit is not believed either.
    let mut link = framed();
    link.sink().put(&(MAX_MESSAGE as u32 + 1).to_le_bytes());
    let answer = link.recv(&mut vec![0; MAX_MESSAGE + 1]);
    assert!(matches!(answer, Err(Error::Corrupt("a frame longer than any message can be"))), "{answer:?}");
}

/// A message that no link carries is refused as that, even in place of one that is under way.
#[test]
fn a_message_too_long_is_told_as_such() {
    for under_way in [false, true] {
        let mut link = framed();
        if under_way {
            link.sink().cut(VecDeque::from([10, 0]));
            assert!(link.try_send(&message(100)).unwrap().is_none());
            assert!(matches!(link.try_send(&message(99)), Err(Error::Usage(_))));
        }
        let refused = link.send(&vec![0; MAX_MESSAGE + 1]);
        let lengths = (MAX_MESSAGE + 1, MAX_MESSAGE);
        assert!(matches!(refused, Err(Error::TooLarge { len, max }) if (len, max) == lengths), "{refused:?}");
    }
}

/// A header alone claims no memory of ours, even with a length that is possible. Nor does the message itself if the
/// caller has provided room and waits: the missing part goes straight there.
#[test]
fn memory_is_taken_only_once_the_caller_shows_room() {
    for mode in [Mode::Block, Mode::Try] {
        let mut link = framed();
        let before = link.receiver.reader.capacity();
        link.sink().put(&(MAX_MESSAGE as u32).to_le_bytes());
        for room in [0, 10, SHORT, 1 << 20, MAX_MESSAGE - 1] {
            let refused = link.receiver.read_frame(&mut vec![0; room], mode);
            assert!(
                matches!(refused, Err(Error::BufferTooSmall { needed: MAX_MESSAGE })),
                "room for {room}: {refused:?}"
            );
            assert_eq!(link.receiver.reader.capacity(), before, "room for {room}");
        }
        if mode == Mode::Try {
            assert_eq!(link.try_recv(&mut vec![0; MAX_MESSAGE]).unwrap(), None);
            assert_eq!(link.receiver.reader.capacity(), HEADER + MAX_MESSAGE, "and no more than that");
        } else {
            link.sink().put(&vec![7; MAX_MESSAGE]);
            assert_eq!(link.recv(&mut vec![0; MAX_MESSAGE]).unwrap(), MAX_MESSAGE);
            assert_eq!(link.receiver.reader.capacity(), before);
        }
    }
}
