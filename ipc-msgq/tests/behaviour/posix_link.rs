//! The link over POSIX queues, and the meeting of two processes there.

use std::fs;
use std::os::fd::{AsFd, AsRawFd};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::tools::{PATIENCE, give_it_time_to_block, pair, playing, setup, watched};
use ipc_conformance::watchdog::Killed;
use ipc_conformance::{Allowance, other};
use ipc_core::trace::{Step, Tracer};
use ipc_core::{Endpoint, Error, Mechanism, Receiver, Sender};
use ipc_msgq::Posix;
use ipc_msgq::posix::{Access, Attributes, PosixName, PosixQueue};
use nix::errno::Errno;

const SOON: Duration = Duration::from_millis(50);

fn exists(name: &str) -> bool {
    [name.to_owned(), format!("{name}.back")]
        .iter()
        .any(|name| PosixQueue::open(&name.parse().unwrap(), Access::Receive).is_ok())
}

/// Once both have the queues open, the names are gone: nothing is left behind, however they end.
#[test]
fn the_names_go_when_both_are_there() {
    let _allowance = Allowance::wait_for(1);
    let meeting = Posix::create(None, &setup()).unwrap();
    let name = meeting.address();
    assert!(exists(&name));
    let _joiner = Posix::join(&name, &setup(), PATIENCE).unwrap();
    assert!(!exists(&name));
    drop(meeting);
    let lonely = Posix::create(None, &setup()).unwrap();
    let name = lonely.address();
    drop(lonely);
    assert!(!exists(&name), "nobody joined");
}

/// A joiner that takes the invitation and dies before its hello does not keep it: the owner sends another, at the same
/// name.
#[test]
fn a_joiner_that_died_before_its_answer_does_not_keep_the_invitation() {
    let _allowance = Allowance::wait_for(1);
    let mut meeting = Posix::create(None, &setup()).unwrap();
    let name: PosixName = meeting.address().parse().unwrap();
    let taker = PosixQueue::open(&format!("{name}.back").parse().unwrap(), Access::Receive).unwrap();
    let mut buffer = vec![0; taker.attributes().unwrap().longest];
    taker.try_recv(&mut buffer).unwrap().expect("the invitation");
    drop(taker);
    thread::scope(|scope| {
        scope.spawn(|| meeting.accept(PATIENCE).unwrap());
        Posix::join(name.as_str(), &setup(), PATIENCE).unwrap();
    });
}

/// The end-of-stream marker has no room in a full queue: the lock on the descriptor shows that the peer has left.
#[test]
fn a_peer_that_closes_is_noticed_without_room_for_the_marker() {
    let _allowance = Allowance::wait_for(1);
    let (mut owner, mut joiner) = pair::<Posix>();
    let sent = std::iter::from_fn(|| owner.try_send(b"x").unwrap()).count();
    drop(owner);
    let (received, end) = watched(move || {
        let mut received = 0;
        loop {
            match joiner.recv(&mut [0; 10]) {
                Ok(_) => received += 1,
                Err(end) => return (received, end),
            }
        }
    });
    assert_eq!(received, sent);
    assert!(matches!(end, Error::Disconnected));
}

/// The end-of-stream marker does not overtake earlier messages.
#[test]
fn the_end_of_stream_comes_last() {
    let _allowance = Allowance::wait_for(1);
    let (mut owner, mut joiner) = pair::<Posix>();
    for number in 0..3 {
        owner.send(&[number]).unwrap();
    }
    drop(owner);
    let mut buffer = [9];
    for number in 0..3 {
        assert_eq!((joiner.recv(&mut buffer).unwrap(), buffer), (1, [number]));
    }
    for _ in 0..3 {
        assert!(matches!(joiner.try_recv(&mut buffer), Err(Error::Disconnected)), "not: not now");
    }
    assert!(matches!(joiner.recv(&mut buffer), Err(Error::Disconnected)));
}

/// A sender that waits for room is told when its peer closes, although the peer's process lives on.
#[test]
fn a_blocked_sender_notices_that_its_peer_closes() {
    let _allowance = Allowance::wait_for(1);
    let (mut owner, joiner) = pair::<Posix>();
    let sender = thread::spawn(move || {
        watched(move || {
            loop {
                if let Err(error) = owner.send(b"x") {
                    return error;
                }
            }
        })
    });
    give_it_time_to_block();
    drop(joiner);
    assert!(matches!(sender.join().unwrap(), Error::Disconnected));
}

/// A peer that is killed is noticed, and its earlier messages are received.
#[test]
fn a_killed_peer_is_noticed() {
    let _allowance = Allowance::wait_for(1);
    let mut meeting = Posix::create(None, &setup()).unwrap();
    let mut peer = playing(&format!("join-posix {}", meeting.address()));
    let mut link = meeting.accept(PATIENCE).unwrap();
    link.check_sender().unwrap();
    peer.kill();
    let mut buffer = [0; 10];
    assert_eq!(link.recv(&mut buffer).unwrap(), 4);
    let (end, took) = watched(move || {
        let started = Instant::now();
        (link.recv(&mut [0; 10]).unwrap_err(), started.elapsed())
    });
    assert!(matches!(end, Error::Disconnected), "{end} after {took:?}");
}

/// The longest message is exactly the one for which the queue was made.
#[test]
fn the_longest_message_is_the_queues() {
    let _allowance = Allowance::wait_for(1);
    let (mut owner, mut joiner) = pair::<Posix>();
    let max = owner.max_message();
    assert_eq!(max, Attributes::of_the_system().unwrap().longest.min(16 << 20));
    owner.send(&vec![7; max]).unwrap();
    let mut buffer = vec![0; max];
    assert_eq!(joiner.recv(&mut buffer).unwrap(), max);
    assert_eq!(buffer, vec![7; max]);
}

/// A message not sent by a link is corrupt: a strange priority, or a farewell with a text.
#[test]
fn garbage_is_corrupt() {
    let _allowance = Allowance::wait_for(1);
    let (mut owner, joiner) = pair::<Posix>();
    for (text, priority) in [(&b"text"[..], 0), (b"text", 2), (b"", 3), (b"", 32767)] {
        joiner.outbound().try_send(text, priority).unwrap().unwrap();
        assert!(matches!(owner.recv(&mut [0; 100]), Err(Error::Corrupt(_))), "{text:?} {priority}");
    }
}

/// A stranger's queue of this name is neither taken over, nor read, nor removed.
#[test]
fn another_programs_queue_is_left_alone() {
    let _allowance = Allowance::wait_for(1);
    let name = PosixName::fresh();
    let back: PosixName = format!("{name}.back").parse().unwrap();
    let small = Attributes { capacity: 1, longest: 64, messages: 0 };
    let theirs = [&name, &back].map(|name| PosixQueue::create(name, Access::Receive, small, 0o600).unwrap());
    PosixQueue::open(&back, Access::Send).unwrap().try_send(b"not for us", 9).unwrap();
    let refused = Posix::create(Some(name.as_str()), &setup()).unwrap_err();
    let joined = Posix::join(name.as_str(), &setup(), SOON);
    let messages = theirs[1].attributes().unwrap().messages;
    let there = exists(name.as_str());
    PosixQueue::unlink(&name).unwrap();
    PosixQueue::unlink(&back).unwrap();
    assert_eq!(refused.errno(), Some(Errno::EEXIST));
    assert!(matches!(joined, Err(Error::Refused(_))), "{joined:?}");
    assert!(there && messages == 1);
}

/// Both queues must be this user's: another user could read messages from one, or forge them in the other.
#[test]
fn another_users_queues_are_refused() {
    if !nix::unistd::geteuid().is_root() {
        return ipc_conformance::skipped("giving a queue away needs root");
    }
    let _allowance = Allowance::wait_for(1);
    let small = Attributes { capacity: 1, longest: 64, messages: 0 };
    for given in [0, 1] {
        let name = PosixName::fresh();
        let names = [name.clone(), name.back()];
        let queues =
            names.each_ref().map(|name| PosixQueue::create(name, Access::Receive, small, 0o600).unwrap());
        let number = queues[given].as_fd().as_raw_fd();
        std::os::unix::fs::chown(format!("/proc/self/fd/{number}"), Some(65534), None).unwrap();
        let refused = Posix::join(name.as_str(), &setup(), SOON).unwrap_err().to_string();
        for name in names {
            PosixQueue::unlink(&name).unwrap();
        }
        assert!(refused.contains("another user's (uid 65534)"), "{given}: {refused}");
    }
}

/// An address in use is refused; an invalid one is a usage error that shows a valid one; a missing peer is a timeout.
#[test]
fn addresses() {
    let _allowance = Allowance::wait_for(1);
    let meeting = Posix::create(Some(PosixName::fresh().as_str()), &setup()).unwrap();
    let refused = Posix::create(Some(&meeting.address()), &setup()).unwrap_err();
    assert_eq!(refused.errno(), Some(Errno::EEXIST));
    for address in ["0x1234", "name", "/a/b", ""] {
        let told = Posix::create(Some(address), &setup()).unwrap_err().to_string();
        assert!(told.contains("expected a slash"), "{told}");
        assert!(matches!(Posix::join(address, &setup(), SOON), Err(Error::Usage(_))));
    }
    let name = PosixName::fresh();
    let no_peer = Posix::join(name.as_str(), &setup(), SOON).unwrap_err();
    let expected = format!("no peer is waiting at {name}");
    assert!(matches!(&no_peer, Error::TimedOut { what, .. } if *what == expected), "{no_peer}");
}

/// A queue whose owner was killed before a peer joined is removed by the next `create`.
#[test]
fn the_next_create_sweeps_what_a_killed_owner_left() {
    let _allowance = Allowance::wait_for(1);
    let name = PosixName::fresh();
    let mut owner = playing(&format!("create-posix {name}"));
    assert!(exists(name.as_str()));
    owner.kill();
    let deadline = Instant::now() + PATIENCE;
    while exists(name.as_str()) {
        assert!(Instant::now() < deadline, "it was left behind");
        drop(Posix::create(None, &setup()).unwrap());
    }
}

/// Nor does it remove a new queue under the same name.
#[test]
fn a_new_queue_with_a_killed_owners_name_is_left_alone() {
    let _allowance = Allowance::wait_for(1);
    let name = PosixName::fresh();
    let back: PosixName = format!("{name}.back").parse().unwrap();
    let mut owner = playing(&format!("create-posix {name}"));
    PosixQueue::unlink(&name).unwrap();
    let small = Attributes { capacity: 1, longest: 64, messages: 0 };
    let _theirs = PosixQueue::create(&name, Access::Receive, small, 0o600).unwrap();
    owner.kill();
    let deadline = Instant::now() + PATIENCE;
    while PosixQueue::open(&back, Access::Receive).is_ok() && Instant::now() < deadline {
        drop(Posix::create(None, &setup()).unwrap());
    }
    let swept = PosixQueue::open(&back, Access::Receive).is_err();
    PosixQueue::unlink(&name).expect("it is still there");
    assert!(swept, "the other name was left behind");
}

/// `/dev/mqueue`, where it is mounted, shows it as a file, with its fill level.
#[test]
fn a_person_can_look_at_it() {
    let _allowance = Allowance::wait_for(1);
    let meeting = Posix::create(None, &setup()).unwrap();
    let name = meeting.address();
    PosixQueue::open(&name.parse().unwrap(), Access::Send).unwrap().try_send(b"12345", 0).unwrap().unwrap();
    let file = format!("/dev/mqueue{name}");
    let shown = fs::read_to_string(&file).ok().or_else(|| {
        let mount = format!("mount -t mqueue none /mnt && cat /mnt{name}");
        let output = Command::new("unshare").args(["--mount", "sh", "-c", &mount]).output().ok()?;
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    });
    match shown {
        Some(shown) => assert!(shown.starts_with("QSIZE:5 "), "{shown}"),
        None => ipc_conformance::skipped("/dev/mqueue is not mounted, and to mount it takes root"),
    }
}

/// While a joiner holds its lock, it is about to send its hello: no other invitation is sent.
#[test]
fn an_invitation_in_use_is_not_sent_again() {
    let _allowance = Allowance::wait_for(1);
    let mut meeting = Posix::create(None, &setup()).unwrap();
    let back = format!("{}.back", meeting.address()).parse().unwrap();
    let taker = PosixQueue::open(&back, Access::Receive).unwrap();
    let lock = fs::File::from(taker.as_fd().try_clone_to_owned().unwrap());
    lock.lock().unwrap();
    let mut buffer = vec![0; taker.attributes().unwrap().longest];
    taker.try_recv(&mut buffer).unwrap().expect("the invitation");
    assert!(matches!(meeting.accept(SOON), Err(Error::TimedOut { .. })));
    assert_eq!(taker.attributes().unwrap().messages, 0);
}

/// A joiner's hello must be exactly that of this protocol.
#[test]
fn a_stranger_who_joins_is_corrupt() {
    let _allowance = Allowance::wait_for(1);
    for hello in [&b"ipcmqpx1"[..], b"ipcmqpx2", b"ipcmqpx2 and not a process", b"ipcmqpx", b""] {
        let mut meeting = Posix::create(None, &setup()).unwrap();
        let queue = PosixQueue::open(&meeting.address().parse().unwrap(), Access::Send).unwrap();
        queue.try_send(hello, 2).unwrap().unwrap();
        assert!(matches!(meeting.accept(PATIENCE), Err(Error::Corrupt(_))), "{hello:?}");
    }
}

/// An owner that waits has one invitation in its queue, however long it waits: so one process joins.
#[test]
fn there_is_one_invitation() {
    let _allowance = Allowance::wait_for(1);
    let mut meeting = Posix::create(None, &setup()).unwrap();
    let back = PosixQueue::open(&format!("{}.back", meeting.address()).parse().unwrap(), Access::Receive);
    for _ in 0..2 {
        assert!(matches!(meeting.accept(SOON), Err(Error::TimedOut { .. })));
        assert_eq!(back.as_ref().unwrap().attributes().unwrap().messages, 1);
    }
}

/// What a peer has sent is received after it is known to be gone: also a message that did not fit at first.
#[test]
fn the_messages_of_a_peer_that_is_gone_are_received() {
    let _allowance = Allowance::wait_for(1);
    let (mut owner, mut joiner) = pair::<Posix>();
    joiner.send(b"first").unwrap();
    joiner.send(b"second").unwrap();
    let mut buffer = [0; 8];
    assert!(matches!(owner.try_recv(&mut buffer[..2]), Err(Error::BufferTooSmall { needed: 5 })));
    drop(joiner);
    assert!(matches!(owner.check_sender(), Err(Error::Disconnected)));
    assert_eq!(owner.try_recv(&mut buffer).unwrap(), Some(5));
    assert_eq!(owner.recv(&mut buffer).unwrap(), 6);
    assert_eq!(&buffer[..6], b"second");
    assert!(matches!(owner.recv(&mut buffer), Err(Error::Disconnected)));
}

/// Calls with a timeout notice a peer that is gone, even if its goodbye found no room.
#[test]
fn a_peer_that_is_gone_is_no_timeout() {
    let _allowance = Allowance::wait_for(1);
    for receives in [false, true] {
        let (mut owner, mut joiner) = pair::<Posix>();
        let sender = if receives { &mut joiner } else { &mut owner };
        while sender.try_send(b"text").unwrap().is_some() {}
        drop(joiner);
        let mut buffer = [0; 8];
        while receives && owner.inbound().attributes().unwrap().messages > 0 {
            assert_eq!(owner.try_recv(&mut buffer).unwrap(), Some(4));
        }
        let end = if receives {
            owner.recv_timeout(&mut buffer, SOON).map(drop)
        } else {
            owner.send_timeout(b"text", SOON).map(drop)
        };
        assert!(matches!(end, Err(Error::Disconnected)), "receives: {receives}; {end:?}");
    }
}

/// Returns the thread of another process that plays its part: the test harness gives it one of its own.
fn thread_of_the_part(process: u32) -> u32 {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap().map(|thread| thread.unwrap().path());
    let mut named =
        threads.filter(|thread| fs::read_to_string(thread.join("comm")).unwrap().starts_with("tools::"));
    named.next().expect("it plays").file_name().unwrap().to_str().unwrap().parse().unwrap()
}

/// A joiner that comes between two system calls of the owner, whichever they are, is not taken for one that died: no second
/// invitation comes in the place of a message.
#[test]
fn a_joiner_gets_no_second_invitation_whenever_it_comes() {
    /// The system calls to stop the owner at: more than it makes from one look to the next.
    const CALLS: usize = 12;
    for call in 1..=CALLS {
        let _allowance = Allowance::wait_for(1);
        let name = PosixName::fresh();
        let owner = other::command(&format!("accept-posix {name}")).stdout(Stdio::null()).spawn();
        let mut owner = Killed(owner.unwrap());
        while !exists(name.as_str()) {
            thread::sleep(Duration::from_millis(1));
        }
        give_it_time_to_block(); // so that it looks again and again
        let Ok(mut tracer) = Tracer::seize(thread_of_the_part(owner.0.id())) else {
            return ipc_conformance::skipped("this system forbids to trace another process");
        };
        for _ in 0..call {
            assert!(matches!(tracer.next_step(), Ok(Step::Call(..))), "the owner ended");
        }
        // Where the owner holds a lock just now, it is not free to join.
        let joined = Posix::join(name.as_str(), &setup(), SOON);
        drop(tracer);
        let mut joiner = match joined {
            Err(Error::TimedOut { .. }) => Posix::join(name.as_str(), &setup(), PATIENCE).unwrap(),
            joined => joined.unwrap(),
        };
        let mut buffer = vec![0; joiner.max_message()];
        let len = joiner.recv(&mut buffer).unwrap_or_else(|error| panic!("at its call {call}: {error}"));
        assert_eq!(&buffer[..len], b"welcome");
        drop(joiner);
        assert!(owner.0.wait().unwrap().success());
    }
}
