//! # A pipeline: solved

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};

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
fn run(first: &str, second: &str) -> io::Result<[ExitStatus; 2]> {
    // Both ends are close-on-exec: a child gets only the one that `dup2` puts in the place of its input or output.
    let (read, write) = io::pipe()?;
    // Each end is moved into a command that is gone at the end of the line. So this process keeps none: with a write end
    // of ours, the second would never see the end of file; with a read end, the first would never get SIGPIPE.
    let mut first = Command::new("sh").args(["-c", first]).stdout(Stdio::from(write)).spawn()?;
    let second = Command::new("sh").args(["-c", second]).stdin(Stdio::from(read)).spawn();
    // Wait for the first one in any case, or it stays as a zombie. Not before the second has been started, though: the
    // first may have more to say than the pipe holds.
    let mut second = match second {
        Ok(second) => second,
        Err(error) => {
            first.wait()?;
            return Err(error);
        }
    };
    Ok([first.wait()?, second.wait()?])
}

/// The status as a shell shows it.
fn status(status: ExitStatus) -> i32 {
    // A process ends in one of two ways: by itself, with a code, or by a signal.
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}
