use std::fs::{self, File};
use std::io::Write as _;
use std::time::Duration;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::{kernel, program};

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn the_child_reads_on_in_the_file_that_it_was_given() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("letter");
    fs::write(&path, "dear friend\nhow are you?\nbye\n").expect("a file");
    let outcome = program::run("socket_pass_descriptor", &[&path], LIMIT);
    outcome.expect_done("The parent should hand over the open file, and the child read from it.");
    let mut lines = outcome.stdout.lines();
    assert_eq!(lines.next(), Some("parent reads: dear friend"));
    assert_eq!(lines.next(), Some("child reads: how are you?"), "the two share one position in the file");
}

#[test]
fn any_descriptor_can_be_handed_over() {
    let outcome = program::run("socket_pass_descriptor", &["/dev/null"], LIMIT);
    outcome.expect_done("Not only regular files: a device should be handed over as well.");
    assert_eq!(outcome.stdout, "parent reads: \nchild reads: \n", "there is nothing to read in /dev/null");
}

/// What comes next is not there yet when the file is handed over: no process can have read it for the other.
#[test]
fn the_child_has_the_open_file_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lines");
    mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).expect("a FIFO");
    let mut lines = File::options().read(true).write(true).open(&path).expect("a FIFO");
    let mut parent = program::start(program::command("socket_pass_descriptor").arg(&path));
    lines.write_all(b"one\n").expect("there is room");
    assert_eq!(parent.line(), "parent reads: one\n");
    let has_it = |process: u32| kernel::open_files(process).iter().any(|open| open.path == path);
    let handed = kernel::comes_true(|| kernel::children(parent.id).into_iter().any(has_it));
    assert!(handed, "the child should have the file open");
    assert!(kernel::comes_true(|| !has_it(parent.id)), "the parent drops its descriptor when it has sent it");
    lines.write_all(b"two\n").expect("there is room");
    assert_eq!(parent.rest(), "child reads: two\n", "the next line is the child's");
}
