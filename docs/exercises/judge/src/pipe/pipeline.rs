use std::time::Duration;

use crate::program;

const LIMIT: Duration = Duration::from_secs(30);

/// The output for these two commands.
fn pipeline(first: &str, second: &str) -> String {
    let outcome = program::run("pipe_pipeline", &[first, second], LIMIT);
    let what =
        format!("`{first} | {second}` should end. (If it hangs: is an end open where it should not be?)");
    outcome.expect_done(&what);
    outcome.stdout.trim().to_owned()
}

#[test]
fn what_the_first_writes_the_second_reads() {
    assert_eq!(pipeline("printf 'b\\na\\n'", "sort"), "a\nb\nstatuses 0 0");
}

#[test]
fn both_statuses_are_told() {
    assert_eq!(pipeline("exit 3", "cat >&2; exit 4"), "statuses 3 4");
}

#[test]
fn a_first_that_never_stops_dies_of_sigpipe() {
    assert_eq!(
        pipeline("exec yes", "head -n 1"),
        "y\nstatuses 141 0",
        "128 + 13 is the status of a death by SIGPIPE"
    );
}

#[test]
fn any_signal_is_told() {
    assert_eq!(pipeline("kill -KILL $$", "cat; kill -TERM $$"), "statuses 137 143", "128 + 9 and 128 + 15");
}

/// The first ends only when the second has answered.
#[test]
fn the_two_can_talk() {
    let folder = tempfile::tempdir().expect("a folder");
    let back = folder.path().join("back");
    nix::unistd::mkfifo(&back, nix::sys::stat::Mode::S_IRWXU).expect("a FIFO");
    let first = format!("echo 7; read status < {}; exit $status", back.display());
    let second = format!("read status; echo $status > {}", back.display());
    assert_eq!(pipeline(&first, &second), "statuses 7 0", "the first waits for an answer of the second");
}

#[test]
fn both_run_at_the_same_time() {
    let expected = "200000\nstatuses 0 0";
    assert_eq!(
        pipeline("head -c 200000 /dev/zero", "wc -c"),
        expected,
        "200,000 bytes do not fit into a pipe"
    );
}
