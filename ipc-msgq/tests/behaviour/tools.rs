//! A queue that removes itself, both ends of a link, and the roles of the other process.

use std::fs;
use std::ops::Deref;
use std::thread;
use std::time::Duration;

use ipc_conformance::other::{self, playing_on};
pub use ipc_conformance::other::{PATIENCE, played, playing, watched};
use ipc_conformance::watchdog::over_this_test;
use ipc_core::{Mechanism, Sender, Setup};
use ipc_msgq::{Key, Message, MessageType, Posix, Queue, SystemV};
use nix::unistd::{Uid, setuid};

/// The size above which filling a queue with small messages takes longer than a test should.
pub const LARGE_QUEUE: usize = 1 << 20;

/// The reason to skip a test that fills one.
pub const TOO_LARGE: &str =
    "to fill a queue as large as kernel.msgmnb is here takes too long: set it to 1 MiB at most";

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
        let _ = self.queue.remove(); // a test may have removed it already
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
    over_this_test();
    Setup::default()
}

/// Makes both ends of a link, in this process.
pub fn pair<M: Mechanism<Options = ()>>() -> (M::Link, M::Link) {
    let mut meeting = M::create(None, &setup()).unwrap();
    let joiner = M::join(&meeting.address(), &setup(), PATIENCE).unwrap();
    (meeting.accept(PATIENCE).unwrap(), joiner)
}

/// Gives another thread time to start waiting. If this is too short, the case becomes easier, not wrong.
pub fn give_it_time_to_block() {
    thread::sleep(Duration::from_millis(100));
}

/// The other process of the tests; not a test.
#[test]
#[ignore = "the other process of the tests"]
fn other_process_main() {
    other::main(play);
}

/// Plays a role of the other process and returns its report.
fn play(part: &[&str]) -> String {
    let open = |key: &str| Queue::open(key.parse().unwrap()).unwrap();
    match *part {
        ["create", key] => format!("{:?}", Queue::create(key.parse().unwrap(), 0o600).unwrap()),
        ["create-as-nobody", key] => {
            setuid(Uid::from_raw(65534)).unwrap();
            format!("{:?}", Queue::create(key.parse().unwrap(), 0o666).unwrap())
        }
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
        // These two leak their queues: see below.
        ["create-posix", name] => {
            std::mem::forget(Posix::create(Some(name), &setup()).unwrap());
            name.to_owned()
        }
        ["accept-posix", name] => {
            let mut meeting = Posix::create(Some(name), &setup()).unwrap();
            meeting.accept(PATIENCE).unwrap().send(b"welcome").unwrap();
            name.to_owned()
        }
        ["join-posix", name] => {
            let mut link = Posix::join(name, &setup(), PATIENCE).unwrap();
            link.send(b"here").unwrap();
            std::mem::forget(link);
            name.to_owned()
        }
        ["wait", key] => {
            std::mem::forget(SystemV::create(Some(key), &setup()).unwrap());
            key.to_owned()
        }
        // Leaks its link: the link stays, as this process does, until the process is killed.
        ["own", key] => {
            let mut meeting = SystemV::create(Some(key), &setup()).unwrap();
            let joiner = playing_on(&format!("join {key}"));
            let pid = joiner.pid();
            std::mem::forget((meeting.accept(PATIENCE).unwrap(), joiner));
            pid.to_string()
        }
        ["join", key] => {
            let mut link = SystemV::join(key, &setup(), PATIENCE).unwrap();
            link.send(b"here").unwrap();
            std::mem::forget(link);
            key.to_owned()
        }
        _ => panic!("no part {part:?}"),
    }
}
