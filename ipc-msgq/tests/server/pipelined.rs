//! Clients with several requests under way: each has a queue of its own.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ipc_core::Error;
use ipc_msgq::server::{Client, Event, Server};
use ipc_msgq::{Message, MessageType, Queue};

use crate::tools::{Other, PATIENCE, Served, leave, me, request, seat, small, soon};

fn join(served: &Served, depth: usize) -> Client {
    Client::pipelined(*served.queue, depth, PATIENCE).unwrap()
}

fn is_gone(queue: Queue) -> bool {
    queue.stat().is_err()
}

/// Returns request number `number`: one of many lengths, from nothing to `longest`.
fn text(number: usize, longest: usize) -> Vec<u8> {
    number.to_ne_bytes().into_iter().cycle().take(number * 7919 % (longest + 1)).collect()
}

/// The answers are in the order of the requests, although these do not fit the queue, with answers of any length.
#[test]
fn answers_come_in_order_through_a_full_queue() {
    let served = Served::small(2000, Duration::ZERO);
    let mut client = join(&served, 64);
    let (mut under_way, mut most) = (VecDeque::new(), 0);
    for number in 0..2000 {
        let text = text(number, 1900);
        while !client.send_request(&text).unwrap() {
            let expected: Vec<u8> = under_way.pop_front().expect("only these take room");
            assert_eq!(client.receive_answer().unwrap(), expected);
        }
        under_way.push_back(text);
        most = most.max(under_way.len());
    }
    assert!(most > 1);
    while let Some(expected) = under_way.pop_front() {
        assert_eq!(client.receive_answer().unwrap(), expected);
    }
    assert!(matches!(client.receive_answer(), Err(Error::Usage(_))), "none is under way");
    assert_eq!(client.request(b"and one more").unwrap(), b"and one more");
}

/// No more requests are under way than announced; then a client may go on with one at a time.
#[test]
fn the_depth_is_kept() {
    let served = Served::new();
    let mut client = join(&served, 3);
    assert_eq!([1, 2, 3, 4].map(|number| client.send_request(&[number]).unwrap()), [true, true, true, false]);
    assert_eq!(client.request(b"last").unwrap(), b"last", "the answers to the others are discarded");
    let too_long = vec![0; 1 << 14];
    assert!(matches!(client.send_request(&too_long), Err(Error::TooLarge { .. })));
    let mut deepest = join(&served, usize::MAX);
    assert_eq!((0..100).filter(|&number| deepest.send_request(&[number]).unwrap()).count(), 64);
}

/// Its queue is like the one that all know. It is used again, and goes with the server.
#[test]
fn its_queue_is_used_again() {
    let served = Served::small(4096, Duration::ZERO);
    let [one, other] = [2, 2].map(|depth| join(&served, depth));
    let queues = [*served.queue, one.queue(), other.queue()];
    let [like, stat, _] = queues.map(|queue| queue.stat().unwrap());
    assert_eq!((stat.mode, stat.owner, stat.capacity), (like.mode, like.owner, 4096));
    assert!(queues[1] != queues[0] && queues[2] != queues[0] && queues[1] != queues[2]);
    assert_eq!(one.types(), other.types());
    drop(one);
    soon("it has left", || served.has_reported(Event::Left(me())) && served.server.clients() == 1);
    assert_eq!(join(&served, 3).queue(), queues[1]);
    let shared = served.join();
    assert_eq!(shared.queue(), *served.queue, "the others share one as before");
    served.server.stop();
    assert!(is_gone(queues[1]) && is_gone(queues[2]));
    drop((other, shared));
}

/// However many clients come and go, no more queues are made, and recorded, than are in use at once.
#[test]
fn clients_that_come_and_go_need_one_queue() {
    let (queue, made) = (small(4096), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&made);
    let make = move |mode| {
        count.fetch_add(1, Ordering::SeqCst);
        Queue::private(mode)
    };
    let server = Server::start_with(*queue, make, |request: &[u8]| request.to_vec()).unwrap();
    for number in 0..20 {
        let mut client = Client::pipelined(*queue, 8, PATIENCE).unwrap();
        for text in [b"not taken", b"neither  "] {
            assert!(client.send_request(text).unwrap());
        }
        drop(client);
        soon("it has left", || server.clients() == 0);
        assert_eq!(made.load(Ordering::SeqCst), 1, "after client {number}");
    }
}

/// A queue in which something is left is not used again: it would be in the way of the next client.
#[test]
fn a_queue_with_litter_is_replaced() {
    let served = Served::new();
    let client = join(&served, 2);
    let queue = client.queue();
    queue.send(&Message::new(MessageType::new(99).unwrap(), b"litter")).unwrap();
    drop(client);
    soon("it has left", || served.server.clients() == 0);
    assert_ne!(join(&served, 2).queue(), queue);
    assert!(is_gone(queue));
}

/// A client that takes no answers stops its own thread only. It has lost nothing when it goes on.
#[test]
fn a_client_that_takes_no_answers_stops_only_itself() {
    let served = Served::small(1000, Duration::ZERO);
    let mut idle = join(&served, 10);
    let long = |number: u8| [&b"long"[..], &[number]].concat();
    for number in 0..10 {
        // Those that do not fit are taken out as soon as the server lacks room for an answer.
        soon("there is room", || idle.send_request(&long(number)).unwrap());
    }
    soon("its queue is full", || idle.queue().stat().unwrap().bytes > 900);
    let (mut shared, mut pipelined) = (served.join(), join(&served, 2));
    for client in [&mut shared, &mut pipelined] {
        assert!(client.request(&long(0)).unwrap().starts_with(b"long"));
    }
    std::thread::sleep(Duration::from_millis(1200)); // longer than an answer may stay in a shared queue
    for number in 0..10 {
        assert!(idle.receive_answer().unwrap().starts_with(&long(number)));
    }
    assert_eq!(idle.request(b"again").unwrap(), b"again");
    let is_rejected = |event: &Event| matches!(event, Event::Rejected(_));
    assert!(!served.events.lock().unwrap().iter().any(is_rejected));
}

/// A client that drops with many answers not taken leaves at once all the same.
#[test]
fn it_leaves_a_full_queue() {
    let served = Served::small(1000, Duration::ZERO);
    let mut client = join(&served, 60);
    for _ in 0..60 {
        soon("there is room", || client.send_request(b"long").unwrap());
    }
    let queue = client.queue();
    drop(client);
    soon("it has left", || served.server.clients() == 0);
    assert!(served.has_reported(Event::Left(me())));
    assert_eq!(queue.stat().unwrap().messages, 0);
}

/// A client that sends more than it announced, while its answers are in the way, is rejected; the others are served.
#[test]
fn one_request_too_many_ends_the_session() {
    let served = Served::small(1000, Duration::ZERO);
    let (session, kind, queue) = seat(*served.queue, me(), 4);
    for number in 0..4 {
        let text = [&b"long"[..], &[number]].concat();
        queue.send(&request(session, kind, &text)).unwrap();
        soon("it is handled", || served.has_seen(&text));
    }
    soon("there is no room for the fourth answer", || queue.stat().unwrap().bytes > 900);
    for _ in 0..4 {
        queue.send(&request(session, kind, b"")).unwrap();
    }
    soon("it is rejected", || served.has_reported(Event::Rejected(me())));
    assert!(!served.has_seen(b""), "no request too many is handled");
    let mut answer = Message::with_capacity(1000);
    let answers = MessageType::new(kind.get() + 1).unwrap();
    let mut next = || queue.recv_until(answers, &mut answer, PATIENCE).unwrap().map(|()| answer.text().len());
    while next().expect("the word that it is rejected") > 0 {}
    assert_eq!(join(&served, 4).request(b"hello").unwrap(), b"hello");
    queue.send(&leave(session, kind)).unwrap();
    soon("it has left", || served.server.clients() == 0);
    assert_eq!(queue.stat().unwrap().messages, 0);
}

/// A killed client's queue is emptied, whatever is in it; its server's thread may wait for room there.
#[test]
fn a_killed_client_leaves_an_empty_queue() {
    let served = Served::small(1000, Duration::ZERO);
    let queue = join(&served, 2).queue();
    soon("it is free", || served.server.clients() == 0);
    let mut other = Other::start("pipelined", *served.queue);
    other.says("full");
    // The server may just be taking requests out, to make room for an answer of 300 bytes.
    assert!(queue.stat().unwrap().bytes > 600, "it is the same queue");
    let id = other.id();
    other.kill();
    soon("it is noticed", || served.has_reported(Event::Killed(id)) && served.server.clients() == 0);
    assert_eq!(queue.stat().unwrap().messages, 0);
}

/// The client's side: a server that is killed, or stops, ends its waits.
#[test]
fn the_end_of_the_server_is_noticed() {
    let served = Served::new();
    let mut client = join(&served, 5);
    for text in [b"slow", b"last"] {
        assert!(client.send_request(text).unwrap());
    }
    soon("it is at work", || served.has_seen(b"slow"));
    let server = served.server;
    std::thread::scope(|scope| {
        scope.spawn(move || server.stop());
        assert_eq!(client.receive_answer().unwrap(), b"slow", "what is being handled is answered");
        assert!(matches!(client.receive_answer(), Err(Error::Disconnected)));
    });
    assert!(matches!(client.send_request(b"more"), Err(Error::Disconnected)));
}

/// Plays a client that keeps its queue full.
pub fn keep_under_way(queue: Queue) {
    let mut client = Client::pipelined(queue, 60, PATIENCE).unwrap();
    while client.queue().stat().unwrap().bytes < 900 {
        client.send_request(b"long").unwrap();
    }
    println!("said: full");
    std::thread::sleep(PATIENCE); // it is killed before
}
