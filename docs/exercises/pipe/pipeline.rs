//! # A pipeline (write, 30 minutes)
//!
//! Do what a shell does for `FIRST | SECOND`: make a pipe, start two processes, wait for both.
//!
//! **Goal**: `pipe_pipeline FIRST SECOND`
//! - starts `sh -c FIRST` and `sh -c SECOND`, *at the same time*, the output of the first being the input of the second,
//! - waits for both,
//! - and prints at the end `statuses A B`: a status is the exit code, or 128 + the number of the signal that ended it.
//!
//! `pipe_pipeline 'exec yes' 'head -n 1'` must end: `yes` dies of `SIGPIPE` (13) when no process can read any more.
//!
//! Read: the book, *Pipe*, "How a child gets its ends"; `pipe2(2)`, `dup2(2)`, which `Stdio::from` calls for you.
//!
//! Run it: `cargo run -p course -- run pipe_pipeline`

use std::io;
use std::process::ExitStatus;

fn main() -> io::Result<()> {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let [first, second] = args.as_slice() else {
        return Err(io::Error::other("two commands, please"));
    };
    let [first, second] = run(first, second)?;
    println!("statuses {} {}", status(first), status(second));
    Ok(())
}

/// Runs both commands with a pipe in between, and returns how they ended.
fn run(_first: &str, _second: &str) -> io::Result<[ExitStatus; 2]> {
    // TODO: make a pipe (`std::io::pipe`), start both (`std::process::Command`), close what must be closed, wait.
    Err(io::Error::other("not yet written"))
}

/// The status as a shell shows it.
fn status(status: ExitStatus) -> i32 {
    // TODO: what if it was a signal? See `std::os::unix::process::ExitStatusExt`.
    status.code().unwrap_or(-1)
}
