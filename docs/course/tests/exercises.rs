//! The real exercises: each fails as given, and passes as solved. (Those that you have solved in this clone are judged as
//! solved only.)

use std::process::Command;

#[test]
fn each_exercise_fails_as_given_and_passes_as_solved() {
    let course = Command::new(env!("CARGO_BIN_EXE_course")).arg("check").output().expect("it starts");
    let said = String::from_utf8_lossy(&course.stderr);
    assert!(course.status.success(), "{}{said}", String::from_utf8_lossy(&course.stdout));
}
