//! Programs in C and C++ on one queue with Rust, found by `ftok` on both sides.

use std::process::{Command, Stdio};

use ipc_conformance::watchdog::PATIENCE;
use ipc_msgq::{MessageType, Queue};

use crate::msgq_v1::File;
use crate::tools::{Place, ended};

const COUNT: u32 = 20;

/// Returns a receiver's output for the messages of any sender.
fn expected() -> String {
    let lines: Vec<String> =
        (1..=COUNT).map(|number| format!("{number} hello-{number}.txt {number}000\n")).collect();
    lines.concat()
}

/// Sends as the programs do.
fn send(place: &Place) {
    let mut queue = Queue::open_or_create(place.key, 0o600).unwrap().typed::<File>();
    for sequence in 1..=COUNT {
        queue.send(MessageType::ONE, &File::announced(sequence)).unwrap();
    }
}

/// Receives as the programs do, and removes the queue.
fn receive(place: &Place) {
    let queue = Queue::open_or_create(place.key, 0o600).unwrap().owned();
    let mut files = queue.typed::<File>();
    for sequence in 1..=COUNT {
        let received = files.recv_until(MessageType::ONE, PATIENCE).unwrap();
        assert_eq!(received, Some((MessageType::ONE, File::announced(sequence))));
    }
}

/// The program sends and ends, and then Rust receives.
fn from(source: &str) {
    let place = Place::new();
    let Some(sender) = place.compile(source) else { return };
    place.run(&sender, &[&COUNT.to_string()]);
    receive(&place);
}

/// The program waits, Rust sends, and the program prints what it received and removes the queue.
fn to(source: &str) {
    let place = Place::new();
    let Some(receiver) = place.compile(source) else { return };
    let mut command = Command::new(receiver);
    let receiver = command.arg(place.file()).arg(COUNT.to_string());
    let receiver = receiver.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    send(&place);
    assert_eq!(ended(receiver), expected());
    assert!(Queue::open(place.key).is_err(), "the receiver has removed it");
}

#[test]
fn rust_receives_what_c_sends() {
    from("sender.c");
}

#[test]
fn rust_receives_what_cpp_sends() {
    from("sender.cpp");
}

#[test]
fn c_receives_what_rust_sends() {
    to("receiver.c");
}

#[test]
fn cpp_receives_what_rust_sends() {
    to("receiver.cpp");
}

/// The C and C++ programs work with each other.
#[test]
fn cpp_receives_what_c_sends() {
    let place = Place::new();
    let (Some(sender), Some(receiver)) = (place.compile("sender.c"), place.compile("receiver.cpp")) else {
        return;
    };
    place.run(&sender, &[&COUNT.to_string()]);
    assert_eq!(place.run(&receiver, &[&COUNT.to_string()]), expected());
}

/// The command sees the queue of a C program under the program's name for it, and receives its messages.
#[test]
fn the_command_receives_what_c_sends() {
    let place = Place::new();
    let Some(sender) = place.compile("sender.c") else { return };
    place.run(&sender, &["1"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-msgq"));
    let output =
        command.args(["recv", "--nowait", &format!("{}:M", place.file().display())]).output().unwrap();
    assert_eq!(output.stdout, zerocopy::IntoBytes::as_bytes(&File::announced(1)));
}

/// The corrected snippets of the course notes do what the notes say.
#[test]
fn the_course_notes_corrected_work() {
    let place = Place::new();
    let Some(program) = place.compile("course_notes.cpp") else { return };
    assert_eq!(place.run(&program, &[]), "empty: nothing\nserver: hello.txt\nclient: thanks\n");
}
