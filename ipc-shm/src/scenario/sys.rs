//! What the scenarios need and the library does not. The only file of the program with `unsafe`.
#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::mem::MaybeUninit;

use ipc_core::ring::Memory as _;
use ipc_shm::Attached;
use nix::errno::Errno;

use super::page::Page;

/// Returns the beginning of the segment.
pub fn page(memory: &Attached) -> &Page {
    assert!(memory.size() >= size_of::<Page>());
    // SAFETY: attached as long as it is borrowed, at a page, and long enough, as checked. Any bytes are a `Page`, which
    // may change behind a shared reference: atomics, and a mutex that only the C library touches.
    unsafe { memory.base().cast::<Page>().as_ref() }
}

/// `int semop(int semid, struct sembuf *sops, size_t nsops);` —
/// [semop(2)](https://man7.org/linux/man-pages/man2/semop.2.html), for one semaphore.
pub fn semop(id: i32, index: u16, by: i16, flags: i32) -> nix::Result<()> {
    let mut operation = libc::sembuf { sem_num: index, sem_op: by, sem_flg: flags as i16 };
    // SAFETY: one operation, which outlives the call.
    Errno::result(unsafe { libc::semop(id, &raw mut operation, 1) }).map(drop)
}

/// A mutex in shared memory. Each method returns what the C function does: 0, or the error itself.
#[repr(transparent)]
pub struct Mutex(UnsafeCell<libc::pthread_mutex_t>);

// The zeros with which the segment begins are a mutex: `PTHREAD_MUTEX_INITIALIZER`. All processes run this same program.
impl Mutex {
    /// Makes it shared between processes, and robust: it reports that its holder has died. No process may hold it.
    ///
    /// `int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr);` —
    /// [pthread_mutexattr_setrobust(3)](https://man7.org/linux/man-pages/man3/pthread_mutexattr_setrobust.3.html)
    pub fn init_robust(&self) -> i32 {
        let mut attributes = MaybeUninit::uninit();
        let attributes = attributes.as_mut_ptr();
        // SAFETY: there is room for the attributes.
        unsafe { libc::pthread_mutexattr_init(attributes) };
        // SAFETY: initialised above.
        unsafe { libc::pthread_mutexattr_setpshared(attributes, libc::PTHREAD_PROCESS_SHARED) };
        // SAFETY: initialised above.
        unsafe { libc::pthread_mutexattr_setrobust(attributes, libc::PTHREAD_MUTEX_ROBUST) };
        // SAFETY: the mutex is mapped as long as it is borrowed, and not in use; the attributes are initialised.
        unsafe { libc::pthread_mutex_init(self.0.get(), attributes) }
    }

    /// `int pthread_mutex_lock(pthread_mutex_t *mutex);`
    pub fn lock(&self) -> i32 {
        // SAFETY: a mutex, mapped as long as it is borrowed.
        unsafe { libc::pthread_mutex_lock(self.0.get()) }
    }

    /// `int pthread_mutex_consistent(pthread_mutex_t *mutex);`
    pub fn consistent(&self) -> i32 {
        // SAFETY: as in `lock`.
        unsafe { libc::pthread_mutex_consistent(self.0.get()) }
    }

    /// `int pthread_mutex_unlock(pthread_mutex_t *mutex);`
    pub fn unlock(&self) -> i32 {
        // SAFETY: as in `lock`. One that this process does not hold refuses, as it is robust.
        unsafe { libc::pthread_mutex_unlock(self.0.get()) }
    }
}
