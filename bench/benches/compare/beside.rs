//! Criterion in a process of its own. Its output, hundreds of lines, goes to a file: what is left on the terminal is how far
//! it is.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use ipc_bench::measure::run::progress::Progress;
use ipc_bench::measure::run::stop::Stop;
use ipc_core::{Advise as _, Call as _, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::arguments::Arguments;
use crate::groups;

/// Set for the process that runs criterion.
const INVITATION: &str = "IPC_BENCH_CRITERION";

/// The beginning of the lines that say how far criterion is.
const STEP: &str = "ipc-bench: criterion ";

/// How criterion ended.
pub enum Ending {
    /// Its output is in the file.
    Good,
    /// Its output was shown.
    Shown,
    Stopped,
    Failed,
}

/// Returns true if this process is the one that runs criterion.
pub fn is_invited() -> bool {
    std::env::var_os(INVITATION).is_some()
}

/// Says that one more of `all` is played, if the starting process wants to know.
pub fn step(nth: u64, all: u64) {
    if is_invited() {
        println!("{STEP}{nth} of {all}");
    }
}

/// Runs criterion to its end, or until `stop` is set.
pub fn run(arguments: &Arguments, log: &Path, stop: &Stop) -> Result<Ending> {
    let program = std::env::current_exe().call("readlink").on("/proc/self/exe")?;
    let mut command = Command::new(program);
    command.args(std::env::args_os().skip(1)).stdin(Stdio::null());
    if arguments.verbose {
        let mut child = command.env(INVITATION, "").spawn().call("execve")?;
        return wait(&mut child, stop, Ending::Shown);
    }
    let file = File::create(log).call("open").on(log.display())?;
    let theirs = file.try_clone().call("dup")?;
    command.env(INVITATION, "").stdout(Stdio::piped()).stderr(theirs);
    let mut child = command.spawn().call("execve")?;
    let lines = lines_of(&mut child, file);
    let progress =
        Progress::new(0, groups::count(arguments), Some(groups::expected(arguments)), Duration::ZERO);
    let mut told = false;
    loop {
        match lines.recv_timeout(Duration::from_millis(100)) {
            Ok(line) => {
                if let Some(step) = line.strip_prefix(STEP) {
                    progress.step(format!("criterion: {step}"));
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {}
        }
        if stop.is_set() && !told {
            told = true;
            end(&child);
        }
    }
    progress.end();
    wait(&mut child, stop, Ending::Good)
}

/// Copies what the child prints to the file, and returns it line by line.
fn lines_of(child: &mut Child, mut file: File) -> Receiver<String> {
    let (sender, lines) = channel();
    let output = BufReader::new(child.stdout.take().expect("piped"));
    thread::spawn(move || {
        for line in output.lines().map_while(std::result::Result::ok) {
            let _ = writeln!(file, "{line}"); // a full disk is no reason to stop measuring
            let _ = sender.send(line);
        }
    });
    lines
}

/// Waits for the child, which a signal to this process ends as well.
fn wait(child: &mut Child, stop: &Stop, good: Ending) -> Result<Ending> {
    loop {
        if let Some(status) = child.try_wait().call("waitpid")? {
            return Ok(match status.success() {
                true => good,
                false if stop.is_set() => Ending::Stopped,
                false => Ending::Failed,
            });
        }
        if stop.is_set() {
            end(child);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Ends the child, which then cleans up. A terminal has sent it the same signal already; the second one does no harm.
fn end(child: &Child) {
    let _ = kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM); // it may have ended
}
