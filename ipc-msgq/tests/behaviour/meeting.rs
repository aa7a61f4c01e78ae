//! The meeting of two processes, and what is left when they die.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::tools::{PATIENCE, Scratch, pair, played, playing, put, setup, take};
use ipc_core::ownership::OwnershipLock;
use ipc_core::{Error, Mechanism, Receiver, Sender, Setup};
use ipc_msgq::{Key, Queue, SystemV};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const SOON: Duration = Duration::from_millis(50);

/// A queue is made for its owner alone, unless the caller wants wider permissions.
#[test]
fn the_mode_is_0600_unless_asked_otherwise() {
    for (setup, mode) in [(setup(), 0o600), (Setup { mode: 0o660, ..setup() }, 0o660)] {
        let meeting = SystemV::create(None, &setup).unwrap();
        let queue = Queue::open(meeting.address().parse().unwrap()).unwrap();
        assert_eq!(queue.stat().unwrap().mode, mode);
    }
}

/// A joiner without an owner waits for the given time, and then says where.
#[test]
fn a_missing_peer_is_a_timeout() {
    let key = Key::fresh();
    match SystemV::join(&key.to_string(), &setup(), SOON) {
        Err(Error::TimedOut { what, .. }) => {
            assert_eq!(*what, format!("no peer is waiting at {key}"));
        }
        other => panic!("{other:?}"),
    }
}

/// A missing joiner is a timeout as well, and the owner may go on waiting.
#[test]
fn a_missing_joiner_is_a_timeout() {
    let mut meeting = SystemV::create(None, &setup()).unwrap();
    for _ in 0..2 {
        assert!(matches!(meeting.accept(SOON), Err(Error::TimedOut { .. })));
    }
    let _joiner = SystemV::join(&meeting.address(), &setup(), PATIENCE).unwrap();
    meeting.accept(PATIENCE).unwrap();
}

/// A joiner may come, send and leave before the owner looks: sender first, here too.
#[test]
fn a_joiner_may_have_left_before_it_is_accepted() {
    let mut meeting = SystemV::create(None, &setup()).unwrap();
    let mut joiner = SystemV::join(&meeting.address(), &setup(), PATIENCE).unwrap();
    joiner.send(b"early").unwrap();
    drop(joiner);
    let mut owner = meeting.accept(PATIENCE).unwrap();
    let mut buffer = [0; 5];
    assert_eq!(owner.recv(&mut buffer).unwrap(), 5);
    assert!(matches!(owner.recv(&mut buffer), Err(Error::Disconnected)));
}

/// An owner that leaves without accepting is a peer that closed.
#[test]
fn an_owner_may_leave_before_it_accepts() {
    let meeting = SystemV::create(None, &setup()).unwrap();
    let mut joiner = SystemV::join(&meeting.address(), &setup(), PATIENCE).unwrap();
    drop(meeting);
    assert!(matches!(joiner.recv(&mut [0; 5]), Err(Error::Disconnected)));
}

/// A queue has one invitation: the second joiner gets an error, and does not disturb the others.
#[test]
fn a_second_joiner_is_refused() {
    let (mut owner, mut joiner) = pair::<SystemV>();
    let key = owner.queue().stat().unwrap().key.unwrap();
    let refused = SystemV::join(&key.to_string(), &setup(), PATIENCE).unwrap_err().to_string();
    assert!(refused.contains("has already joined the queue"), "{refused}");
    owner.send(b"still here").unwrap();
    assert_eq!(joiner.recv(&mut [0; 10]).unwrap(), 10);
}

/// A joiner that takes the invitation and dies before its hello does not keep it: the owner sends another.
#[test]
fn a_joiner_that_died_before_its_answer_does_not_keep_the_invitation() {
    let mut meeting = SystemV::create(None, &setup()).unwrap();
    let key = meeting.address();
    let mut taker = Command::new(env!("CARGO_BIN_EXE_ipc-msgq"));
    taker.args(["recv", &key, "--type", "5", "--nowait"]); // the invitation
    assert!(taker.output().unwrap().status.success());
    thread::scope(|scope| {
        scope.spawn(|| meeting.accept(PATIENCE).unwrap());
        let started = Instant::now();
        // Joined already, until the owner has looked.
        while let Err(error) = SystemV::join(&key, &setup(), PATIENCE) {
            assert!(started.elapsed() < PATIENCE, "{error}");
        }
    });
}

/// Two owners of one key: the second gets an error.
#[test]
fn an_address_in_use_is_refused() {
    let meeting = SystemV::create(None, &setup()).unwrap();
    let refused = SystemV::create(Some(&meeting.address()), &setup()).unwrap_err();
    assert_eq!(refused.errno(), Some(Errno::EEXIST));
    assert!(refused.to_string().contains("choose another"), "{refused}");
}

/// A queue that another program made is left alone: neither taken over, nor read, nor removed.
#[test]
fn another_programs_queue_is_left_alone() {
    let queue = Scratch::new(0o600);
    let key = queue.key.to_string();
    put(*queue, 5, b"not for us");
    let refused = SystemV::create(Some(&key), &setup()).unwrap_err();
    assert_eq!(refused.errno(), Some(Errno::EEXIST));
    assert!(matches!(SystemV::join(&key, &setup(), PATIENCE), Err(Error::Refused(_))));
    assert_eq!(take(*queue, 5), b"not for us");
}

/// A process that does not speak the protocol is told apart from a peer.
#[test]
fn a_stranger_who_joins_is_corrupt() {
    for garbage in [&b"hello"[..], &[0; 28], &[0; 1000]] {
        let mut meeting = SystemV::create(None, &setup()).unwrap();
        put(Queue::open(meeting.address().parse().unwrap()).unwrap(), 2, garbage);
        assert!(matches!(meeting.accept(PATIENCE), Err(Error::Corrupt(_))));
    }
}

/// An invalid key is a usage error, with one line that explains keys.
#[test]
fn a_bad_address_is_a_usage_error() {
    for address in ["0", "no-key", "0x123456789", ""] {
        assert!(matches!(SystemV::create(Some(address), &setup()), Err(Error::Usage(_))));
        assert!(matches!(SystemV::join(address, &setup(), SOON), Err(Error::Usage(_))));
    }
}

/// When both sides are killed, the queue is left behind; the next `create`, of any key, removes it.
#[test]
fn the_next_create_sweeps_what_killed_processes_left() {
    let key = Key::fresh();
    // An owner whose joiner is another process, whose pid it prints.
    let mut owner = playing(&format!("own {key}"));
    let queue = Queue::open(key).unwrap();
    drop(SystemV::create(None, &setup()).unwrap());
    assert!(queue.stat().is_ok(), "a queue in use was swept");
    let joiner = Pid::from_raw(owner.said.parse().unwrap());
    owner.kill();
    drop(SystemV::create(None, &setup()).unwrap());
    assert!(queue.stat().is_ok(), "a queue was swept whose joiner lives");
    kill(joiner, Signal::SIGKILL).unwrap();
    // A killed process has not yet ended: it holds its ownership lock until the last of its threads is gone.
    let deadline = Instant::now() + PATIENCE;
    while queue.stat().is_ok() {
        assert!(Instant::now() < deadline, "the queue was left behind");
        thread::sleep(Duration::from_millis(5));
        drop(SystemV::create(None, &setup()).unwrap());
    }
}

/// A new queue with the same key is not swept with the queues that killed processes left.
#[test]
fn a_new_queue_with_a_killed_owners_key_is_left_alone() {
    let key = Key::fresh();
    let mut owner = playing(&format!("own {key}"));
    Queue::open(key).unwrap().remove().unwrap();
    let theirs = Queue::create(key, 0o600).unwrap().owned();
    kill(Pid::from_raw(owner.said.parse().unwrap()), Signal::SIGKILL).unwrap();
    owner.kill();
    let deadline = Instant::now() + PATIENCE;
    loop {
        // While the dead processes still hold their ownership lock, the error says so; then it says that the key has a
        // queue.
        let refused = SystemV::create(Some(&key.to_string()), &setup()).unwrap_err().to_string();
        if refused.starts_with("msgget") {
            break;
        }
        assert!(Instant::now() < deadline, "{refused}");
        thread::sleep(Duration::from_millis(5));
    }
    theirs.stat().expect("it is still there");
}

/// A process that keeps the meeting cleans up after the other side, though that was killed, and though the link is
/// closed by then.
#[test]
fn a_meeting_that_is_kept_outlives_its_link() {
    let mut meeting = SystemV::create(None, &setup()).unwrap();
    let key: Key = meeting.address().parse().unwrap();
    let mut joiner = playing(&format!("join {key}"));
    drop(meeting.accept(PATIENCE).unwrap());
    joiner.kill();
    assert!(Queue::open(key).is_ok());
    drop(meeting);
    assert_eq!(Queue::open(key).unwrap_err().errno(), Some(Errno::ENOENT));
}

/// Any user can make a queue for all under any key, and give it away: a joiner asks the kernel for its creator and its
/// owner.
#[test]
fn another_users_queue_is_refused() {
    if !nix::unistd::geteuid().is_root() {
        return ipc_conformance::skipped("giving a queue away needs root");
    }
    let give = |queue: Queue, user| {
        queue.set(&ipc_msgq::Settings { owner: Some(user), ..ipc_msgq::Settings::default() }).unwrap();
    };
    let meeting = SystemV::create(None, &Setup { mode: 0o666, ..setup() }).unwrap();
    let queue = Queue::open(meeting.address().parse().unwrap()).unwrap();
    give(queue, 65534);
    let error = SystemV::join(&meeting.address(), &setup(), PATIENCE).unwrap_err().to_string();
    assert!(error.contains("another user's (uid 65534)"), "{error}");
    assert_eq!(queue.stat().unwrap().messages, 1, "the invitation is still there");
    SystemV::join(&meeting.address(), &Setup { mode: 0o666, ..setup() }, PATIENCE).unwrap();

    let key = Key::fresh();
    played(&format!("create-as-nobody {key}"));
    let theirs = Queue::open(key).unwrap().owned();
    give(*theirs, 0);
    let error = SystemV::join(&key.to_string(), &setup(), PATIENCE).unwrap_err().to_string();
    assert!(error.contains("another user's (uid 65534)"), "{error}");
}

/// The invitation of a killed owner must not be taken, even if other processes keep its queue.
#[test]
fn a_dead_owners_invitation_is_not_taken() {
    let key = Key::fresh().to_string();
    let mut owner = playing(&format!("wait {key}"));
    let ownership = OwnershipLock::share::<SystemV>(&key).unwrap().expect("its owner holds it");
    owner.kill();
    let joined = SystemV::join(&key, &setup(), SOON);
    assert!(joined.is_err(), "{joined:?}");
    drop(ownership);
    assert!(Queue::open(key.parse().unwrap()).is_err(), "it went with the last ownership");
}

/// While the process that has taken the invitation is alive, it may still send its hello: no other is sent.
#[test]
fn an_invitation_in_use_is_not_sent_again() {
    let mut meeting = SystemV::create(None, &setup()).unwrap();
    let queue = Queue::open(meeting.address().parse().unwrap()).unwrap();
    assert!(!take(queue, 5).is_empty(), "the invitation");
    assert!(matches!(meeting.accept(SOON), Err(Error::TimedOut { .. })));
    assert_eq!(queue.stat().unwrap().messages, 0);
}
