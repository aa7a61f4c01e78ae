//! Use in the shell, where such commands belong.

use std::process::Command;

use crate::tools::{BINARY, Scratch, ended};

/// Runs a line of shell, in which `ipc-msgq` is the command and `$Q` the queue's id.
fn shell(queue: &Scratch, line: &str) -> String {
    let mut shell = Command::new("sh");
    shell.args([
        "-euc",
        &format!("ipc_msgq() {{ {BINARY} \"$@\"; }}; {}", line.replace("ipc-msgq", "ipc_msgq")),
    ]);
    shell.env("Q", queue.id()).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    ended(shell.spawn().unwrap()).text()
}

/// Bytes come out as they went in, even if they are no text.
#[test]
fn bytes_pass_through_a_pipeline_unchanged() {
    let queue = Scratch::new();
    shell(
        &queue,
        "f=$(mktemp); head -c 8000 /dev/urandom >$f; ipc-msgq send $Q <$f; ipc-msgq recv $Q | cmp - $f; rm $f",
    );
    assert_eq!(shell(&queue, "echo hello | ipc-msgq send $Q; ipc-msgq recv $Q"), "hello\n");
    assert_eq!(shell(&queue, "printf 'a\\0b' | ipc-msgq send $Q; ipc-msgq recv $Q | wc -c").trim(), "3");
}

/// A loop runs until there is no message: status 3 ends it.
#[test]
fn a_queue_is_emptied_by_a_loop() {
    let queue = Scratch::new();
    let line = "for i in 1 2 3; do ipc-msgq send $Q $i; done; \
                s=0; while ipc-msgq recv $Q --nowait || { s=$?; false; }; do echo; done; echo status $s";
    assert_eq!(shell(&queue, line), "1\n2\n3\nstatus 3\n");
}

/// A sender in the background, a receiver in the foreground, and a `head` that stops reading.
#[test]
fn a_follower_feeds_a_pipeline() {
    let queue = Scratch::new();
    let line = "(for i in 1 2 3; do ipc-msgq send $Q $i; done) & \
                ipc-msgq recv $Q --follow --lines --timeout 5 2>/dev/null | head -n 3; wait";
    // The follower ends by its timeout at the latest; on a fourth message it notices that the pipe is closed, if it is by then.
    let four = line.replace("1 2 3", "1 2 3 4");
    assert_eq!(shell(&queue, &four), "1\n2\n3\n");
    assert!(queue.take().is_none_or(|(_, text)| text == b"4"), "put back, if it was taken at all");
}

/// The queue of a script is made, used by key, and removed.
#[test]
fn a_script_makes_and_removes_its_queue() {
    let queue = Scratch::new();
    let line = "id=$(ipc-msgq create); ipc-msgq send $id x; ipc-msgq recv $id; ipc-msgq rm $id; \
                ipc-msgq stat $id 2>/dev/null || echo \" gone\"";
    assert_eq!(shell(&queue, line), "x gone\n");
}
