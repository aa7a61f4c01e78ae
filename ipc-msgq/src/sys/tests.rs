//! What the typed interface cannot express, and what the kernel says to it.

use nix::errno::Errno::{EFAULT, EINVAL, ENOMSG};

use super::*;
use crate::{MessageType, OwnedQueue, Queue};

fn queue_of_one() -> (OwnedQueue, c_int) {
    let queue = Queue::private(0o600).unwrap().owned();
    queue.send(&Message::new(MessageType::ONE, b"text")).unwrap();
    let id = queue.id().get();
    (queue, id)
}

/// `msgsnd` of four bytes, or of a size below zero.
fn send(id: c_int, kind: c_long, len: usize) -> nix::Result<c_int> {
    let memory = [kind, 0];
    assert!(len == 4 || len > isize::MAX as usize);
    // SAFETY: there are a type and four bytes to read; a size below zero is refused before anything is read.
    Errno::result(unsafe { libc::msgsnd(id, memory.as_ptr().cast(), len, libc::IPC_NOWAIT) })
}

/// `msgrcv` into no memory at all.
fn receive(id: c_int, len: usize, position: c_long, flags: c_int) -> nix::Result<isize> {
    // SAFETY: to write to address 0 fails with EFAULT and touches no memory.
    Errno::result(unsafe { libc::msgrcv(id, ptr::null_mut(), len, position, flags) })
}

#[test]
fn a_type_below_one_or_a_size_below_zero_is_einval() {
    let (_queue, id) = queue_of_one();
    assert_eq!(send(id, 0, 4), Err(EINVAL));
    assert_eq!(send(id, -1, 4), Err(EINVAL));
    assert_eq!(send(id, 1, usize::MAX), Err(EINVAL));
    assert_eq!(receive(id, usize::MAX, 0, libc::IPC_NOWAIT), Err(EINVAL));
}

#[test]
fn copying_with_the_wrong_flags_is_einval() {
    let (_queue, id) = queue_of_one();
    assert_eq!(receive(id, 100, 0, libc::MSG_COPY), Err(EINVAL));
    assert_eq!(receive(id, 100, 0, libc::MSG_COPY | libc::IPC_NOWAIT | libc::MSG_EXCEPT), Err(EINVAL));
    // A copy cannot be cut: this is why `peek` does not pass the flag on.
    let (mut memory, flags) = ([0 as c_long; 2], libc::MSG_COPY | libc::IPC_NOWAIT | libc::MSG_NOERROR);
    // SAFETY: there is memory for a type and one byte.
    let cut = Errno::result(unsafe { libc::msgrcv(id, memory.as_mut_ptr().cast(), 1, 0, flags) });
    assert_eq!(cut, Err(EINVAL));
}

/// And `msgrcv` has taken the message out all the same: it is lost.
#[test]
fn memory_that_is_not_there_is_efault() {
    let (queue, id) = queue_of_one();
    // SAFETY: to read from address 0 fails with EFAULT and touches no memory.
    assert_eq!(Errno::result(unsafe { libc::msgsnd(id, ptr::null(), 4, 0) }), Err(EFAULT));
    for command in [libc::IPC_STAT, libc::IPC_SET] {
        // SAFETY: as above.
        assert_eq!(Errno::result(unsafe { libc::msgctl(id, command, ptr::null_mut()) }), Err(EFAULT));
    }
    assert_eq!(queue.stat().unwrap().messages, 1);
    assert_eq!(receive(id, 100, 0, libc::IPC_NOWAIT), Err(EFAULT));
    assert_eq!(receive(id, 100, 0, libc::IPC_NOWAIT), Err(ENOMSG));
}

/// A command that is none.
#[test]
fn an_unknown_command_is_einval() {
    let (_queue, id) = queue_of_one();
    // SAFETY: the kernel does not use the pointer of a command that it does not know.
    assert_eq!(Errno::result(unsafe { libc::msgctl(id, 99, ptr::null_mut()) }), Err(EINVAL));
}
