//! System V objects of the judge's own, for exercises in which it is the other process.

use std::{fs, io, ptr};

/// A queue without a key, removed when this is dropped.
pub struct Queue(pub i32);

#[repr(C)]
struct Message {
    mtype: libc::c_long,
    text: [u8; 64],
}

impl Queue {
    pub fn new() -> Self {
        // SAFETY: takes two integers.
        let id = unsafe { libc::msgget(libc::IPC_PRIVATE, 0o600) };
        assert!(id != -1, "the judge has no queue: {}", io::Error::last_os_error());
        Self(id)
    }

    pub fn send(&self, mtype: i64, text: &str) {
        let mut message = Message { mtype, text: [0; 64] };
        message.text[..text.len()].copy_from_slice(text.as_bytes());
        // SAFETY: the kernel reads the type and `text.len()` bytes behind it, which are there.
        let sent = unsafe { libc::msgsnd(self.0, (&raw const message).cast(), text.len(), libc::IPC_NOWAIT) };
        assert!(sent == 0, "the judge cannot send: {}", io::Error::last_os_error());
    }

    /// Takes the first message of this type out (0: of any), with its type, if there is one.
    pub fn take(&self, select: i64) -> Option<(i64, String)> {
        let mut message = Message { mtype: 0, text: [0; 64] };
        let flags = libc::IPC_NOWAIT | libc::MSG_NOERROR;
        // SAFETY: the kernel writes the type and at most 64 bytes behind it, for which there is room.
        let len = unsafe { libc::msgrcv(self.0, (&raw mut message).cast(), 64, select, flags) };
        let len = usize::try_from(len).ok()?;
        Some((message.mtype, String::from_utf8_lossy(&message.text[..len]).into_owned()))
    }

    pub fn remove(&self) {
        // SAFETY: this command does not use the pointer.
        unsafe { libc::msgctl(self.0, libc::IPC_RMID, ptr::null_mut()) };
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.remove();
    }
}

/// The ids of the queues into which this process was the last to send, from the kernel's table.
pub fn queues_of(process: u32) -> Vec<i32> {
    let table = fs::read_to_string("/proc/sysvipc/msg").expect("Linux with System V IPC");
    let rows = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let sent = rows.filter(|row| row.get(5).and_then(|id| id.parse().ok()) == Some(process));
    sent.filter_map(|row| row[1].parse().ok()).collect()
}

/// A semaphore, removed when this is dropped.
pub struct Semaphore(pub i32);

impl Semaphore {
    pub fn new(value: i32) -> Self {
        // SAFETY: numbers only.
        let id = unsafe { libc::semget(libc::IPC_PRIVATE, 1, 0o600) };
        assert!(id != -1, "the judge has no semaphore: {}", io::Error::last_os_error());
        // SAFETY: numbers only.
        unsafe { libc::semctl(id, 0, libc::SETVAL, value) };
        Self(id)
    }

    pub fn value(&self) -> i32 {
        // SAFETY: numbers only.
        unsafe { libc::semctl(self.0, 0, libc::GETVAL) }
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        // SAFETY: numbers only.
        unsafe { libc::semctl(self.0, 0, libc::IPC_RMID) };
    }
}
