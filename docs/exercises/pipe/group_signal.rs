//! # A signal for the whole group (mend, 10 minutes)
//!
//! A boss starts two children: a worker, which has to be stopped, and a witness, which has to go on. The boss stops the
//! worker by a signal, and asks the witness, over its pipe, whether it is still there. But the whole group dies.
//!
//! **Goal**: the boss prints `worker ended by signal 15` and `witness: still here`.
//!
//! (All this happens in a process group of its own, so that the mistake does not reach your shell. That part is right.)
//!
//! Read: `man 2 kill`, the part about the first argument.
//!
//! Run it: `cargo run -p course -- run pipe_group_signal`

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn main() -> io::Result<()> {
    match std::env::args().nth(1).as_deref() {
        None => {
            let mut boss = me("boss")?.process_group(0).stdin(Stdio::null()).spawn()?;
            println!("boss: {}", boss.wait()?);
            Ok(())
        }
        Some("boss") => boss(),
        _ => child(),
    }
}

/// Answers each line until the end of file.
fn child() -> io::Result<()> {
    for line in io::stdin().lines() {
        println!("{}", if line? == "are you there?" { "still here" } else { "what?" });
    }
    Ok(())
}

fn boss() -> io::Result<()> {
    let (mut worker, mut witness) = (start()?, start()?);
    ask(&mut worker)?; // so it has started for sure
    ask(&mut witness)?;

    stop(&worker)?;

    let ended = worker.wait()?;
    println!("worker ended by signal {}", ended.signal().unwrap_or(0));
    println!("witness: {}", ask(&mut witness)?);
    drop(witness.stdin.take()); // the end of file, by which it ends
    witness.wait().map(drop)
}

/// Ends this child, and no other process.
fn stop(_worker: &Child) -> io::Result<()> {
    // TODO: who gets this signal?
    kill(Pid::from_raw(0), Signal::SIGTERM)?;
    Ok(())
}

fn me(role: &str) -> io::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(role);
    Ok(command)
}

/// A child with two pipes, one each way.
fn start() -> io::Result<Child> {
    me("child")?.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
}

fn ask(child: &mut Child) -> io::Result<String> {
    let gone = || io::Error::other("no pipe");
    child.stdin.as_mut().ok_or_else(gone)?.write_all(b"are you there?\n")?;
    let mut answer = String::new();
    BufReader::new(child.stdout.as_mut().ok_or_else(gone)?).read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}
