//! # The end of file that never comes: solved
//!
//! The reader itself was the last writer. It closed its write end behind the loop that waited for just that.

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

fn main() -> io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["child", times, number] => child(times.parse().expect("a number"), number),
        [times, ref numbers @ ..] => parent(times, numbers),
        [] => parent("1", &["10", "20", "12"]),
    }
}

/// Writes so many lines into the pipe, which is its standard output. It takes its time, if `CHILD_MS` says so.
fn child(times: usize, number: &str) -> io::Result<()> {
    let pause = std::env::var("CHILD_MS").ok().and_then(|pause| pause.parse().ok()).unwrap_or(0);
    thread::sleep(Duration::from_millis(pause));
    io::stdout().write_all(format!("{number}\n").repeat(times).as_bytes())
}

fn parent(times: &str, numbers: &[&str]) -> io::Result<()> {
    give_up_after(Duration::from_secs(10));
    let (mut read, write) = io::pipe()?;

    let mut children = Vec::new();
    for number in numbers {
        let mut command = Command::new(std::env::current_exe()?);
        // The copy goes into `command`, and ends with it at the end of this turn of the loop. A command that is kept
        // would keep the write end as well.
        command.args(["child", times, number]).stdout(Stdio::from(write.try_clone()?));
        children.push(command.spawn()?);
    }
    // Each child has its own copy. Ours must go *before* we wait for the end of file: as long as it is open, one
    // process could still write, this one, and so the kernel lets us wait.
    drop(write);
    let mut said = String::new();
    read.read_to_string(&mut said)?; // up to the end of file

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
