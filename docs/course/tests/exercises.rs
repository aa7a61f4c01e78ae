//! The real exercises: each fails as given, passes as solved, and has a judge that rejects wrong attempts. (Those that you have solved in this clone are judged as
//! solved only.)

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use ipc_conformance::watchdog::{WHOLE_CASE, Watchdog};

#[test]
fn each_exercise_fails_as_given_and_passes_as_solved_and_no_judge_is_fooled() {
    let mut course = Command::new(env!("CARGO_BIN_EXE_course"));
    let mut course = course.arg("check").stderr(Stdio::piped()).spawn().expect("it starts");
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
    assert!(course.wait().expect("a child").success(), "{said}");
}
