//! Batches over a stream that cuts writes anywhere and fails now and then.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use proptest::prelude::*;

use crate::framed::frame::HEADER;
use crate::framed::tests::choppy::{
    Choppy, chops_and_failures, despite, despite_and_insist, framed, message,
};
use crate::framed::*;
use crate::{Error, Receiver as _, Sender as _};

/// Returns the number of whole frames in the stream.
fn whole_frames(link: &Framed<Arc<Choppy>, Arc<Choppy>>) -> usize {
    let bytes = link.sink().written();
    let (mut at, mut whole) = (0, 0);
    while let Some(header) = bytes.get(at..at + HEADER) {
        at += HEADER + u32::from_le_bytes(header.try_into().unwrap()) as usize;
        whole += usize::from(at <= bytes.len());
    }
    whole
}

/// What a test does with the next message.
#[derive(Clone, Copy, Debug)]
enum Call {
    Send,
    Feed,
    FeedAndFlush,
}

/// Generates a length near those at which the behaviour changes: the stream's batches have 500 bytes.
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![4 => 0..20usize, 2 => 100..200usize, 1 => 480..510usize, 1 => SHORT - 3..SHORT + 3, 1 => 6000..7000usize]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Fed and sent messages arrive in the order of the calls, wherever the stream cuts them or fails; and at each moment
    /// the messages in the stream and the unsent ones are all that were taken.
    #[test]
    fn fed_messages_keep_their_order_and_are_counted(
        calls in prop::collection::vec(
            (length(), prop_oneof![1 => Just(Call::Send), 4 => Just(Call::Feed), 1 => Just(Call::FeedAndFlush)]),
            1..40,
        ),
        writes in chops_and_failures(),
        may_wait in any::<bool>(),
    ) {
        let mut link = framed();
        link.sink().cut(writes);
        let mut taken = 0;
        for &(len, call) in &calls {
            let message = message(len);
            let sender = &mut link.sender;
            match call {
                Call::Send => despite_and_insist(may_wait, |mode| sender.write_frame(&message, mode)),
                Call::Feed | Call::FeedAndFlush => despite_and_insist(may_wait, |mode| match mode {
                    Mode::Block => sender.feed(&message).map(Some),
                    Mode::Try => sender.try_feed(&message),
                }),
            }
            taken += 1;
            prop_assert_eq!(whole_frames(&link) + link.unsent(), taken);
            if matches!(call, Call::FeedAndFlush) {
                let _ = link.try_flush(); // which may leave a part
                prop_assert_eq!(whole_frames(&link) + link.unsent(), taken);
            }
        }
        despite_and_insist(may_wait, |mode| link.sender.write_batch(mode));
        prop_assert_eq!((link.unsent(), whole_frames(&link)), (0, taken));
        for (len, _) in calls {
            let mut buffer = vec![0; len + 1];
            prop_assert_eq!(despite(|| link.recv(&mut buffer)), len);
            prop_assert!(buffer[..len] == message(len), "{} other bytes", len);
        }
    }
}

/// Short messages share a write, and a long one goes out behind them in a write of its own.
#[test]
fn a_batch_is_one_write() {
    let mut link = framed();
    let calls = |link: &Framed<Arc<Choppy>, _>| 1000 - link.source().cuts_left();
    link.sink().cut(VecDeque::from([usize::MAX; 1000]));
    for len in 0..10 {
        link.feed(&message(len)).unwrap();
    }
    assert_eq!((calls(&link), link.unsent()), (0, 10));
    link.flush().unwrap();
    assert_eq!((calls(&link), link.unsent()), (1, 0));
    link.feed(&message(10)).unwrap();
    link.feed(&message(600)).unwrap();
    assert_eq!((calls(&link), link.unsent()), (3, 0), "the batch, and the message that no batch holds");
    link.flush().unwrap();
    assert_eq!(calls(&link), 3, "there is nothing to flush");
}

/// A message that is too long, or that would come between the parts of another one, changes nothing.
#[test]
fn a_refused_message_leaves_the_batch_alone() {
    let mut link = framed();
    link.feed(b"one").unwrap();
    for _ in 0..2 {
        let refused = link.feed(&vec![0; MAX_MESSAGE + 1]);
        assert!(matches!(refused, Err(Error::TooLarge { .. })), "{refused:?}");
        assert_eq!(link.unsent(), 1);
    }
    link.sink().cut(VecDeque::from([usize::MAX, 10, 0]));
    assert!(link.try_send(&message(1000)).unwrap().is_none(), "partly sent, behind the batch");
    let refused = link.feed(b"two");
    assert!(matches!(refused, Err(Error::Usage(_))), "{refused:?}");
    assert!(
        link.try_flush().unwrap().is_some() && link.unsent() == 0,
        "a message sent by itself is in no batch"
    );
    link.try_feed(&message(1000)).unwrap().unwrap();
    link.feed(b"two").unwrap();
    let mut buffer = [0; 1000];
    for len in [3, 1000, 3] {
        assert_eq!(link.recv(&mut buffer).unwrap(), len);
    }
}

/// A batch of which part is written holds up a message that must not wait, and loses nothing.
#[test]
fn a_half_written_batch_goes_first() {
    let mut link = framed();
    for text in [b"one", b"two"] {
        link.feed(text).unwrap();
    }
    link.sink().cut(VecDeque::from([HEADER + 3 + 2, 0, 0, 0, 0, 1, 0]));
    assert!(link.try_flush().unwrap().is_none() && link.unsent() == 1, "the first one is out");
    assert!(link.try_send(b"other").unwrap().is_none());
    assert!(link.try_send(b"a different one: nothing of the other has left").unwrap().is_none());
    link.try_feed(b"three").unwrap().unwrap();
    assert_eq!((link.flush_timeout(Duration::ZERO).unwrap(), link.unsent()), (None, 2));
    link.send(b"four").unwrap();
    let mut buffer = [0; 60];
    for text in [&b"one"[..], b"two", b"three", b"four"] {
        let len = link.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..len], text);
    }
}

/// Before a call that receives, the link's own batch leaves; while there is no room, it receives all the same.
#[test]
fn a_link_flushes_before_it_receives() {
    let mut link = framed(); // which receives what it sends
    let mut buffer = [0; 8];
    link.feed(b"one").unwrap();
    assert_eq!(link.recv(&mut buffer).unwrap(), 3);
    link.feed(b"two").unwrap();
    assert_eq!(link.try_recv(&mut buffer).unwrap(), Some(3));
    link.feed(b"three").unwrap();
    assert_eq!(link.recv_timeout(&mut buffer, Duration::from_secs(5)).unwrap(), Some(5));
    link.feed(b"four").unwrap();
    assert_eq!(link.messages().next().unwrap().unwrap(), b"four");

    link.send(b"is there").unwrap();
    link.feed(b"unsent").unwrap();
    link.sink().cut(VecDeque::from([0; 1]));
    assert_eq!(link.recv(&mut buffer).unwrap(), 8, "a message that is there needs no room for ours");
    assert_eq!(link.unsent(), 1);
    link.sink().refuse(Errno::EIO);
    assert_eq!(link.recv(&mut buffer).unwrap_err().errno(), Some(Errno::EIO), "else it might wait forever");
    link.feed(b"more").unwrap();
    link.sink().refuse(Errno::EPIPE);
    link.sink().put(&[1, 0, 0, 0, b'x']);
    assert_eq!(link.recv(&mut buffer).unwrap(), 1, "the last word of a peer that is gone");
    assert_eq!(link.unsent(), 2);
}

/// A drop flushes, unless the thread panics.
#[test]
fn a_drop_flushes() {
    for panics in [false, true] {
        let link = framed();
        let stream = Arc::clone(link.sink());
        let ended = std::thread::spawn(move || {
            let mut link = link;
            link.feed(b"last").unwrap();
            assert!(!panics, "on purpose");
        });
        assert_eq!(ended.join().is_err(), panics);
        assert_eq!(stream.written().is_empty(), panics);
    }
}
