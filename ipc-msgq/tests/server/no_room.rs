//! A session that waits for room for its answer, and a client that does not wait for it.

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use ipc_core::Error;
use ipc_msgq::server::{Client, Event, Handler, Server};
use ipc_msgq::{Message, MessageType, OwnedQueue};

use crate::tools::{Events, PATIENCE, join_by_hand, leave, me, request, small, soon};

/// The capacity of the queue.
const CAPACITY: usize = 4096;

/// Returns requests, but not before the test says so.
struct Gate {
    events: Events,
    asked: Sender<()>,
    open: Mutex<Receiver<()>>,
}

impl Handler for Gate {
    fn answer(&self, request: &[u8]) -> Vec<u8> {
        self.asked.send(()).unwrap();
        self.open.lock().unwrap().recv().unwrap();
        request.to_vec()
    }

    fn notice(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }
}

/// A server whose handler is at work for a client.
struct AtWork {
    server: Server,
    events: Events,
    open: Sender<()>,
    session: u64,
    kind: MessageType,
    queue: OwnedQueue,
}

impl AtWork {
    fn new() -> Self {
        let (queue, events) = (small(CAPACITY), Events::default());
        let ((asked, was_asked), (open, opened)) = (mpsc::channel(), mpsc::channel());
        let gate = Gate { events: events.clone(), asked, open: Mutex::new(opened) };
        let server = Server::start(*queue, gate).unwrap();
        let (session, kind) = join_by_hand(*queue);
        queue.send(&request(session, kind, b"first")).unwrap();
        was_asked.recv_timeout(PATIENCE).unwrap();
        Self { server, events, open, session, kind, queue }
    }

    /// Fills the queue but for `room` bytes, and then lets the handler go on.
    fn with_room(room: usize) -> Self {
        let at_work = Self::new();
        let nobodys = MessageType::new(1 << 40).unwrap();
        at_work.queue.send(&Message::new(nobodys, &vec![0; CAPACITY - room])).unwrap();
        at_work.open.send(()).unwrap();
        at_work
    }

    fn has_reported(&self, event: Event) -> bool {
        self.events.lock().unwrap().contains(&event)
    }
}

/// A client may leave before its answer has room.
#[test]
fn a_leave_message_is_received() {
    let leave = |at: &AtWork| leave(at.session, at.kind);
    let at_work = AtWork::with_room(1 + size_of::<u64>()); // room for the leave message, and for no answer
    at_work.queue.send(&leave(&at_work)).unwrap();
    soon("it has left", || at_work.has_reported(Event::Left(me())));
    soon("its slot is free", || at_work.server.clients() == 0);
    assert!(!at_work.has_reported(Event::Rejected(me())));
    assert_eq!(at_work.queue.stat().unwrap().messages, 1, "nothing of it is left");
}

/// A second request before the first is answered is one too many, and neither is answered.
#[test]
fn a_request_is_rejected() {
    let at_work = AtWork::new();
    at_work.queue.send(&request(at_work.session, at_work.kind, b"second")).unwrap();
    at_work.open.send(()).unwrap();
    soon("it is rejected", || at_work.has_reported(Event::Rejected(me())));
    // The word of that is no answer, which another client's lack of room would take back after a second.
    thread::sleep(Duration::from_millis(1100));
    for _ in 0..2 {
        // With the second, the server is done with the first.
        at_work.queue.send(&Message::new(MessageType::ONE, b"")).unwrap();
        soon("the lack of room is noticed", || at_work.queue.stat().unwrap().messages <= 1);
    }
    let mut answer = Message::with_capacity(100);
    let answers = MessageType::new(at_work.kind.get() + 1).unwrap();
    at_work.queue.recv_until(answers, &mut answer, PATIENCE).unwrap().expect("it is told");
    assert_eq!(answer.text(), b"");
    drop(at_work.open); // a second call of the handler would panic
}

/// Joins a client while no room is left for its welcome, and stops the server.
#[test]
fn a_client_without_a_welcome_is_told_that_the_server_stops() {
    /// Does not go on after the notice of a client before the test says so.
    struct Greeter(Sender<()>, Mutex<Receiver<()>>);
    impl Handler for Greeter {
        fn answer(&self, request: &[u8]) -> Vec<u8> {
            request.to_vec()
        }

        fn notice(&self, event: Event) {
            if matches!(event, Event::Joined(_)) {
                self.0.send(()).unwrap();
                self.1.lock().unwrap().recv().unwrap();
            }
        }
    }
    let queue = small(CAPACITY);
    let ((joins, has_joined), (open, opened)) = (mpsc::channel(), mpsc::channel());
    let server = Server::start(*queue, Greeter(joins, Mutex::new(opened))).unwrap();
    thread::scope(|scope| {
        let client = scope.spawn(|| Client::join(*queue, PATIENCE).map(drop));
        has_joined.recv_timeout(PATIENCE).unwrap();
        queue.send(&Message::new(MessageType::new(1 << 40).unwrap(), &[0; CAPACITY])).unwrap();
        open.send(()).unwrap();
        server.stop();
        let joined = client.join().unwrap();
        assert!(matches!(joined, Err(Error::Disconnected)), "{joined:?}");
    });
}

/// A server that stops does not go on waiting for room.
#[test]
fn a_server_stops() {
    let at_work = AtWork::with_room(0);
    at_work.server.stop();
    assert!(!at_work.events.lock().unwrap().contains(&Event::Rejected(me())));
}
