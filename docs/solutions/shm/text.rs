//! # Text in a struct: solved
//!
//! A text in shared memory has an end that both sides know: a zero, or the end of its place. The writer sees to it, and the
//! reader does not rely on that.

use std::process::{Command, exit};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::{env, iter, ptr, slice};

/// Where things are in the segment: the name in bytes 0 to 15, the secret behind it, and zeros.
const NAME: usize = 16;
const SECRET: &[u8] = b"S3CRET";

/// Writes a name. `false`: it is too long, and nothing was changed.
fn write_name(segment: &[AtomicU8], name: &str) -> bool {
    // Not cut silently: half a name is another name.
    if name.len() > NAME {
        return false;
    }
    // Zeros up to the end of the place, so that nothing is left of the name before.
    let bytes = name.bytes().chain(iter::repeat(0));
    for (place, byte) in segment[..NAME].iter().zip(bytes) {
        place.store(byte, Relaxed);
    }
    true
}

/// Reads the name. It ends before the first zero.
fn read_name(segment: &[AtomicU8]) -> String {
    // Never beyond its place, whatever the writer did.
    let bytes = segment[..NAME].iter().map(|place| place.load(Relaxed)).take_while(|byte| *byte != 0);
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
