//! One of the processes, as the harness sees it.

use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::process::{ChildStdin, ChildStdout, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use ipc_core::{Call, Error, Result, wait_readable};
use ipc_demo::helper_process;

/// The interval at which to check whether the turn is over, or too late.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The time that a process may still take to report when the turn is over.
const GRACE: Duration = Duration::from_millis(500);

/// The time that a process may take to get ready, or to report, on a loaded machine.
pub(super) const READY_TIMEOUT: Duration = Duration::from_secs(60);

/// The time that a process may take to end.
const LEAVE: Duration = Duration::from_secs(5);

/// A process with two pipes: orders to it, lines from it. It does not outlive this value.
#[derive(Debug)]
pub(super) struct Child {
    what: &'static str,
    process: std::process::Child,
    /// `None` once it has been told to end.
    orders: Option<ChildStdin>,
    answers: ChildStdout,
    /// The beginning of a line.
    begun: Vec<u8>,
}

impl Child {
    pub(super) fn start<'a>(
        what: &'static str,
        part: &str,
        args: impl Iterator<Item = &'a String>,
    ) -> Result<Self> {
        let mut command = helper_process::this_program()?;
        command.arg(part).args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = helper_process::spawn(&mut command)?;
        let orders = process.stdin.take();
        let answers = process.stdout.take().expect("it is a pipe");
        Ok(Self { what, process, orders, answers, begun: Vec::new() })
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    pub(super) fn tell(&mut self, line: &str) -> Result<()> {
        let told = self.orders.as_mut().map(|orders| orders.write_all(line.as_bytes()));
        if matches!(told, Some(Ok(()))) { Ok(()) } else { Err(self.is_gone()) }
    }

    /// Returns the next line.
    pub(super) fn hear(&mut self, deadline: Instant, is_over: &dyn Fn() -> bool) -> Result<String> {
        let mut over_since = None;
        let mut buffer = vec![0; 64 << 10];
        loop {
            if let Some(end) = self.begun.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.begun.drain(..=end).collect();
                return String::from_utf8(line)
                    .map(|line| line.trim_end().to_owned())
                    .map_err(|_| Error::Corrupt("a line that is not text"));
            }
            if wait_readable([self.answers.as_fd()], LOOK_EVERY)? {
                match self.answers.read(&mut buffer).call("read")? {
                    0 => return Err(self.is_gone()),
                    len => self.begun.extend(&buffer[..len]),
                }
            } else if Instant::now() >= deadline {
                let what = format!("{} says nothing", self.what);
                return Err(Error::TimedOut { what, waited: READY_TIMEOUT });
            } else if is_over() && over_since.get_or_insert_with(Instant::now).elapsed() > GRACE {
                return Err(Error::Disconnected);
            }
        }
    }

    /// Lets it end by itself, when it has nothing more to do.
    pub(super) fn dismiss(&mut self) {
        self.orders = None;
    }

    pub(super) fn kill(&mut self) {
        let _ = self.process.kill(); // an error means that it has ended already
    }

    /// Waits until it has ended, for a limited time.
    pub(super) fn wait(&mut self) {
        let started = Instant::now();
        while self.how_it_ended().is_none() {
            if started.elapsed() > LEAVE {
                self.kill();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Returns the exit status; `None` if the process lives.
    pub(super) fn how_it_ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().ok().flatten()
    }

    /// Returns the error for a closed pipe: the process is about to end, or has ended.
    fn is_gone(&mut self) -> Error {
        self.dismiss();
        self.wait();
        self.how_it_ended().map_or(Error::Disconnected, |status| has_ended(self.what, status))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.dismiss();
        self.wait();
    }
}

/// Returns the error for a process that should not have ended.
pub(super) fn has_ended(what: &str, status: ExitStatus) -> Error {
    Error::Usage(format!("{what} has ended before its time: {status}"))
}
