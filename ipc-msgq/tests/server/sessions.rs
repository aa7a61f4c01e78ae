//! Joining, leaving, being killed, and slots that are used again.

use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Duration;

use ipc_conformance::{other, skipped};
use ipc_core::Error;
use ipc_core::process::ProcessId;
use ipc_msgq::server::{Client, Event, Handler, Server};
use ipc_msgq::{Message, MessageType, Queue, QueueId};
use nix::unistd::geteuid;

use crate::tools::{
    NOBODY, Other, PATIENCE, Served, join_by_hand, join_for, knock, leave, me, request, small, soon,
};

/// Each client has its own types, one for each direction, and gets its own answers, whatever the order of the requests.
#[test]
fn every_client_has_two_types_and_its_own_answers() {
    let served = Served::new();
    let mut clients: Vec<_> = (0..5).map(|_| served.join()).collect();
    let mut types: Vec<_> = clients.iter().flat_map(Client::types).collect();
    types.sort_unstable();
    types.dedup();
    assert_eq!(types.len(), 10);
    for round in 0..20_usize {
        for number in 0..5 {
            let number = (number + round) % 5;
            let text = format!("{number} in {round}");
            assert_eq!(clients[number].request(text.as_bytes()).unwrap(), text.as_bytes());
        }
    }
    assert_eq!(clients[0].request(b"").unwrap(), b"", "nothing is a request, too");
    assert_eq!(served.server.clients(), 5);
    drop(clients);
    soon("all have left", || served.server.clients() == 0);
    assert_eq!(served.messages(), 0);
}

/// A client may start before its server.
#[test]
fn a_client_waits_for_its_server() {
    let queue = Queue::private(0o600).unwrap().owned();
    std::thread::scope(|scope| {
        let client = scope.spawn(|| Client::join(*queue, PATIENCE).unwrap().request(b"early").unwrap());
        soon("it has knocked", || queue.stat().unwrap().messages == 1);
        let _server = Server::start(*queue, |request: &[u8]| request.to_vec()).unwrap();
        assert_eq!(client.join().unwrap(), b"early");
    });
}

/// Plays a server that answers a request to join with `text`.
fn joined_with(text: &[u8]) -> Error {
    let queue = Queue::private(0o600).unwrap().owned();
    std::thread::scope(|scope| {
        let client = scope.spawn(|| Client::join(*queue, PATIENCE).unwrap_err());
        let mut join = Message::with_capacity(100);
        queue.recv_until(MessageType::ONE, &mut join, PATIENCE).unwrap().expect("it knocks");
        let welcome = i64::from_ne_bytes(join.text()[8..16].try_into().unwrap());
        queue.send(&Message::new(MessageType::new(welcome).unwrap(), text)).unwrap();
        client.join().unwrap()
    })
}

/// A client for which there is no slot is told so by an empty welcome; anything else that is no welcome is corrupt.
#[test]
fn a_client_may_find_no_slot() {
    assert!(matches!(joined_with(b""), Error::Disconnected));
    assert!(matches!(joined_with(b"welcome!"), Error::Corrupt(_)));
    assert!(matches!(joined_with(&[99]), Error::Corrupt(_)), "no reason");
    assert!(joined_with(&[1]).to_string().contains("as many clients as it can have"));
}

/// Returns the welcome of a server that names `queue`.
fn welcome_to(queue: Queue) -> Vec<u8> {
    let me = me();
    let process =
        [&me.pid.to_ne_bytes()[..], &me.start_time.to_ne_bytes(), &me.namespaces.to_bits().to_ne_bytes()];
    [&[0; 8][..], &[0; 4], &queue.id().get().to_ne_bytes(), &process.concat()].concat()
}

/// A welcome may name a queue that is removed meanwhile, since the server stops.
#[test]
fn a_server_may_stop_before_its_welcome_is_read() {
    let removed = Queue::private(0o600).unwrap();
    removed.remove().unwrap();
    let error = joined_with(&welcome_to(removed));
    assert!(matches!(error, Error::Disconnected), "{error}");
}

/// A welcome to the queue of a user to whom the one that all know does not belong is not the server's.
#[test]
fn a_client_is_not_lured_into_the_queue_of_another_user() {
    if !geteuid().is_root() {
        return skipped("to become another user needs root");
    }
    let Ok(made) = other::command("make").uid(NOBODY).env_remove("TMPDIR").output() else {
        return skipped("the user nobody may not run this program");
    };
    let made = String::from_utf8(made.stdout).unwrap();
    let id = made.lines().find_map(|line| line.strip_prefix("queue ")).expect("its id");
    let theirs = Queue::from_id(QueueId::new(id.parse().unwrap())).owned();
    assert_eq!(theirs.stat().unwrap().creator, NOBODY);
    let error = joined_with(&welcome_to(*theirs));
    assert!(matches!(error, Error::Corrupt(_)), "{error}");
}

/// Without a server, the wait ends at the time limit.
#[test]
fn nobody_answers() {
    let queue = Queue::private(0o600).unwrap().owned();
    let error = Client::join(*queue, Duration::from_millis(50)).unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
}

/// The reaper notices a client that ends without leaving, and discards its messages. The others notice nothing.
#[test]
fn a_killed_client_is_known_and_leaves_nothing() {
    let served = Served::new();
    let mut stays = served.join();
    for part in ["idle", "ask"] {
        let mut others: Vec<_> = (0..4).map(|_| Other::start(part, *served.queue)).collect();
        for other in &mut others {
            other.says("joined");
        }
        assert_eq!(served.server.clients(), 5);
        for other in &mut others {
            let id = other.id();
            other.kill();
            soon("the server knows", || served.has_reported(Event::Killed(id)));
        }
        assert_eq!(stays.request(b"still here").unwrap(), b"still here");
        soon("their slots are free", || served.server.clients() == 1);
        assert_eq!(served.messages(), 0, "and nothing of theirs is left");
    }
    assert!(!served.has_reported(Event::Killed(ProcessId::current().unwrap())));
}

/// A client that is killed before it has taken its welcome leaves nothing either.
#[test]
fn a_welcome_that_is_not_taken_does_not_stay() {
    let served = Served::new();
    let mut other = Command::new("sleep").arg("60").spawn().unwrap();
    let id = ProcessId::of(other.id()).unwrap().unwrap();
    knock(*served.queue, id, MessageType::MAX, 1);
    soon("its welcome is there", || served.server.clients() == 1 && served.messages() == 1);
    other.kill().unwrap();
    other.wait().unwrap();
    soon("its slot is free", || served.server.clients() == 0);
    assert!(served.has_reported(Event::Killed(id)));
    assert_eq!(served.messages(), 0);
}

/// The next client gets the types of the one that has gone, and another session.
#[test]
fn types_are_used_again_and_sessions_are_not() {
    let served = Served::new();
    let first = crate::tools::join_by_hand(*served.queue);
    served.queue.send(&leave(first.0, first.1)).unwrap();
    soon("it has left", || served.server.clients() == 0);
    let second = crate::tools::join_by_hand(*served.queue);
    assert_eq!(first.1, second.1);
    assert_ne!(first.0, second.0);
}

/// A message left in a slot is not taken for an answer that its next client has not taken.
#[test]
fn a_slot_is_empty_when_it_is_used_again() {
    let served = Served::new();
    for left in [2, 3, 3] {
        served.queue.send(&Message::new(MessageType::new(left).unwrap(), b"left behind")).unwrap();
    }
    let (session, kind) = join_by_hand(*served.queue);
    assert_eq!((kind.get(), served.messages()), (2, 0));
    served.queue.send(&request(session, kind, b"hello")).unwrap();
    assert_eq!(served.answer(kind), [&session.to_ne_bytes()[..], b"hello"].concat());
}

/// The first byte gives the kind: any text that is neither a request nor a leave message is ignored.
#[test]
fn a_message_that_is_not_a_request_is_ignored() {
    let served = Served::new();
    let (session, kind) = join_by_hand(*served.queue);
    served.queue.send(&Message::new(kind, &[b"!", &session.to_ne_bytes()[..], b"loud"].concat())).unwrap();
    served.queue.send(&request(session, kind, b"hello")).unwrap();
    assert_eq!(served.answer(kind), [&session.to_ne_bytes()[..], b"hello"].concat());
    assert_eq!(*served.requests.lock().unwrap(), [b"hello"]);
}

/// A client that leaves and ends before the server reads the message has left, and was not killed.
#[test]
fn the_leave_message_of_a_client_that_has_ended_is_received() {
    let served = Served::small(4096, Duration::from_millis(300));
    let mut other = Command::new("sleep").arg("60").spawn().unwrap();
    let id = ProcessId::of(other.id()).unwrap().unwrap();
    let (session, kind) = join_for(*served.queue, id);
    // All this happens while the handler is running; if the handler is faster, the case is easier, not wrong.
    served.queue.send(&request(session, kind, b"panic")).unwrap();
    soon("it is at it", || served.has_seen(b"panic"));
    served.queue.send(&leave(session, kind)).unwrap();
    other.kill().unwrap();
    other.wait().unwrap();
    soon("it has gone", || served.server.clients() == 0);
    assert!(served.has_reported(Event::Left(id)) && !served.has_reported(Event::Killed(id)));
}

/// A client ignores an answer to the slot's previous client; a server ignores a request of that client.
#[test]
fn a_stale_message_for_a_slot_that_is_used_again_is_not_taken_for_a_new_one() {
    let served = Served::new();
    let mut client = served.join();
    let [inbound, outbound] = client.types();
    let old_session = 1_u64;
    served.queue.send(&Message::new(outbound, &[&old_session.to_ne_bytes()[..], b"old"].concat())).unwrap();
    served.queue.send(&request(old_session, inbound, b"stale")).unwrap();
    // The stale request is not answered. The stale answer delays no other message.
    soon("the server has ignored the request", || served.messages() == 1);
    let mut taken = Message::with_capacity(100);
    served.queue.try_recv(outbound, &mut taken).unwrap().expect("the stale answer");
    assert_eq!(client.request(b"new").unwrap(), b"new");
    // Now a stale answer comes while the client waits.
    std::thread::scope(|scope| {
        let answer = scope.spawn(move || client.request(b"slow").unwrap());
        std::thread::sleep(Duration::from_millis(50));
        let stale = [&old_session.to_ne_bytes()[..], b"old"].concat();
        served.queue.send(&Message::new(outbound, &stale)).unwrap();
        let answer = answer.join().unwrap();
        assert_eq!(answer, b"slow");
    });
}

/// A client whose wait for an answer timed out does not take that answer for the next one.
#[test]
fn a_late_answer_is_not_the_next_one() {
    let served = Served::new();
    let in_time = || Client::join(*served.queue, Duration::from_millis(200)).ok();
    let mut client = std::iter::repeat_with(in_time).flatten().next().expect("without end");
    // On a busy machine the answer may be there when the client looks at the clock.
    let timed_out = |client: &mut Client| matches!(client.request(b"slow"), Err(Error::TimedOut { .. }));
    assert!((0..20).any(|_| timed_out(&mut client)));
    let second = loop {
        match client.request(b"second") {
            Err(Error::TimedOut { .. }) => {}
            answer => break answer.unwrap(),
        }
    };
    assert_eq!(second, b"second");
}

/// Waiting clients are told, and so are later requests.
#[test]
fn a_server_that_stops_tells_its_clients() {
    let Served { server, queue, requests, .. } = Served::new();
    let join = || Client::join(*queue, PATIENCE).unwrap();
    let (mut client, mut asking) = (join(), join());
    let mut others: Vec<_> = (0..2).map(|_| Other::start("ask", *queue)).collect();
    for other in &mut others {
        other.says("joined");
    }
    std::thread::scope(|scope| {
        let answer = scope.spawn(move || asking.request(b"slow"));
        soon("its request is being answered", || requests.lock().unwrap().contains(&b"slow".to_vec()));
        server.stop();
        assert_eq!(answer.join().unwrap().unwrap(), b"slow", "what is under way is answered");
    });
    let late = client.request(b"too late");
    assert!(matches!(late, Err(Error::Disconnected)), "{late:?}");
    for other in &mut others {
        soon("it ends by itself", || other.child.try_wait().unwrap().is_some());
    }
}

/// A panic in a handler ends only this client's session.
#[test]
fn a_handler_that_panics_ends_one_session() {
    let served = Served::new();
    let (mut unlucky, mut other) = (served.join(), served.join());
    assert!(matches!(unlucky.request(b"panic"), Err(Error::Disconnected)));
    assert!(matches!(unlucky.request(b"hello"), Err(Error::Disconnected)));
    assert_eq!(other.request(b"hello").unwrap(), b"hello");
    drop(unlucky);
    soon("it has left", || served.server.clients() == 1);
}

/// Panics at every event.
struct Startled;

impl Handler for Startled {
    fn answer(&self, request: &[u8]) -> Vec<u8> {
        request.to_vec()
    }

    fn notice(&self, event: Event) {
        panic!("{event:?}");
    }
}

/// A panic at the notice of an event stops neither the client that it is about nor the server.
#[test]
fn a_handler_that_panics_at_an_event_disturbs_nothing() {
    let queue = small(1000);
    let server = Server::start(*queue, Startled).unwrap();
    let join = || Client::join(*queue, PATIENCE).unwrap();
    queue.send(&Message::new(MessageType::ONE, b"garbage")).unwrap();
    assert_eq!(join().request(b"hello").unwrap(), b"hello");
    soon("it has left", || server.clients() == 0);
    assert_eq!(join().request(b"hello").unwrap(), b"hello");
    server.stop();
}

/// When the queue is removed, the server ends with that reason.
#[test]
fn a_server_ends_with_its_queue() {
    let Served { server, queue, .. } = Served::new();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| server.wait());
        queue.remove().unwrap();
        let error = waiting.join().unwrap().unwrap_err().to_string();
        assert!(error.contains("EIDRM") || error.contains("EINVAL"), "{error}");
    });
}
