//! The cells of the course's table.

use std::fs;
use std::process::Command;

use crate::tools::{Scratch, kind, played, put, take, try_take};
use ipc_msgq::Message;

/// Returns the row of the queue with this key in the kernel's list, split into words.
fn row(list: &str, key: i32) -> Option<Vec<&str>> {
    let rows = list.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    rows.into_iter().find(|words| words[0] == key.to_string())
}

/// Between any two processes: they need not be related, nor run at the same time; both know a key.
#[test]
fn between_two_processes_that_share_nothing_but_a_key() {
    let queue = Scratch::new(0o600);
    played(&format!("put {} hello", queue.key));
    assert_eq!(played(&format!("take {}", queue.key)), "hello");
}

/// Medium: kernel memory, listed among the System V queues with the bytes it holds.
#[test]
fn medium_is_memory_that_the_kernel_lists() {
    let queue = Scratch::new(0o600);
    put(*queue, 1, &[7; 100]);
    let list = fs::read_to_string("/proc/sysvipc/msg").unwrap();
    let row = row(&list, queue.key.get()).expect("the kernel lists the queue");
    assert_eq!(row[1], queue.id().to_string());
    assert_eq!(row[2..5], ["600", "100", "1"], "mode, bytes, messages");
}

/// Medium: memory, not a file: no descriptor leads to a queue.
#[test]
fn medium_is_no_file() {
    let said = played("count-descriptors");
    let (before, after) = said.split_once(' ').unwrap();
    assert_eq!(before, after, "descriptors before and with a queue");
}

/// Unit: a whole message; it is never cut nor joined with the next, however the receiver asks.
#[test]
fn unit_is_a_whole_message() {
    let queue = Scratch::new(0o600);
    for text in [&b"one"[..], b"", b"three"] {
        put(*queue, 1, text);
    }
    assert_eq!([take(*queue, 1), take(*queue, 1), take(*queue, 1)], [&b"one"[..], b"", b"three"]);
}

/// Unit: a struct whose first field, the type, is not counted in the size.
#[test]
fn unit_size_excludes_the_type() {
    let queue = Scratch::new(0o600);
    put(*queue, 1, b"abc");
    assert_eq!(queue.stat().unwrap().bytes, 3);
    let mut message = Message::with_capacity(3); // room for the text alone
    queue.try_recv(kind(1), &mut message).unwrap().expect("it fits");
    assert_eq!(message.text(), b"abc");
    assert_eq!(message.kind(), kind(1));
}

/// Direction: one-way. With a single type for both directions, a process takes its own question for the answer.
#[test]
fn direction_is_one_way_for_each_type() {
    let queue = Scratch::new(0o600);
    put(*queue, 1, b"question");
    assert_eq!(take(*queue, 1), b"question", "the sender itself gets it back");

    put(*queue, 1, b"question");
    assert_eq!(try_take(*queue, 2), None, "with a type for each way it does not");
    assert_eq!(take(*queue, 1), b"question");
}

/// Reach: same host, and on it one IPC namespace: from another, the key names nothing.
#[test]
fn reach_ends_at_the_ipc_namespace() {
    let queue = Scratch::new(0o600);
    let key = queue.key.get();
    let list = |program: &str, args: &[&str]| {
        let output = Command::new(program).args(args).output().ok().filter(|output| output.status.success());
        output.map(|output| String::from_utf8(output.stdout).unwrap())
    };
    assert!(row(&list("cat", &["/proc/sysvipc/msg"]).unwrap(), key).is_some());
    match list("unshare", &["--ipc", "cat", "/proc/sysvipc/msg"]) {
        Some(elsewhere) => assert!(row(&elsewhere, key).is_none(), "{elsewhere}"),
        None => ipc_conformance::skipped("a new IPC namespace needs root and unshare(1)"),
    }
}
