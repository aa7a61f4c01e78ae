//! # A payload that is never touched (mend, 20 minutes)
//!
//! This benchmark sends messages through a mapped file and says how long a round trip takes. It finds that a megabyte is
//! as fast as 64 bytes. Do not believe it: the message is neither written nor read.
//!
//! Mend `send`, so that byte `i` of the message of round `r` is `byte(r, i)`, and `receive`, so that it returns the sum of
//! all bytes, read from the mapping. The program prints the sum and what it should be. Look at the times before and after.
//! Read: memory map, "Measure it".
//!
//! Run it: `cargo run -p course -- run mmap_payload`

use std::fs::{self, OpenOptions};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{self, Command};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use std::time::Instant;
use std::{env, io, ptr, thread};

const ROUNDS: u64 = 20;

/// The byte that should be at `index` of the message of a round.
const fn byte(round: u64, index: usize) -> u8 {
    ((31 * round + index as u64) % 250 + 1) as u8
}

/// Leaves the message of a round in the mapping.
fn send(map: &Map, size: usize, _round: u64) {
    map.size.store(size as u64, Relaxed); // TODO: and the message itself, in `map.payload`
}

/// Takes the message out, and returns the sum of its bytes.
fn receive(map: &Map) -> u64 {
    map.size.load(Relaxed); // TODO: so many bytes came
    0
}

// From here on nothing has to be changed.

#[repr(C)]
struct Map {
    /// Whose turn it is: an even number is ping's, an odd one is pong's.
    turn: AtomicU64,
    size: AtomicU64,
    sum: AtomicU64,
    payload: [AtomicU8; 1 << 20],
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    match &arguments[..] {
        [_, role, path] if role == "pong" => return pong(map(Path::new(path))),
        [_, role, path, size] if role == "ping" => {
            ping(map(Path::new(path)), size.parse().expect("a size"));
            return;
        }
        _ => {}
    }
    for size in [64, 1 << 20] {
        let path = env::temp_dir().join(format!("course-mmap-payload-{}", process::id()));
        fs::write(&path, vec![0; size_of::<Map>()]).expect("a temporary file");
        let child = Command::new(env::current_exe().expect("a path")).arg("pong").arg(&path).spawn();
        let map = map(&path);
        let micros = ping(map, size);
        child.and_then(|mut child| child.wait()).expect("a second process");
        fs::remove_file(&path).expect("our file");
        let bytes = (0..ROUNDS).flat_map(|round| (0..size).map(move |index| byte(round, index)));
        let expected: u64 = bytes.map(u64::from).sum();
        println!("{size} bytes: {micros:.1} µs, sum {}, expected {expected}", map.sum.load(Acquire));
    }
}

/// The shortest round trip, in microseconds.
fn ping(map: &Map, size: usize) -> f64 {
    let rounds = (0..ROUNDS).map(|round| {
        let begin = Instant::now();
        send(map, size, round);
        map.turn.store(2 * round + 1, Release);
        wait_for(map, 2 * round + 2);
        begin.elapsed().as_secs_f64() * 1e6
    });
    rounds.fold(f64::INFINITY, f64::min)
}

fn pong(map: &Map) {
    for round in 0..ROUNDS {
        wait_for(map, 2 * round + 1);
        let sum = map.sum.load(Relaxed) + receive(map);
        map.sum.store(sum, Relaxed);
        map.turn.store(2 * round + 2, Release);
    }
}

fn wait_for(map: &Map, turn: u64) {
    let begin = Instant::now();
    while map.turn.load(Acquire) != turn {
        assert!(begin.elapsed().as_secs() < 30, "the other process does not answer");
        thread::yield_now();
    }
}

/// The file, as long as this process lives.
fn map(path: &Path) -> &'static Map {
    let file = OpenOptions::new().read(true).write(true).open(path).expect("the file");
    let (protection, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
    // SAFETY: with a null address the kernel takes a free one.
    let base =
        unsafe { libc::mmap(ptr::null_mut(), size_of::<Map>(), protection, flags, file.as_raw_fd(), 0) };
    assert!(base != libc::MAP_FAILED, "mmap: {}", io::Error::last_os_error());
    // SAFETY: mapped, at a page, never unmapped, and the file is that long; a `Map` is all atomics.
    unsafe { &*base.cast() }
}
