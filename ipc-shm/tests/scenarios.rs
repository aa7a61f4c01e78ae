//! What all scenarios promise, checked of those in shared memory.

use std::process::ExitCode;

use ipc_conformance::scenarios::{Cut, Scenarios};
use ipc_shm::{Key, Segment, SemaphoreArray};
use nix::unistd::geteuid;

fn main() -> ExitCode {
    let scenarios = Scenarios {
        program: env!("CARGO_BIN_EXE_ipc-shm"),
        names: &["lost-update", "flag-order", "dead-holder", "lock-step"],
    };
    // One process holds locks, three sleep: nothing would wake them.
    let until = "pthread_mutex_lock(lock C): sleeps";
    scenarios.test(Cut { name: "dead-holder", until, is_left })
}

/// Returns whether the segment is left that the timeline names, or the semaphores, which have its key.
fn is_left(timeline: &str) -> bool {
    let key = timeline.split_once(" key ").and_then(|(_, after)| after.split_once(','));
    let key: Key = key.expect("the timeline names it").0.parse().unwrap();
    let array = SemaphoreArray::find(key, geteuid().as_raw()).unwrap();
    Segment::find(key).unwrap().is_some() || array.is_some()
}
