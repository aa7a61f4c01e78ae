//! # The next writer (mend, 20 minutes)
//!
//! A reader takes lines out of a FIFO. The writers come one after the other: each opens the FIFO, writes a line and leaves.
//! The reader ends when the first one has left.
//!
//! **Goal**: `fifo_next_writer DIRECTORY` prints `got one`, `got two`, `got three`, and ends at the line `quit`. Between two
//! writers it sleeps: it does not ask again and again.
//!
//! Read: the book, *FIFO*, "The two ends of file" and "Opened for both".
//!
//! Run it: `cargo run -p course -- run fifo_next_writer`

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

/// Prints each line, up to `quit`.
fn read_lines(fifo: &Path) -> io::Result<()> {
    // TODO: there are two ways. Which one loses nothing if two writers are there at once?
    let lines = BufReader::new(File::open(fifo)?).lines();
    for line in lines {
        let line = line?;
        if line == "quit" {
            return Ok(());
        }
        println!("got {line}");
    }
    println!("end of file");
    Ok(())
}

// From here on, nothing is to be changed.

fn main() -> io::Result<()> {
    give_up_after(Duration::from_secs(10));
    let mut args = std::env::args_os().skip(1);
    let fifo =
        PathBuf::from(args.next().ok_or_else(|| io::Error::other("a directory, please"))?).join("lines");
    if let Some(line) = args.next() {
        let mut line = line.into_encoded_bytes();
        line.push(b'\n');
        return File::options().write(true).open(fifo)?.write_all(&line);
    }
    mkfifo(&fifo, Mode::S_IRUSR | Mode::S_IWUSR)?;
    let directory = fifo.with_file_name("");
    let writers = thread::spawn(move || {
        for line in ["one", "two", "three", "quit"] {
            Command::new(std::env::current_exe()?).arg(&directory).arg(line).status()?;
            thread::sleep(Duration::from_millis(200)); // the reader is alone
        }
        io::Result::Ok(())
    });
    let read = read_lines(&fifo);
    if !writers.is_finished() {
        thread::sleep(Duration::from_millis(300)); // the last writer is leaving
    }
    println!("CPU time {} ms", cpu_time().as_millis());
    fs::remove_file(&fifo)?;
    read
}

/// The CPU time that this process has used.
fn cpu_time() -> Duration {
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_PROCESS_CPUTIME_ID);
    time.map_or(Duration::ZERO, |time| {
        Duration::from_nanos(time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64)
    })
}

/// So that a mistake does not leave a process behind. Not a part of the exercise.
fn give_up_after(limit: Duration) {
    thread::spawn(move || {
        thread::sleep(limit);
        eprintln!("gave up: still waiting");
        std::process::exit(3);
    });
}
