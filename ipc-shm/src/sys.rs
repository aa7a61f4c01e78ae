//! The system calls, and the memory that they return. The only file of the crate with `unsafe`.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_ushort, c_void};
use std::mem::MaybeUninit;
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use ipc_core::ring::Memory;
use ipc_core::{Call, Result};
use nix::errno::Errno;
use nix::sys::time::TimeSpec;

/// `int shmget(key_t key, size_t size, int shmflg);` —
/// [shmget(2)](https://man7.org/linux/man-pages/man2/shmget.2.html)
pub(crate) fn shmget(key: libc::key_t, size: usize, flags: c_int) -> nix::Result<c_int> {
    // SAFETY: three numbers; the call touches no memory of ours.
    Errno::result(unsafe { libc::shmget(key, size, flags) })
}

/// `int shmctl(int shmid, IPC_STAT, struct shmid_ds *buf);` —
/// [shmctl(2)](https://man7.org/linux/man-pages/man2/shmctl.2.html)
pub(crate) fn shm_stat(id: c_int) -> nix::Result<libc::shmid_ds> {
    let mut stat = MaybeUninit::<libc::shmid_ds>::uninit();
    // SAFETY: the kernel writes one whole `shmid_ds`, for which there is room.
    Errno::result(unsafe { libc::shmctl(id, libc::IPC_STAT, stat.as_mut_ptr()) })?;
    // SAFETY: the call succeeded, so it is written.
    Ok(unsafe { stat.assume_init() })
}

/// `int shmctl(int shmid, IPC_SET, struct shmid_ds *buf);`
pub(crate) fn shm_set_mode(id: c_int, mode: u32) -> nix::Result<()> {
    let mut stat = shm_stat(id)?;
    stat.shm_perm.mode = mode as _;
    // SAFETY: the kernel reads one whole `shmid_ds`.
    Errno::result(unsafe { libc::shmctl(id, libc::IPC_SET, &raw mut stat) }).map(drop)
}

/// `int shmctl(int shmid, IPC_RMID, NULL);`
pub(crate) fn shm_remove(id: c_int) -> nix::Result<()> {
    // SAFETY: `IPC_RMID` uses no buffer. Attached memory stays attached, so no process loses any.
    Errno::result(unsafe { libc::shmctl(id, libc::IPC_RMID, ptr::null_mut()) }).map(drop)
}

/// A segment in this process's memory; detached when dropped.
#[derive(Debug)]
pub struct Attached {
    id: c_int,
    base: NonNull<u8>,
    size: usize,
}

impl Attached {
    /// `void *shmat(int shmid, const void *shmaddr, int shmflg);` —
    /// [shmat(2)](https://man7.org/linux/man-pages/man2/shmop.2.html)
    ///
    /// The kernel chooses the address: it differs between the two processes, so a pointer into the segment means
    /// nothing to the peer.
    pub(crate) fn new(id: c_int) -> nix::Result<Self> {
        // SAFETY: with a null address the kernel picks free addresses, where nothing of ours is.
        let base = unsafe { libc::shmat(id, ptr::null(), 0) };
        if base as isize == -1 {
            return Err(Errno::last());
        }
        let base = NonNull::new(base.cast()).ok_or(Errno::EINVAL)?;
        // From here on `Drop` detaches, also if the next call fails. The id cannot have passed to another segment: ours
        // exists as long as it is attached.
        let mut attached = Self { id, base, size: 0 };
        attached.size = shm_stat(id)?.shm_segsz;
        Ok(attached)
    }

    /// Returns the 8 bytes at `offset`, a multiple of 8.
    pub(crate) fn word(&self, offset: usize) -> &AtomicU64 {
        let word = self.at(offset, size_of::<AtomicU64>()).cast::<AtomicU64>();
        assert!(word.is_aligned());
        // SAFETY: within the bounds and aligned, as checked; an atomic may be shared.
        unsafe { word.as_ref() }
    }

    /// Copies the bytes at `offset` out. Only the side whose turn it is, by the semaphores, may call this.
    pub(crate) fn copy_out(&self, offset: usize, into: &mut [u8]) {
        let from = self.at(offset, into.len());
        // SAFETY: within the bounds, and a buffer of ours does not overlap the segment. A peer that writes out of turn
        // decides only which bytes arrive.
        unsafe { ptr::copy_nonoverlapping(from.as_ptr(), into.as_mut_ptr(), into.len()) }
    }

    /// Copies `bytes` in at `offset`. Only the side whose turn it is may call this.
    pub(crate) fn copy_in(&self, offset: usize, bytes: &[u8]) {
        let to = self.at(offset, bytes.len());
        // SAFETY: as in `copy_out`, the other way round.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to.as_ptr(), bytes.len()) }
    }

    fn at(&self, offset: usize, len: usize) -> NonNull<u8> {
        let fits = offset.checked_add(len).is_some_and(|end| end <= self.size);
        assert!(fits, "{len} bytes at {offset} are out of bounds");
        // SAFETY: the bounds were checked just now.
        unsafe { self.base.add(offset) }
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        // SAFETY: the address came from `shmat`, and every borrow of the memory borrowed `self`.
        unsafe { libc::shmdt(self.base.as_ptr().cast::<c_void>()) };
    }
}

// SAFETY: the mapping belongs to the whole process, whichever thread uses it.
unsafe impl Send for Attached {}

// SAFETY: the methods that copy are for the side, and the half of its link, whose turn it is: two threads never touch the
// same bytes at once. All else reads fields that never change, or makes a system call.
unsafe impl Sync for Attached {}

// SAFETY: attached for reading and writing until dropped, at a page; a System V segment never changes its size.
unsafe impl Memory for Attached {
    fn base(&self) -> NonNull<u8> {
        self.base
    }

    fn size(&self) -> usize {
        self.size
    }

    fn can_be_cut(&self) -> bool {
        false
    }

    fn hold(&self, _side: usize) -> Result<bool> {
        Ok(true) // being attached is enough
    }

    /// Returns whether it is attached a second time. The kernel counts, and subtracts a process that ends. A third
    /// process that attaches it for a moment, to see whether there is room, passes for the peer during that time.
    fn is_held(&self, _side: usize) -> Result<bool> {
        Ok(shm_stat(self.id).call("shmctl")?.shm_nattch > 1)
    }
}

/// `int semget(key_t key, int nsems, int semflg);` —
/// [semget(2)](https://man7.org/linux/man-pages/man2/semget.2.html)
pub(crate) fn semget(key: libc::key_t, count: usize, flags: c_int) -> nix::Result<c_int> {
    // SAFETY: three numbers; the call touches no memory of ours.
    Errno::result(unsafe { libc::semget(key, count as c_int, flags) })
}

/// `int semctl(int semid, 0, SETALL, unsigned short *array);` —
/// [semctl(2)](https://man7.org/linux/man-pages/man2/semctl.2.html)
///
/// `values` has one value for each semaphore of the array `id`, which the caller has just made with that size.
pub(crate) fn sem_set_all<const N: usize>(id: c_int, values: &[c_ushort; N]) -> nix::Result<()> {
    if sem_stat(id)?.sem_nsems as usize != N {
        return Err(Errno::EINVAL);
    }
    // SAFETY: the kernel reads one value for each semaphore, and there are `N`, as an array's size never changes.
    Errno::result(unsafe { libc::semctl(id, 0, libc::SETALL, values.as_ptr()) }).map(drop)
}

/// `int semctl(int semid, int semnum, SETVAL, int val);`
pub(crate) fn sem_set(id: c_int, index: u16, value: c_int) -> nix::Result<()> {
    // SAFETY: numbers only.
    Errno::result(unsafe { libc::semctl(id, c_int::from(index), libc::SETVAL, value) }).map(drop)
}

/// `int semctl(int semid, int semnum, GETVAL);`
pub(crate) fn sem_get(id: c_int, index: u16) -> nix::Result<c_int> {
    // SAFETY: numbers only.
    Errno::result(unsafe { libc::semctl(id, c_int::from(index), libc::GETVAL) })
}

#[cfg(not(target_env = "musl"))]
use libc::semid_ds;

/// The kernel's `struct semid64_ds`, which libc declares for glibc only; x86 has a longer form.
#[cfg(target_env = "musl")]
#[repr(C)]
#[allow(non_camel_case_types)]
pub(crate) struct semid_ds {
    pub(crate) sem_perm: libc::ipc_perm,
    sem_otime: [i64; if cfg!(target_arch = "x86_64") { 2 } else { 1 }],
    sem_ctime: [i64; if cfg!(target_arch = "x86_64") { 2 } else { 1 }],
    pub(crate) sem_nsems: u64,
    unused: [u64; 2],
}

/// `int semctl(int semid, 0, IPC_STAT, struct semid_ds *buf);`
pub(crate) fn sem_stat(id: c_int) -> nix::Result<semid_ds> {
    let mut stat = MaybeUninit::<semid_ds>::uninit();
    // SAFETY: the kernel writes one whole `semid_ds`, for which there is room.
    Errno::result(unsafe { libc::semctl(id, 0, libc::IPC_STAT, stat.as_mut_ptr()) })?;
    // SAFETY: the call succeeded, so it is written.
    Ok(unsafe { stat.assume_init() })
}

/// Returns the time when the array was made, or when its mode or owner last changed, in seconds since 1970.
pub(crate) const fn sem_changed(stat: &semid_ds) -> i64 {
    #[cfg(not(target_env = "musl"))]
    return stat.sem_ctime;
    #[cfg(target_env = "musl")]
    return stat.sem_ctime[0];
}

/// `int semctl(int semid, 0, IPC_SET, struct semid_ds *buf);`
pub(crate) fn sem_set_mode(id: c_int, mode: u32) -> nix::Result<()> {
    let mut stat = sem_stat(id)?;
    stat.sem_perm.mode = mode as _;
    // SAFETY: the kernel reads one whole `semid_ds`.
    Errno::result(unsafe { libc::semctl(id, 0, libc::IPC_SET, &raw mut stat) }).map(drop)
}

/// `int semctl(int semid, 0, IPC_RMID);`
pub(crate) fn sem_remove(id: c_int) -> nix::Result<()> {
    // SAFETY: numbers only.
    Errno::result(unsafe { libc::semctl(id, 0, libc::IPC_RMID) }).map(drop)
}

/// `int semtimedop(int semid, struct sembuf *sops, size_t nsops, const struct timespec *timeout);` —
/// [semop(2)](https://man7.org/linux/man-pages/man2/semop.2.html)
///
/// The longest `timeout` of all means none.
pub(crate) fn semtimedop(id: c_int, mut operation: libc::sembuf, timeout: Duration) -> nix::Result<()> {
    let timeout = (timeout < Duration::MAX).then(|| *TimeSpec::from_duration(timeout).as_ref());
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: one operation and at most one timeout, both of which outlive the call.
    let answer = unsafe { libc::syscall(libc::SYS_semtimedop, id, &raw mut operation, 1_usize, timeout) };
    Errno::result(answer).map(drop)
}
