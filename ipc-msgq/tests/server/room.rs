//! Who takes more room than its share, and a queue that is full in both directions.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use ipc_core::process::ProcessId;
use ipc_msgq::server::Event;
use ipc_msgq::{Message, MessageType, Queue};

use crate::tools::{Other, PATIENCE, Served, join_by_hand, knock, request, small, soon};

/// Whose requests fill the queue is refused; the others go on being served while it goes on sending.
#[test]
fn a_client_that_floods_is_refused_and_the_others_are_served() {
    let served = Served::small(4096, Duration::ZERO);
    let mut client = served.join();
    let mut flooder = Other::start("flood", *served.queue);
    flooder.says("joined");
    soon("it is refused", || served.was_told(Event::Refused(flooder.id())));
    for number in 0..200 {
        let text = format!("request {number}");
        assert_eq!(client.request(text.as_bytes()).unwrap(), text.as_bytes());
    }
    assert!(flooder.child.try_wait().unwrap().is_none(), "it still sends");
    let id = flooder.id();
    flooder.kill();
    soon("the server knows", || served.was_told(Event::Killed(id)));
    soon("nothing of it is left", || served.messages() == 0);
    assert!(!served.was_told(Event::Refused(ProcessId::current().unwrap())));
}

/// Two requests at once, or one before the last answer was taken.
#[test]
fn two_messages_under_way_are_one_too_many() {
    let served = Served::new();
    let (session, kind) = join_by_hand(*served.queue);
    let answers = MessageType::new(kind.get() + 1).unwrap();
    served.queue.send(&request(session, kind, b"one")).unwrap();
    soon("it is answered", || served.messages() == 1);
    served.queue.send(&request(session, kind, b"two")).unwrap();
    soon("it is refused", || served.was_told(Event::Refused(ProcessId::current().unwrap())));
    let mut answer = Message::with_capacity(100);
    served.queue.recv_until(answers, &mut answer, PATIENCE).unwrap().expect("it is told");
    assert_eq!(answer.text(), b"", "and gets no answer any more");
    served.queue.send(&request(session, kind, b"three")).unwrap();
    soon("what it sends is thrown away", || served.messages() == 0);
}

/// So many clients with requests so large that half of them fill the queue.
const CLIENTS: usize = 16;
const ROUNDS: usize = 20;
const CAPACITY: usize = 4096;
const TEXT: [u8; 512] = [b'x'; 512];

/// How long the work takes that a request asks for: time enough for another to take the room.
const WORK: Duration = Duration::from_millis(1);

/// The obvious server receives a request, works, and sleeps in `msgsnd` until there is room for the answer. But the
/// room is full of requests, and nobody but it takes those.
#[test]
fn a_server_that_sleeps_in_msgsnd_sleeps_for_ever() {
    if fs::read_to_string("/proc/thread-self/syscall").is_err() {
        ipc_core::conformance::skipped("no /proc/PID/task/TID/syscall, so who sleeps where cannot be seen");
        return;
    }
    let (queue, answered) = (small(CAPACITY), AtomicUsize::new(0));
    let queue = &queue;
    let naive_client = &|number: usize| {
        let message = Message::new(MessageType::ONE, &[&number.to_ne_bytes()[..], &TEXT[8..]].concat());
        let answers = MessageType::new(number as i64 + 2).unwrap();
        for _ in 0..ROUNDS {
            // An error: the queue was removed, which is the end of this test.
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

/// How many threads of this process sleep in a call on `queue`.
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

/// The same load, the same room, the same work.
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

/// Clients that are stopped with long answers unread keep the room of all others, but not for ever.
#[test]
fn unread_answers_do_not_keep_the_room_for_ever() {
    let served = Served::small(4096, Duration::ZERO);
    let mut client = served.join();
    let mut silent = 0;
    while served.queue.stat().unwrap().bytes + 1100 < 4096 {
        let (session, kind) = join_by_hand(*served.queue);
        served.queue.send(&request(session, kind, &[b'x'; 1000])).unwrap();
        silent += 1;
        soon("it is answered", || served.messages() == silent);
    }
    let text = vec![b'y'; 1500];
    assert_eq!(client.request(&text).unwrap(), text);
}

/// Who asks to come in, again and again, and never takes its welcome does not keep the room either.
#[test]
fn untaken_welcomes_do_not_keep_the_room_for_ever() {
    let served = Served::small(512, Duration::ZERO);
    let mut client = served.join();
    let welcomes = (1..).map(|number| MessageType::new(i64::MAX - number).unwrap());
    let mut untaken = 0;
    for welcome in welcomes.take_while(|_| served.queue.stat().unwrap().bytes + 60 < 512) {
        knock(*served.queue, welcome);
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
