//! A `pong` in a terminal of its own.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use libtest_mimic::Failed;
use tempfile::TempDir;

use super::demo::Demo;
use super::watchdog::Killed;

/// A `pong` that waits, and the line that it prints for the other terminal.
pub(super) struct Pong {
    pub(super) child: Killed,
    pub(super) line: String,
    pub(super) ping: Vec<String>,
}

impl Pong {
    pub(super) fn start(demo: Demo, place: &TempDir, args: &[&str]) -> Result<Self, Failed> {
        Self::spawn(demo.command(place, &[&["pong"], args].concat()))
    }

    pub(super) fn spawn(mut command: Command) -> Result<Self, Failed> {
        command.stderr(Stdio::null());
        Self::spawn_as_it_is(command)
    }

    /// Does the same, with `command`'s own standard error.
    pub(super) fn spawn_as_it_is(mut command: Command) -> Result<Self, Failed> {
        let mut child = command.stdout(Stdio::piped()).spawn().map(Killed)?;
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("it is piped")).read_line(&mut line)?;
        let ping = line.split_whitespace().map(str::to_owned).collect();
        Ok(Self { child, line: line.trim().to_owned(), ping })
    }

    pub(super) fn address(&self) -> &str {
        self.ping.get(2).map_or("", String::as_str)
    }
}
