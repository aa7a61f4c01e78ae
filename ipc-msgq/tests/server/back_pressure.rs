//! Clients that take more room than their share, and a queue that is full in both directions.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::Error;
use ipc_msgq::server::{Client, Event, Server, longest_request};
use ipc_msgq::{Message, MessageType, Queue};

use crate::tools::{
    Other, PATIENCE, Served, join_by_hand, knock, leave, me, request, set_capacity, small, soon,
};

/// A client whose requests fill the queue is rejected; the others are served while it goes on sending.
#[test]
fn a_client_that_floods_is_rejected_and_the_others_are_served() {
    let served = Served::small(4096, Duration::ZERO);
    let mut client = served.join();
    let mut flooder = Other::start("flood", *served.queue);
    flooder.says("joined");
    soon("it is rejected", || served.has_reported(Event::Rejected(flooder.id())));
    for number in 0..200 {
        let text = format!("request {number}");
        assert_eq!(client.request(text.as_bytes()).unwrap(), text.as_bytes());
    }
    assert!(flooder.child.try_wait().unwrap().is_none(), "it still sends");
    let id = flooder.id();
    flooder.kill();
    soon("the server knows", || served.has_reported(Event::Killed(id)));
    soon("nothing of it is left", || served.messages() == 0);
    assert!(!served.has_reported(Event::Rejected(me())));
}

/// A request sent before the last answer was taken is rejected.
#[test]
fn two_messages_under_way_are_one_too_many() {
    let served = Served::new();
    let (session, kind) = join_by_hand(*served.queue);
    served.ask((session, kind), b"one", 0);
    served.queue.send(&request(session, kind, b"two")).unwrap();
    soon("it is rejected", || served.has_reported(Event::Rejected(me())));
    assert_eq!(served.answer(kind), b"", "it is told, and gets no answer any more");
    served.queue.send(&request(session, kind, b"three")).unwrap();
    soon("what it sends is thrown away", || served.messages() == 0);
    served.queue.send(&leave(session, kind)).unwrap();
    soon("it has left", || served.has_reported(Event::Left(me())));
    assert_eq!(*served.requests.lock().unwrap(), [b"one"]);
}

/// A request longer than any that can be answered is not answered in part.
#[test]
fn a_request_that_was_cut_is_not_answered() {
    let served = Served::small(100, Duration::ZERO);
    let (session, kind) = join_by_hand(*served.queue);
    set_capacity(*served.queue, 4096); // after the server has read how long a message can be
    served.queue.send(&request(session, kind, &[b'x'; 200])).unwrap();
    assert_eq!(served.answer(kind), b"", "it is told");
    soon("it is rejected", || served.has_reported(Event::Rejected(me())));
    assert_eq!(*served.requests.lock().unwrap(), [b""; 0]);
}

/// The longest answer fills a message; a longer one ends only its own session.
#[test]
fn an_answer_is_as_long_as_a_message_at_most() {
    let queue = small(4096);
    let longest = queue.longest_text().unwrap() - size_of::<u64>(); // the session comes first
    let server = Server::start(*queue, move |request: &[u8]| vec![7; longest + request.len()]).unwrap();
    let join = || Client::join(*queue, PATIENCE).unwrap();
    let (mut client, mut other) = (join(), join());
    assert_eq!(client.request(b"").unwrap(), vec![7; longest]);
    assert!(matches!(client.request(b"x"), Err(Error::Disconnected)));
    assert_eq!(other.request(b"").unwrap().len(), longest);
    let longest = longest_request(*queue).unwrap();
    assert_eq!(longest, queue.longest_text().unwrap() - 1 - size_of::<u64>());
    let refused = other.request(&vec![0; longest + 1]);
    assert!(matches!(refused, Err(Error::TooLarge { len, max }) if (len, max) == (longest + 1, longest)));
    drop((client, other));
    server.stop();
}

/// The longest request fills a message, too, and is answered.
#[test]
fn the_longest_request_is_answered() {
    let served = Served::new();
    let text = vec![b'x'; longest_request(*served.queue).unwrap()];
    assert_eq!(served.join().request(&text).unwrap(), text);
}

/// The number of clients, with requests so large that half of them fill the queue.
const CLIENTS: usize = 16;
const ROUNDS: usize = 20;
const CAPACITY: usize = 4096;
const TEXT: [u8; 512] = [b'x'; 512];

/// The time that a request's work takes: long enough for another client to take the room.
const WORK: Duration = Duration::from_millis(1);

/// The obvious server receives a request, works, and sleeps in `msgsnd` until there is room for the answer. But the
/// queue is full of requests, and only the server takes those.
#[test]
fn a_server_that_sleeps_in_msgsnd_sleeps_forever() {
    if fs::read_to_string("/proc/thread-self/syscall").is_err() {
        ipc_conformance::skipped("no /proc/PID/task/TID/syscall, so who sleeps where cannot be seen");
        return;
    }
    let (queue, answered) = (small(CAPACITY), AtomicUsize::new(0));
    let queue = &queue;
    let naive_client = &|number: usize| {
        let message = Message::new(MessageType::ONE, &[&number.to_ne_bytes()[..], &TEXT[8..]].concat());
        let answers = MessageType::new(number as i64 + 2).unwrap();
        for _ in 0..ROUNDS {
            // An error means that the queue was removed, which is the end of this test.
            let asked = queue.send(&message);
            if asked.and_then(|()| queue.recv(answers, &mut Message::with_capacity(512))).is_err() {
                return;
            }
            answered.fetch_add(1, Ordering::Relaxed);
        }
    };
    let naive_server = || {
        let mut request = Message::with_capacity(512);
        while queue.recv(MessageType::ONE, &mut request).is_ok() {
            thread::sleep(WORK);
            let (number, _) = request.text().split_first_chunk().unwrap();
            request.set_kind(MessageType::new(usize::from_ne_bytes(*number) as i64 + 2).unwrap());
            if queue.send(&request).is_err() {
                return;
            }
        }
    };
    thread::scope(|scope| {
        for number in 0..CLIENTS {
            scope.spawn(move || naive_client(number));
        }
        soon("the queue is full", || queue.stat().unwrap().bytes > CAPACITY - 512);
        scope.spawn(naive_server);
        soon("all sleep", || sleepers(**queue) == CLIENTS + 1);
        let (before, full) = (answered.load(Ordering::Relaxed), queue.stat().unwrap());
        thread::sleep(Duration::from_millis(300));
        let after = queue.stat().unwrap();
        let are_asleep = sleepers(**queue) == CLIENTS + 1;
        Queue::remove(**queue).unwrap();
        assert!(are_asleep, "they sleep on");
        assert_eq!((full.messages, full.bytes), (CAPACITY / 512, CAPACITY));
        assert_eq!((after.messages, after.last_sent), (full.messages, full.last_sent), "nothing moves");
        assert_eq!(answered.load(Ordering::Relaxed), before);
        assert!(before < CLIENTS * ROUNDS);
    });
}

/// Counts the threads of this process that sleep in a call on `queue`.
fn sleepers(queue: Queue) -> usize {
    let threads = fs::read_dir("/proc/self/task").unwrap().flatten();
    let on_queue = |text: &String| {
        let mut words = text.split_ascii_whitespace();
        let call: Option<i64> = words.next().and_then(|word| word.parse().ok());
        matches!(call, Some(libc::SYS_msgsnd | libc::SYS_msgrcv))
            && words.next() == Some(&format!("{:#x}", queue.id().get()))
    };
    threads
        .filter_map(|thread| fs::read_to_string(thread.path().join("syscall")).ok())
        .filter(|text| on_queue(text))
        .count()
}

/// The same load, with the same room and the same work, is served.
#[test]
fn a_server_that_makes_room_for_its_answers_serves_the_same_load() {
    let served = Served::small(CAPACITY, WORK);
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut client = served.join();
                for _ in 0..ROUNDS {
                    // The header takes the place of some of the text.
                    assert_eq!(client.request(&TEXT[9..]).unwrap(), &TEXT[9..]);
                }
            });
        }
    });
    soon("all have left", || served.server.clients() == 0);
    assert_eq!(served.messages(), 0);
}

/// Stopped clients with long unread answers take the room of all others, but not indefinitely.
#[test]
fn unread_answers_do_not_keep_the_room_forever() {
    let served = Served::small(4096, Duration::ZERO);
    let mut client = served.join();
    let (mut silent, mut last) = (0, (0, MessageType::ONE));
    while served.queue.stat().unwrap().bytes + 1100 < 4096 {
        last = join_by_hand(*served.queue);
        served.ask(last, &[silent as u8; 1000], silent);
        silent += 1;
    }
    let text = vec![b'y'; 1500];
    assert_eq!(client.request(&text).unwrap(), text);
    soon("one is rejected", || served.has_reported(Event::Rejected(me())));
    // Its later requests are not answered.
    let (session, kind) = last;
    assert_eq!(served.answer(kind), b"");
    served.queue.send(&request(session, kind, b"late")).unwrap();
    served.queue.send(&leave(session, kind)).unwrap();
    soon("it has left", || served.has_reported(Event::Left(me())));
    assert!(!served.has_seen(b"late"));
}

/// Where only the server lacks room, for an answer, it makes room itself.
#[test]
fn a_long_answer_finds_the_room_that_unread_ones_keep() {
    let queue = small(1024);
    let length = |text: &[u8]| std::str::from_utf8(text).unwrap().parse().unwrap();
    let _server = Server::start(*queue, move |request: &[u8]| vec![b'x'; length(request)]).unwrap();
    let mut client = Client::join(*queue, PATIENCE).unwrap();
    let (session, kind) = join_by_hand(*queue);
    queue.send(&request(session, kind, b"600")).unwrap();
    soon("its answer fills more than half", || queue.stat().unwrap().bytes > 600);
    assert_eq!(client.request(b"600").unwrap(), [b'x'; 600]);
}

/// A client whose answer is recent is not rejected, even if another client lacks room.
#[test]
fn an_answer_is_not_taken_back_at_once() {
    let served = Served::new();
    let mut garbage = 0..;
    let in_time = || {
        let started = Instant::now();
        let client = join_by_hand(*served.queue);
        served.ask(client, format!("{client:?}").as_bytes(), 0);
        let bytes = garbage.next().unwrap();
        let ask_to_join = |text: &[u8]| served.queue.send(&Message::new(MessageType::ONE, text)).unwrap();
        ask_to_join(b""); // a client lacks room
        ask_to_join(&vec![0; 100 + bytes]); // the event for this one shows that the first was read
        soon("it was heard", || served.has_reported(Event::Garbage { bytes: 100 + bytes }));
        let taken_back = served.has_reported(Event::Rejected(me()));
        let answer = served.answer(client.1);
        let in_time = started.elapsed() < Duration::from_secs(1); // otherwise it may have been taken back
        in_time.then(|| assert!(!taken_back && !answer.is_empty(), "after {:?}", started.elapsed()))
    };
    thread::sleep(Duration::from_millis(110)); // the server looks no more often than this
    std::iter::repeat_with(in_time).take(10).find_map(|done| done).expect("ten times it took a second");
}

/// A client that joins again and again, and never takes its welcome, does not keep the room either.
#[test]
fn untaken_welcomes_do_not_keep_the_room_forever() {
    let served = Served::small(512, Duration::ZERO);
    let mut client = served.join();
    let welcomes = (1..).map(|number| MessageType::new(i64::MAX - number).unwrap());
    let mut untaken = 0;
    for welcome in welcomes.take_while(|_| served.queue.stat().unwrap().bytes + 60 < 512) {
        knock(*served.queue, me(), welcome, 1);
        untaken += 1;
        soon("its welcome is there", || {
            served.messages() == untaken && served.server.clients() == untaken + 1
        });
    }
    assert!(untaken > 10);
    assert_eq!(client.request(&[b'y'; 300]).unwrap(), [b'y'; 300]);
    let mut answer = Message::with_capacity(100);
    let first = MessageType::new(i64::MAX - 1).unwrap();
    served.queue.recv_until(first, &mut answer, PATIENCE).unwrap().expect("it is told");
    assert_eq!(answer.text(), b"", "that it is out");
}
