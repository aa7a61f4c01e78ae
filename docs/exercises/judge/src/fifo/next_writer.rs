use std::time::Duration;

use crate::program;

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
