//! The four calls, for all exercises of this chapter. Nothing to do here.
#![allow(dead_code)] // each exercise uses only some of them

use std::io::{Error, Result};
use std::time::Duration;
use std::{ptr, thread};

/// A message as the kernel wants it: the type, then the text.
#[repr(C)]
struct Message {
    mtype: libc::c_long,
    text: [u8; 64],
}

/// Puts a message in. `flags`: 0 waits for room.
pub fn msgsnd(id: i32, mtype: i64, text: &str, flags: i32) -> Result<()> {
    let mut message = Message { mtype, text: [0; 64] };
    message.text[..text.len()].copy_from_slice(text.as_bytes());
    // SAFETY: the kernel reads the type and `text.len()` bytes behind it, which are there.
    let sent = unsafe { libc::msgsnd(id, (&raw const message).cast(), text.len(), flags) };
    if sent == -1 { Err(Error::last_os_error()) } else { Ok(()) }
}

/// Takes a message out: its type and its text. `select`: the type wanted, see msgop(2). `flags`: 0 waits for one.
pub fn msgrcv(id: i32, select: i64, flags: i32) -> Result<(i64, String)> {
    let mut message = Message { mtype: 0, text: [0; 64] };
    // SAFETY: the kernel writes the type and at most 64 bytes behind it, for which there is room.
    let len = unsafe { libc::msgrcv(id, (&raw mut message).cast(), 64, select, flags) };
    let len = usize::try_from(len).map_err(|_| Error::last_os_error())?;
    Ok((message.mtype, String::from_utf8_lossy(&message.text[..len]).into_owned()))
}

/// Removes a queue with all that is in it.
pub fn remove(id: i32) {
    // SAFETY: this command does not use the pointer.
    unsafe { libc::msgctl(id, libc::IPC_RMID, ptr::null_mut()) };
}

/// Notes an object for the judge, which removes it if this process is killed before it could.
fn note(kind: &str, id: i32) {
    if std::env::var_os("JUDGED").is_some() {
        let _ = std::fs::write(std::env::temp_dir().join(format!("{kind}-{id}")), "");
    }
}

/// A new queue without a key. Dropped, it is removed.
pub struct Queue(pub i32);

impl Queue {
    /// After ten seconds the program gives up, and removes the queue: a mistake leaves nothing behind.
    pub fn new() -> Result<Self> {
        // SAFETY: takes two integers.
        let id = unsafe { libc::msgget(libc::IPC_PRIVATE, 0o600) };
        if id == -1 {
            return Err(Error::last_os_error());
        }
        note("queue", id);
        thread::spawn(move || {
            thread::sleep(Duration::from_secs(10));
            eprintln!("gave up: something still waits after ten seconds");
            remove(id);
            std::process::exit(3);
        });
        Ok(Self(id))
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        remove(self.0);
    }
}
