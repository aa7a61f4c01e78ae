//! A stream for tests: where it cuts and when it fails is up to them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{IoSlice, IoSliceMut, Read as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

use nix::errno::Errno;
use proptest::prelude::*;

use crate::framed::{ByteSink, ByteSource, ChunkSizes, Framed, Mode, SHORT};

/// A stream that reads and writes in parts of chosen lengths. A length of 0 means "not now" for a call that may not
/// wait, and a signal for one that may; [`FAILS`] is an error. The stream ends after its bytes for a call that may
/// wait.
#[derive(Debug, Default)]
pub(in crate::framed) struct Choppy {
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
    pub(in crate::framed) fn cut(&self, lengths: VecDeque<usize>) {
        self.lengths.set(lengths);
    }

    pub(in crate::framed) fn cuts_left(&self) -> usize {
        self.lengths.borrow_mut().len()
    }

    pub(in crate::framed) fn refuse(&self, errno: Errno) {
        self.refusal.set(Some(errno));
    }

    /// Has each call that would wait fail the test, or not.
    pub(in crate::framed) fn must_not_wait(&self, must_not: bool) {
        self.must_not_wait.set(must_not);
    }

    pub(in crate::framed) fn put(&self, bytes: &[u8]) {
        self.bytes.borrow_mut().extend(bytes);
    }

    /// Returns the bytes that are written and not yet read.
    pub(in crate::framed) fn written(&self) -> Vec<u8> {
        self.bytes.borrow_mut().iter().copied().collect()
    }

    /// Takes back all bytes but the first `len`.
    pub(in crate::framed) fn truncate(&self, len: usize) {
        self.bytes.borrow_mut().truncate(len);
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
pub(in crate::framed) fn holding(
    bytes: &[u8],
    reads: VecDeque<usize>,
) -> Framed<impl ByteSource, impl ByteSink> {
    let link = framed();
    link.sink().put(bytes);
    link.sink().cut(reads);
    link
}

pub(in crate::framed) fn framed() -> Framed<Arc<Choppy>, Arc<Choppy>> {
    let stream = Arc::new(Choppy::default());
    Framed::new(Arc::clone(&stream), stream)
}

pub(in crate::framed) fn message(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at * 7 + len) as u8).collect()
}

/// Generates a length near those at which the behaviour changes.
pub(super) fn length() -> impl Strategy<Value = usize> {
    prop_oneof![0..20usize, SHORT - 3..SHORT + 3, 60_000..70_000usize]
}

/// Generates lengths of reads and writes, many of them short.
pub(super) fn chops() -> impl Strategy<Value = VecDeque<usize>> {
    let chop = prop_oneof![0..8usize, SHORT - 8..SHORT + 12, 1..70_000usize];
    prop::collection::vec(chop, 0..60).prop_map(VecDeque::from)
}

/// More tries than there are lengths that mean "not now".
pub(super) const TRIES: usize = 100;

pub(in crate::framed) fn chops_and_failures() -> impl Strategy<Value = VecDeque<usize>> {
    let chop = prop_oneof![0..8usize, SHORT - 8..SHORT + 12, 1..70_000usize, Just(FAILS)];
    prop::collection::vec(chop, 0..60).prop_map(VecDeque::from)
}

/// Repeats a call that failed, as long as the stream has errors.
pub(in crate::framed) fn despite<R>(mut call: impl FnMut() -> crate::Result<R>) -> R {
    loop {
        match call() {
            Err(error) => assert_eq!(error.errno(), Some(Errno::EIO), "{error}"),
            Ok(done) => return done,
        }
    }
}

/// Repeats a call, which may or may not wait, in the same way.
pub(in crate::framed) fn despite_and_insist<R>(
    may_wait: bool,
    mut call: impl FnMut(Mode) -> crate::Result<Option<R>>,
) -> R {
    let mode = if may_wait { Mode::Block } else { Mode::Try };
    (0..TRIES).find_map(|_| despite(|| call(mode))).expect("more tries than there are refusals")
}
