//! # What a kill leaves (mend, 20 minutes)
//!
//! A log in a mapped file: a count, and that many records. A writer appends two records, and is killed in the middle of
//! the third. Its stores are in the file all the same: the pages are the kernel's, and outlive the process without any
//! msync(2). As given, half a record is left, and it counts as a whole one.
//!
//! Mend `append`: a reader of the log, at any moment, must find whole records only. `half_way` has to be called when
//! half of the record is written; that is where the kill comes. Read: memory map, "The kernel's view".
//!
//! Run it: `cargo run -p course -- run mmap_after_kill`

use std::fs::{self, OpenOptions};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{self, Command};
use std::sync::atomic::{AtomicU32, Ordering::Acquire, Ordering::Relaxed};
use std::{env, io, ptr};

const WORDS: usize = 16;

#[repr(C)]
struct Log {
    /// How many records there are. The rest of the file means nothing.
    count: AtomicU32,
    records: [[AtomicU32; WORDS]; 32],
}

/// Appends a record, all of whose words are `value`.
fn append(log: &Log, value: u32, half_way: fn(u32)) {
    // TODO: what does a reader find if this process ends at `half_way`?
    let index = log.count.fetch_add(1, Relaxed) as usize;
    for (number, word) in log.records[index].iter().enumerate() {
        if number == WORDS / 2 {
            half_way(value);
        }
        word.store(value, Relaxed);
    }
}

// From here on nothing has to be changed.

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let [_, path, values @ ..] = &arguments[..] {
        let log = map(Path::new(path));
        values.iter().for_each(|value| append(log, value.parse().expect("a number"), end_at_13));
        return;
    }
    let path = env::temp_dir().join(format!("course-mmap-log-{}", process::id()));
    fs::write(&path, vec![0; size_of::<Log>()]).expect("a temporary file");
    run(&path, &["11", "12", "13"]);
    println!("after the kill: {}", read(map(&path)));
    run(&path, &["14"]);
    println!("after the next writer: {}", read(map(&path)));
    fs::remove_file(&path).expect("our file");
}

/// The kill.
fn end_at_13(value: u32) {
    if value == 13 {
        nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL).expect("a signal to oneself");
    }
    std::thread::yield_now();
}

fn run(path: &Path, values: &[&str]) {
    let mut command = Command::new(env::current_exe().expect("a path"));
    command.arg(path).args(values).status().expect("a second process");
}

/// The records, as a reader finds them.
fn read(log: &Log) -> String {
    let records = log.records.iter().take(log.count.load(Acquire) as usize);
    let records = records.map(|record| {
        let first = record[0].load(Relaxed);
        let whole = record.iter().all(|word| word.load(Relaxed) == first);
        format!("{first}{}", if whole { "" } else { " (torn)" })
    });
    records.collect::<Vec<_>>().join(", ")
}

/// The file, as long as this process lives.
fn map(path: &Path) -> &'static Log {
    let file = OpenOptions::new().read(true).write(true).open(path).expect("the file");
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
    // SAFETY: with a null address the kernel takes a free one.
    let base =
        unsafe { libc::mmap(ptr::null_mut(), size_of::<Log>(), protection, flags, file.as_raw_fd(), 0) };
    assert!(base != libc::MAP_FAILED, "mmap: {}", io::Error::last_os_error());
    // A program that must not lose records when the power fails calls `msync(2)` after the words and before the count.
    // SAFETY: mapped, at a page, never unmapped, and the file is that long; a `Log` is all atomics.
    unsafe { &*base.cast() }
}
