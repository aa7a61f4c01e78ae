//! The queues that a server makes for its clients beyond the 32nd.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use ipc_conformance::{namespaces, other, skipped};
use ipc_core::{Error, ownership};
use ipc_msgq::server::{Client, Event, Server};
use ipc_msgq::{Message, MessageType, Queue, QueueId, Settings, SystemV};
use nix::unistd::geteuid;

use crate::tools::{NOBODY, PATIENCE, Served, me, request, seat_for, soon};

/// The number of clients on a queue.
const FULL: usize = 32;

/// A server with a full queue, and one client on a second.
struct Two {
    served: Served,
    first: Vec<Client>,
    last: Client,
}

impl Two {
    fn at(served: Served) -> Self {
        let first: Vec<_> = (0..FULL).map(|_| served.join()).collect();
        assert!(first.iter().all(|client| client.queue() == *served.queue));
        let last = served.join();
        assert_ne!(last.queue(), *served.queue);
        Self { served, first, last }
    }

    fn new() -> Self {
        Self::at(Served::new())
    }
}

fn is_gone(queue: Queue) -> bool {
    queue.stat().is_err()
}

/// Clients beyond the 32nd are served on a queue like the first. It stays for the next, and goes with the server.
#[test]
fn one_more_client_gets_a_queue_of_the_same_kind() {
    let Two { served, mut first, mut last } = Two::at(Served::small(4096, Duration::ZERO));
    let second = last.queue();
    let [like, stat] = [*served.queue, second].map(|queue| queue.stat().unwrap());
    assert_eq!((stat.mode, stat.owner, stat.capacity), (like.mode, like.owner, 4096));
    assert_eq!(last.types(), first[0].types(), "the types of a queue begin anew");
    for (number, client) in first.iter_mut().chain([&mut last]).enumerate() {
        let text = number.to_string();
        assert_eq!(client.request(text.as_bytes()).unwrap(), text.as_bytes());
    }
    drop((first, last));
    soon("all have left", || served.server.clients() == 0);
    assert_eq!(second.stat().unwrap().messages, 0, "it stays, and is empty");
    let Two { served, last, .. } = Two::at(served);
    assert_eq!(last.queue(), second, "it is used again");
    served.server.stop();
    assert!(is_gone(second));
    served.queue.stat().expect("the queue that the clients know is the caller's");
}

/// A client takes its last answer although the server removes the queue; the others are told at once that there is no
/// server.
#[test]
fn the_last_answer_comes_before_the_end_of_the_queue() {
    let Two { served, mut last, first } = Two::new();
    let second = last.queue();
    let (session, kind, queue) = seat_for(*served.queue, me());
    assert_eq!(queue, second);
    queue.send(&request(session, kind, b"slow")).unwrap();
    soon("it is at work", || served.has_seen(b"slow"));
    thread::scope(|scope| {
        let server = served.server;
        scope.spawn(move || server.stop());
        soon("the other is told", || second.stat().unwrap().messages == 1);
        assert!(matches!(last.request(b"late"), Err(Error::Disconnected)));
        soon("the answer is there", || second.stat().unwrap().messages == 2); // and the late request
        thread::sleep(Duration::from_millis(50)); // the client is slow, too
        let mut answer = Message::with_capacity(100);
        let taken = queue.try_recv(MessageType::new(kind.get() + 1).unwrap(), &mut answer).unwrap();
        assert!(taken.is_some() && answer.text().ends_with(b"slow"), "{answer:?}");
    });
    assert!(is_gone(second));
    assert!(matches!(last.request(b"late"), Err(Error::Disconnected)));
    drop(first);
}

/// A queue that is removed from outside ends the sessions on it, and no others. The next client gets a new one.
#[test]
fn a_removed_queue_ends_its_own_clients_only() {
    let Two { served, mut first, mut last } = Two::new();
    let second = last.queue();
    thread::scope(|scope| {
        let asking = scope.spawn(|| last.request(b"slow"));
        soon("it is at work", || served.has_seen(b"slow"));
        second.remove().unwrap();
        assert!(matches!(asking.join().unwrap(), Err(Error::Disconnected)));
    });
    assert!(matches!(last.request(b"again"), Err(Error::Disconnected)));
    soon("its session is over", || served.server.clients() == FULL);
    assert_eq!(first[0].request(b"hello").unwrap(), b"hello");
    let mut next = served.join();
    assert_eq!(next.request(b"hello").unwrap(), b"hello");
    assert!(next.queue() != second && next.queue() != *served.queue);
}

/// A message in another client's place, or in another queue, is nobody's: it is neither answered nor an answer.
#[test]
fn a_client_cannot_ask_in_the_place_of_another() {
    let Two { served, mut first, mut last } = Two::new();
    let (session, kind, queue) = seat_for(*served.queue, me());
    assert_eq!(queue, last.queue());
    let [theirs, answers] = last.types();
    for (queue, kind) in [(queue, theirs), (*served.queue, kind), (*served.queue, theirs)] {
        queue.send(&request(session, kind, b"not mine")).unwrap();
    }
    soon("they are taken out", || served.messages() == 0 && queue.stat().unwrap().messages == 0);
    queue.send(&Message::new(answers, &[&session.to_ne_bytes()[..], b"forged"].concat())).unwrap();
    // The server takes this for an answer that the client has not taken: only that client can be out.
    let answer = last.request(b"hello");
    assert!(matches!(answer, Err(Error::Disconnected)) || answer.unwrap() == b"hello");
    assert!(first.iter_mut().all(|client| client.request(b"hello").unwrap() == b"hello"));
    assert!(!served.has_seen(b"not mine"));
}

/// Unread answers in one queue are taken back for a client that lacks room there, and none in other queues.
#[test]
fn room_is_made_in_the_queue_that_lacks_it() {
    let served = Served::small(1000, Duration::ZERO);
    let long = [b'x', b'y'].map(|byte| [byte; 700]);
    let (session, kind, queue) = seat_for(*served.queue, me());
    queue.send(&request(session, kind, &long[0])).unwrap();
    soon("its answer is not taken", || served.has_seen(&long[0]) && served.messages() == 1);
    let others: Vec<_> = (1..FULL).map(|_| served.join()).collect();
    let mut last = served.join();
    let second = last.queue();
    let (session, kind, queue) = seat_for(*served.queue, me());
    assert!(queue == second && second != *served.queue);
    queue.send(&request(session, kind, &long[1])).unwrap();
    soon("nor is this one's", || served.has_seen(&long[1]) && second.stat().unwrap().messages == 1);
    let text = [b'z'; 600];
    assert_eq!(last.request(&text).unwrap(), text, "after a second there is room");
    let rejected =
        |events: &[Event]| events.iter().filter(|event| matches!(event, Event::Rejected(_))).count();
    soon("one is rejected", || rejected(&served.events.lock().unwrap()) == 1);
    assert_eq!(served.queue.stat().unwrap().bytes, 700 + size_of::<u64>(), "the first queue was left alone");
    drop(others);
}

/// A server that is killed leaves one ownership lock: it notes the queues, and cleaning up removes them. The clients
/// notice its end.
#[test]
fn a_killed_server_leaves_one_record_of_all_queues() {
    let place = tempfile::tempdir().unwrap();
    let mut server = other::command("serve").env("TMPDIR", place.path()).spawn().unwrap();
    let mut said = BufReader::new(server.stdout.take().unwrap()).lines().map_while(Result::ok);
    let id = said.find_map(|line| line.strip_prefix("queue ").map(str::to_owned)).expect("its id");
    let queue = Queue::from_id(QueueId::new(id.parse().unwrap())).owned();
    let mut clients: Vec<_> = (0..=2 * FULL).map(|_| Client::join(*queue, PATIENCE).unwrap()).collect();
    clients.push(Client::pipelined(*queue, 4, PATIENCE).unwrap());
    let queues = [FULL, 2 * FULL, 2 * FULL + 1].map(|at| clients[at].queue());
    server.kill().unwrap();
    server.wait().unwrap();
    for at in [0, FULL, 2 * FULL, 2 * FULL + 1] {
        assert!(matches!(clients[at].request(b"anyone?"), Err(Error::Disconnected)));
    }
    assert!(!queues.into_iter().any(is_gone), "the owner could not remove them");
    let clean = other::command("clean").env("TMPDIR", place.path()).output().unwrap();
    let said = String::from_utf8(clean.stdout).unwrap();
    assert!(said.contains("removed 1, left 0"), "{said}");
    assert!(queues.into_iter().all(is_gone));
}

/// A server may be of the user to whom the queue that all know was given: then its other queues are of that user.
#[test]
fn the_queue_may_have_been_given_to_the_server() {
    let queue = Queue::private(0o666).unwrap().owned();
    if !geteuid().is_root() {
        return skipped("giving a queue to another user needs root");
    }
    queue.set(&Settings { owner: Some(NOBODY), ..Settings::default() }).unwrap();
    let mut server = other::command(&format!("serve at {}", queue.id()));
    let Ok(mut server) = server.uid(NOBODY).env_remove("TMPDIR").spawn() else {
        return skipped("the user nobody may not run this program");
    };
    let mut clients: Vec<_> = (0..=FULL).map(|_| Client::join(*queue, PATIENCE).unwrap()).collect();
    assert_eq!(clients[FULL].request(b"hello").unwrap(), b"hello");
    let second = clients[FULL].queue();
    assert_eq!(second.stat().unwrap().creator, NOBODY);
    server.kill().unwrap();
    server.wait().unwrap();
    // With its note, which is in a directory of that user.
    let clean = other::command("clean").uid(NOBODY).env_remove("TMPDIR").output().unwrap();
    assert!(clean.status.success() && is_gone(second), "{clean:?}");
}

/// When the system allows no more queues, the next client is told why, and the others are served.
#[test]
fn a_client_for_which_no_queue_can_be_made_is_told() {
    let Some(mut inside) = namespaces::unshared(&["--ipc"]) else {
        return skipped("a new IPC namespace needs root or a user namespace, and unshare(1)");
    };
    let plain = other::command("no-queue");
    inside.args(["sh", "-c", "echo 2 > /proc/sys/kernel/msgmni && exec timeout -s KILL 60 \"$@\"", "sh"]);
    inside.arg(plain.get_program()).args(plain.get_args());
    inside.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = inside.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("done"), "{output:?}");
}

/// Plays the part of another process, if it is one of these; returns `None` if not.
pub fn other_process(part: &str) -> Option<()> {
    match part {
        "serve" => serve(Queue::private(0o600).unwrap()),
        "clean" => {
            let swept = ownership::sweep::<SystemV>().unwrap();
            println!("\nremoved {}, left {}", swept.removed.len(), swept.left.len());
        }
        "no-queue" => no_queue(),
        "make" => println!("\nqueue {}", Queue::private(0o666).unwrap().id()),
        _ => {
            let id = part.strip_prefix("serve at ")?;
            serve(Queue::from_id(QueueId::new(id.parse().unwrap())));
        }
    }
    Some(())
}

fn serve(queue: Queue) {
    let _server = Server::start(queue, |request: &[u8]| request.to_vec()).unwrap();
    println!("\nqueue {}", queue.id());
    thread::sleep(PATIENCE); // it is killed before
}

/// With two queues allowed, the 65th client is refused; when one has left, the next gets its slot.
fn no_queue() {
    let Two { served, mut first, last } = Two::new();
    let rest: Vec<_> = (0..FULL - 1).map(|_| served.join()).collect();
    for _ in 0..2 {
        let refused = Client::join(*served.queue, PATIENCE).unwrap_err();
        assert!(matches!(&refused, Error::Refused(why) if why.contains("kernel.msgmni")), "{refused}");
        let is_refusal = |event: &Event| matches!(event, Event::Refused(client, _) if *client == me());
        assert!(served.events.lock().unwrap().iter().any(is_refusal));
    }
    assert_eq!(first[0].request(b"hello").unwrap(), b"hello");
    drop(last);
    soon("a slot is free", || served.server.clients() == 2 * FULL - 1);
    assert_eq!(served.join().request(b"hello").unwrap(), b"hello");
    drop(rest);
    println!("\ndone");
}
