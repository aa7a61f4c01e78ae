//! The examples print what they are there to show.

use ipc_conformance::{example, example_in_c, pair_of_examples};

#[test]
fn the_smallest_shares_a_number() {
    assert_eq!(example("shm_smallest"), "the second process loaded: 42\n");
}

#[test]
fn the_smallest_in_c_says_the_same() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/src/shared-memory/smallest.c");
    assert_eq!(example_in_c(source), "the second process loaded: 42\n");
}

/// On a machine where the two take turns, updates are lost only when one is interrupted at the wrong moment.
#[test]
fn stage_0_loses_updates_without_a_lock() {
    loop {
        let said = example("stage_0_counter");
        let (plain, guarded) = said.split_once('\n').expect("several lines");
        assert_eq!(guarded.matches(": 0 lost\n").count(), 3, "{said}");
        let death = "the holder has ended: the mutex says so: true; the semaphore stays taken: true\n";
        assert!(guarded.ends_with(death), "{said}");
        if !plain.ends_with(": 0 lost") {
            return;
        }
    }
}

#[test]
fn each_stage_passes_its_messages() {
    for (stage, said) in [
        ("stage_1_flag", "the reader read: hello from the other process\n"),
        ("stage_2_lock_step", "the reader got 1000 messages, one by one, in order\n"),
        ("stage_3_ring", "the reader got 1000 messages through 16 slots, in order\n"),
        (
            "stage_4_sleeping_ring",
            "the reader got 1000 messages through 16 slots, and slept while there was none\n",
        ),
    ] {
        assert_eq!(example(stage), said);
    }
}

/// How long each way takes is for the reader to see.
#[test]
fn each_way_to_notice_a_death_notices_it() {
    let said = example("notice_a_death");
    let ways: Vec<_> = said.lines().map(|line| line.split("median").next().unwrap().trim()).collect();
    assert_eq!(ways, ["look every 100 ms", "sleep in poll(2) on a pidfd", "be woken by a thread that does"]);
}

/// The two programs of the README.
#[test]
fn the_receiver_gets_the_senders_structs() {
    let said = "sensor 1: 20.5 °C\nsensor 2: 20.5 °C\nsensor 3: 20.5 °C\n";
    assert_eq!(pair_of_examples("shm_receiver", "shm_sender"), said);
}

#[test]
fn tokio_asks_and_is_answered() {
    assert_eq!(example("shm_tokio"), "ONE\nTWO\nTHREE\n");
}
