//! System V objects of the judge's own, for exercises in which it is the other process.

use std::fs;

use crate::sys::{self, Message};

/// A queue without a key, removed when this is dropped.
pub struct Queue(pub i32);

impl Queue {
    pub fn new() -> Self {
        Self(sys::msgget().expect("the judge has a queue"))
    }

    pub fn send(&self, mtype: i64, text: &str) {
        let mut message = Message { mtype, text: [0; 64] };
        message.text[..text.len()].copy_from_slice(text.as_bytes());
        sys::msgsnd(self.0, &message, text.len()).expect("the judge can send");
    }

    /// Takes the first message of this type out (0: of any), with its type, if there is one.
    pub fn take(&self, select: i64) -> Option<(i64, String)> {
        let mut message = Message { mtype: 0, text: [0; 64] };
        let len = sys::msgrcv(self.0, &mut message, select).ok()?;
        Some((message.mtype, String::from_utf8_lossy(&message.text[..len]).into_owned()))
    }

    pub fn remove(&self) {
        sys::remove("queue", self.0);
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
        let semaphore = Self(sys::semget().expect("the judge has a semaphore"));
        sys::set_semaphore(semaphore.0, value).expect("it is there");
        semaphore
    }

    pub fn value(&self) -> i32 {
        sys::semaphore(self.0).unwrap_or(-1) // the program may have removed it
    }
}

impl Drop for Semaphore {
    fn drop(&mut self) {
        sys::remove("semaphore", self.0);
    }
}
