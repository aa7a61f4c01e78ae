//! # The length first (write, 20 minutes)
//!
//! A mapping may be longer than its file. A process that touches a page behind the end of the file is ended by the kernel,
//! with SIGBUS: a store cannot return an error. As given, this happens twice.
//!
//! Write `make` and `open`. `make` gives a new file its length before it is mapped. `open` refuses a file that is shorter
//! than `LENGTH`, and does not change it. Read: memory map, "Making and mapping the file".
//!
//! Run it: `cargo run -p course -- run mmap_length`

use std::fs::{self, File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::{env, io, ptr, slice};

const LENGTH: usize = 3 * 4096;

/// Makes a new file of `LENGTH` bytes, all zero.
fn make(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path) // TODO
}

/// Opens a file that another process made. An error if it has fewer than `LENGTH` bytes.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path) // TODO
}

// From here on nothing has to be changed.

fn main() {
    let arguments: Vec<String> = env::args().collect();
    if let [_, role, path] = &arguments[..] {
        let path = Path::new(path);
        return second_process(if role == "make" { make(path) } else { open(path) });
    }
    let folder = env::temp_dir().join(format!("course-mmap-length-{}", process::id()));
    fs::create_dir(&folder).expect("a temporary folder");
    let (new, short) = (folder.join("new"), folder.join("short"));
    fs::write(&short, "too short").expect("a temporary file");
    println!("a new file: {}", play("make", &new));
    println!("it has {} bytes", fs::metadata(&new).map_or(0, |meta| meta.len()));
    println!("the same file, opened: {}", play("open", &new));
    println!("a short file, opened: {}", play("open", &short));
    println!("it holds '{}'", fs::read_to_string(&short).expect("readable"));
    fs::remove_dir_all(&folder).expect("our folder");
}

/// How a second process fares.
fn play(role: &str, path: &Path) -> String {
    let mut command = Command::new(env::current_exe().expect("a path"));
    let output = command.arg(role).arg(path).stderr(Stdio::inherit()).output().expect("a second process");
    match output.status.signal() {
        Some(libc::SIGBUS) => "ended by SIGBUS".to_owned(),
        Some(signal) => format!("ended by signal {signal}"),
        None => String::from_utf8_lossy(&output.stdout).trim_end().to_owned(),
    }
}

/// Maps the file, and stores and loads the last byte.
fn second_process(file: io::Result<File>) {
    let file = match file {
        Ok(file) => file,
        Err(error) => return println!("refused: {error}"),
    };
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
    // SAFETY: with a null address the kernel takes a free one.
    let base = unsafe { libc::mmap(ptr::null_mut(), LENGTH, protection, flags, file.as_raw_fd(), 0) };
    assert!(base != libc::MAP_FAILED, "mmap: {}", io::Error::last_os_error());
    // SAFETY: mapped, never unmapped; atomics may change at any time. Whether the file has those pages is the exercise.
    let bytes: &[AtomicU8] = unsafe { slice::from_raw_parts(base.cast(), LENGTH) };
    bytes[LENGTH - 1].store(7, Relaxed);
    println!("the last byte is {}", bytes[LENGTH - 1].load(Relaxed));
}
