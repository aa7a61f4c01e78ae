use std::time::Duration;

use crate::{kernel, program};

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn the_reader_serves_one_writer_after_the_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let run = || program::run("fifo_next_writer", &[folder.path()], LIMIT);
    let (outcome, busy) = program::beside_a_busy_thread(run);
    outcome.expect_done("The reader should end at the line `quit`.");
    let said = &outcome.stdout;
    assert!(
        said.starts_with("got one\ngot two\ngot three\nCPU time "),
        "The end of file of a FIFO only means that no writer is there now. It printed:\n{said}"
    );
    assert_eq!(folder.path().read_dir().expect("the folder").count(), 0, "the FIFO should be gone");
    let spent = said.split("CPU time ").nth(1).and_then(|rest| rest.split(' ').next());
    let spent: u128 = spent.and_then(|spent| spent.parse().ok()).expect("the last line tells the CPU time");
    let busy = busy.as_millis();
    assert!(
        spent < busy / 2,
        "{spent} ms of CPU time, where one who never sleeps gets {busy}: it asks again and again"
    );
}

/// A reader that opens the FIFO anew for each writer loses what one writes between the end of file and the close.
#[test]
fn between_two_writers_it_keeps_the_fifo_open_and_sleeps() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lines");
    let mut reader = program::start(program::command("fifo_next_writer").arg(folder.path()));
    assert_eq!(reader.line(), "got one\n", "the first writer's line");
    let id = reader.id;
    let writer_is_gone = || kernel::children(id).is_empty();
    for (expected, text) in [("got two\n", "second"), ("got three\n", "third")] {
        assert!(kernel::comes_true(writer_is_gone), "each writer leaves");
        let mut open = true;
        let (mut asks, mut asleep) = (false, 0);
        for _ in 0..20 {
            open &= kernel::open_files(id).iter().any(|open| open.path == path);
            let call = kernel::sleeps_in(id);
            asks |= call.is_some_and(kernel::is_a_pause);
            asleep += u32::from(call.is_some());
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(
            open,
            "before the {text} writer came, the reader did not have the FIFO open: what is written in such a moment is \
             lost, or its writer fails"
        );
        assert!(
            !asks,
            "before the {text} writer came, the reader slept for some time, and not until something comes"
        );
        assert!(
            asleep >= 5,
            "before the {text} writer came, the reader did not sleep: it asks again and again"
        );
        assert_eq!(reader.line(), expected);
    }
    assert!(reader.rest().starts_with("CPU time"), "the reader should end at the line `quit`");
}
