//! The other process of a test, for a mechanism's own tests.
//!
//! The other process is the test program itself, started again to play a *part*: a line of words that only the tests of
//! one mechanism understand. They define their parts once, in a module `tools`:
//!
//! ```ignore
//! /// Not a test: the other process of the tests.
//! #[test]
//! #[ignore = "the other process of the tests"]
//! fn other_process_main() {
//!     other::main(play);
//! }
//! ```

use std::fs;
use std::io::{BufRead, BufReader, Read as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

use nix::sys::signal::Signal;

use super::watchdog::Watchdog;
pub use super::watchdog::{PATIENCE, watched};

/// Tells the other process its part.
const PART: &str = "IPC_TEST_PART";

/// The last word of a part whose process stays until it is killed.
const STAY: &str = "stay";

/// Returns the signal of Ctrl-C on a terminal. The children of a process started with nohup(1), or in the background of
/// a script, ignore that signal: then the signal of kill(1).
#[must_use]
pub fn ctrl_c() -> Signal {
    let status = fs::read_to_string("/proc/self/status").expect("/proc is mounted");
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("it says so");
    let ignored = u64::from_str_radix(ignored.trim(), 16).expect("a mask");
    if ignored & 1 << (Signal::SIGINT as u32 - 1) == 0 { Signal::SIGINT } else { Signal::SIGTERM }
}

/// Another process that stays; dropping this kills it.
#[derive(Debug)]
pub struct Other {
    child: Child,
    /// Separate from `child`, which would close it when waited for: a process that it has started goes on.
    _stdin: Option<ChildStdin>,
    /// The text that it has printed.
    pub said: String,
}

impl Other {
    /// Returns its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills it at once, as `kill -KILL` does: it can neither catch the signal nor clean up.
    pub fn kill(&mut self) {
        let _ = self.child.kill(); // an error means that it has ended already
        let _ = self.child.wait();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Returns the command of another process that plays `part`, for a test that starts it in its own way.
///
/// # Panics
/// There is no `/proc`.
#[must_use]
pub fn command(part: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a program has a path"));
    command.args(["--exact", "tools::other_process_main", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(PART, part).stdout(Stdio::piped()).stderr(Stdio::inherit());
    command
}

/// Lets another process play `part` to its end, and returns the text that it printed.
///
/// # Panics
/// The process fails, or prints nothing.
#[allow(clippy::must_use_candidate, reason = "some parts are played for what they do")]
pub fn played(part: &str) -> String {
    let _watchdog = Watchdog::over(format!("the part '{part}'"), PATIENCE);
    let output = command(part).output().expect("a test can start itself");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{part}: {text}");
    said(text.lines()).unwrap_or_else(|| panic!("{part}: {text}"))
}

/// Lets another process play `part`, and returns how it ended: for a part that kills its process.
///
/// # Panics
/// The process cannot be started.
#[allow(clippy::must_use_candidate, reason = "some parts are played for what they do")]
pub fn ended(part: &str) -> ExitStatus {
    let _watchdog = Watchdog::over(format!("the part '{part}'"), PATIENCE);
    command(part).stderr(Stdio::null()).status().expect("a test can start itself")
}

/// Starts another process that plays `part` and stays, and waits until it has printed something.
///
/// # Panics
/// The process ends without output.
#[must_use = "it is killed when this is dropped"]
pub fn playing(part: &str) -> Other {
    staying(part, Stdio::piped())
}

/// Starts a process as [`playing`] does, from another process: it goes on when that one is killed, until the test has
/// ended.
///
/// # Panics
/// The process ends without output.
#[must_use = "it is killed when this is dropped"]
pub fn playing_on(part: &str) -> Other {
    staying(part, Stdio::inherit())
}

/// Plays `part`, and stays until all processes that may write to its standard input have ended.
fn staying(part: &str, stdin: Stdio) -> Other {
    let _watchdog = Watchdog::over(format!("the part '{part}'"), PATIENCE);
    let mut command = command(&format!("{part} {STAY}"));
    let mut child = command.stdin(stdin).spawn().expect("a test can start itself");
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let said = said(lines.map_while(Result::ok)).unwrap_or_else(|| panic!("{part}: it ended without a word"));
    Other { _stdin: child.stdin.take(), child, said }
}

fn said(mut lines: impl Iterator<Item = impl AsRef<str>>) -> Option<String> {
    lines.find_map(|line| line.as_ref().split_once("said: ").map(|(_, said)| said.to_owned()))
}

/// Returns this process's part, for a process that talks with its test while it plays. `None`: all ignored tests were
/// run.
#[must_use]
pub fn part() -> Option<String> {
    std::env::var(PART).ok()
}

/// Plays this process's part, prints its result, and stays if told to. Without a part it does nothing: all ignored
/// tests were run.
pub fn main(play: fn(&[&str]) -> String) {
    let Some(part) = part() else { return };
    let mut words: Vec<&str> = part.split(' ').collect();
    let stays = words.pop_if(|word| *word == STAY).is_some();
    println!("said: {}", play(&words));
    if stays {
        let _ = std::io::stdin().read(&mut [0]); // until the test that started it has ended, however it ends
    }
}
