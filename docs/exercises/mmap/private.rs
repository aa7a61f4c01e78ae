//! # Shared or private (mend, 10 minutes)
//!
//! Two processes map the same file, and one stores a number there. As given, nothing fails, and nothing arrives: neither at
//! the other process nor in the file.
//!
//! Mend `map`. Read: memory map, "The kernel's view", and mmap(2).
//!
//! Run it: `cargo run -p course -- run mmap_private`

use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{self, Command};
use std::sync::atomic::{AtomicU32, Ordering::Acquire, Ordering::Release};
use std::{env, io, ptr};

/// The file's first word, as long as this process lives.
fn map(file: &File) -> &'static AtomicU32 {
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE); // TODO
    // SAFETY: with a null address the kernel takes a free one.
    let base = unsafe { libc::mmap(ptr::null_mut(), 4096, protection, flags, file.as_raw_fd(), 0) };
    assert!(base != libc::MAP_FAILED, "mmap: {}", io::Error::last_os_error());
    // SAFETY: mapped, at a page, never unmapped, and the file has that page; atomics may change at any time.
    unsafe { &*base.cast() }
}

// From here on nothing has to be changed.

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let [_, path, number] = &arguments[..] {
        map(&open(Path::new(path))).store(number.parse().expect("a number"), Release);
        return;
    }
    let number = arguments.get(1).map_or("42", String::as_str);
    let path = env::temp_dir().join(format!("course-mmap-private-{}", process::id()));
    fs::write(&path, [0; 4096]).expect("a temporary file");
    let word = map(&open(&path));
    println!("before: {}", word.load(Acquire));
    let other = Command::new(env::current_exe().expect("a path")).arg(&path).arg(number).status();
    println!("the other process stored {number}: {}", other.is_ok_and(|status| status.success()));
    println!("this process loads {}", word.load(Acquire));
    let file = fs::read(&path).expect("readable");
    let begin = file.first_chunk().expect("a page");
    println!("the file begins with {}", u32::from_ne_bytes(*begin));
    fs::remove_file(&path).expect("our file");
}

fn open(path: &Path) -> File {
    OpenOptions::new().read(true).write(true).open(path).expect("the file")
}
