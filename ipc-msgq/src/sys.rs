//! The system calls, and the memory that they read and write. The crate's only file with `unsafe`.
#![allow(unsafe_code)]

use std::ffi::{c_int, c_long};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd};
use std::ptr;

use nix::errno::Errno;
use nix::mqueue::{MqAttr, MqdT};

use crate::Message;

/// Since Linux 4.17; not in the libc crate yet.
pub(crate) const MSG_STAT_ANY: c_int = 13;

/// `int msgget(key_t key, int msgflg);` — [msgget(2)](https://man7.org/linux/man-pages/man2/msgget.2.html)
pub(crate) fn msgget(key: libc::key_t, flags: c_int) -> nix::Result<c_int> {
    // SAFETY: takes two integers and touches no memory of ours.
    Errno::result(unsafe { libc::msgget(key, flags) })
}

/// `int msgsnd(int msqid, const void *msgp, size_t msgsz, int msgflg);`
/// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
#[inline]
// ANCHOR: msgsnd
pub(crate) fn msgsnd(id: c_int, message: &Message, flags: c_int) -> nix::Result<()> {
    let (memory, len) = message.outgoing();
    assert!(len <= text_room(memory));
    // SAFETY: the kernel reads the type and `len` bytes behind it; the line above says that `memory` has them.
    Errno::result(unsafe { libc::msgsnd(id, memory.as_ptr().cast(), len, flags) }).map(drop)
}
// ANCHOR_END: msgsnd

/// `ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long msgtyp, int msgflg);`
/// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
#[inline]
// ANCHOR: msgrcv
pub(crate) fn msgrcv(
    id: c_int,
    message: &mut Message,
    (msgtyp, select): (c_long, c_int),
    flags: c_int,
) -> nix::Result<()> {
    let (memory, room, truncate) = message.incoming();
    assert!(room <= text_room(memory));
    let (memory, flags) = (memory.as_mut_ptr().cast(), flags | select | truncate);
    // SAFETY: the kernel writes the type and at most `room` bytes behind it; `memory` has them, and the borrow of
    // `message` is exclusive.
    let len = Errno::result(unsafe { libc::msgrcv(id, memory, room, msgtyp, flags) })?;
    message.received(len.cast_unsigned());
    Ok(())
}
// ANCHOR_END: msgrcv

/// `ssize_t msgrcv(int msqid, void *msgp, size_t msgsz, long position, MSG_COPY | IPC_NOWAIT);`
/// — [msgop(2)](https://man7.org/linux/man-pages/man2/msgop.2.html)
pub(crate) fn msgrcv_copy(id: c_int, message: &mut Message, position: c_long) -> nix::Result<()> {
    let room = message.capacity();
    let (memory, ..) = message.incoming();
    assert!(room <= text_room(memory));
    let (memory, flags) = (memory.as_mut_ptr().cast(), libc::MSG_COPY | libc::IPC_NOWAIT);
    // SAFETY: as in `msgrcv`.
    let len = Errno::result(unsafe { libc::msgrcv(id, memory, room, position, flags) })?;
    message.received(len.cast_unsigned());
    Ok(())
}

/// Returns the number of bytes behind the type.
const fn text_room(memory: &[c_long]) -> usize {
    size_of_val(memory) - size_of::<c_long>()
}

/// `int msgctl(int msqid, cmd, struct msqid_ds *buf);` for `IPC_STAT`, and for `MSG_STAT_ANY`, where `id` is an index
/// and the result is the queue's id. — [msgctl(2)](https://man7.org/linux/man-pages/man2/msgctl.2.html)
pub(crate) fn msgctl_stat(id: c_int, command: c_int) -> nix::Result<(c_int, libc::msqid_ds)> {
    assert!(matches!(command, libc::IPC_STAT | MSG_STAT_ANY));
    let mut stat = MaybeUninit::uninit();
    // SAFETY: for these commands the kernel writes one `msqid_ds`, and the pointer is to memory for exactly one.
    let answer = Errno::result(unsafe { libc::msgctl(id, command, stat.as_mut_ptr()) })?;
    // SAFETY: the call succeeded, so the kernel has filled it in.
    Ok((answer, unsafe { stat.assume_init() }))
}

/// `int msgctl(int msqid, IPC_SET, struct msqid_ds *buf);`
/// — [msgctl(2)](https://man7.org/linux/man-pages/man2/msgctl.2.html)
pub(crate) fn msgctl_set(
    id: c_int,
    owner: libc::uid_t,
    group: libc::gid_t,
    mode: u32,
    capacity: usize,
) -> nix::Result<()> {
    // SAFETY: a structure of integers, for which zero bytes are valid.
    let mut change: libc::msqid_ds = unsafe { std::mem::zeroed() };
    change.msg_perm.uid = owner;
    change.msg_perm.gid = group;
    change.msg_perm.mode = (mode & 0o777) as _; // 16 bits on some targets, 32 on others
    change.msg_qbytes = capacity as libc::msglen_t;
    // SAFETY: the kernel reads one `msqid_ds`, and there is one.
    Errno::result(unsafe { libc::msgctl(id, libc::IPC_SET, &raw mut change) }).map(drop)
}

/// `int msgctl(int msqid, IPC_RMID, NULL);` — [msgctl(2)](https://man7.org/linux/man-pages/man2/msgctl.2.html)
pub(crate) fn msgctl_remove(id: c_int) -> nix::Result<()> {
    // SAFETY: this command does not use the pointer.
    Errno::result(unsafe { libc::msgctl(id, libc::IPC_RMID, ptr::null_mut()) }).map(drop)
}

/// `int msgctl(0, cmd, struct msginfo *buf);` for `IPC_INFO` and `MSG_INFO`. Returns the highest index in use.
/// — [msgctl(2)](https://man7.org/linux/man-pages/man2/msgctl.2.html)
pub(crate) fn msgctl_info(command: c_int) -> nix::Result<(c_int, libc::msginfo)> {
    assert!(matches!(command, libc::IPC_INFO | libc::MSG_INFO));
    let mut info = MaybeUninit::<libc::msginfo>::uninit();
    // SAFETY: for these commands the kernel writes one `msginfo`, and the pointer is to memory for exactly one.
    let highest = Errno::result(unsafe { libc::msgctl(0, command, info.as_mut_ptr().cast()) })?;
    // SAFETY: the call succeeded, so the kernel has filled it in.
    Ok((highest, unsafe { info.assume_init() }))
}

/// Takes over the descriptor of a POSIX queue.
pub(crate) fn own_queue(queue: MqdT) -> OwnedFd {
    let fd = queue.into_raw_fd();
    // SAFETY: on Linux `mqd_t` is a descriptor; it is open, and `queue`, its only owner, is gone.
    unsafe { OwnedFd::from_raw_fd(fd) }
}

/// Lends the descriptor as the type that nix expects.
fn with_queue<T>(fd: BorrowedFd<'_>, call: impl FnOnce(&MqdT) -> T) -> T {
    // SAFETY: the descriptor stays open while it is borrowed, and `MqdT` does not close it when it is dropped.
    call(&unsafe { MqdT::from_raw_fd(fd.as_raw_fd()) })
}

/// `int mq_getattr(mqd_t mqdes, struct mq_attr *attr);`
/// — [mq_getattr(3)](https://man7.org/linux/man-pages/man3/mq_getattr.3.html)
pub(crate) fn mq_getattr(fd: BorrowedFd<'_>) -> nix::Result<MqAttr> {
    with_queue(fd, nix::mqueue::mq_getattr)
}

/// The wait of a call on a POSIX queue: none or endless. A deadline in between would be by `CLOCK_REALTIME`, which can
/// be set back while the call waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MqWait {
    /// No wait: the deadline is the beginning of 1970. The kernel does not even put the thread to sleep.
    No,
    /// Waits without end, or until a signal comes.
    Yes,
}

impl MqWait {
    const fn until(self) -> *const libc::timespec {
        const PAST: &libc::timespec = &libc::timespec { tv_sec: 0, tv_nsec: 0 };
        match self {
            Self::No => PAST,
            Self::Yes => ptr::null(),
        }
    }
}

/// `ssize_t mq_timedreceive(mqd_t mqdes, char *msg, size_t len, unsigned int *prio, const struct timespec *abs);`
/// — [mq_receive(3)](https://man7.org/linux/man-pages/man3/mq_receive.3.html)
#[inline]
pub(crate) fn mq_timedreceive(
    fd: BorrowedFd<'_>,
    buffer: &mut [u8],
    wait: MqWait,
) -> nix::Result<(usize, u32)> {
    let mut priority = 0;
    let (bytes, len) = (buffer.as_mut_ptr().cast(), buffer.len());
    // SAFETY: the kernel writes at most `len` bytes of the message and one priority, both exclusively borrowed, and
    // reads one `timespec` that is `'static`, or none.
    let received =
        unsafe { libc::mq_timedreceive(fd.as_raw_fd(), bytes, len, &raw mut priority, wait.until()) };
    Errno::result(received).map(|len| (len.cast_unsigned(), priority))
}

/// `int mq_timedsend(mqd_t mqdes, const char *msg, size_t len, unsigned int prio, const struct timespec *abs);`
/// — [mq_send(3)](https://man7.org/linux/man-pages/man3/mq_send.3.html)
#[inline]
pub(crate) fn mq_timedsend(
    fd: BorrowedFd<'_>,
    message: &[u8],
    priority: u32,
    wait: MqWait,
) -> nix::Result<()> {
    let (bytes, len) = (message.as_ptr().cast(), message.len());
    // SAFETY: the kernel reads `len` bytes of the message, which is borrowed, and one `timespec` that is `'static`, or
    // none.
    let sent = unsafe { libc::mq_timedsend(fd.as_raw_fd(), bytes, len, priority, wait.until()) };
    Errno::result(sent).map(drop)
}

/// `int mq_notify(mqd_t mqdes, const struct sigevent *sevp);`
/// — [mq_notify(3)](https://man7.org/linux/man-pages/man3/mq_notify.3.html)
///
/// Called by its number, since the libc crate has it for glibc only.
pub(crate) fn mq_notify(fd: BorrowedFd<'_>, signal: Option<nix::sys::signal::Signal>) -> nix::Result<()> {
    use nix::sys::signal::{SigEvent, SigevNotify};
    let event =
        signal.map(|signal| SigEvent::new(SigevNotify::SigevSignal { signal, si_value: 0 }).sigevent());
    let event = event.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the kernel reads one `sigevent`, or nothing where the pointer is null.
    Errno::result(unsafe { libc::syscall(libc::SYS_mq_notify, fd.as_raw_fd(), event) }).map(drop)
}

#[cfg(test)]
mod tests;
