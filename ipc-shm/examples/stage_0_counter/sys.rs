//! Two locks between processes, from the C library. The only file of the example with `unsafe`.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;

use nix::errno::Errno;

use crate::stages::sys::OnlyAtomics;

// ANCHOR: locks
/// A semaphore in shared memory: `sem_init(3)`, `sem_wait(3)`, `sem_post(3)`.
pub struct Semaphore(UnsafeCell<libc::sem_t>);

/// A mutex in shared memory, which reports that its holder has died: `pthread_mutex_lock(3)` and
/// `pthread_mutexattr_setrobust(3)`.
pub struct Mutex(UnsafeCell<libc::pthread_mutex_t>);

/// What a process finds when it has locked a [`Mutex`].
#[derive(Debug, PartialEq, Eq)]
pub enum Locked {
    /// The last holder has unlocked it.
    Clean,
    /// The last holder has died (`EOWNERDEAD`): what the mutex guards may be half-changed.
    HolderDied,
}
// ANCHOR_END: locks

// SAFETY: only the C library reads and writes it, with atomic operations, and both processes run this same program, so
// no other bytes than those of a semaphore are in it once `init` has run.
unsafe impl OnlyAtomics for Semaphore {}
// SAFETY: the same for a mutex.
unsafe impl OnlyAtomics for Mutex {}

impl Semaphore {
    /// Makes it, before any other process uses it.
    pub fn init(&self, value: u32) {
        // SAFETY: the place is long enough, and no process uses it yet. 1: shared between processes.
        done(unsafe { libc::sem_init(self.0.get(), 1, value) }, "sem_init");
    }

    /// Sleeps while the value is 0, then takes 1 from it.
    pub fn wait(&self) {
        // SAFETY: a semaphore since `init`.
        done(unsafe { libc::sem_wait(self.0.get()) }, "sem_wait");
    }

    /// Takes 1 if the value is not 0; returns whether it did. Never sleeps.
    pub fn try_wait(&self) -> bool {
        // SAFETY: a semaphore since `init`.
        unsafe { libc::sem_trywait(self.0.get()) == 0 }
    }

    /// Adds 1, and wakes a process that sleeps.
    pub fn post(&self) {
        // SAFETY: a semaphore since `init`.
        done(unsafe { libc::sem_post(self.0.get()) }, "sem_post");
    }
}

impl Mutex {
    /// Makes it, before any other process uses it.
    pub fn init(&self) {
        let mut attributes = MaybeUninit::uninit();
        let attributes = attributes.as_mut_ptr();
        // SAFETY: there is room for the attributes.
        zero(unsafe { libc::pthread_mutexattr_init(attributes) }, "pthread_mutexattr_init");
        // SAFETY: initialised above.
        let status = unsafe { libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED) };
        zero(status, "pthread_mutexattr_setpshared");
        // SAFETY: initialised above.
        let status = unsafe { libc::pthread_mutexattr_setrobust(attributes, libc::PTHREAD_MUTEX_ROBUST) };
        zero(status, "pthread_mutexattr_setrobust");
        // SAFETY: the place is long enough, and no process uses it yet; the attributes are initialised.
        zero(unsafe { libc::pthread_mutex_init(self.0.get(), attributes) }, "pthread_mutex_init");
        // SAFETY: not used from here on.
        zero(unsafe { libc::pthread_mutexattr_destroy(attributes) }, "pthread_mutexattr_destroy");
    }

    /// Sleeps while another process holds it, then holds it.
    pub fn lock(&self) -> Locked {
        // SAFETY: a mutex since `init`.
        match unsafe { libc::pthread_mutex_lock(self.0.get()) } {
            libc::EOWNERDEAD => {
                // SAFETY: this process holds it now, and says that what it guards is in order again.
                zero(unsafe { libc::pthread_mutex_consistent(self.0.get()) }, "pthread_mutex_consistent");
                Locked::HolderDied
            }
            status => {
                zero(status, "pthread_mutex_lock");
                Locked::Clean
            }
        }
    }

    /// Gives it back.
    pub fn unlock(&self) {
        // SAFETY: a mutex since `init`.
        zero(unsafe { libc::pthread_mutex_unlock(self.0.get()) }, "pthread_mutex_unlock");
    }
}

/// For a function that returns -1 and sets `errno`.
fn done(result: i32, call: &str) {
    Errno::result(result).unwrap_or_else(|errno| panic!("{call}: {errno}"));
}

/// For a function that returns the error.
fn zero(status: i32, call: &str) {
    assert_eq!(status, 0, "{call}: {}", Errno::from_raw(status));
}
