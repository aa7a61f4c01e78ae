//! # Text in a struct (mend, 15 minutes)
//!
//! A writer leaves a name of at most 16 bytes in shared memory, and a second process reads it. A secret lies right
//! behind the name. As given, the reader sees what was there before, sees the secret, and the writer overwrites it.
//!
//! Mend `write_name` and `read_name`: a short name, a name of exactly 16 bytes, and one that is too long, which must be
//! refused. Read: shared memory, "Pitfalls".
//!
//! Run it: `cargo run -p course -- run shm_text`

use std::process::{Command, exit};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::{env, ptr, slice};

/// Where things are in the segment: the name in bytes 0 to 15, the secret behind it, and zeros.
const NAME: usize = 16;
const SECRET: &[u8] = b"S3CRET";

/// Writes a name. `false`: it is too long, and nothing was changed.
fn write_name(segment: &[AtomicU8], name: &str) -> bool {
    // TODO: what if the name is shorter than the one before? What if it is longer than its place?
    for (place, byte) in segment.iter().zip(name.bytes()) {
        place.store(byte, Relaxed);
    }
    true
}

/// Reads the name. It ends before the first zero.
fn read_name(segment: &[AtomicU8]) -> String {
    // TODO: a name of 16 bytes has no zero.
    let bytes = segment.iter().map(|place| place.load(Relaxed)).take_while(|byte| *byte != 0);
    String::from_utf8_lossy(&bytes.collect::<Vec<_>>()).into_owned()
}

// From here on nothing has to be changed.

fn main() {
    let mut names: Vec<String> = env::args().skip(1).collect();
    if let [role, id] = &names[..]
        && role == "read"
    {
        print!("{}", read_name(attach(id.parse().expect("an id"))));
        return;
    }
    if names.is_empty() {
        names =
            ["Wilhelmina", "Ida", "exactly 16 bytes", "more than sixteen bytes"].map(String::from).to_vec();
    }
    // SAFETY: numbers only.
    let id = unsafe { libc::shmget(libc::IPC_PRIVATE, SIZE, 0o600) };
    assert!(id >= 0, "shmget: {}", std::io::Error::last_os_error());
    let segment = attach(id);
    // From here on it goes with the last of us. On Linux the other process still finds it by its id.
    // SAFETY: `IPC_RMID` uses no buffer.
    unsafe { libc::shmctl(id, libc::IPC_RMID, ptr::null_mut()) };
    for (place, byte) in segment[NAME..].iter().zip(SECRET) {
        place.store(*byte, Relaxed);
    }
    for name in names {
        let taken = write_name(segment, &name);
        let read = Command::new(env::current_exe().expect("a path")).args(["read", &id.to_string()]).output();
        let read =
            read.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        println!("write '{name}': {}; the reader reads '{read}'", if taken { "taken" } else { "refused" });
    }
    let secret: Vec<u8> =
        segment[NAME..].iter().take(SECRET.len()).map(|place| place.load(Relaxed)).collect();
    println!("the secret is {}", if secret == SECRET { "untouched" } else { "overwritten" });
}

const SIZE: usize = 64;

/// The segment's bytes, as long as this process lives.
fn attach(id: i32) -> &'static [AtomicU8] {
    // SAFETY: the kernel chooses a free address.
    let base = unsafe { libc::shmat(id, ptr::null(), 0) };
    if base as isize == -1 {
        exit(1);
    }
    // SAFETY: the segment has that many bytes and is never detached; atomics may change at any time.
    unsafe { slice::from_raw_parts(base.cast(), SIZE) }
}
