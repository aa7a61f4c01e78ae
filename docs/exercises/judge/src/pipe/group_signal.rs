use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::program::{self, Group};

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

/// A process of the same group that has nothing to do with the boss. It does not ignore any signal.
#[test]
fn no_other_process_of_the_group_is_touched() {
    let bystander = Command::new("sleep").arg("60").process_group(0).stdin(Stdio::null()).spawn();
    let mut bystander = Group(bystander.expect("sleep is everywhere"));
    let mut boss = program::command("pipe_group_signal");
    let outcome = program::finish(boss.arg("boss").process_group(bystander.0.id().cast_signed()), LIMIT);
    let ended = bystander.wait_for(Duration::from_millis(100));
    assert!(ended.is_none(), "A process of the boss's group, which is not its child, was stopped as well.");
    let said = &outcome.stdout;
    assert!(said.contains("worker ended by signal 15"), "the worker should die of SIGTERM:\n{said}");
}
