//! # The end of file that never comes (mend, 15 minutes)
//!
//! Three children write into one pipe, and end. The parent reads all that they write, up to the end of file, and then
//! prints the sum. It prints nothing: it waits forever (here: for ten seconds, then it gives up).
//!
//! **Goal**: the sum is printed, and the program ends by itself, without any limit of time.
//!
//! Read: the book, *Pipe*, "The kernel's view" and "What fork and exec hand over".
//! Look while it hangs: `ls -l /proc/$(pgrep -o pipe_end_of)/fd`
//!
//! Run it: `cargo run -p course -- run pipe_end_of_file`

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

fn main() -> io::Result<()> {
    match std::env::args().nth(1) {
        Some(number) => child(&number),
        None => parent(),
    }
}

/// Writes one line into the pipe, which is its standard output.
fn child(number: &str) -> io::Result<()> {
    writeln!(io::stdout(), "{number}")
}

fn parent() -> io::Result<()> {
    give_up_after(Duration::from_secs(10));
    let (mut read, write) = io::pipe()?;

    // TODO: something is wrong from here on.
    let mut children = Vec::new();
    for number in ["10", "20", "12"] {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(number).stdout(Stdio::from(write.try_clone()?));
        children.push(command.spawn()?);
    }
    let mut said = String::new();
    read.read_to_string(&mut said)?; // up to the end of file
    drop(write);

    for mut child in children {
        child.wait()?;
    }
    let sum: u32 = said.lines().filter_map(|line| line.parse::<u32>().ok()).sum();
    println!("sum {sum}");
    Ok(())
}

/// So that a mistake does not leave a process behind. Not a part of the exercise.
fn give_up_after(limit: Duration) {
    thread::spawn(move || {
        thread::sleep(limit);
        eprintln!("gave up: still waiting for the end of file");
        std::process::exit(3);
    });
}
