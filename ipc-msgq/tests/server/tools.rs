//! A server with its own queue, a client that breaks the rules, and other processes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ipc_conformance::other;
pub use ipc_conformance::watchdog::PATIENCE;
use ipc_conformance::watchdog::over_this_test;
use ipc_core::process::ProcessId;
use ipc_msgq::server::{Client, Event, Handler, Server};
use ipc_msgq::{Message, MessageType, OwnedQueue, Queue, QueueId, Settings};

/// The number of the user who owns nothing.
pub const NOBODY: u32 = 65534;

/// The events reported to the server's handler, in order.
pub type Events = Arc<Mutex<Vec<Event>>>;

/// A server, which returns requests ("slow" after a delay, and "long…" with more text), and its queue.
pub struct Served {
    pub server: Server,
    pub events: Events,
    /// The requests that the handler received.
    pub requests: Requests,
    pub queue: OwnedQueue,
}

pub type Requests = Arc<Mutex<Vec<Vec<u8>>>>;

struct Echo {
    events: Events,
    requests: Requests,
    takes: Duration,
}

impl Handler for Echo {
    fn answer(&self, request: &[u8]) -> Vec<u8> {
        self.requests.lock().unwrap().push(request.to_vec());
        thread::sleep(if request == b"slow" { Duration::from_millis(500) } else { self.takes });
        assert_ne!(request, b"panic");
        let more: &[u8] = if request.starts_with(b"long") { &[b'x'; 300] } else { &[] };
        [request, more].concat()
    }

    fn notice(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }
}

impl Served {
    pub fn new() -> Self {
        over_this_test();
        Self::at(Queue::private(0o600).unwrap().owned(), Duration::ZERO)
    }

    /// Starts a server on a queue that holds `capacity` bytes; each answer takes the time `takes`.
    pub fn small(capacity: usize, takes: Duration) -> Self {
        Self::at(small(capacity), takes)
    }

    fn at(queue: OwnedQueue, takes: Duration) -> Self {
        let (events, requests) = (Events::default(), Requests::default());
        let echo = Echo { events: Arc::clone(&events), requests: Arc::clone(&requests), takes };
        let server = Server::start(*queue, echo).unwrap();
        Self { server, events, requests, queue }
    }

    pub fn join(&self) -> Client {
        Client::join(*self.queue, PATIENCE).unwrap()
    }

    pub fn has_reported(&self, event: Event) -> bool {
        self.events.lock().unwrap().contains(&event)
    }

    pub fn messages(&self) -> usize {
        self.queue.stat().unwrap().messages
    }

    /// Returns whether the handler received that request.
    pub fn has_seen(&self, request: &[u8]) -> bool {
        self.requests.lock().unwrap().iter().any(|seen| seen == request)
    }

    /// Sends, without [`Client`], a request not sent before, and waits until the answer is in the queue,
    /// besides `others` unread ones.
    pub fn ask(&self, (session, kind): (u64, MessageType), text: &[u8], others: usize) {
        self.queue.send(&request(session, kind, text)).unwrap();
        soon("it is answered", || self.has_seen(text) && self.messages() == others + 1);
    }

    /// Returns the answer to a client that sends messages of type `kind`.
    pub fn answer(&self, kind: MessageType) -> Vec<u8> {
        let mut answer = Message::with_capacity(1 << 13);
        let answers = MessageType::new(kind.get() + 1).unwrap();
        self.queue.recv_until(answers, &mut answer, PATIENCE).unwrap().expect("an answer");
        answer.text().to_vec()
    }
}

pub fn small(capacity: usize) -> OwnedQueue {
    over_this_test();
    let queue = Queue::private(0o600).unwrap().owned();
    set_capacity(*queue, capacity);
    queue
}

pub fn set_capacity(queue: Queue, capacity: usize) {
    queue.set(&Settings { capacity: Some(capacity), ..Settings::default() }).unwrap();
}

/// Returns this process, as the server knows it.
pub fn me() -> ProcessId {
    ProcessId::current().unwrap()
}

pub fn soon(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "{what}: not after {PATIENCE:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Joins by hand, to break the rules later. Returns the session and the type of its requests.
pub fn join_by_hand(queue: Queue) -> (u64, MessageType) {
    join_for(queue, me())
}

/// Joins in the same way for another process.
pub fn join_for(queue: Queue, client: ProcessId) -> (u64, MessageType) {
    let (session, kind, _) = seat_for(queue, client);
    (session, kind)
}

/// Joins in the same way. Returns the queue, too, where there are so many clients that it is another one.
pub fn seat_for(queue: Queue, client: ProcessId) -> (u64, MessageType, Queue) {
    seat(queue, client, 1)
}

/// Joins in the same way, with so many requests under way.
pub fn seat(queue: Queue, client: ProcessId, depth: u8) -> (u64, MessageType, Queue) {
    let welcome = MessageType::new(i64::MAX - i64::from(std::process::id())).unwrap();
    knock(queue, client, welcome, depth);
    let mut answer = Message::with_capacity(100);
    queue.recv_until(welcome, &mut answer, PATIENCE).unwrap().expect("a welcome");
    let (session, rest) = answer.text().split_first_chunk().unwrap();
    let (slot, rest) = rest.split_first_chunk().unwrap();
    let seat = QueueId::new(i32::from_ne_bytes(*rest.first_chunk().unwrap()));
    let kind = MessageType::new(2 * i64::from(u32::from_ne_bytes(*slot)) + 2).unwrap();
    (u64::from_ne_bytes(*session), kind, Queue::from_id(seat))
}

/// Sends a request to join for `client`, with a welcome of that type.
pub fn knock(queue: Queue, client: ProcessId, welcome: MessageType, depth: u8) {
    let (pid, start_time) = (client.pid.to_ne_bytes(), client.start_time.to_ne_bytes());
    let namespaces = client.namespaces.to_bits().to_ne_bytes();
    let join =
        [&b"ipcserv4"[..], &welcome.get().to_ne_bytes(), &[depth], &pid, &start_time, &namespaces].concat();
    queue.send(&Message::new(MessageType::ONE, &join)).unwrap();
}

/// Returns a request of `session`.
pub fn request(session: u64, kind: MessageType, text: &[u8]) -> Message {
    Message::new(kind, &[b"?", &session.to_ne_bytes()[..], text].concat())
}

/// Returns the leave message of `session`.
pub fn leave(session: u64, kind: MessageType) -> Message {
    Message::new(kind, &[b".", &session.to_ne_bytes()[..]].concat())
}

/// Another process: this same program, which plays `part`. Killed when this value is dropped.
pub struct Other {
    pub child: Child,
    lines: BufReader<ChildStdout>,
    stdin: ChildStdin,
}

impl Other {
    pub fn start(part: &str, queue: Queue) -> Self {
        let mut command = other::command(&format!("{part} {}", queue.id()));
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let stdin = child.stdin.take().unwrap();
        Self { child, lines, stdin }
    }

    pub fn id(&self) -> ProcessId {
        ProcessId::of(self.child.id()).unwrap().expect("it is there until it was waited for")
    }

    /// Waits until the process prints `word`.
    pub fn says(&mut self, word: &str) {
        let mut line = String::new();
        while !line.contains(&format!("said: {word}")) {
            line.clear();
            assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "it ended and never said '{word}'");
        }
    }

    /// Lets the process go on.
    pub fn go(&mut self) {
        self.stdin.write_all(b"!").unwrap();
    }

    /// Kills the process at once: it can neither catch the signal nor clean up.
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

/// The other process of the tests; not a test.
#[test]
#[ignore = "the other process of the tests"]
fn other_process_main() {
    let Some(part) = other::part() else { return };
    if let Some(other) = super::queues::other_process(&part) {
        return other;
    }
    let (part, id) = part.rsplit_once(' ').unwrap();
    let queue = Queue::from_id(QueueId::new(id.parse().unwrap()));
    match part {
        "idle" => {
            let client = Client::join(queue, PATIENCE).unwrap();
            println!("said: joined");
            let _ = std::io::stdin().read(&mut [0]); // until it is killed, or the test has ended
            drop(client);
        }
        "ask" => {
            let mut client = Client::join(queue, PATIENCE).unwrap();
            println!("said: joined");
            while client.request(b"again and again").is_ok() {}
        }
        "flood" => {
            let (session, kind) = join_by_hand(queue);
            println!("said: joined");
            while queue.send(&request(session, kind, &[b'x'; 500])).is_ok() {}
        }
        "pipelined" => super::pipelined::keep_under_way(queue),
        "hundred" => super::thousand::hundred(queue),
        _ => panic!("no part {part}"),
    }
}
