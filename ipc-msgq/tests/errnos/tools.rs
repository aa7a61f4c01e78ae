//! Another process: of another user, in another namespace, or without memory.

use std::process::Command;

use ipc_conformance::other;
pub use ipc_conformance::other::command as child;

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
fn other_process_main() {
    let Some(part) = other::part() else { return };
    let words: Vec<&str> = part.split(' ').collect();
    for line in crate::elsewhere::play(&words) {
        println!("\nsaid: {line}"); // on a new line: the test runner has begun one
    }
}
