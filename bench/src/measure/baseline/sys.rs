//! The calls of the baselines that neither `nix` nor std wraps, and shared bytes. The only file of the crate with
//! `unsafe`.
#![allow(unsafe_code)]

use std::ffi::CString;
use std::marker::PhantomData;
use std::os::fd::{AsFd, AsRawFd as _, FromRawFd as _, OwnedFd, RawFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::AtomicU32;

use nix::errno::Errno;
use nix::sys::stat::fstat;

/// `int msgsnd(int msqid, const void *msgp, size_t msgsz, int msgflg);` —
/// [msgsnd(2)](https://man7.org/linux/man-pages/man2/msgsnd.2.html). `message` is the type, followed by `len` bytes.
#[inline]
pub(super) fn msgsnd(queue: i32, message: &[u64], len: usize, flags: i32) -> nix::Result<()> {
    assert!(size_of_val(message) >= size_of::<u64>() + len, "a message shorter than said");
    // SAFETY: the kernel reads the type, which is 8 bytes here, and `len` bytes after it: all of them in `message`.
    let answer = unsafe { libc::msgsnd(queue, message.as_ptr().cast(), len, flags) };
    Errno::result(answer).map(drop)
}

/// `ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long msgtyp, int msgflg);` —
/// [msgrcv(2)](https://man7.org/linux/man-pages/man2/msgrcv.2.html). `EAGAIN` if the queue is empty and the flags say
/// not to wait; `EBADMSG` if the message has another length than `len`.
#[inline]
pub(super) fn msgrcv(queue: i32, message: &mut [u64], len: usize, kind: i64, flags: i32) -> nix::Result<()> {
    assert!(size_of_val(message) >= size_of::<u64>() + len, "a buffer shorter than said");
    // SAFETY: the kernel writes the type, which is 8 bytes here, and at most `len` bytes after it: all in `message`.
    let received = unsafe { libc::msgrcv(queue, message.as_mut_ptr().cast(), len, kind, flags) };
    match Errno::result(received) {
        Err(Errno::ENOMSG) => Err(Errno::EAGAIN),
        Ok(received) if received as usize != len => Err(Errno::EBADMSG),
        received => received.map(drop),
    }
}

/// `int semop(int semid, struct sembuf *sops, size_t nsops);` —
/// [semop(2)](https://man7.org/linux/man-pages/man2/semop.2.html)
#[inline]
pub(super) fn semop(array: i32, semaphore: u16, change: i16, flags: i32) -> nix::Result<()> {
    let mut operation = libc::sembuf { sem_num: semaphore, sem_op: change, sem_flg: flags as i16 };
    // SAFETY: the kernel reads one operation, which lives until the call returns.
    Errno::result(unsafe { libc::semop(array, &raw mut operation, 1) }).map(drop)
}

/// `mqd_t mq_open(const char *name, int oflag, mode_t mode, struct mq_attr *attr);` —
/// [mq_open(3)](https://man7.org/linux/man-pages/man3/mq_open.3.html). Creates a new queue, open for both directions.
/// On Linux the `mqd_t` is a descriptor, close-on-exec by default.
pub(super) fn mq_open(name: &str, longest: usize, capacity: i64) -> nix::Result<OwnedFd> {
    let name = CString::new(name).map_err(|_| Errno::EINVAL)?;
    // SAFETY: a structure of integers, for which zero is a value.
    let mut attributes: libc::mq_attr = unsafe { std::mem::zeroed() };
    attributes.mq_maxmsg = capacity;
    attributes.mq_msgsize = longest as i64;
    let flags = libc::O_RDWR | libc::O_CREAT | libc::O_EXCL;
    let mode: libc::mode_t = ipc_core::ownership::MARK; // identifies it to its ownership lock until its name is gone
    // SAFETY: the name ends with a zero byte, and both it and the attributes live until the call returns.
    let queue = unsafe { libc::mq_open(name.as_ptr(), flags, mode, &raw mut attributes) };
    let queue = Errno::result(queue)?;
    // SAFETY: the kernel has just created this descriptor for us; nothing else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(queue) })
}

/// `int mq_send(mqd_t mqdes, const char *msg_ptr, size_t msg_len, unsigned int msg_prio);` —
/// [mq_send(3)](https://man7.org/linux/man-pages/man3/mq_send.3.html)
#[inline]
pub(super) fn mq_send(queue: RawFd, message: &[u8]) -> nix::Result<()> {
    // SAFETY: the kernel reads `message`, which stays borrowed until the call returns.
    Errno::result(unsafe { libc::mq_send(queue, message.as_ptr().cast(), message.len(), 0) }).map(drop)
}

/// `ssize_t mq_receive(mqd_t mqdes, char *msg_ptr, size_t msg_len, unsigned int *msg_prio);` —
/// [mq_receive(3)](https://man7.org/linux/man-pages/man3/mq_receive.3.html). `EBADMSG` if the message has another
/// length than `buffer`.
#[inline]
pub(super) fn mq_receive(queue: RawFd, buffer: &mut [u8]) -> nix::Result<()> {
    let (to, len) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: the kernel writes at most `len` bytes, all in `buffer`; a null pointer means no priority is wanted.
    let received = unsafe { libc::mq_receive(queue, to, len, ptr::null_mut()) };
    if Errno::result(received)? as usize == len { Ok(()) } else { Err(Errno::EBADMSG) }
}

/// `long syscall(SYS_futex, uint32_t *uaddr, FUTEX_WAIT, uint32_t val, const struct timespec *timeout, …);` —
/// [futex(2)](https://man7.org/linux/man-pages/man2/futex.2.html). Sleeps while `word` holds `expected`. The caller has
/// to check the word again, whatever the call returns.
#[inline]
pub(super) fn futex_wait(word: &AtomicU32, expected: u32) {
    let for_ever = ptr::null::<libc::timespec>();
    // SAFETY: the word is a live atomic, which the kernel reads as one; there is no timeout to read.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, expected, for_ever) };
}

/// `long syscall(SYS_futex, uint32_t *uaddr, FUTEX_WAKE, uint32_t val);` Wakes the process that sleeps on `word`.
#[inline]
pub(super) fn futex_wake(word: &AtomicU32) {
    let no_timeout = ptr::null::<libc::timespec>();
    // SAFETY: the kernel uses the address of the word only to find the sleeper.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, 1, no_timeout) };
}

/// Pages that two processes share. Unmapped when dropped.
#[derive(Debug)]
pub(super) struct Shared {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: the mapping belongs to this value, whichever thread holds it; nothing in it depends on the thread.
unsafe impl Send for Shared {}

/// The offset of the payload in a slot: beside the flag, so that a short message and its flag travel in one cache line.
const PAYLOAD: usize = size_of::<u64>();

/// The alignment of a slot: two cache lines, since some CPUs fetch the adjacent line too.
const ALIGN: usize = 128;

impl Shared {
    /// Returns the length of a slot for messages of `size` bytes.
    pub(super) const fn slot_len(size: usize) -> usize {
        (PAYLOAD + size).next_multiple_of(ALIGN)
    }

    /// `void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset);` —
    /// [mmap(2)](https://man7.org/linux/man-pages/man2/mmap.2.html). Maps all of `memory`, with its pages already
    /// present.
    pub(super) fn map(memory: impl AsFd) -> nix::Result<Self> {
        let len = fstat(&memory)?.st_size as usize;
        let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED | libc::MAP_POPULATE);
        let fd = memory.as_fd().as_raw_fd();
        // SAFETY: a new mapping at an address that the kernel chooses replaces no memory in use.
        let start = unsafe { libc::mmap(ptr::null_mut(), len, access, flags, fd, 0) };
        if start == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        let start = NonNull::new(start.cast()).ok_or(Errno::ENOMEM)?;
        Ok(Self { start, len })
    }

    /// Returns slot number `index` of the slots for messages of `size` bytes.
    pub(super) fn slot(&self, index: usize, size: usize) -> Slot<'_> {
        let offset = index * Self::slot_len(size);
        assert!(offset + Self::slot_len(size) <= self.len, "a slot outside the memory");
        // SAFETY: within the mapping, as just checked.
        let start = unsafe { self.start.add(offset) };
        Slot { start, size, memory: PhantomData }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // SAFETY: the mapping was made by `map`; slots borrow it, so none is left.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.len) };
    }
}

/// A flag and a payload in shared memory.
///
/// The copies are plain ones, as in C. Rust cannot see what makes them sound: the other process runs this very program,
/// and a side that does not own the slot, by its flag, does not touch the payload.
pub(super) struct Slot<'a> {
    start: NonNull<u8>,
    size: usize,
    memory: PhantomData<&'a Shared>,
}

impl Slot<'_> {
    /// Returns the flag that names the slot's owner.
    #[inline]
    pub(super) fn flag(&self) -> &AtomicU32 {
        // SAFETY: four bytes of the mapping, which lives as long as this value; aligned, since pages and slots are;
        // both processes touch them only as an atomic.
        unsafe { AtomicU32::from_ptr(self.start.as_ptr().cast()) }
    }

    #[inline]
    fn payload(&self) -> *mut u8 {
        // SAFETY: a slot is longer than its payload's offset.
        unsafe { self.start.add(PAYLOAD) }.as_ptr()
    }

    /// Copies a message in. The slot must belong to this side.
    #[inline]
    pub(super) fn copy_in(&self, message: &[u8]) {
        assert!(message.len() <= self.size, "a message longer than the slot");
        // SAFETY: there is room for it, and the other side does not touch the payload while the slot is ours.
        unsafe { ptr::copy_nonoverlapping(message.as_ptr(), self.payload(), message.len()) };
    }

    /// Copies a message out. The slot must belong to this side.
    #[inline]
    pub(super) fn copy_out(&self, message: &mut [u8]) {
        assert!(message.len() <= self.size, "a message longer than the slot");
        // SAFETY: these bytes are there, and the other side does not touch the payload while the slot is ours.
        unsafe { ptr::copy_nonoverlapping(self.payload(), message.as_mut_ptr(), message.len()) };
    }
}

/// Takes ownership of a descriptor received with a message (`SCM_RIGHTS`).
pub(super) fn own(received: RawFd) -> OwnedFd {
    // SAFETY: the kernel created it for us when the message was received, and nothing else knows its number.
    unsafe { OwnedFd::from_raw_fd(received) }
}
