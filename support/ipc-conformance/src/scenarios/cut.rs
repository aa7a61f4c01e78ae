//! A scenario that is cut short leaves nothing.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Scenarios;
use crate::other::ctrl_c;
use crate::watchdog::{PATIENCE, WHOLE_CASE, Watchdog, children};

/// A moment at which a program is ended in the middle of a scenario.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// The scenario.
    pub name: &'static str,
    /// What the timeline says at that moment.
    pub until: &'static str,
    /// Returns whether an object is left, given the timeline so far. Processes and files are looked for anyway.
    pub is_left: fn(&str) -> bool,
}

impl Scenarios {
    /// Ends the program in the middle of a scenario, when its timeline says `until`: by Ctrl-C, by `kill` and by
    /// `kill -9`. Checks that no process is left and no file, and that soon nothing `is_left`, which is given the timeline
    /// so far.
    pub fn leave_nothing(&self, name: &str, until: &str, is_left: impl Fn(&str) -> bool) {
        for signal in [ctrl_c(), Signal::SIGTERM, Signal::SIGKILL] {
            let _watchdog = Watchdog::over(format!("{name}, ended by {signal}"), WHOLE_CASE);
            // In its own directory, where no other test cleans up after it.
            let place = tempfile::tempdir().expect("a directory");
            let mut command = self.command(&["scenario", name]);
            let mut program =
                command.env("TMPDIR", place.path()).stderr(Stdio::inherit()).spawn().expect("it can be run");
            let (output, others) = read_until(&mut program, until);
            assert!(others.len() >= 2, "{output}");
            kill(Pid::from_raw(program.id().cast_signed()), signal).expect("it runs");
            program.wait().expect("it is a child");
            let started = Instant::now();
            let alive = || others.iter().filter(|&&pid| is_helper(pid)).copied().collect::<Vec<_>>();
            while is_left(&output) || !alive().is_empty() || has_objects(place.path()) {
                if started.elapsed() > PATIENCE {
                    let alive = alive();
                    for &pid in &alive {
                        let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL); // it may have ended
                    }
                    panic!("after {signal} something is left, among it the processes {alive:?}: {output}");
                }
                thread::sleep(Duration::from_millis(5));
            }
        }
    }

    /// Kills all processes of a scenario at once, its guard too, when its timeline says `until`. Checks that no process is
    /// left, and that the next run removes the objects: their ownership lock is all that still knows of them.
    pub fn leave_nothing_for_long(&self, name: &str, until: &str, is_left: impl Fn(&str) -> bool) {
        let _watchdog = Watchdog::over(format!("{name}, all processes killed"), WHOLE_CASE);
        let place = tempfile::tempdir().expect("a directory"); // no other test cleans up there
        let mut command = self.command(&["scenario", name]);
        command.env("TMPDIR", place.path()).stderr(Stdio::inherit());
        let mut program = command.spawn().expect("it can be run");
        let (output, others) = read_until(&mut program, until);
        assert!(others.len() >= 2, "{output}");
        let send = |pid: u32, signal| kill(Pid::from_raw(pid.cast_signed()), signal).expect("it runs");
        // Stopped, it cannot clean up when the others end; and they are its children, so that their pids stay theirs.
        send(program.id(), Signal::SIGSTOP);
        for &pid in others.iter().chain([&program.id()]) {
            send(pid, Signal::SIGKILL);
        }
        program.wait().expect("it is a child");
        let started = Instant::now();
        while others.iter().any(|&pid| is_helper(pid)) {
            assert!(started.elapsed() < PATIENCE, "a process is left: {output}");
            thread::sleep(Duration::from_millis(5));
        }
        let next = command.output().expect("it can be run");
        assert!(next.status.success(), "{next:?}");
        assert!(!is_left(&output) && !has_objects(place.path()), "the next run left something: {output}");
    }
}

/// Reads the timeline up to the line that contains `until`; returns it, and the other processes at this moment.
fn read_until(program: &mut Child, until: &str) -> (String, Vec<u32>) {
    let mut output = String::new();
    let mut lines = BufReader::new(program.stdout.as_mut().expect("it is a pipe"));
    while !output.contains(until) {
        assert_ne!(lines.read_line(&mut output).expect("it prints text"), 0, "no '{until}': {output}");
    }
    (output, children(program.id()))
}

/// Returns whether the process is a helper, and not another one with the same number.
fn is_helper(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.contains("\0helper\0"))
}

/// Returns whether there is a file, a FIFO or a socket in a directory, apart from the notes of an ownership lock, which stay
/// for the next sweep.
fn has_objects(directory: &Path) -> bool {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    { entries }.any(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => has_objects(&entry.path()),
        Ok(_) => entry.file_name() != "records",
        Err(_) => false, // removed meanwhile
    })
}
