//! Watchdogs: a hanging test fails soon, says what it waits for, and leaves no process behind.

use std::cell::OnceCell;
use std::fmt::{Display, Write as _};
use std::fs;
use std::io::Write as _;
use std::ops::{Deref, DerefMut};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The longest single wait on a loaded machine, where nothing is measured. Reached only when something hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The longest time of a whole case, which may measure, wait several times, or run a browser, on a loaded machine.
pub const WHOLE_CASE: Duration = Duration::from_secs(90);

/// Ends the test program, and all processes that it has started, unless it is dropped in time.
#[must_use = "it watches until it is dropped"]
#[derive(Debug)]
pub struct Watchdog(#[expect(dead_code, reason = "it is dropped")] mpsc::Sender<()>);

impl Watchdog {
    /// Watches over `what` for at most `time`.
    pub fn over(what: impl Display, time: Duration) -> Self {
        let (alive, over) = mpsc::channel();
        let what = what.to_string();
        thread::spawn(move || {
            if over.recv_timeout(time) == Err(RecvTimeoutError::Timeout) && !cfg!(miri) {
                // Not `eprintln`, which the test runner keeps for the end of the test.
                let doing = doing();
                let _ = writeln!(std::io::stderr(), "watchdog: {what} still runs after {time:?}:\n{doing}");
                kill_after_the_end(&descendants(std::process::id()));
                std::process::exit(101);
            }
        });
        Self(alive)
    }
}

/// Watches over the test that this thread runs, for [`WHOLE_CASE`]. A helper that all tests of a file call may call
/// this: the test runner gives each test its own thread, and the first call counts.
pub fn over_this_test() {
    thread_local!(static OF_THIS_TEST: OnceCell<Watchdog> = const { OnceCell::new() });
    let name = || thread::current().name().unwrap_or("a thread of a test").to_owned();
    OF_THIS_TEST.with(|own| {
        own.get_or_init(|| Watchdog::over(name(), WHOLE_CASE));
    });
}

/// Runs code that may hang in its own thread, and fails if it takes longer than [`PATIENCE`].
///
/// # Panics
/// It hangs, or has panicked.
pub fn watched<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> T {
    watched_for(PATIENCE, what)
}

/// Does the same with another time.
///
/// # Panics
/// It hangs, or has panicked.
pub fn watched_for<T: Send + 'static>(time: Duration, what: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, waiting) = mpsc::channel();
    let name = thread::current().name().unwrap_or("a test").to_owned();
    let thread = thread::Builder::new().name(name).spawn(move || done.send(what())).expect("a thread");
    match waiting.recv_timeout(time) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => panic!("it still waits after {time:?}:\n{}", doing()),
        Err(RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(_) => unreachable!("it ends with its word or with a panic"),
        },
    }
}

/// Describes the threads of this program and the processes that it has started: a line for each, with the kernel
/// function in which it waits.
#[must_use]
pub fn doing() -> String {
    let mut lines = String::new();
    let word = |path: String| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    for task in tasks.map(|entry| entry.path().display().to_string()) {
        let (name, place) = (word(format!("{task}/comm")), word(format!("{task}/wchan")));
        let _ = writeln!(lines, "  thread {name} in {place}");
    }
    for pid in descendants(std::process::id()) {
        let (line, place) = (word(format!("/proc/{pid}/cmdline")), word(format!("/proc/{pid}/wchan")));
        let _ = writeln!(lines, "  process {pid} ({}) in {place}", line.replace('\0', " ").trim());
    }
    lines
}

/// Kills processes shortly after this one has ended: killed before, they would let a test that waits for one go on, and
/// even pass.
fn kill_after_the_end(pids: &[u32]) {
    let mut shell = Command::new("sh");
    shell.args(["-c", "sleep 0.1; kill -KILL \"$@\"", "sh"]).args(pids.iter().map(u32::to_string));
    let _ = shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn(); // there is no other way
}

/// A child that does not outlive its case: killed when dropped, if it has not ended.
#[derive(Debug)]
pub struct Killed(pub Child);

impl Deref for Killed {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Killed {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill(); // an error means that it has ended
        let _ = self.0.wait();
    }
}

/// Kills all descendants of a process.
pub fn kill_descendants(pid: u32) {
    for descendant in descendants(pid) {
        let _ = kill(Pid::from_raw(descendant.cast_signed()), Signal::SIGKILL); // an error: it has ended
    }
}

/// Returns the children of all threads of a process; those that have ended are not among them.
#[must_use]
pub fn children(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split(' ').filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()).collect()
}

/// Returns the children, their children, and so on.
pub(crate) fn descendants(pid: u32) -> Vec<u32> {
    let mut all = children(pid);
    for child in all.clone() {
        all.extend(descendants(child));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::io::{BufRead as _, BufReader};
    use std::time::Instant;

    /// A program for the tests, not a test: it hangs, and so do its child and grandchild.
    #[test]
    #[ignore = "it hangs"]
    fn hangs() {
        let mut shell = Command::new("sh");
        let mut shell =
            shell.args(["-c", "sleep 20 & echo $!; wait"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut number = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut number).unwrap();
        println!("{number}");
        let sleeps = format!("/proc/{}/cmdline", number.trim());
        while !fs::read_to_string(&sleeps).is_ok_and(|line| line.starts_with("sleep")) {}
        let _watchdog = Watchdog::over("the answer", Duration::from_millis(300));
        shell.wait().unwrap();
    }

    #[test]
    fn what_hangs_is_named_and_takes_its_children_with_it() {
        let mut hanging = Command::new(std::env::current_exe().expect("a program has a path"));
        hanging.args(["--exact", "watchdog::tests::hangs", "--ignored", "--nocapture"]);
        let _watchdog = Watchdog::over("the watchdog's own test", WHOLE_CASE);
        let output = hanging.stdin(Stdio::null()).output().expect("a test can start itself");
        let (said, story) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(101), "{story}");
        assert!(story.contains("watchdog: the answer still runs after 300ms:\n"), "{story}");
        assert!(story.contains("(sleep 20) in ") && story.contains("(sh -c sleep 20"), "{story}");
        let grandchild = said.lines().find_map(|line| line.trim().parse::<i32>().ok()).expect("its number");
        let until = Instant::now() + PATIENCE;
        while fs::read_to_string(format!("/proc/{grandchild}/cmdline")).is_ok_and(|line| !line.is_empty()) {
            assert!(Instant::now() < until, "{grandchild} is left");
            thread::yield_now();
        }
    }

    #[test]
    fn what_waits_in_a_thread_fails_and_says_where() {
        let hung = std::panic::catch_unwind(|| {
            watched_for(Duration::from_millis(50), || {
                std::io::pipe().map(|(read, write)| {
                    let _ = std::io::Read::read(&mut &read, &mut [0]);
                    drop(write);
                })
            })
        });
        let panic = *hung.expect_err("it waits").downcast::<String>().expect("words");
        assert!(panic.starts_with("it still waits after 50ms:\n  thread "), "{panic}");
        assert_eq!(watched(|| 7), 7);
        assert!(std::panic::catch_unwind(|| watched(|| panic!("its own words"))).is_err());
    }
}
