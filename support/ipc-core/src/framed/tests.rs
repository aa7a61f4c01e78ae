use std::collections::VecDeque;
use std::fs::File;
use std::io::Read as _;
use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::Duration;

use nix::errno::Errno;
use proptest::prelude::*;

use super::frame::HEADER;
use super::*;
use crate::{Error, Receiver as _, Sender as _};

/// A stream that reads and writes in parts of chosen lengths. A length of 0 means "not now" for a call that may not
/// wait, and a signal for one that may; [`FAILS`] is an error. The stream ends after its bytes for a call that may
/// wait.
#[derive(Debug, Default)]
pub(super) struct Choppy {
    bytes: Shared<VecDeque<u8>>,
    lengths: Shared<VecDeque<usize>>,
    /// The error that the next call returns instead of moving any bytes.
    refusal: Shared<Option<Errno>>,
    /// True if calls on the stream must not wait; one that would is a failure of the test.
    must_not_wait: Shared<bool>,
}

/// A value that both ends of the stream see, as a [`RefCell`](std::cell::RefCell) for two threads.
#[derive(Debug, Default)]
struct Shared<T>(Mutex<T>);

impl<T: Default> Shared<T> {
    fn borrow_mut(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap()
    }

    fn set(&self, value: T) {
        *self.borrow_mut() = value;
    }

    fn take(&self) -> T {
        std::mem::take(&mut *self.borrow_mut())
    }
}

const FAILS: usize = usize::MAX - 1;

impl Choppy {
    /// Sets the lengths of the next calls.
    pub(super) fn cut(&self, lengths: VecDeque<usize>) {
        self.lengths.set(lengths);
    }

    pub(super) fn cuts_left(&self) -> usize {
        self.lengths.borrow_mut().len()
    }

    pub(super) fn refuse(&self, errno: Errno) {
        self.refusal.set(Some(errno));
    }

    pub(super) fn put(&self, bytes: &[u8]) {
        self.bytes.borrow_mut().extend(bytes);
    }

    /// Returns the bytes that are written and not yet read.
    pub(super) fn written(&self) -> Vec<u8> {
        self.bytes.borrow_mut().iter().copied().collect()
    }

    fn next(&self, mode: Mode) -> nix::Result<usize> {
        assert!(mode == Mode::Try || !*self.must_not_wait.borrow_mut(), "this call would wait");
        if let Some(errno) = self.refusal.take() {
            return Err(errno);
        }
        let mut lengths = self.lengths.borrow_mut();
        let length = lengths.pop_front().unwrap_or(usize::MAX);
        match length {
            0 if mode == Mode::Try => Err(Errno::EAGAIN),
            0 => Err(Errno::EINTR),
            FAILS => Err(Errno::EIO),
            length => Ok(length),
        }
    }
}

/// A file that polls readable and writable at once.
static NULL: LazyLock<File> = LazyLock::new(|| File::open("/dev/null").unwrap());

impl ByteSource for Arc<Choppy> {
    const READ: &'static str = "read";

    fn input(&self) -> BorrowedFd<'_> {
        NULL.as_fd()
    }

    fn read(&self, buffer: &mut [u8], mode: Mode) -> nix::Result<usize> {
        self.readv(&mut [IoSliceMut::new(buffer)], mode)
    }

    fn readv(&self, buffers: &mut [IoSliceMut<'_>], mode: Mode) -> nix::Result<usize> {
        let most = self.next(mode)?;
        let mut bytes = self.bytes.borrow_mut();
        if bytes.is_empty() && mode == Mode::Try {
            return Err(Errno::EAGAIN);
        }
        let mut left = most;
        for buffer in buffers {
            let part = buffer.len().min(left);
            left -= bytes.read(&mut buffer[..part]).unwrap();
        }
        Ok(most - left)
    }
}

impl ByteSink for Arc<Choppy> {
    const WRITE: &'static str = "write";

    fn chunk_sizes(&self) -> ChunkSizes {
        ChunkSizes { alone: 9000, in_a_row: 5000, batch: 500 }
    }

    fn output(&self) -> BorrowedFd<'_> {
        NULL.as_fd()
    }

    fn write(&self, bytes: &[u8], mode: Mode) -> nix::Result<usize> {
        self.writev(&[IoSlice::new(bytes)], mode)
    }

    fn writev(&self, buffers: &[IoSlice<'_>], mode: Mode) -> nix::Result<usize> {
        let most = self.next(mode)?;
        let mut bytes = self.bytes.borrow_mut();
        let mut left = most;
        for buffer in buffers {
            let part = buffer.len().min(left);
            bytes.extend(&buffer[..part]);
            left -= part;
        }
        Ok(most - left)
    }
}

/// Makes a stream of these bytes that are read in parts of these lengths.
pub(super) fn holding(bytes: &[u8], reads: VecDeque<usize>) -> Framed<impl ByteSource, impl ByteSink> {
    let link = framed();
    link.sink().bytes.borrow_mut().extend(bytes);
    *link.sink().lengths.borrow_mut() = reads;
    link
}

pub(super) fn framed() -> Framed<Arc<Choppy>, Arc<Choppy>> {
    let stream = Arc::new(Choppy::default());
    Framed::new(Arc::clone(&stream), stream)
}

pub(super) fn message(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + len) as u8).collect()
}

/// Generates a length near those at which the behaviour changes.
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![0..20usize, SHORT - 3..SHORT + 3, 60_000..70_000usize]
}

/// Generates lengths of reads and writes, many of them short.
fn chops() -> impl Strategy<Value = VecDeque<usize>> {
    let chop = prop_oneof![0..8usize, SHORT - 8..SHORT + 12, 1..70_000usize];
    prop::collection::vec(chop, 0..60).prop_map(VecDeque::from)
}

/// More tries than there are lengths that mean "not now".
const TRIES: usize = 100;

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
        *link.sink().lengths.borrow_mut() = writes;
        link.sink().must_not_wait.set(!may_wait);
        for &len in &lengths {
            let message = message(len);
            if may_wait {
                link.send(&message).unwrap();
            } else {
                prop_assert!((0..TRIES).any(|_| link.try_send(&message).unwrap().is_some()));
            }
        }
        *link.sink().lengths.borrow_mut() = reads;
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
        link.sink().must_not_wait.set(true);
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
        *link.sink().lengths.borrow_mut() = reads;
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

pub(super) fn chops_and_failures() -> impl Strategy<Value = VecDeque<usize>> {
    let chop = prop_oneof![0..8usize, SHORT - 8..SHORT + 12, 1..70_000usize, Just(FAILS)];
    prop::collection::vec(chop, 0..60).prop_map(VecDeque::from)
}

/// Repeats a call that failed, as long as the stream has errors.
pub(super) fn despite<R>(mut call: impl FnMut() -> crate::Result<R>) -> R {
    loop {
        match call() {
            Err(error) => assert_eq!(error.errno(), Some(Errno::EIO), "{error}"),
            Ok(done) => return done,
        }
    }
}

/// Repeats a call, which may or may not wait, in the same way.
pub(super) fn despite_and_insist<R>(
    may_wait: bool,
    mut call: impl FnMut(Mode) -> crate::Result<Option<R>>,
) -> R {
    let mode = if may_wait { Mode::Block } else { Mode::Try };
    (0..TRIES).find_map(|_| despite(|| call(mode))).expect("more tries than there are refusals")
}

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
        *link.sink().lengths.borrow_mut() = writes;
        for &len in &lengths {
            despite_and_insist(may_wait, |mode| link.sender.write_frame(&message(len), mode));
        }
        *link.sink().lengths.borrow_mut() = reads;
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
            ends.push(link.sink().bytes.borrow_mut().len());
        }
        let left = cut.index(ends[lengths.len()] + 1);
        link.sink().bytes.borrow_mut().truncate(left);
        *link.sink().lengths.borrow_mut() = reads;
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

/// An impossible length is reported as corrupt with a short buffer and with a long one, and claims no memory.
#[test]
fn a_length_is_not_believed() {
    for room in [10, 1 << 20] {
        for mode in [Mode::Block, Mode::Try] {
            let mut link = framed();
            link.sink().write(&u32::MAX.to_le_bytes(), Mode::Block).unwrap();
            link.sink().write(&[1; 100], Mode::Block).unwrap();
            let answer = link.receiver.read_frame(&mut vec![0; room], mode);
            assert!(matches!(answer, Err(Error::Corrupt(_))), "{answer:?}");
        }
    }
    // A length that would fit is not believed either.
    let mut link = framed();
    link.sink().write(&(MAX_MESSAGE as u32 + 1).to_le_bytes(), Mode::Block).unwrap();
    let answer = link.recv(&mut vec![0; MAX_MESSAGE + 1]);
    assert!(matches!(answer, Err(Error::Corrupt("a frame longer than any message can be"))), "{answer:?}");
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
        link.sink().refusal.set(Some(errno));
        assert_eq!(told(link.recv(&mut buffer)), ("read", errno));
        link.sink().refusal.set(Some(errno));
        assert_eq!(told(link.send(&buffer)), ("write", errno));
    }
    let mut link = framed();
    link.sink().refusal.set(Some(Errno::ECONNRESET));
    assert_eq!(told(link.recv(&mut buffer)).0, "gone");
    link.sink().bytes.borrow_mut().extend([7, 0]);
    link.sink().lengths.set(VecDeque::from([2, 0]));
    assert_eq!(link.try_recv(&mut buffer).unwrap(), None, "half a header");
    link.sink().refusal.set(Some(Errno::ECONNRESET));
    assert_eq!(told(link.recv(&mut buffer)).0, "corrupt");
    for errno in [Errno::EPIPE, Errno::ECONNRESET] {
        let mut link = framed();
        link.sink().lengths.set(VecDeque::from([10, 0]));
        assert!(link.try_send(&message(100)).unwrap().is_none());
        for len in [100, 50] {
            link.sink().refusal.set(Some(errno));
            assert_eq!(told(link.send(&message(len))).0, "gone", "{errno}, {len} bytes");
        }
    }
}

/// A message that no link carries is refused as that, even in place of one that is under way.
#[test]
fn a_message_too_long_is_told_as_such() {
    for under_way in [false, true] {
        let mut link = framed();
        if under_way {
            link.sink().lengths.set(VecDeque::from([10, 0]));
            assert!(link.try_send(&message(100)).unwrap().is_none());
            assert!(matches!(link.try_send(&message(99)), Err(Error::Usage(_))));
        }
        let refused = link.send(&vec![0; MAX_MESSAGE + 1]);
        let lengths = (MAX_MESSAGE + 1, MAX_MESSAGE);
        assert!(matches!(refused, Err(Error::TooLarge { len, max }) if (len, max) == lengths), "{refused:?}");
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
            link.sink().must_not_wait.set(true);
            link.sink().bytes.borrow_mut().extend(&frame[..cut]);
            if begun_by_a_short_buffer && cut >= HEADER {
                let refused = link.try_recv(&mut [0; 10]);
                assert!(matches!(refused, Err(Error::BufferTooSmall { needed: 20_000 })), "{refused:?}");
            }
            let mut buffer = vec![0; 30_000];
            for _ in 0..2 {
                assert_eq!(link.try_recv(&mut buffer).unwrap(), None, "{cut} bytes of {}", frame.len());
            }
            link.sink().bytes.borrow_mut().extend(&frame[cut..]);
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
        link.sink().lengths.set(VecDeque::from(arrival));
        assert_eq!(link.try_recv(&mut buffer).unwrap(), arrives.then_some(20_000));
        let looked = looks_in_vain + 2 - link.sink().lengths.borrow_mut().len();
        assert!(looked < 50, "{looked} reads");
        link.sink().lengths.set(VecDeque::new());
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
    link.sink().must_not_wait.set(true);
    link.sink().lengths.set(not_now());
    assert_eq!(link.recv_timeout(&mut [0; 8], time).unwrap(), None);
    link.sink().lengths.set(not_now());
    assert_eq!(link.send_timeout(b"message", time).unwrap(), None);
}

/// A header alone claims no memory of ours, even with a length that is possible. Nor does the message itself if the
/// caller has provided room and waits: the missing part goes straight there.
#[test]
fn memory_is_taken_only_once_the_caller_shows_room() {
    for mode in [Mode::Block, Mode::Try] {
        let mut link = framed();
        let before = link.receiver.reader.capacity();
        link.sink().bytes.borrow_mut().extend((MAX_MESSAGE as u32).to_le_bytes());
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
            link.sink().bytes.borrow_mut().extend(vec![7; MAX_MESSAGE]);
            assert_eq!(link.recv(&mut vec![0; MAX_MESSAGE]).unwrap(), MAX_MESSAGE);
            assert_eq!(link.receiver.reader.capacity(), before);
        }
    }
}

/// An error in the middle of a message, even one that no blocking call should return, is reported; then the same
/// message can continue, and no other can take its place.
#[test]
fn an_error_in_the_middle_of_a_message_is_no_end_of_it() {
    for errno in [Errno::ENOBUFS, Errno::EAGAIN] {
        let mut link = framed();
        link.sink().lengths.set(VecDeque::from([10, 0]));
        assert!(link.try_send(&message(100)).unwrap().is_none());
        link.sink().refusal.set(Some(errno));
        assert_eq!(link.send(&message(100)).unwrap_err().errno(), Some(errno));
        // Not even one of the same length: its end would be taken for the end of the first one.
        for other in [vec![1; 50], vec![1; 100]] {
            assert!(matches!(link.send(&other), Err(Error::Usage(_))));
        }
        link.send(&message(100)).unwrap();
        link.sink().refusal.set(Some(errno));
        link.send(&[1; 100]).unwrap_err();
        link.sink().lengths.set(VecDeque::from([10, 0]));
        assert!(link.try_send(&[2; 100]).unwrap().is_none(), "nothing had left of the one that failed");
        link.send(&[2; 100]).unwrap();
        let mut buffer = [0; 100];
        assert_eq!(link.recv(&mut buffer).unwrap(), 100);
        assert!(buffer[..] == message(100));
    }
}

/// A long message is written in chunks: larger ones when it is alone, smaller ones behind another message.
#[test]
fn messages_in_a_row_leave_in_smaller_chunks() {
    let mut link = framed();
    let mut calls = || {
        link.sink().lengths.set(VecDeque::from([usize::MAX; 20]));
        link.send(&message(20_000)).unwrap();
        20 - link.sink().lengths.borrow_mut().len()
    };
    assert_eq!([calls(), calls()], [3, 4], "alone, and behind another");
    link.recv(&mut vec![0; 20_000]).unwrap();
    link.sink().lengths.set(VecDeque::from([usize::MAX; 20]));
    link.send(&message(20_000)).unwrap();
    assert_eq!(20 - link.sink().lengths.borrow_mut().len(), 3, "behind one that was received");
}
