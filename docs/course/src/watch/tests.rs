//! A panic leaves the terminal as it was found.

use std::process::{Command, Stdio};

use nix::pty::{OpenptyResult, openpty};
use nix::sys::termios::tcgetattr;

use super::Keys;

/// The test starts itself as the program that panics: a terminal belongs to a whole process.
#[test]
fn a_panic_leaves_the_terminal_as_it_was_found() {
    const INSIDE: &str = "COURSE_TEST_PANICS";
    if std::env::var_os(INSIDE).is_some() {
        let before = tcgetattr(std::io::stdin()).expect("it is a terminal");
        let _keys = Keys::new().expect("it is a terminal");
        let now = tcgetattr(std::io::stdin()).expect("it is a terminal");
        let is_raw = if now == before { "as before" } else { "each key at once" };
        panic!("{is_raw}");
    }
    let OpenptyResult { master: _master, slave } = openpty(None, None).expect("a terminal");
    let before = tcgetattr(&slave).expect("it is a terminal");
    let test = std::env::current_exe().expect("this program");
    let mut program = Command::new(test);
    program.args(["--exact", "watch::tests::a_panic_leaves_the_terminal_as_it_was_found", "--nocapture"]);
    program.env(INSIDE, "1").stdin(Stdio::from(slave.try_clone().expect("a descriptor")));
    let output = program.output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("each key at once"), "{said}");
    assert_eq!(tcgetattr(&slave).expect("it is a terminal"), before);
}
