//! Another process: of another user, in another namespace, or without memory.

use std::process::Command;

/// The environment variable that gives a child its part.
const PART: &str = "IPC_MSGQ_ERRNOS_PART";

/// Returns the command for a process that will [`play`] `part`.
pub fn child(part: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child::child_main", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(PART, part);
    command
}

/// Returns the lines that a child printed. The child must have succeeded.
pub fn said(mut child: Command) -> Vec<String> {
    let output = child.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines().filter_map(|line| Some(line.split_once("said: ")?.1.to_owned())).collect()
}

/// The other process; not a test.
#[test]
#[ignore = "the other process of the tests"]
fn child_main() {
    let Ok(part) = std::env::var(PART) else { return };
    let words: Vec<&str> = part.split(' ').collect();
    for line in crate::elsewhere::play(&words) {
        println!("\nsaid: {line}"); // on a new line: the test runner has begun one
    }
}
