//! The errors that this process can provoke by itself.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ipc_conformance::watchdog::{PATIENCE, over_this_test};
use ipc_core::{Result, ThreadId};
use ipc_msgq::{Access, CancelToken, Key, Limits, Message, MessageType, OwnedQueue, Queue, Select, Settings};
use nix::errno::Errno;
use nix::sys::signal::Signal;

const ONE: MessageType = MessageType::ONE;

/// A call that waits.
type Call = fn(Queue) -> Result<()>;

/// A function that makes the queue on which the call waits.
type Make = fn() -> OwnedQueue;

fn queue() -> OwnedQueue {
    over_this_test();
    Queue::private(0o600).unwrap().owned()
}

/// Checks the call and the errno of an error, as shown to a person.
#[track_caller]
fn refused<T>(result: Result<T>, expected: &str) {
    let error = result.map(drop).expect_err("it did not fail").to_string();
    assert!(error.starts_with(expected), "{error}");
}

/// Makes a queue that accepts no message, so that a sender waits.
fn full() -> OwnedQueue {
    let queue = queue();
    queue.set(&Settings { capacity: Some(0), ..Settings::default() }).unwrap();
    queue
}

fn send(queue: Queue) -> Result<()> {
    queue.send(&Message::new(ONE, b"text"))
}

fn recv(queue: Queue) -> Result<()> {
    queue.recv(Select::Any, &mut Message::with_capacity(100))
}

fn send_until(queue: Queue) -> Result<()> {
    queue.send_until(&Message::new(ONE, b"text"), PATIENCE).map(drop)
}

fn recv_until(queue: Queue) -> Result<()> {
    queue.recv_until(Select::Any, &mut Message::with_capacity(100), PATIENCE).map(drop)
}

/// Makes `call` wait in a thread of its own, runs `what` again and again until the call has ended, and returns its
/// result.
fn while_waiting(queue: Queue, call: Call, mut what: impl FnMut(ThreadId)) -> Result<()> {
    let (tell, told) = mpsc::channel();
    let waiter = thread::spawn(move || {
        tell.send(ThreadId::current()).unwrap();
        call(queue)
    });
    let thread = told.recv().unwrap();
    for _ in 0..300 {
        thread::sleep(Duration::from_millis(100)); // it is waiting by now, or the next time
        if waiter.is_finished() {
            return waiter.join().unwrap();
        }
        what(thread);
    }
    panic!("it still waits");
}

#[test]
fn msgget_eexist_and_enoent() {
    let key = Key::fresh();
    refused(Queue::open(key), "msgget: No such file or directory (ENOENT); no queue has key");
    refused(
        Queue::open_for(key, Access::Read),
        "msgget: No such file or directory (ENOENT); no queue has key",
    );
    let _queue = Queue::create(key, 0o600).unwrap().owned();
    refused(Queue::create(key, 0o600), "msgget: File exists (EEXIST); choose another key, or remove");
}

/// "Not now" is not an error.
#[test]
fn eagain_and_enomsg_are_none() {
    assert_eq!(full().try_send(&Message::new(ONE, b"")).unwrap(), None);
    let (queue, mut message) = (queue(), Message::with_capacity(1));
    assert_eq!(queue.try_recv(Select::Any, &mut message).unwrap(), None);
    assert_eq!(queue.peek(0, &mut message).unwrap(), None);
    assert_eq!(queue.peek(usize::MAX, &mut message).unwrap(), None);
}

#[test]
fn einval_of_a_queue_that_is_gone() {
    let gone = *queue(); // dropped, and so removed, at the end of this line
    let mut message = Message::with_capacity(1);
    refused(send(gone), "msgsnd: Invalid argument (EINVAL)");
    refused(gone.try_send(&message), "msgsnd: Invalid argument (EINVAL)");
    refused(recv(gone), "msgrcv: Invalid argument (EINVAL)");
    refused(gone.try_recv(Select::Any, &mut message), "msgrcv: Invalid argument (EINVAL)");
    refused(gone.peek(0, &mut message), "msgrcv: Invalid argument (EINVAL)");
    refused(gone.stat(), "msgctl: Invalid argument (EINVAL)");
    refused(gone.set(&Settings::default()), "msgctl: Invalid argument (EINVAL)");
    refused(gone.remove(), "msgctl: Invalid argument (EINVAL)");
    refused(gone.close_and_drain(Duration::ZERO), "msgctl: Invalid argument (EINVAL)");
}

#[test]
fn einval_of_a_message_too_long() {
    let longer = vec![0; Limits::read().unwrap().message_bytes + 1];
    refused(queue().send(&Message::new(ONE, &longer)), "msgsnd: Invalid argument (EINVAL)");
}

/// The message stays for a receiver with more room.
#[test]
fn msgrcv_e2big() {
    let queue = queue();
    send(*queue).unwrap();
    let small = &mut Message::with_capacity(3);
    refused(queue.recv(Select::Any, small), "msgrcv: Argument list too long (E2BIG)");
    refused(queue.peek(0, small), "msgrcv: Argument list too long (E2BIG)");
    refused(queue.peek(0, &mut Message::truncating(3)), "msgrcv: Argument list too long (E2BIG)");
    recv(*queue).unwrap();
}

#[test]
fn eidrm_of_a_call_that_waits() {
    let (make_full, make_empty): (Make, Make) = (full, queue);
    let cases = [
        (make_full, send as Call, "msgsnd: Identifier removed (EIDRM)"),
        (make_empty, recv, "msgrcv: Identifier removed (EIDRM)"),
        (make_full, send_until, "msgsnd: Identifier removed (EIDRM)"),
        (make_empty, recv_until, "msgrcv: Identifier removed (EIDRM)"),
    ];
    for (make, call, answer) in cases {
        let removed_while_waiting = || {
            let queue = make().keep();
            while_waiting(queue, call, |_| _ = queue.remove())
        };
        // EINVAL if the call did not wait yet, on a busy machine: then try again.
        let early =
            |ended: &Result<()>| ended.as_ref().is_err_and(|error| error.errno() == Some(Errno::EINVAL));
        let ended = (0..10).map(|_| removed_while_waiting()).find(|ended| !early(ended));
        refused(ended.expect("it never waited"), answer);
    }
}

#[test]
fn eintr_of_a_call_that_waits() {
    let queue = queue();
    // The first use of the wake-up timer installs the handler without which SIGURG interrupts nothing.
    let none =
        queue.recv_until(Select::Any, &mut Message::with_capacity(1), Duration::from_millis(1)).unwrap();
    assert_eq!(none, None);
    let signal = |thread: ThreadId| _ = thread.signal(Signal::SIGURG);
    refused(while_waiting(*full(), send, signal), "msgsnd: Interrupted system call (EINTR)");
    refused(while_waiting(*queue, recv, signal), "msgrcv: Interrupted system call (EINTR)");
}

/// A signal does not end a call with a deadline or an token early.
#[test]
fn no_eintr_of_a_call_with_an_end() {
    let queue = queue();
    let token = CancelToken::new();
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            tell.send(ThreadId::current()).unwrap();
            queue.recv_until(Select::Any, &mut Message::with_capacity(1), &token)
        });
        let thread = told.recv().unwrap();
        for _ in 0..20 {
            thread::sleep(Duration::from_millis(10));
            thread.signal(Signal::SIGURG).unwrap();
        }
        assert!(!waiter.is_finished());
        token.cancel();
        assert_eq!(waiter.join().unwrap().unwrap(), None);
    });
}

/// Also run as root, where root lacks `CAP_SYS_RESOURCE` (a container); otherwise by another user, in `elsewhere.rs`.
#[test]
fn eperm_of_a_capacity_above_the_limit_comes_with_advice() {
    let above = Limits::read().unwrap().queue_bytes + 1;
    match queue().set(&Settings { capacity: Some(above), ..Settings::default() }) {
        Ok(()) => ipc_conformance::skipped("this process is privileged (CAP_SYS_RESOURCE)"),
        refusal => {
            refused(refusal, "msgctl: Operation not permitted (EPERM); a capacity above kernel.msgmnb");
        }
    }
}

/// `EIDRM` of `msgctl` needs a removal in the middle of one `IPC_STAT`. With two processors this happens sooner or
/// later; with one it may not.
#[test]
fn eidrm_of_stat_is_left_to_chance() {
    for attempt in 1..=50_000 {
        let queue = Queue::private(0o600).unwrap();
        let ask = move || std::iter::repeat_with(|| queue.stat()).find_map(Result::err).unwrap();
        let asker = thread::spawn(ask);
        queue.remove().unwrap();
        let ended = asker.join().unwrap();
        if ended.errno() == Some(Errno::EIDRM) {
            return eprintln!("EIDRM of msgctl came at attempt {attempt}");
        }
        assert_eq!(ended.errno(), Some(Errno::EINVAL));
    }
    ipc_conformance::skipped("EIDRM of msgctl did not come in 50000 attempts");
}
