//! POSIX queues on their own: what they offer beyond System V queues, and what they refuse.
//!
//! `conformance.rs` tests two processes that use them. The queues here are small, since all queues of a user share an
//! allowance of 819200 bytes.

use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ipc_conformance::Allowance;
use ipc_conformance::watchdog::PATIENCE;
use ipc_core::Error;
use ipc_msgq::posix::{Access, Attributes, PosixName, PosixQueue, Priority};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::stat::fstat;

const SMALL: Attributes = Attributes { capacity: 3, longest: 16, messages: 0 };

/// Makes both ends of a small queue whose name is already removed: it cannot be left behind.
fn ends() -> (PosixQueue, PosixQueue) {
    drop(Allowance::wait_for(1)); // small queues fit wherever a link's do
    let name = PosixName::fresh();
    let inbound = PosixQueue::create(&name, Access::Receive, SMALL, 0o600).unwrap();
    let outbound = PosixQueue::open(&name, Access::Send);
    PosixQueue::unlink(&name).unwrap();
    (inbound, outbound.unwrap())
}

fn put(queue: &PosixQueue, text: &[u8], priority: Priority) {
    queue.try_send(text, priority).unwrap().expect("there is room");
}

/// Takes the next message and its priority, if there is one.
fn take(queue: &PosixQueue) -> Option<(Vec<u8>, Priority)> {
    let mut buffer = [0; 16];
    let received = queue.try_recv(&mut buffer).unwrap()?;
    Some((buffer[..received.len].to_vec(), received.priority))
}

fn errno<T>(result: Result<T, Error>) -> Errno {
    result.err().and_then(|error| error.errno()).expect("the kernel refuses it")
}

/// Returns the events of `wanted` that are ready now.
fn ready<const N: usize>(wanted: [(&dyn AsFd, PollFlags); N]) -> [PollFlags; N] {
    let mut fds = wanted.map(|(fd, flags)| PollFd::new(fd.as_fd(), flags));
    poll(&mut fds, PollTimeout::ZERO).unwrap();
    fds.map(|fd| fd.revents().unwrap())
}

/// The highest priority comes first; within one, the oldest message.
#[test]
fn the_highest_priority_comes_first() {
    let (inbound, outbound) = ends();
    for (text, priority) in [(b"low", 0), (b"old", 9), (b"new", 9)] {
        put(&outbound, text, priority);
    }
    for expected in [(b"old".to_vec(), 9), (b"new".to_vec(), 9), (b"low".to_vec(), 0)] {
        assert_eq!(take(&inbound), Some(expected));
    }
    assert_eq!(take(&inbound), None);
    put(&outbound, b"first", 32767);
    assert_eq!(take(&inbound), Some((b"first".to_vec(), 32767)));
    assert_eq!(errno(outbound.try_send(b"x", 32768)), Errno::EINVAL);
}

/// A queue is a descriptor: one `poll` waits for it and for a socket, without a helper thread.
#[test]
fn a_queue_polls_next_to_a_socket() {
    let (inbound, outbound) = ends();
    let (socket, _peer) = UnixStream::pair().unwrap();
    let (input, output, none) = (PollFlags::POLLIN, PollFlags::POLLOUT, PollFlags::empty());
    let now = || ready([(&inbound, input), (&outbound, output), (&socket, input)]);
    assert_eq!(now(), [none, output, none], "it is empty");
    put(&outbound, b"1", 0);
    assert_eq!(now(), [input, output, none], "there is a message, and room");
    put(&outbound, b"2", 0);
    put(&outbound, b"3", 0);
    assert_eq!(now(), [input, none, none], "it is full");
    assert_eq!(outbound.try_send(b"4", 0).unwrap(), None);
    take(&inbound).unwrap();
    assert_eq!(now(), [input, output, none], "there is room again");
}

/// A waiting `poll` wakes when the message comes.
#[test]
fn a_poll_that_waits_is_woken() {
    let (inbound, outbound) = ends();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(50));
            put(&outbound, b"text", 1);
        });
        let mut fds = [PollFd::new(inbound.as_fd(), PollFlags::POLLIN)];
        while poll(&mut fds, PollTimeout::try_from(PATIENCE).unwrap()) == Err(Errno::EINTR) {}
        assert_eq!(take(&inbound), Some((b"text".to_vec(), 1)));
    });
}

/// `mq_notify` sends one signal, for the first message into the empty queue, and then none until asked for again.
#[test]
fn a_notification_comes_once() {
    let (inbound, outbound) = ends();
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let count_signals = signal_hook::iterator::Signals::new([signal_hook::consts::SIGUSR1]);
    let mut signals = count_signals.unwrap();
    let handle = signals.handle();
    let counting = thread::spawn(move || {
        for _ in signals.forever() {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    let came = |expected| {
        let started = Instant::now();
        while count.load(Ordering::SeqCst) < expected && started.elapsed() < PATIENCE {
            thread::sleep(Duration::from_millis(1));
        }
        thread::sleep(Duration::from_millis(20)); // an unwanted one would come now
        assert_eq!(count.load(Ordering::SeqCst), expected);
    };
    inbound.notify(Some(Signal::SIGUSR1)).unwrap();
    assert_eq!(errno(inbound.notify(Some(Signal::SIGUSR1))), Errno::EBUSY, "one at a time");
    put(&outbound, b"first", 0);
    came(1);
    put(&outbound, b"second", 0);
    came(1);
    // Asked for again while the queue is not empty: no signal, until it has been empty.
    inbound.notify(Some(Signal::SIGUSR1)).unwrap();
    put(&outbound, b"third", 0);
    came(1);
    while take(&inbound).is_some() {}
    put(&outbound, b"fourth", 0);
    came(2);
    // The request is cancelled.
    take(&inbound).unwrap();
    inbound.notify(Some(Signal::SIGUSR1)).unwrap();
    inbound.notify(None).unwrap();
    put(&outbound, b"fifth", 0);
    came(2);
    handle.close();
    counting.join().unwrap();
}

/// The kernel's own deadlines do not end a wait early.
#[test]
fn a_wait_ends_in_time() {
    let (inbound, outbound) = ends();
    let time = Duration::from_millis(30);
    let started = Instant::now();
    assert_eq!(inbound.recv_within(&mut [0; 16], time).unwrap(), None);
    assert!(started.elapsed() >= time, "to receive");
    for _ in 0..SMALL.capacity {
        put(&outbound, b"", 0);
    }
    let started = Instant::now();
    assert_eq!(outbound.send_within(b"", 0, time).unwrap(), None);
    assert!(started.elapsed() >= time, "to send");
}

/// A wait of the longest possible time receives a message that comes.
#[test]
fn a_wait_may_be_without_end() {
    let (inbound, outbound) = ends();
    thread::scope(|scope| {
        let receiver = scope.spawn(|| inbound.recv_within(&mut [0; 16], Duration::MAX));
        thread::sleep(Duration::from_millis(20));
        assert!(!receiver.is_finished());
        assert_eq!(outbound.send_within(b"x", 0, Duration::MAX).unwrap(), Some(()));
        assert_eq!(receiver.join().unwrap().unwrap().unwrap().len, 1);
    });
}

/// A queue outlives its name until the last descriptor is closed, as a file does.
#[test]
fn a_removed_name_leaves_the_queue_to_its_users() {
    drop(Allowance::wait_for(1));
    let name = PosixName::fresh();
    let inbound = PosixQueue::create(&name, Access::Receive, SMALL, 0o600).unwrap();
    let outbound = PosixQueue::open(&name, Access::Send);
    let twice = PosixQueue::create(&name, Access::Receive, SMALL, 0o600);
    PosixQueue::unlink(&name).unwrap();
    assert_eq!(errno(twice), Errno::EEXIST);
    assert_eq!(errno(PosixQueue::open(&name, Access::Send)), Errno::ENOENT);
    assert_eq!(errno(PosixQueue::unlink(&name)), Errno::ENOENT);
    put(&outbound.unwrap(), b"still", 0);
    assert_eq!(inbound.attributes().unwrap(), Attributes { messages: 1, ..SMALL });
    assert_eq!(take(&inbound), Some((b"still".to_vec(), 0)));
}

/// The queue sets the sizes: a message may not be longer, and a buffer not smaller, whatever the queue contains.
#[test]
fn sizes_are_checked() {
    let (inbound, outbound) = ends();
    assert_eq!(errno(outbound.try_send(&[0; 17], 0)), Errno::EMSGSIZE);
    put(&outbound, b"1", 0);
    assert_eq!(errno(inbound.try_recv(&mut [0; 15])), Errno::EMSGSIZE);
    assert_eq!(take(&inbound), Some((b"1".to_vec(), 0)), "it is still there");
    assert_eq!(errno(inbound.try_send(b"1", 0)), Errno::EBADF, "opened to receive");
    assert_eq!(errno(outbound.try_recv(&mut [0; 16])), Errno::EBADF, "opened to send");
}

/// A queue has exactly the requested mode, and is closed on exec.
#[test]
fn it_is_as_private_as_was_asked_for() {
    drop(Allowance::wait_for(1));
    for mode in [0o600, 0o622, 0o7640] {
        let name = PosixName::fresh();
        let queue = PosixQueue::create(&name, Access::Receive, SMALL, mode).unwrap();
        PosixQueue::unlink(&name).unwrap();
        assert_eq!(fstat(&queue).unwrap().st_mode & 0o7777, mode & 0o777);
        let flags = FdFlag::from_bits_retain(fcntl(&queue, FcntlArg::F_GETFD).unwrap());
        assert!(flags.contains(FdFlag::FD_CLOEXEC), "descriptor {}", queue.as_fd().as_raw_fd());
    }
}
