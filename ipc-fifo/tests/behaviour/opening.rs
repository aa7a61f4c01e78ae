//! Pitfalls of opening, and of meeting.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use ipc_conformance::watchdog::PATIENCE;
use ipc_core::{Error, Mechanism, Receiver, Sender};
use ipc_fifo::Fifo;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode as Permissions;
use nix::unistd::mkfifo;

use crate::tools::{A_WHILE, cpu_time, errno, message, open, raw_fifo, setup, start};

/// Opening a FIFO sleeps until the other side opens it as well.
#[test]
fn a_plain_open_waits_for_the_other_side() {
    for (first, second) in [(OFlag::O_RDONLY, OFlag::O_WRONLY), (OFlag::O_WRONLY, OFlag::O_RDONLY)] {
        let (_dir, path) = raw_fifo();
        let sleeper = path.clone();
        let opened = start(move || open(&sleeper, first).map(drop));
        assert!(opened.recv_timeout(A_WHILE).is_err(), "{first:?} alone should not have opened");
        let other = start(move || open(&path, second).map(drop));
        opened.recv_timeout(PATIENCE).expect("it should have opened by now").unwrap();
        other.recv_timeout(PATIENCE).expect("so should the other side").unwrap();
    }
}

/// Two sides that each first open the FIFO that they read wait for each other forever.
#[test]
fn opening_both_in_the_wrong_order_is_a_deadlock() {
    let (_dir, one) = raw_fifo();
    let (_other_dir, other) = raw_fifo();
    let sides = [(one.clone(), other.clone()), (other.clone(), one.clone())].map(|(reads, writes)| {
        start(move || (open(&reads, OFlag::O_RDONLY).unwrap(), open(&writes, OFlag::O_WRONLY).unwrap()))
    });
    assert!(sides[0].recv_timeout(A_WHILE).is_err() && sides[1].try_recv().is_err());
    // The way out, for this test: an end that needs no process on the other side.
    let _ends = [&one, &other].map(|path| open(path, OFlag::O_RDWR).unwrap());
    for side in sides {
        side.recv_timeout(PATIENCE).unwrap();
    }
}

/// The reader gets its end at once with `O_NONBLOCK`; the writer is refused while there is no reader.
#[test]
fn a_nonblocking_writer_without_a_reader_gets_enxio() {
    let (_dir, path) = raw_fifo();
    assert_eq!(errno(&open(&path, OFlag::O_WRONLY | OFlag::O_NONBLOCK).unwrap_err()), Errno::ENXIO);
    let _read = open(&path, OFlag::O_RDONLY | OFlag::O_NONBLOCK).unwrap();
    open(&path, OFlag::O_WRONLY | OFlag::O_NONBLOCK).unwrap();
}

/// The first read returns "end of file" before any writer came; `poll` reports a hang-up only once a writer has gone.
#[test]
fn the_end_of_file_before_the_first_writer_is_a_false_one() {
    let (_dir, path) = raw_fifo();
    let mut read = open(&path, OFlag::O_RDONLY | OFlag::O_NONBLOCK).unwrap();
    let hung_up = |read: &File| {
        let mut fds = [PollFd::new(read.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).unwrap() == 1 && fds[0].revents() == Some(PollFlags::POLLHUP)
    };
    assert_eq!(read.read(&mut [0]).unwrap(), 0);
    assert!(!hung_up(&read), "no process has been there yet");
    drop(open(&path, OFlag::O_WRONLY | OFlag::O_NONBLOCK).unwrap());
    // A process that another test starts at this moment has a copy of the end, until its `exec`.
    let gone = Instant::now() + PATIENCE;
    while !hung_up(&read) {
        assert!(Instant::now() < gone, "a process has been there and left");
    }
    assert_eq!(read.read(&mut [0]).unwrap(), 0);
}

/// `O_RDWR` opens at once on Linux, but is no way out: the process reads its own bytes, and never sees an end of file.
#[test]
fn opened_for_both_a_process_hears_itself() {
    let (_dir, path) = raw_fifo();
    let mut both = open(&path, OFlag::O_RDWR | OFlag::O_NONBLOCK).unwrap();
    both.write_all(b"echo").unwrap();
    let mut buffer = [0; 8];
    assert_eq!(both.read(&mut buffer).unwrap(), 4);
    assert_eq!(&buffer[..4], b"echo");
    // Its own write end keeps the stream open: "nothing yet" forever, although no other process is there.
    assert_eq!(errno(&both.read(&mut buffer).unwrap_err()), Errno::EAGAIN);
}

/// A peer that never comes is an error after the caller's timeout, on either side.
#[test]
fn a_peer_that_never_comes_is_a_timeout_and_no_hang() {
    let dir = tempfile::tempdir().unwrap();
    let address = dir.path().join("talk").display().to_string();
    let alone = start(move || {
        let joined = Fifo::join(&address, &setup(), A_WHILE).map(drop);
        let accepted = Fifo::create(Some(&address), &setup()).unwrap().accept(A_WHILE).map(drop);
        (joined, accepted)
    });
    let (joined, accepted) = alone.recv_timeout(PATIENCE).expect("it hangs");
    assert!(matches!(joined, Err(Error::TimedOut { waited: A_WHILE, .. })), "{joined:?}");
    assert!(message(joined).starts_with("no peer is waiting at"));
    assert!(matches!(accepted, Err(Error::TimedOut { waited: A_WHILE, .. })), "{accepted:?}");
}

/// FIFOs without a reader belong to an owner that is dead, or about to start: joining there means waiting.
#[test]
fn fifos_without_a_reader_are_waited_at() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["to-owner", "to-joiner"] {
        mkfifo(&dir.path().join(name), Permissions::S_IRUSR | Permissions::S_IWUSR).unwrap();
    }
    let joined = Fifo::join(dir.path().to_str().unwrap(), &setup(), Duration::from_millis(20)).map(drop);
    assert!(message(joined).starts_with("no peer is waiting at"));
}

/// Only the visitor whose number was answered is trusted.
#[test]
fn a_confirmation_with_another_number_is_none() {
    let mut owner = Fifo::create(None, &setup()).unwrap();
    let fifo = |name| Path::new(&owner.address()).join(name);
    let _reads = open(&fifo("to-joiner"), OFlag::O_RDONLY | OFlag::O_NONBLOCK).unwrap();
    let mut says = open(&fifo("to-owner"), OFlag::O_WRONLY | OFlag::O_NONBLOCK).unwrap();
    says.write_all(b"fifo1 j\nnumber 1fifo1 g\nnumber 2").unwrap();
    let accepted = owner.accept(Duration::from_millis(20)).map(drop);
    assert!(matches!(accepted, Err(Error::TimedOut { .. })), "{accepted:?}");
    says.write_all(b"fifo1 g\nnumber 1").unwrap();
    owner.accept(PATIENCE).unwrap();
}

/// A process that opens the FIFO and leaves without a word does not count: the owner waits on, without using the CPU.
#[test]
fn a_visitor_without_a_word_does_not_end_the_waiting() {
    let mut owner = Fifo::create(None, &setup()).unwrap();
    let path = Path::new(&owner.address()).join("to-owner");
    drop(open(&path, OFlag::O_WRONLY | OFlag::O_NONBLOCK).unwrap());
    let waited = start(move || {
        let before = cpu_time();
        (owner.accept(A_WHILE).map(drop), owner, cpu_time().saturating_sub(before))
    });
    let (accepted, mut owner, cpu) = waited.recv_timeout(PATIENCE).expect("it waits too long");
    assert!(matches!(accepted, Err(Error::TimedOut { .. })), "{accepted:?}");
    assert!(cpu < A_WHILE / 2, "{cpu:?} of CPU to wait for {A_WHILE:?}");
    let address = owner.address();
    let joiner = start(move || Fifo::join(&address, &setup(), PATIENCE).unwrap());
    let mut link = owner.accept(PATIENCE).unwrap();
    joiner.recv_timeout(PATIENCE).unwrap().send(b"a real one").unwrap();
    assert_eq!(link.recv(&mut [0; 16]).unwrap(), 10);
}

/// A joiner that gave up before the owner was ready does not disturb the next one, whose answer is not mistaken for the
/// other's: a FIFO cannot tell its visitors apart, so they take numbers.
#[test]
fn a_joiner_who_gave_up_does_not_spoil_it_for_the_next() {
    for _ in 0..20 {
        let mut owner = Fifo::create(None, &setup()).unwrap();
        let address = owner.address();
        let gave_up = Fifo::join(&address, &setup(), Duration::from_millis(10));
        assert!(message(gave_up).contains("no answer"));
        let next = start(move || Fifo::join(&address, &setup(), PATIENCE).unwrap());
        let mut link = owner.accept(PATIENCE).unwrap();
        next.recv_timeout(PATIENCE).unwrap().send(b"next").unwrap();
        assert_eq!(link.recv(&mut [0; 16]).unwrap(), 4);
    }
}

/// An answer to a visitor that left without reading it is still in the FIFO when the next one joins, and is not taken
/// for an answer to that one.
#[test]
fn an_answer_to_a_peer_that_left_is_not_for_the_next() {
    let mut owner = Fifo::create(None, &setup()).unwrap();
    let fifo = |name| Path::new(&owner.address()).join(name);
    let gone = open(&fifo("to-joiner"), OFlag::O_RDONLY | OFlag::O_NONBLOCK).unwrap();
    let mut says = open(&fifo("to-owner"), OFlag::O_WRONLY | OFlag::O_NONBLOCK).unwrap();
    says.write_all(b"fifo1 j\nnumber 1").unwrap();
    assert!(matches!(owner.accept(A_WHILE), Err(Error::TimedOut { .. })), "it did not confirm");
    drop((gone, says));
    let address = owner.address();
    let next = start(move || Fifo::join(&address, &setup(), PATIENCE).unwrap());
    thread::sleep(A_WHILE); // until it finds that answer
    let mut link = owner.accept(PATIENCE).unwrap();
    link.send(b"next").unwrap();
    assert_eq!(next.recv_timeout(PATIENCE).unwrap().recv(&mut [0; 16]).unwrap(), 4);
}

/// A third process is told that the pair is taken: while the other two talk, and after the second has left.
#[test]
fn a_second_joiner_is_told_that_it_is_in_use() {
    let mut owner = Fifo::create(None, &setup()).unwrap();
    let address = owner.address();
    let first = address.clone();
    let first = start(move || Fifo::join(&first, &setup(), PATIENCE).unwrap());
    let mut link = owner.accept(PATIENCE).unwrap();
    let first = first.recv_timeout(PATIENCE).unwrap();
    assert!(message(Fifo::join(&address, &setup(), PATIENCE)).contains("in use"));
    drop(first);
    assert!(message(Fifo::join(&address, &setup(), PATIENCE)).contains("in use"));
    assert!(matches!(link.recv(&mut [0; 16]), Err(Error::Disconnected)));
}

/// The same holds before the owner has accepted a peer: of two joiners, the first waits, and the second is told.
#[test]
fn of_two_who_wait_for_the_owner_the_second_is_told() {
    let mut owner = Fifo::create(None, &setup()).unwrap();
    let address = owner.address();
    let first = address.clone();
    let first = start(move || Fifo::join(&first, &setup(), PATIENCE).unwrap());
    let seen = open(&Path::new(&address).join("to-owner"), OFlag::O_RDONLY | OFlag::O_NONBLOCK).unwrap();
    let mut fds = [PollFd::new(seen.as_fd(), PollFlags::POLLIN)];
    assert_eq!(poll(&mut fds, PollTimeout::try_from(PATIENCE).unwrap()), Ok(1), "the first has said hello");
    assert!(message(Fifo::join(&address, &setup(), A_WHILE)).contains("in use"));
    assert!(first.try_recv().is_err(), "no process has accepted it yet");
    owner.accept(PATIENCE).unwrap();
    first.recv_timeout(PATIENCE).unwrap();
}

/// Visitors that come and go constantly do not prolong the owner's wait.
#[test]
fn restless_visitors_do_not_stretch_the_timeout() {
    let mut owner = Fifo::create(None, &setup()).unwrap();
    let path = Path::new(&owner.address()).join("to-owner");
    let visitors = [(); 4].map(|()| {
        let path = path.clone();
        thread::spawn(move || while open(&path, OFlag::O_WRONLY | OFlag::O_NONBLOCK).is_ok() {})
    });
    let accepted = start(move || owner.accept(A_WHILE).map(drop));
    let accepted = accepted.recv_timeout(PATIENCE).expect("it still waits");
    assert!(matches!(accepted, Err(Error::TimedOut { .. })), "{accepted:?}");
    for visitor in visitors {
        visitor.join().unwrap(); // the owner has gone, and the FIFO with it
    }
}

/// A wrong object at the address, or an address that is none, is named in the error.
#[test]
fn what_is_no_fifo_pair_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let address = dir.path().display().to_string();
    fs::write(dir.path().join("to-owner"), "a regular file").unwrap();
    fs::write(dir.path().join("to-joiner"), "a regular file").unwrap();
    assert!(message(Fifo::join(&address, &setup(), PATIENCE)).contains("is not a FIFO"));
    let file = dir.path().join("to-owner").display().to_string();
    assert!(message(Fifo::join(&file, &setup(), PATIENCE)).contains("is a directory"));
    assert!(message(Fifo::create(Some(&address), &setup())).contains("(EEXIST); "));
    assert!(matches!(Fifo::create(Some(""), &setup()), Err(Error::Usage(_))));
    let told = message(Fifo::create(Some(&format!("{address}/{}", "x".repeat(300))), &setup()));
    assert!(told.contains("(ENAMETOOLONG); choose a shorter name"), "{told}");
    let told = message(Fifo::create(Some(&format!("{address}/none/talk")), &setup()));
    assert!(told.contains("/none must be a directory"), "{told}");
    fs::remove_file(dir.path().join("to-joiner")).unwrap();
    std::os::unix::fs::symlink("to-owner", dir.path().join("to-joiner")).unwrap();
    assert!(message(Fifo::join(&address, &setup(), PATIENCE)).contains("is a symbolic link"));
}

/// A stranger's bytes in the FIFO are not a greeting: both sides report that.
#[test]
fn a_stranger_who_writes_into_the_fifo_is_told_apart() {
    let mut owner = Fifo::create(None, &setup()).unwrap();
    let path = Path::new(&owner.address()).join("to-owner");
    let mut shell = open(&path, OFlag::O_WRONLY | OFlag::O_NONBLOCK).unwrap();
    shell.write_all(b"hello from echo\n!").unwrap();
    assert!(matches!(owner.accept(PATIENCE), Err(Error::Corrupt(_))));
}
