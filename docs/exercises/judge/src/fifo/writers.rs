use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::time::Duration;

use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::{kernel, program, sys};

const LIMIT: Duration = Duration::from_secs(30);

/// The output when all records have this length.
fn written(len: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let name = folder.path().to_str().expect("a name in UTF-8");
    let outcome = program::run("fifo_writers", &[name, len], LIMIT);
    outcome.expect_done("Four writers should write, and the reader read to the end.");
    assert_eq!(folder.path().read_dir().expect("the folder").count(), 0, "the FIFO should be gone");
    outcome.stdout
}

#[test]
fn short_records_arrive_whole() {
    let said = written("100");
    assert!(
        said.contains("80 good, 0 bad"),
        "records were mixed: how many calls of write does one take? {said}"
    );
}

#[test]
fn the_longest_records_arrive_whole() {
    // The longest name, a blank, the text, the line's end: 5 + 1 + 4089 + 1 = 4096 bytes.
    let said = written("4089");
    assert!(said.contains("80 good, 0 bad"), "up to PIPE_BUF bytes must go: {said}");
}

#[test]
fn one_byte_too_many_is_too_many() {
    // With 4090, "anna" and "dora" still have 4096 bytes. "berta" and "clara" have 4097, the line's end included.
    let said = written("4090");
    assert!(said.contains("40 good, 0 bad"), "4096 bytes are promised, and 4097 are not: {said}");
    assert_eq!(said.matches("InvalidInput").count(), 2, "is the line's end counted? {said}");
}

#[test]
fn records_that_could_be_torn_are_refused() {
    let said = written("5000");
    assert!(said.contains("0 good, 0 bad"), "nothing of such a record should be written: {said}");
    assert_eq!(said.matches("InvalidInput").count(), 4, "each of the four writers should be told: {said}");
}

/// A FIFO of one page that has room for 20 bytes: a record does not fit, a piece of one does. Which writers come between
/// is luck; what the kernel has taken of a record is not.
#[test]
fn a_record_goes_in_by_one_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("records");
    mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).expect("a FIFO");
    let mut fifo = File::options().read(true).write(true).open(&path).expect("a FIFO");
    let page = fcntl(&fifo, FcntlArg::F_SETPIPE_SZ(4096)).expect("a pipe may be small");
    let filled = usize::try_from(page).expect("a size") - 20;
    fifo.write_all(&vec![b'.'; filled]).expect("it fits");
    let writer = program::start(program::command("fifo_writers").arg(folder.path()).args(["100", "anna"]));
    let has_it = || kernel::open_files(writer.id).iter().any(|open| open.path == path);
    assert!(kernel::comes_true(has_it), "the writer should open the FIFO");
    assert!(
        kernel::waits_for_something(writer.id),
        "a writer should sleep until there is room for its whole record"
    );
    assert_eq!(
        sys::readable(fifo.as_fd()).expect("a FIFO") - filled,
        0,
        "bytes of a record that are in the FIFO already, while its rest is not: another writer could come in between"
    );
}
