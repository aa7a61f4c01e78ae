//! Process 1 of a container. The kernel does not apply a signal's default action to it, and kills all others with it
//! when it ends.

use std::io::{BufRead, BufReader, Read as _};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::demo::Demo;
use super::remains::nothing_left;
use super::watchdog::{PATIENCE, WHOLE_CASE, Watchdog, children};
use super::{Outcome, ensure, namespaces, skipped};

/// Ends `pong` alone, while it waits.
pub(super) fn pong_ends(demo: Demo, place: &TempDir) -> Outcome {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let address = demo.fresh_address(place.path());
        ends_by(&demo.command(place, &["pong", &address]), "waiting up to", signal)?;
        nothing_left(place.path(), &address)?;
    }
    Ok(())
}

/// Ends both sides in the middle of their exchange.
pub(super) fn both_end(demo: Demo, place: &TempDir) -> Outcome {
    ends_by(&demo.command(place, &["--count", "1000000000"]), "now ", Signal::SIGTERM)?;
    nothing_left(place.path(), "")
}

/// Starts `command` as process 1 of a PID namespace, waits until it has printed `word`, sends it `signal`, and checks
/// that it exits with the status that a shell reports for it. Prints a warning if there can be no such namespace.
///
/// # Errors
/// It never prints the word, or it ends in another way.
///
/// # Panics
/// There is no readable `/proc`.
pub fn ends_by(command: &Command, word: &str, signal: Signal) -> Outcome {
    let Some(mut first) = namespaces::unshared(&["--pid", "--fork", "--kill-child", "--mount-proc"]) else {
        skipped("a new PID namespace needs root or a user namespace, and unshare(1)");
        return Ok(());
    };
    first.arg(command.get_program()).args(command.get_args());
    first.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    // A test started in the background of a shell ignores SIGINT, and so would its children.
    ipc_demo::interrupt::heed(signal)?;
    let _watchdog = Watchdog::over(format!("waiting for '{word}' and for the end by {signal}"), WHOLE_CASE);
    let (story, said) = std::io::pipe()?;
    let mut unshare = first.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said).spawn()?;
    drop(first); // its copies of the pipe would hide the end of file
    let mut story = BufReader::new(story);
    let begun = story.by_ref().lines().map_while(Result::ok).any(|line| line.contains(word));
    if let Some(pid) = children(unshare.id()).first() {
        kill(Pid::from_raw(pid.cast_signed()), if begun { signal } else { Signal::SIGKILL })?;
    }
    let started = Instant::now();
    let status = loop {
        match unshare.try_wait()? {
            Some(status) => break status,
            None if started.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(10)),
            None => {
                unshare.kill()?; // process 1 is the child that `--kill-child` kills with it
                unshare.wait()?;
                return Err(format!("{signal} did not end it within {} s", PATIENCE.as_secs()).into());
            }
        }
    };
    let mut said = String::new();
    story.read_to_string(&mut said)?;
    ensure!(begun, "it never said '{word}': {said}");
    ensure!(status.code() == Some(128 + signal as i32), "after {signal} it ended with {status}: {said}");
    Ok(())
}
