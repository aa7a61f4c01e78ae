//! The examples print what they are there to show.

use ipc_conformance::{example, pair_of_examples};

#[test]
fn the_smallest_shares_a_number() {
    assert_eq!(example("shm_smallest"), "the second process loaded: 42\n");
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
