use std::time::Duration;

use crate::program;

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn the_two_meet() {
    let folder = tempfile::tempdir().expect("a folder");
    let outcome = program::run("fifo_order", &[folder.path()], LIMIT);
    outcome
        .expect_done("Parent and child should meet at both FIFOs. (If they wait: in which open does each?)");
    assert_eq!(outcome.stdout, "the answer is 42\n");
    assert_eq!(folder.path().read_dir().expect("the folder").count(), 0, "the FIFOs should be gone");
}

#[test]
fn plain_open_is_enough() {
    let code = program::code("fifo_order");
    assert!(!code.contains("NONBLOCK"), "it goes without O_NONBLOCK");
    let both = code.contains("read(true).write(true)") || code.contains("write(true).read(true)");
    assert!(!both, "it goes without opening for reading and writing at once");
}
