//! Calls that the typed interface cannot express, and the kernel's answers.

use std::mem::offset_of;
use std::thread;

use nix::errno::Errno::{EFAULT, EINVAL, ENOMSG, ENOSYS};

use super::*;
use crate::{MessageType, OwnedQueue, Queue, list, list_proc};

fn queue_of_one() -> (OwnedQueue, c_int) {
    let queue = Queue::private(0o600).unwrap().owned();
    queue.send(&Message::new(MessageType::ONE, b"text")).unwrap();
    let id = queue.id().get();
    (queue, id)
}

/// Calls `msgsnd` with four bytes, or with a negative size.
fn send(id: c_int, kind: c_long, len: usize) -> nix::Result<c_int> {
    let memory = [kind, 0];
    assert!(len == 4 || len > isize::MAX as usize);
    // SAFETY: there are a type and four bytes to read; a negative size is refused before anything is read.
    Errno::result(unsafe { libc::msgsnd(id, memory.as_ptr().cast(), len, libc::IPC_NOWAIT) })
}

/// Calls `msgrcv` with a null pointer.
fn receive(id: c_int, len: usize, position: c_long, flags: c_int) -> nix::Result<isize> {
    // SAFETY: writing to address 0 fails with EFAULT and touches no memory.
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
    // A copy cannot be cut: so `peek` does not pass the flag on.
    let (mut memory, flags) = ([0 as c_long; 2], libc::MSG_COPY | libc::IPC_NOWAIT | libc::MSG_NOERROR);
    // SAFETY: there is memory for a type and one byte.
    let cut = Errno::result(unsafe { libc::msgrcv(id, memory.as_mut_ptr().cast(), 1, 0, flags) });
    assert_eq!(cut, Err(EINVAL));
}

/// And `msgrcv` has taken the message out nevertheless: it is lost.
#[test]
fn memory_that_is_not_there_is_efault() {
    let (queue, id) = queue_of_one();
    // SAFETY: reading from address 0 fails with EFAULT and touches no memory.
    assert_eq!(Errno::result(unsafe { libc::msgsnd(id, ptr::null(), 4, 0) }), Err(EFAULT));
    for command in [libc::IPC_STAT, libc::IPC_SET] {
        // SAFETY: as above.
        assert_eq!(Errno::result(unsafe { libc::msgctl(id, command, ptr::null_mut()) }), Err(EFAULT));
    }
    assert_eq!(queue.stat().unwrap().messages, 1);
    assert_eq!(receive(id, 100, 0, libc::IPC_NOWAIT), Err(EFAULT));
    assert_eq!(receive(id, 100, 0, libc::IPC_NOWAIT), Err(ENOMSG));
}

/// An unknown command is refused.
#[test]
fn an_unknown_command_is_einval() {
    let (_queue, id) = queue_of_one();
    // SAFETY: the kernel does not use the pointer of a command that it does not know.
    assert_eq!(Errno::result(unsafe { libc::msgctl(id, 99, ptr::null_mut()) }), Err(EINVAL));
}

/// Runs `test` as on a kernel that refuses `call` with `errno` if its argument number `position` is `value`: in a
/// thread with its own filter. — [seccomp(2)](https://man7.org/linux/man-pages/man2/seccomp.2.html)
/// with a filter of its own. — [seccomp(2)](https://man7.org/linux/man-pages/man2/seccomp.2.html)
fn refusing(call: c_long, (position, value): (usize, c_int), errno: Errno, test: fn()) {
    use libc::{BPF_ABS, BPF_JEQ, BPF_JMP, BPF_LD, BPF_RET, BPF_W, seccomp_data, sock_filter, sock_fprog};
    let step = |code: u32, k: usize, jf| sock_filter { code: code as u16, jt: 0, jf, k: k as u32 };
    let load = |offset| step(BPF_LD | BPF_W | BPF_ABS, offset, 0);
    let go_on_if = |value, jf| step(BPF_JMP | BPF_JEQ, value, jf);
    let low_half = if cfg!(target_endian = "little") { 0 } else { 4 };
    let mut filter = [
        load(offset_of!(seccomp_data, nr)),
        go_on_if(call as usize, 3),
        load(offset_of!(seccomp_data, args) + 8 * position + low_half),
        go_on_if(value as usize, 1),
        step(BPF_RET, libc::SECCOMP_RET_ERRNO as usize | errno as usize, 0),
        step(BPF_RET, libc::SECCOMP_RET_ALLOW as usize, 0),
    ];
    let filtered = move || {
        let program = sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
        // SAFETY: takes integers and touches no memory of ours.
        let first = Errno::result(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) });
        let mode = libc::SECCOMP_MODE_FILTER;
        let install = || {
            // SAFETY: the kernel reads the program and its six steps, all of which live until the call is over.
            unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program) }
        };
        match first.and_then(|_| Errno::result(install())) {
            Ok(_) => test(),
            Err(errno) => ipc_conformance::skipped(&format!("no filter is permitted here: {errno}")),
        }
    };
    thread::spawn(filtered).join().unwrap();
}

/// A kernel without `CONFIG_CHECKPOINT_RESTORE` lacks `MSG_COPY`. The error says so, with advice.
#[test]
fn a_kernel_without_peek_is_recognized() {
    refusing(libc::SYS_msgrcv, (4, libc::MSG_COPY | libc::IPC_NOWAIT), ENOSYS, || {
        let (queue, _) = queue_of_one();
        let mut message = Message::with_capacity(100);
        let refused = queue.peek(0, &mut message).unwrap_err();
        assert_eq!(refused.errno(), Some(ENOSYS));
        assert!(refused.to_string().contains("(ENOSYS); this kernel cannot peek (CONFIG_"), "{refused}");
        queue.recv(MessageType::ONE, &mut message).expect("all else is as ever");
    });
}

/// A kernel before 4.17 lacks `MSG_STAT_ANY`. Its list comes from `/proc`.
#[test]
fn an_older_kernel_lists_its_queues_all_the_same() {
    refusing(libc::SYS_msgctl, (1, MSG_STAT_ANY), EINVAL, || {
        let (queue, _) = queue_of_one();
        let find = |list: Vec<crate::Entry>| list.into_iter().find(|entry| entry.queue == *queue);
        let found = find(list().unwrap()).expect("it is in the list");
        assert_eq!(Some(found), find(list_proc().unwrap()));
        assert_eq!(found.stat, queue.stat().unwrap());
    });
}
