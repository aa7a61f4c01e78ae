//! The kernel's records of queues and of the system, and the changes it allows; structs; ownership.

use std::fs;
use std::time::{Duration, SystemTime};

use ipc_conformance::watchdog::over_this_test;
use ipc_core::Error;
use ipc_msgq::{
    Entry, Key, Limits, Message, MessageType, OwnedQueue, Queue, Select, Settings, Stat, Usage, list,
    list_proc,
};
use nix::errno::Errno;
use nix::unistd::{getegid, geteuid};
use zerocopy::{FromBytes, Immutable, IntoBytes};

const ONE: MessageType = MessageType::ONE;

fn queue() -> OwnedQueue {
    over_this_test();
    Queue::private(0o600).unwrap().owned()
}

/// `stat` shows every field of `msqid_ds`, at each step of a queue's life.
#[test]
fn stat_tells_every_field() {
    let key = Key::fresh();
    let before = SystemTime::now() - Duration::from_secs(1); // the kernel counts whole seconds
    let queue = Queue::create(key, 0o640).unwrap().owned();
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    let new = queue.stat().unwrap();
    let expected = Stat {
        key: Some(key),
        owner: user,
        group,
        creator: user,
        creator_group: group,
        mode: 0o640,
        sequence: new.sequence,
        messages: 0,
        bytes: 0,
        capacity: Limits::read().unwrap().queue_bytes,
        last_sender: None,
        last_receiver: None,
        last_sent: None,
        last_received: None,
        last_changed: new.last_changed,
    };
    assert_eq!(new, expected);
    let just_now = |time: SystemTime| before <= time && time <= SystemTime::now();
    assert!(just_now(new.last_changed));

    queue.send(&Message::new(ONE, b"four")).unwrap();
    queue.send(&Message::new(ONE, b"")).unwrap();
    let sent = queue.stat().unwrap();
    assert_eq!((sent.messages, sent.bytes, sent.last_sender), (2, 4, Some(std::process::id())));
    assert!(just_now(sent.last_sent.unwrap()));
    assert_eq!((sent.last_receiver, sent.last_received), (None, None));

    queue.recv(ONE, &mut Message::with_capacity(4)).unwrap();
    let received = queue.stat().unwrap();
    assert_eq!((received.messages, received.bytes), (1, 0));
    assert_eq!((received.last_receiver, received.last_sent), (Some(std::process::id()), sent.last_sent));
    assert!(just_now(received.last_received.unwrap()));
    let private = Queue::private(0o600).unwrap().owned().stat().unwrap();
    assert_eq!((private.key, private.mode), (None, 0o600));
}

/// Each setting changes alone; the others stay.
#[test]
fn set_changes_what_it_is_told_to() {
    let queue = queue();
    let mut expected = queue.stat().unwrap();
    let mut check = |settings: Settings, change: fn(&mut Stat)| {
        queue.set(&settings).unwrap();
        let stat = queue.stat().unwrap();
        change(&mut expected);
        expected.last_changed = stat.last_changed;
        assert_eq!(stat, expected);
    };
    check(Settings { mode: Some(0o604), ..Settings::default() }, |stat| stat.mode = 0o604);
    check(Settings { capacity: Some(100), ..Settings::default() }, |stat| stat.capacity = 100);
    if geteuid().is_root() {
        check(Settings { group: Some(7), ..Settings::default() }, |stat| stat.group = 7);
        check(Settings { owner: Some(8), ..Settings::default() }, |stat| stat.owner = 8);
    } else {
        ipc_conformance::skipped("to give a queue away and still look at it needs root");
    }
    check(Settings::default(), |_| ());
}

/// The kernel's answer and its files in `/proc` agree.
#[test]
fn limits_are_those_of_proc() {
    let limits = Limits::read().unwrap();
    let file = |name| fs::read_to_string(format!("/proc/sys/kernel/{name}")).unwrap().trim().parse().unwrap();
    let expected =
        Limits { message_bytes: file("msgmax"), queue_bytes: file("msgmnb"), queues: file("msgmni") };
    assert_eq!(limits, expected);
    assert_eq!(queue().longest_text().unwrap(), limits.message_bytes.min(limits.queue_bytes));
}

/// Both lists and `stat` show a queue alike; the lists include a queue that no user may read.
#[test]
fn the_lists_agree_with_each_other_and_with_stat() {
    let queues: Vec<_> = (0..20).map(|_| queue()).collect();
    let closed = Queue::create(Key::fresh(), 0o000).unwrap().owned();
    queues[3].send(&Message::new(ONE, b"text")).unwrap();
    queues[3].send(&Message::new(ONE, b"text")).unwrap();
    queues[3].recv(ONE, &mut Message::with_capacity(4)).unwrap();
    if geteuid().is_root() {
        // Otherwise owner and creator, user and group would be equal.
        queues[4].set(&Settings { owner: Some(8), group: Some(7), ..Settings::default() }).unwrap();
    }
    let (listed, from_proc, usage) = (list().unwrap(), list_proc().unwrap(), Usage::read().unwrap());
    // Other tests have queues, too, that come and go: only a minimum of the sums is known.
    assert!(usage.queues >= 21 && usage.messages >= 1 && usage.bytes >= 4, "{usage:?}");
    let find = |list: &[Entry], queue: Queue| list.iter().find(|entry| entry.queue == queue).unwrap().stat;
    for queue in queues.iter().chain([&closed]) {
        let stat = find(&listed, **queue);
        let default_ids = Limits::read().unwrap().queues <= 32768; // else the kernel may split its ids differently
        let capacity = match queue.stat() {
            Ok(told) => {
                assert_eq!(told, stat);
                told.capacity
            }
            Err(_) => 0, // not readable, and not in /proc
        };
        let sequence = if default_ids { stat.sequence } else { find(&from_proc, **queue).sequence };
        assert_eq!(find(&from_proc, **queue), Stat { capacity, sequence, ..stat });
    }
}

#[derive(Debug, PartialEq, FromBytes, Immutable, IntoBytes)]
#[repr(C)]
struct Point {
    x: i32,
    y: i32,
}

/// A struct arrives as it was sent, whatever the call.
#[test]
fn a_struct_is_received_unchanged() {
    let queue = queue();
    let mut points = queue.typed::<Point>();
    let point = |x| Point { x, y: -x };
    points.send(ONE, &point(1)).unwrap();
    points.try_send(MessageType::MAX, &point(2)).unwrap().unwrap();
    points.send_until(ONE, &point(3), Duration::ZERO).unwrap().unwrap();
    assert_eq!(queue.stat().unwrap().bytes, 3 * size_of::<Point>(), "without the type");
    assert_eq!(points.recv(Select::Except(ONE)).unwrap(), (MessageType::MAX, point(2)));
    assert_eq!(points.try_recv(ONE).unwrap(), Some((ONE, point(1))));
    assert_eq!(points.recv_until(ONE, Duration::ZERO).unwrap(), Some((ONE, point(3))));
    assert_eq!(points.try_recv(Select::Any).unwrap(), None);
}

/// A message of another size is refused: a longer one stays, a shorter one is taken, and its bytes are still available.
#[test]
fn a_struct_of_another_size_is_refused() {
    let queue = queue();
    let mut points = queue.typed::<Point>();
    queue.send(&Message::new(ONE, b"nine byte")).unwrap();
    let longer = points.recv(ONE).unwrap_err();
    let others = [points.try_recv(ONE).unwrap_err(), points.recv_until(ONE, Duration::ZERO).unwrap_err()];
    for longer in [&longer, &others[0], &others[1]] {
        assert_eq!(longer.errno(), Some(Errno::E2BIG));
        assert!(longer.to_string().contains("longer than a Point of 8 bytes"), "{longer}");
    }
    queue.recv(ONE, &mut Message::with_capacity(9)).expect("it has stayed");

    queue.send(&Message::new(ONE, b"seven!!")).unwrap();
    let shorter = points.try_recv(ONE).unwrap_err();
    assert!(matches!(shorter, Error::Usage(_)));
    let text = "the message of type 1 has 7 bytes, but a Point has 8: the two sides disagree on the struct";
    assert_eq!(shorter.to_string(), text);
    assert_eq!(points.message().text(), b"seven!!");
    assert_eq!(queue.stat().unwrap().messages, 0);
}

/// An owned queue is removed with its owner; a borrowed one and one that is kept are not.
#[test]
fn only_an_owned_queue_is_removed() {
    let queue = queue();
    #[allow(dropping_copy_types, reason = "to drop it is the point")]
    drop(*queue);
    queue.stat().expect("a name was dropped, not a queue");
    let kept = queue.keep();
    kept.stat().expect("it was kept");
    drop(kept.owned());
    assert_eq!(kept.stat().unwrap_err().errno(), Some(Errno::EINVAL));
    kept.owned().remove().expect_err("it is gone already");
}

/// A message received into a buffer after a cut one is not marked as cut.
#[test]
fn being_cut_is_said_of_the_last_message_only() {
    let queue = queue();
    let mut message = Message::truncating(2);
    for (text, cut) in [(b"abc" as &[u8], true), (b"ab", false), (b"", false), (b"abcdef", true)] {
        queue.send(&Message::new(ONE, text)).unwrap();
        queue.recv(ONE, &mut message).unwrap();
        assert_eq!((message.text(), message.is_truncated()), (&text[..text.len().min(2)], cut));
    }
    message.set_text(2);
    assert!(!message.is_truncated());
    assert_eq!(queue.stat().unwrap().messages, 0, "what was cut off is lost");
}

/// The key that C takes for a failure of ftok is valid.
#[test]
fn a_queue_can_have_the_key_that_looks_like_minus_one() {
    match Queue::create(Key::new(-1).unwrap(), 0o600) {
        Err(error) if error.errno() == Some(Errno::EEXIST) => {
            ipc_conformance::skipped(&error.to_string());
        }
        queue => queue.unwrap().remove().unwrap(),
    }
}

/// Bits of a mode beyond the nine of the permissions are ignored. To `msgget` they would be flags: 02000 is `IPC_EXCL`.
#[test]
fn a_mode_is_nine_bits() {
    let key = Key::fresh();
    let queue = Queue::open_or_create(key, 0o7640).unwrap().owned();
    assert_eq!(Queue::open_or_create(key, 0o7640).unwrap(), *queue);
    assert_eq!(queue.stat().unwrap().mode, 0o640);
}
