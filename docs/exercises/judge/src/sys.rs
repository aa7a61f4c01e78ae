//! The system calls that no library wraps. The only file of the judge with `unsafe`.
#![allow(unsafe_code)]

use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::{io, ptr};

use nix::errno::Errno;
use nix::sys::resource::{Resource, setrlimit};

/// A message as the kernel wants it: the type, then the text.
#[repr(C)]
pub struct Message {
    pub mtype: libc::c_long,
    pub text: [u8; 64],
}

/// Makes a queue without a key, for this user alone.
pub fn msgget() -> nix::Result<i32> {
    // SAFETY: takes two integers.
    Errno::result(unsafe { libc::msgget(libc::IPC_PRIVATE, 0o600) })
}

/// Sends the first `len` bytes, without waiting.
pub fn msgsnd(queue: i32, message: &Message, len: usize) -> nix::Result<()> {
    assert!(len <= message.text.len(), "a text that is not there");
    // SAFETY: the kernel reads the type and `len` bytes behind it, which are there.
    Errno::result(unsafe { libc::msgsnd(queue, ptr::from_ref(message).cast(), len, libc::IPC_NOWAIT) })
        .map(drop)
}

/// Takes the first message of this type out (0: of any), cut to the room there is, without waiting; returns its length.
pub fn msgrcv(queue: i32, message: &mut Message, select: i64) -> nix::Result<usize> {
    let (room, flags) = (message.text.len(), libc::IPC_NOWAIT | libc::MSG_NOERROR);
    // SAFETY: the kernel writes the type and at most `room` bytes behind it.
    let len = unsafe { libc::msgrcv(queue, ptr::from_mut(message).cast(), room, select, flags) };
    Errno::result(len).map(isize::cast_unsigned)
}

/// Removes a queue, a segment or an array of semaphores. One that is gone is no error.
pub fn remove(kind: &str, id: i32) {
    match kind {
        // SAFETY: this command does not use the pointer.
        "queue" => unsafe { libc::msgctl(id, libc::IPC_RMID, ptr::null_mut()) },
        // SAFETY: this command does not use the pointer.
        "segment" => unsafe { libc::shmctl(id, libc::IPC_RMID, ptr::null_mut()) },
        // SAFETY: numbers only.
        "semaphore" => unsafe { libc::semctl(id, 0, libc::IPC_RMID) },
        _ => 0,
    };
}

/// Makes a semaphore without a key, for this user alone.
pub fn semget() -> nix::Result<i32> {
    // SAFETY: numbers only.
    Errno::result(unsafe { libc::semget(libc::IPC_PRIVATE, 1, 0o600) })
}

pub fn set_semaphore(id: i32, value: i32) -> nix::Result<()> {
    // SAFETY: numbers only.
    Errno::result(unsafe { libc::semctl(id, 0, libc::SETVAL, value) }).map(drop)
}

pub fn semaphore(id: i32) -> nix::Result<i32> {
    // SAFETY: numbers only.
    Errno::result(unsafe { libc::semctl(id, 0, libc::GETVAL) })
}

/// How many bytes can be read (`FIONREAD`).
pub fn readable(pipe: BorrowedFd) -> nix::Result<usize> {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the kernel writes one number.
    Errno::result(unsafe { libc::ioctl(pipe.as_raw_fd(), libc::FIONREAD, &raw mut bytes) })?;
    Ok(bytes.cast_unsigned() as usize)
}

/// Limits the memory of the program that will be started.
pub fn limit_memory(command: &mut Command, most: u64) {
    let limit = move || setrlimit(Resource::RLIMIT_AS, most, most).map_err(io::Error::from);
    // SAFETY: `setrlimit` may be called between fork and exec.
    unsafe { command.pre_exec(limit) };
}

/// Makes this thread another user, of another group. The kernel keeps both for each thread; the libraries, which would change
/// all threads, are not asked. What else runs in this thread must need no rights.
pub fn become_user(user: u32, group: u32) -> nix::Result<()> {
    // SAFETY: numbers only.
    Errno::result(unsafe { libc::syscall(libc::SYS_setresgid, group, group, group) })?;
    // SAFETY: numbers only.
    Errno::result(unsafe { libc::syscall(libc::SYS_setresuid, user, user, user) }).map(drop)
}
