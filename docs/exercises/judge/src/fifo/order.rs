use std::time::Duration;

use crate::{kernel, program};

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn the_two_meet() {
    for (numbers, product) in [("6 7", 42), ("11 3 5", 165)] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = program::command("fifo_order");
        let outcome = program::finish(command.arg(folder.path()).arg(numbers), LIMIT);
        outcome.expect_done(
            "Parent and child should meet at both FIFOs. (If they wait: in which open does each?)",
        );
        assert_eq!(outcome.stdout, format!("the answer is {product}\n"), "the question is {numbers}");
        assert_eq!(folder.path().read_dir().expect("the folder").count(), 0, "the FIFOs should be gone");
    }
}

/// While the child does not come, the parent sleeps in its first `open`, and so has neither FIFO yet.
#[test]
fn plain_open_is_enough() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = program::command("fifo_order");
    let running = program::start(command.arg(folder.path()).env("CHILD_MS", "3000"));
    let started = kernel::comes_true(|| !kernel::children(running.id).is_empty());
    assert!(started, "the parent should start its child before it opens a FIFO");
    assert!(kernel::waits_for_something(running.id), "the parent should wait in an open");
    let open = kernel::open_files(running.id);
    let open = open.iter().find(|open| open.path.starts_with(folder.path()));
    assert!(
        open.is_none(),
        "the parent has a FIFO open before the child has come: it goes without O_NONBLOCK, and without opening for \
         reading and writing at once"
    );
    let open_fifos = || {
        let open = kernel::open_files(running.id).into_iter();
        open.filter(|open| open.path.starts_with(folder.path())).collect::<Vec<_>>()
    };
    assert!(kernel::comes_true(|| open_fifos().len() == 2), "then the parent should have both FIFOs open");
    for open in open_fifos() {
        let name = open.path.display().to_string();
        assert!(!open.never_waits, "it goes without O_NONBLOCK: {name}");
        assert!(
            !(open.can_read && open.can_write),
            "it goes without opening for reading and writing at once: {name}"
        );
    }
    assert_eq!(running.rest(), "the answer is 42\n", "the child comes three seconds late");
}
