use std::time::Duration;

use crate::program;

const LIMIT: Duration = Duration::from_secs(30);

/// The program puts its processes into a group of their own: a wrong signal does not come here.
#[test]
fn only_the_worker_is_stopped() {
    let outcome = program::run("pipe_group_signal", &[] as &[&str], LIMIT);
    let said = &outcome.stdout;
    assert!(
        !said.contains("boss: signal"),
        "The boss died of its own signal: to whom does kill(0, SIGTERM) send it? It printed:\n{said}"
    );
    outcome.expect_done("The boss should stop the worker and end.");
    assert!(said.contains("worker ended by signal 15"), "the worker should die of SIGTERM:\n{said}");
    assert!(said.contains("witness: still here"), "the witness should go on:\n{said}");
}
