//! `ls` and `rm` agree with `ipcs` and `ipcrm` of util-linux.

use std::process::Command;

use ipc_conformance::watchdog::over_this_test;
use ipc_msgq::{Key, Message, MessageType, OwnedQueue, Queue};

use crate::tools::said;

const BINARY: &str = env!("CARGO_BIN_EXE_ipc-msgq");

/// Returns whether `program` is util-linux's; prints a note if it does not exist.
fn is_there(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output();
    let there = there.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("util-linux"));
    if !there {
        ipc_conformance::skipped(&format!("{program} of util-linux is not there"));
    }
    there
}

fn queue() -> (Key, OwnedQueue) {
    over_this_test();
    let key = Key::fresh();
    let queue = Queue::create(key, 0o640).unwrap().owned();
    queue.send(&Message::new(MessageType::ONE, b"12345")).unwrap();
    (key, queue)
}

/// Returns the line that begins with `key`, split into words.
fn line(table: &str, key: Key) -> Vec<String> {
    let line =
        table.lines().find(|line| line.starts_with(&key.to_string())).unwrap_or_else(|| panic!("{table}"));
    line.split_whitespace().map(str::to_owned).collect()
}

/// Key, id, owner, permissions, bytes and messages are the same, in the same columns.
#[test]
fn ls_and_ipcs_agree() {
    if !is_there("ipcs") {
        return;
    }
    let (key, _queue) = queue();
    let theirs = line(&said(Command::new("ipcs").arg("-q")), key);
    let mut ours = line(&said(Command::new(BINARY).arg("ls")), key);
    ours.truncate(6);
    assert_eq!(ours[3], "0640");
    ours[3].remove(0); // ipcs prints three digits
    assert_eq!(ours, theirs);
}

/// A queue that either one removes is gone for the other, by id and by key.
#[test]
fn rm_and_ipcrm_agree() {
    if !is_there("ipcrm") || !is_there("ipcs") {
        return;
    }
    let is_gone = |key: Key| {
        [said(Command::new("ipcs").arg("-q")), said(Command::new(BINARY).arg("ls"))]
            .map(|table| !table.contains(&key.to_string()))
    };
    for program in [&["ipcrm"][..], &[BINARY, "rm"]] {
        for by_key in [false, true] {
            let (key, queue) = queue();
            assert_eq!(is_gone(key), [false, false]);
            let (option, name) =
                if by_key { ("-Q", key.to_string()) } else { ("-q", queue.id().to_string()) };
            let mut command = Command::new(program[0]);
            command.args(&program[1..]);
            if program[0] == "ipcrm" {
                command.arg(option); // ours tells them apart
            }
            let said = said(command.arg(&name));
            assert_eq!((&*said, is_gone(key)), ("", [true, true]), "{program:?} {option}");
        }
    }
}
