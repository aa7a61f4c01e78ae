//! A queue that removes itself, a watchdog, and the other process.

use std::fs;
use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use ipc_core::{Mechanism, Setup, Transport};
use ipc_msgq::{Key, Link, Message, MessageType, Msgq, Queue, SystemVLink};
use nix::unistd::{Uid, setuid};

/// How long something may take on a loaded machine. Reached only when it hangs.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Filling a queue larger than this with small messages takes longer than a test should.
pub const LARGE_QUEUE: usize = 1 << 20;

/// A bare queue of a fresh key, removed at the end of its test however that ends.
pub struct Scratch {
    pub key: Key,
    queue: Queue,
}

impl Scratch {
    pub fn new(mode: u32) -> Self {
        let key = Key::fresh();
        Self { key, queue: Queue::create(key, mode).unwrap() }
    }
}

impl Deref for Scratch {
    type Target = Queue;

    fn deref(&self) -> &Queue {
        &self.queue
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = self.queue.remove(); // a test may have done it already
    }
}

pub fn kind(number: i64) -> MessageType {
    MessageType::new(number).unwrap()
}

/// Sends `text` as type `number` to a queue that has room for it.
pub fn put(queue: Queue, number: i64, text: &[u8]) {
    queue.try_send(&Message::new(kind(number), text)).unwrap().expect("there is room");
}

/// Takes the oldest message of type `number`, which must be there.
pub fn take(queue: Queue, number: i64) -> Vec<u8> {
    try_take(queue, number).expect("there is a message")
}

/// Takes the oldest message of type `number` if there is one.
pub fn try_take(queue: Queue, number: i64) -> Option<Vec<u8>> {
    let mut message = Message::with_capacity(1 << 16);
    queue.try_recv(kind(number), &mut message).unwrap().map(|()| message.text().to_vec())
}

pub fn setup() -> Setup {
    Setup::default_of::<Msgq>()
}

/// Both ends of a link, in this process.
pub fn pair() -> (SystemVLink, SystemVLink) {
    let mut meeting = Msgq::create(None, &setup()).unwrap();
    let joiner = Msgq::join(&meeting.address(), &setup(), PATIENCE).unwrap();
    (system_v(meeting.accept(PATIENCE).unwrap()), system_v(joiner))
}

fn system_v(link: Link) -> SystemVLink {
    match link {
        Link::SystemV(link) => link,
        Link::Posix(_) => panic!("the default is a System V queue"),
    }
}

/// Runs what may hang in a thread of its own, and fails if it does.
pub fn watched<T: Send + 'static>(what: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, waiting) = mpsc::channel();
    let thread = thread::spawn(move || done.send(what()));
    match waiting.recv_timeout(PATIENCE) {
        Ok(result) => result,
        Err(RecvTimeoutError::Timeout) => panic!("it still waits after {PATIENCE:?}"),
        Err(RecvTimeoutError::Disconnected) => panic!("it panicked: {:?}", thread.join().err()),
    }
}

/// Lets another thread come to its wait. Should this be too short, the case becomes easier, not wrong.
pub fn give_it_time_to_block() {
    thread::sleep(Duration::from_millis(100));
}

/// Another process, killed at the end of its test at the latest.
pub struct Other {
    child: Child,
    /// What it said.
    pub said: String,
}

impl Other {
    /// Ends it at once, as `kill -KILL` does: it can neither catch it nor clean up.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PART: &str = "MSGQ_TEST_PART";

/// Another process: this same program, which plays `part` as [`play`] says. Its standard output can be read.
pub fn other_process(part: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "tools::other_process_main", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(PART, part).stdout(Stdio::piped()).stderr(Stdio::inherit());
    command
}

/// Lets another process play `part` to its end and returns what it said.
pub fn played(part: &str) -> String {
    let output = other_process(part).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{part}: {text}");
    said(text.lines()).unwrap_or_else(|| panic!("{part}: {text}"))
}

/// Starts another process that plays `part`, and waits until it says something.
pub fn playing(part: &str) -> Other {
    let mut child = other_process(part).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said = said(lines.map(Result::unwrap)).unwrap_or_else(|| panic!("{part}: it ended without a word"));
    Other { child, said }
}

fn said(mut lines: impl Iterator<Item = impl AsRef<str>>) -> Option<String> {
    lines.find_map(|line| line.as_ref().split_once("said: ").map(|(_, said)| said.to_owned()))
}

/// Not a test: the other process of the tests.
#[test]
#[ignore = "the other process of the tests"]
fn other_process_main() {
    if let Ok(part) = std::env::var(PART) {
        println!("said: {}", play(&part));
        if part.ends_with("stay") {
            thread::sleep(PATIENCE);
        }
    }
}

fn play(part: &str) -> String {
    let words: Vec<&str> = part.split(' ').collect();
    let open = |key: &str| Queue::open(key.parse().unwrap()).unwrap();
    match words[..] {
        ["create", key, ..] => format!("{:?}", Queue::create(key.parse().unwrap(), 0o600).unwrap()),
        ["put", key, text] => {
            put(open(key), 1, text.as_bytes());
            text.to_owned()
        }
        ["take", key] => String::from_utf8(take(open(key), 1)).unwrap(),
        ["take-as-nobody", key] => {
            setuid(Uid::from_raw(65534)).unwrap();
            match open(key).try_recv(kind(1), &mut Message::with_capacity(100)) {
                Ok(_) => "taken".into(),
                Err(error) => error.to_string(),
            }
        }
        ["count-descriptors"] => {
            let count = || fs::read_dir("/proc/self/fd").unwrap().count();
            let before = count();
            let queue = Scratch::new(0o600);
            put(*queue, 1, b"text");
            format!("{before} {}", count())
        }
        // These two leak what they make: see below.
        ["create-posix", name, ..] => {
            let setup = setup().with_variant::<Msgq>("posix").unwrap();
            std::mem::forget(Msgq::create(Some(name), &setup).unwrap());
            name.to_owned()
        }
        ["join-posix", name, ..] => {
            let setup = setup().with_variant::<Msgq>("posix").unwrap();
            let mut link = Msgq::join(name, &setup, PATIENCE).unwrap();
            link.send(b"here").unwrap();
            std::mem::forget(link);
            name.to_owned()
        }
        // Leaks its link: as this process stays, so does the link, until the process is killed.
        ["own", key, ..] => {
            let mut meeting = Msgq::create(Some(key), &setup()).unwrap();
            let mut joiner = other_process(&format!("join {key} stay"));
            let joiner = joiner.stdout(Stdio::null()).spawn().unwrap().id();
            std::mem::forget(meeting.accept(PATIENCE).unwrap());
            joiner.to_string()
        }
        ["join", key, ..] => {
            let mut link = Msgq::join(key, &setup(), PATIENCE).unwrap();
            link.send(b"here").unwrap();
            std::mem::forget(link);
            key.to_owned()
        }
        _ => panic!("no part {part}"),
    }
}
