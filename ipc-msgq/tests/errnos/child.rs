//! Another process: of another user, in another namespace, or without memory.

use std::process::Command;

/// Names to a child the part that it plays.
const PART: &str = "IPC_MSGQ_ERRNOS_PART";

/// A process that will [`play`] `part`.
pub fn child(part: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child::child_main", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(PART, part);
    command
}

/// What a child said, a line each. It must have ended well.
pub fn said(mut child: Command) -> Vec<String> {
    let output = child.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines().filter_map(|line| Some(line.split_once("said: ")?.1.to_owned())).collect()
}

/// Not a test: the other process.
#[test]
#[ignore = "the other process of the tests"]
fn child_main() {
    let Ok(part) = std::env::var(PART) else { return };
    let words: Vec<&str> = part.split(' ').collect();
    for line in crate::elsewhere::play(&words) {
        println!("\nsaid: {line}"); // the runner has begun a line of its own
    }
}
