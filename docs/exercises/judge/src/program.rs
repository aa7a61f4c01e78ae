//! Starting a program, and waiting for its end, but not forever.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use tempfile::TempDir;

use crate::sys;

/// The outcome of a program.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended; nothing if it had not ended in time, and was killed with all its children.
    pub status: Option<ExitStatus>,
    /// Its process id, which no other process of this user had meanwhile.
    pub id: u32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// What it left behind, until the judge has looked at it.
    _folder: Folder,
}

impl Outcome {
    /// It ended by itself, with status 0. `what` says what it was to do.
    #[track_caller]
    pub fn expect_done(&self, what: &str) -> &Self {
        let said = format!("--- it printed:\n{}{}", self.stdout, self.stderr);
        match self.status {
            None => panic!("{what}\nIt had not ended after a long time, and was killed.\n{said}"),
            Some(status) => match status.signal() {
                Some(signal) => panic!("{what}\nIt was killed by signal {signal}.\n{said}"),
                None => assert!(status.success(), "{what}\nIt failed: {status}.\n{said}"),
            },
        }
        self
    }
}

/// Where the program of an exercise lies: `JUDGED` names the folder.
pub fn path(exercise: &str) -> PathBuf {
    let folder = std::env::var_os("JUDGED")
        .expect("start this by `cargo run -p course -- run NAME`: JUDGED is not set");
    let program = PathBuf::from(folder).join(exercise);
    assert!(program.exists(), "{} has not been built", program.display());
    program
}

/// The program of an exercise, in a process group of its own and without input, ready to be started. What it can take of
/// the machine's memory is limited: one that collects endless output must not take all.
pub fn command(exercise: &str) -> Command {
    const MOST: u64 = 1 << 30;
    let mut command = Command::new(path(exercise));
    command.process_group(0).stdin(Stdio::null());
    sys::limit_memory(&mut command, MOST);
    command
}

/// A shell that does something, and may then become the program of an exercise.
pub fn shell(script: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).process_group(0).stdin(Stdio::null());
    shell
}

/// A folder for the files of a program: those left behind by a kill go with it. So do its kernel objects, each of which the
/// program notes there, as an empty file `KIND-ID`.
#[derive(Debug)]
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        for note in fs::read_dir(self.0.path()).into_iter().flatten().flatten() {
            let name = note.file_name().to_string_lossy().into_owned();
            if let Some((kind, Ok(id))) = name.split_once('-').map(|(kind, id)| (kind, id.parse())) {
                sys::remove(kind, id);
            }
        }
    }
}

/// Runs the program of an exercise to its end; after `limit` it is killed, with all that it has started.
pub fn run<A: AsRef<OsStr>>(exercise: &str, args: &[A], limit: Duration) -> Outcome {
    finish(command(exercise).args(args), limit)
}

/// The same for a command that was made by [`command`] and got more arguments or another environment.
pub fn finish(command: &mut Command, limit: Duration) -> Outcome {
    let folder = Folder::new();
    command.env("TMPDIR", folder.0.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Group(command.spawn().expect("the program can be started"));
    let id = child.0.id();
    let stdout = reader(child.0.stdout.take());
    let stderr = reader(child.0.stderr.take());
    let status = child.wait_for(limit);
    drop(child); // the rest of the group is killed, and lets go of the pipes
    let (stdout, stderr) = (stdout.join().expect("read"), stderr.join().expect("read"));
    Outcome { status, id, stdout, stderr, _folder: folder }
}

/// A program that runs, to be looked at from outside meanwhile.
pub struct Running {
    group: Group,
    pub id: u32,
    stdout: BufReader<ChildStdout>,
    _folder: Folder,
    _running: Sender<()>,
}

/// Starts a command that was made by [`command`]. After half a minute it is killed, with all that it has started: then
/// nothing that waits for its output or its end waits any longer.
pub fn start(command: &mut Command) -> Running {
    let folder = Folder::new();
    command.env("TMPDIR", folder.0.path()).stdout(Stdio::piped());
    let mut group = Group(command.spawn().expect("the program can be started"));
    let stdout = BufReader::new(group.0.stdout.take().expect("piped"));
    let id = group.0.id();
    let (running, ended) = mpsc::channel();
    thread::spawn(move || {
        if ended.recv_timeout(Duration::from_secs(30)) == Err(RecvTimeoutError::Timeout) {
            kill_group(id);
        }
    });
    Running { id, group, stdout, _folder: folder, _running: running }
}

impl Running {
    /// The next line that it prints; empty at the end.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("text");
        line
    }

    /// The rest of what it prints, up to its end.
    pub fn rest(mut self) -> String {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).expect("text");
        rest
    }

    /// Whether it has ended, after at most `limit`, and with status 0.
    pub fn succeeds_within(&mut self, limit: Duration) -> bool {
        self.group.wait_for(limit).is_some_and(|status| status.success())
    }

    /// Its standard input, if it was started with a pipe for it.
    pub fn stdin(&mut self) -> ChildStdin {
        self.group.0.stdin.take().expect("piped")
    }
}

/// Does this, and tells how long a thread that only counts had a CPU meanwhile. On a busy machine that is less than the
/// time that went by: with so much, and not with seconds, the CPU time of a program that should sleep is compared.
pub fn beside_a_busy_thread<T>(job: impl FnOnce() -> T) -> (T, Duration) {
    let (running, ended) = mpsc::channel::<()>();
    let busy = thread::spawn(move || {
        while ended.try_recv() == Err(TryRecvError::Empty) {}
        clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("one's own clock")
    });
    let result = job();
    drop(running); // which happens in a panic as well
    (result, Duration::from(busy.join().expect("it only counts")))
}

fn reader(from: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    let mut from = from.expect("piped");
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // An error means that there is no more: what came until then counts.
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A program and all that it has started: killed when this is dropped. Made by [`command`], which gives it a group of
/// its own.
pub struct Group(pub Child);

impl Group {
    /// How it has ended, or nothing if it has not until `limit` is over.
    pub fn wait_for(&mut self, limit: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + limit;
        loop {
            if let Some(status) = self.0.try_wait().expect("one's own child can be waited for") {
                return Some(status);
            }
            if Instant::now() >= end {
                return None;
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// It may have ended, with all its children: then there is no such group.
fn kill_group(leader: u32) {
    let group = nix::unistd::Pid::from_raw(leader.cast_signed());
    let _ = nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGKILL);
}

impl Drop for Group {
    fn drop(&mut self) {
        kill_group(self.0.id());
        let _ = self.0.wait();
    }
}

/// The code of an exercise, for what cannot be seen from outside. Comments are left out.
#[allow(dead_code, reason = "only some judges look at the code")]
pub fn code(exercise: &str) -> String {
    let (folder, name) = exercise.split_once('_').expect("MECHANISM_NAME");
    let sources = std::env::var_os("JUDGED_SOURCES").expect("JUDGED_SOURCES is not set");
    let path = PathBuf::from(sources).join(folder).join(name).with_extension("rs");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}
