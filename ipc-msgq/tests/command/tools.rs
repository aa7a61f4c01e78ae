//! A queue that removes itself, and the command.

use std::io::Write as _;
use std::ops::Deref;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ipc_conformance::watchdog::over_this_test;
use ipc_msgq::{Key, Message, MessageType, OwnedQueue, Queue, Select};

use crate::children::{self, PATIENCE};

/// A queue of a fresh key, removed at the end of its test however that ends.
pub struct Scratch {
    pub key: Key,
    queue: OwnedQueue,
}

impl Scratch {
    pub fn new() -> Self {
        over_this_test();
        let key = Key::fresh();
        Self { key, queue: Queue::create(key, 0o600).unwrap().owned() }
    }

    /// Returns the queue's id, for a command line.
    pub fn id(&self) -> String {
        self.queue.id().to_string()
    }

    pub fn put(&self, kind: i64, text: &[u8]) {
        self.queue
            .try_send(&Message::new(MessageType::new(kind).unwrap(), text))
            .unwrap()
            .expect("there is room");
    }

    /// Takes the oldest message, if there is one.
    pub fn take(&self) -> Option<(i64, Vec<u8>)> {
        let mut message = Message::with_capacity(1 << 16);
        let taken = self.queue.try_recv(Select::Any, &mut message).unwrap();
        taken.map(|()| (message.kind().get(), message.text().to_vec()))
    }
}

impl Deref for Scratch {
    type Target = Queue;

    fn deref(&self) -> &Queue {
        &self.queue
    }
}

/// The result of a command.
#[derive(Debug)]
pub struct Ran {
    pub status: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Ran {
    /// Returns standard output as text, of a command that must have succeeded with no other output.
    pub fn text(self) -> String {
        assert_eq!((self.status, &*self.stderr), (Some(0), ""), "{}", String::from_utf8_lossy(&self.stdout));
        String::from_utf8(self.stdout).unwrap()
    }

    pub fn json(self) -> serde_json::Value {
        serde_json::from_str(&self.text()).unwrap()
    }

    /// Returns the one line of error output of a command that must have ended with `status` and without a result.
    pub fn error(self, status: i32) -> String {
        assert_eq!(self.status, Some(status), "{}", self.stderr);
        assert!(self.stdout.is_empty(), "{:?}", self.stdout);
        assert_eq!(self.stderr.lines().count(), 1, "{}", self.stderr);
        self.stderr.strip_prefix("error: ").expect("it begins like an error").trim_end().to_owned()
    }
}

pub const BINARY: &str = env!("CARGO_BIN_EXE_ipc-msgq");

pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs `ipc-msgq` with `args` and nothing on standard input.
pub fn run(args: &[&str]) -> Ran {
    ended(command(args).spawn().unwrap())
}

/// Does the same, with `input` on standard input.
pub fn run_with(args: &[&str], input: &[u8]) -> Ran {
    let mut child = command(args).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // The command may not read all of it.
    let writer = thread::spawn(move || stdin.write_all(&input).is_ok());
    let ran = ended(child);
    writer.join().unwrap();
    ran
}

/// Waits for a process, within a limit.
pub fn ended(child: Child) -> Ran {
    let output = children::ended(child);
    let stderr = String::from_utf8(output.stderr).unwrap();
    Ran { status: output.status.code(), stdout: output.stdout, stderr }
}

/// Waits until `holds`.
pub fn soon(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "{what}: not after {PATIENCE:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Returns whether this process has root's privileges.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Returns the entry of the queue in `ls --json`.
pub fn listed(queue: Queue) -> Option<serde_json::Value> {
    listed_with(queue, &[])
}

/// Returns whether `ls` calls the queue an orphan, even one that was just made; `None` if there is no such queue.
pub fn is_orphan(queue: Queue) -> Option<bool> {
    listed_with(queue, &["--min-age", "0"])?["orphan"].as_bool()
}

fn listed_with(queue: Queue, args: &[&str]) -> Option<serde_json::Value> {
    let rows = run(&[&["ls", "--json"], args].concat()).json();
    rows.as_array().unwrap().iter().find(|row| row["id"] == queue.id().get()).cloned()
}
