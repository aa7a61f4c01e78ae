//! The few system calls of the stages. The only file of them with `unsafe`.
#![allow(unsafe_code)]

use std::ops::Deref;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64};
use std::time::Duration;

use nix::errno::Errno;

/// What may lie in a segment: any bytes are a value of it, and others may change it while we look.
///
/// # Safety
/// The type consists of atomics alone.
pub unsafe trait OnlyAtomics {}

// SAFETY: an atomic.
unsafe impl OnlyAtomics for AtomicU8 {}
// SAFETY: an atomic.
unsafe impl OnlyAtomics for AtomicU32 {}
// SAFETY: an atomic.
unsafe impl OnlyAtomics for AtomicU64 {}
// SAFETY: nothing but its elements.
unsafe impl<T: OnlyAtomics, const N: usize> OnlyAtomics for [T; N] {}
// SAFETY: two fields, both atomics.
unsafe impl<const N: usize> OnlyAtomics for super::Bytes<N> {}

/// Says that a struct may lie in a segment. Does not compile if one of its fields may not, or is left out.
macro_rules! only_atomics {
    ($name:ident { $($field:tt),+ }) => {
        // SAFETY: the function below does not compile unless each field consists of atomics.
        #[allow(unsafe_code)]
        unsafe impl $crate::stages::sys::OnlyAtomics for $name {}
        const _: fn(&$name) = |value| {
            let $name { $($field: _),+ } = value;
            $($crate::stages::sys::check(&value.$field);)+
        };
    };
}
pub(crate) use only_atomics;

/// For [`only_atomics`].
pub fn check<T: OnlyAtomics>(_field: &T) {}

// ANCHOR: shared
/// A `T` in a segment of its own, attached until dropped.
pub struct Shared<T> {
    id: i32,
    base: NonNull<T>,
}

impl<T: OnlyAtomics> Shared<T> {
    /// Makes a segment, all zero, and attaches it. It is marked for removal at once: it goes with the last process
    /// that has it attached, however that ends. (Linux still lets others attach it by its id; POSIX does not say so.)
    pub fn create() -> nix::Result<Self> {
        // SAFETY: three numbers.
        let id = Errno::result(unsafe { libc::shmget(libc::IPC_PRIVATE, size_of::<T>(), 0o600) })?;
        let shared = Self::attach(id);
        // SAFETY: `IPC_RMID` uses no buffer.
        Errno::result(unsafe { libc::shmctl(id, libc::IPC_RMID, ptr::null_mut()) })?;
        shared
    }

    /// Attaches the segment that the other process has made for the same `T`.
    pub fn attach(id: i32) -> nix::Result<Self> {
        // SAFETY: with a null address the kernel chooses one where nothing of ours is.
        let base = unsafe { libc::shmat(id, ptr::null(), 0) };
        if base as isize == -1 {
            return Err(Errno::last());
        }
        let base = NonNull::new(base.cast()).ok_or(Errno::EINVAL)?;
        Ok(Self { id, base })
    }

    /// By which the other process finds it.
    pub fn id(&self) -> i32 {
        self.id
    }
}

impl<T: OnlyAtomics> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: attached until dropped, at a page, and long enough for a `T`, which both processes of one program
        // lay out alike; any bytes are a `T`, and atomics may change behind a shared reference.
        unsafe { self.base.as_ref() }
    }
}
// ANCHOR_END: shared

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: attached by us; a reference into it borrows from `self`, so none is left.
        unsafe { libc::shmdt(self.base.as_ptr().cast()) };
    }
}

// ANCHOR: futex
/// Sleeps while `word` is `value`, for at most 100 ms. `futex(2)`, between processes: without `FUTEX_PRIVATE_FLAG`.
#[allow(dead_code)] // the early stages never sleep
pub fn futex_wait(word: &AtomicU32, value: u32) {
    let slice = Duration::from_millis(100);
    let slice = libc::timespec { tv_sec: 0, tv_nsec: libc::c_long::from(slice.subsec_nanos().cast_signed()) };
    // SAFETY: the word and the time outlive the call.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, value, &raw const slice) };
}

/// Wakes the process that sleeps on `word`.
#[allow(dead_code)] // the early stages never sleep
pub fn futex_wake(word: &AtomicU32) {
    // SAFETY: the kernel uses the address as a name only.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1) };
}
// ANCHOR_END: futex

/// Lets the kernel end this process (`SIGALRM`) in so many seconds: the other one may have died without a word.
pub fn alarm(seconds: u32) {
    // SAFETY: a number.
    unsafe { libc::alarm(seconds) };
}
