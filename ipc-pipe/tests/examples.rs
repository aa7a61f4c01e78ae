//! The examples print what they are there to show, and what `lib.rs` says about the files to read is true.

use std::fs;
use std::path::Path;

use ipc_conformance::{example, example_in_c};

#[test]
fn the_smallest_says_hello() {
    assert_eq!(example("pipe_smallest"), "the child read: hello from the parent\n");
}

#[test]
fn the_smallest_in_c_says_the_same() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/pipe/smallest.c");
    assert_eq!(example_in_c(source), "the child read: hello from the parent\n");
}

#[test]
fn stage_1_loses_the_boundaries() {
    assert_eq!(example("stage_1_bytes"), "the child read 4 bytes: onet\nthe child read 2 bytes: wo\n");
}

/// A message that the pipe cannot hold takes several reads, however they fall.
#[test]
fn stage_2_keeps_messages_apart() {
    let said = example("stage_2_frames");
    let (short, long) = said.split_at(said.find("message 3").expect("a third message"));
    assert_eq!(short, "message 1: 3 bytes in 2 reads\nmessage 2: 3 bytes in 2 reads\n");
    let calls = long
        .trim_end()
        .strip_prefix("message 3: 200000 bytes in ")
        .and_then(|text| text.strip_suffix(" reads"));
    assert!(calls.is_some_and(|calls| calls.parse::<u32>().unwrap() > 2), "{long}");
}

#[test]
fn stage_3_answers_and_ends() {
    assert_eq!(example("stage_3_end"), "one -> ONE\ntwo -> TWO\nthe child has ended: exit status: 0\n");
}

#[test]
fn stage_4_reads_everything_at_once() {
    let said = example("stage_4_read_ahead");
    assert!(said.ends_with("received 200 messages in 2 reads, the last of which found the end\n"), "{said}");
}

#[test]
fn a_second_thread_is_measured_beside_one() {
    let said = example("second_thread");
    let times = said.lines().skip(1).map(|line| line.ends_with(" ns"));
    assert_eq!(times.collect::<Vec<_>>(), [true; 3], "{said}");
}

/// The way of one message: the function of each line is in the file of that line, and the files are short.
#[test]
fn the_way_of_one_message_is_as_described() {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate is in a folder of the workspace");
    let (_, section) =
        include_str!("../src/lib.rs").split_once("# The way of one message").expect("a section");
    let mut lines = 0;
    for row in section.lines().filter(|line| line.ends_with(".rs` |")) {
        let quoted: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        let (function, file) = (quoted[0].rsplit(':').next().unwrap(), quoted.last().unwrap());
        let text = fs::read_to_string(root.join(file)).expect(file);
        assert!(text.contains(&format!("fn {function}")), "{function} is not in {file}");
        lines += text.lines().count();
    }
    assert!((300..700).contains(&lines), "{lines} lines");
}
