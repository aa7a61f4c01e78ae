//! The real exercises: each fails as given, passes as solved, and has a judge that rejects wrong attempts. (Those that you
//! have solved in this clone are judged as solved only.)

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};

use ipc_conformance::watchdog::{WHOLE_CASE, Watchdog};
use ipc_conformance::{namespaces, skipped};

/// What the kernel lists of the System V objects of a namespace: a line for each, after a line of titles.
const TABLES: &str = "cat /proc/sysvipc/msg /proc/sysvipc/shm /proc/sysvipc/sem | grep -v key";

#[test]
fn each_exercise_fails_as_given_and_passes_as_solved_and_no_judge_is_fooled() {
    let mut course = check();
    let mut course = course.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut stderr = BufReader::new(course.stderr.take().expect("piped"));
    let mut said = String::new();
    // The time that the compiler takes does not count.
    while !said.contains("All exercises are built.") {
        assert_ne!(stderr.read_line(&mut said).expect("text"), 0, "it did not build them: {said}");
    }
    // Then there is a line for each that is judged.
    let mut is_next = || {
        let _watchdog = Watchdog::over("the judging of the next exercise", WHOLE_CASE);
        stderr.read_line(&mut said).expect("text") > 0
    };
    while is_next() {}
    let ended = course.wait_with_output().expect("a child");
    assert!(ended.status.success(), "{said}");
    let left = String::from_utf8_lossy(&ended.stdout);
    let left: Vec<&str> = left.lines().skip_while(|line| *line != "left:").skip(1).collect();
    assert_eq!(left, [""; 0], "kernel objects are left behind");
}

/// Returns the command that judges all, in an IPC namespace of its own where that can be: then it also lists what is left. An
/// ordinary user gets such a namespace only as root of another one, where no exercise can change its user.
fn check() -> Command {
    let course = env!("CARGO_BIN_EXE_course");
    let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
    let Some(mut apart) = is_root.then(|| namespaces::unshared(&["--ipc"])).flatten() else {
        skipped("looking for kernel objects that the exercises leave needs root, and unshare(1)");
        let mut command = Command::new(course);
        command.arg("check");
        return command;
    };
    apart.args(["sh", "-c", &format!("\"$0\" check || exit 1; echo left:; {TABLES} || true"), course]);
    apart
}
