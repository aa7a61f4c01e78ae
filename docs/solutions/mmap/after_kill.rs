//! # What a kill leaves: solved
//!
//! First the record, then the count: a reader that sees the count sees whole records. It is the same rule as for the flag of
//! shared memory, and it holds for readers that come after the writer has died.

use std::fs::{self, OpenOptions};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{self, Command};
use std::sync::atomic::{AtomicU32, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
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
    let index = log.count.load(Relaxed); // there is one writer
    for (number, word) in log.records[index as usize].iter().enumerate() {
        if number == WORDS / 2 {
            half_way(value);
        }
        word.store(value, Relaxed);
    }
    // From here on it counts. Release: a reader that runs now must not see the count before the words. Half a record of a
    // writer that was killed lies behind the count, means nothing, and is overwritten by the next one.
    //
    // For the other process, and for a kill, this is enough. If the *power* fails, pages reach the disk in any order: then
    // `msync(2)` is needed here, before the count is stored, and once more behind it.
    log.count.store(index + 1, Release);
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
