use std::fs::File;
use std::io::Write;
use std::process::Stdio;
use std::time::Duration;

use crate::program;

const LIMIT: Duration = Duration::from_secs(30);

fn names_come_out(names: &[&str], why: &str) {
    let outcome = program::run("socket_unterminated", names, LIMIT);
    outcome.expect_done("The names should be sent and received.");
    assert_eq!(outcome.stdout.lines().collect::<Vec<_>>(), names, "{why}");
}

#[test]
fn names_come_out_as_they_went_in() {
    names_come_out(&["Ann", "Bob", "Eve"], "three names of three letters");
}

#[test]
fn a_short_name_behind_a_long_one_is_short() {
    names_come_out(&["Bartholomew", "Bo"], "what was in the field before is no part of the name");
}

#[test]
fn a_name_may_fill_its_field() {
    names_come_out(&["sixteen_letters_", "Ann"], "a name of sixteen letters has no zero byte behind it");
}

#[test]
fn no_field_has_bytes_of_another() {
    let outcome = program::run("socket_unterminated", &["send", "password", "x"], LIMIT);
    let field = outcome.expect_done("The sender alone should work.").stdout.as_bytes();
    assert_eq!(field[16..], *b"x\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "behind the name there must be zero bytes");
}

#[test]
fn a_name_that_does_not_fit_is_refused() {
    let outcome = program::run("socket_unterminated", &["seventeen_letters", "Ann"], LIMIT);
    let status = outcome.status.expect("It should end.");
    assert!(
        !status.success(),
        "A name of 17 letters does not fit. It was sent as another one: {}",
        outcome.stdout
    );
}

#[test]
fn the_receiver_believes_no_sender() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bytes");
    // Three full fields, and the beginning of a fourth.
    File::create(&path).and_then(|mut file| file.write_all(&[b'x'; 50])).expect("a file");
    let mut command = program::command("socket_unterminated");
    let outcome =
        program::finish(command.arg("receive").stdin(Stdio::from(File::open(&path).expect("there"))), LIMIT);
    outcome.expect_done("Bytes without any zero among them should be received, too.");
    let full = "x".repeat(16);
    assert_eq!(
        outcome.stdout.lines().collect::<Vec<_>>(),
        [&full, &full, &full, "xx"],
        "50 bytes without a zero byte"
    );
}
