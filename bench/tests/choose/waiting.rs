//! The wait strategy to recommend.

use std::time::Duration;

use ipc_bench::present::choose::Choice;
use ipc_bench::present::choose::purpose::{Burn, Priority, Purpose};
use ipc_bench::results::row::Row;
use ipc_core::Wait;

use crate::invented::{costs, document};
use crate::purposes::{PURPOSE, choice, order, trips};

/// Spinning is recommended only if two cores may be burnt, and there are two. Polling for a moment is recommended only
/// where messages come so fast that it helps.
#[test]
fn spinning_is_asked_for() {
    let rows = || {
        let [block, hybrid, spin] = [(Wait::Block, 5e4), (Wait::Hybrid, 2e3), (Wait::Spin, 2e2)]
            .map(|(wait, ns)| Row { cost: Some(costs(ns)), ..trips("shm", "ring", wait, ns) });
        vec![block, hybrid, spin]
    };
    let waits = |purpose| {
        let choice = choice(purpose, rows());
        choice.ranking.first().map(|first| first.wait.clone()).unwrap_or_default()
    };
    let burn = Purpose { burn_cores: Burn::Yes, ..PURPOSE };
    assert_eq!((waits(PURPOSE), waits(burn)), ("hybrid".into(), "spin".into()));
    let notes = choice(PURPOSE, rows()).notes;
    assert_eq!(
        notes,
        [
            "`hybrid` polls up to 100 µs, then sleeps: for rare messages as `block`",
            "with `--burn-cores`: shm (ring), spin, 200 ns ± 2 % a round trip",
        ]
    );
    let cpu = Purpose { priority: Priority::Cpu, ..burn };
    assert_eq!(waits(cpu), "block", "for messages that come alone");
    assert_eq!(waits(Purpose { rate_per_s: Some(10_000), ..cpu }), "hybrid", "100 µs apart");
    assert_eq!(waits(Purpose { rate_per_s: Some(9_000), ..PURPOSE }), "block", "further apart");
    let simple = Purpose { priority: Priority::Simplicity, ..burn };
    assert_eq!(waits(simple), "block");
    let deadline = |micros| Some(Duration::from_micros(micros));
    assert_eq!(waits(Purpose { deadline: deadline(10), ..simple }), "hybrid", "99 of 100 in 4 µs");
    assert_eq!(waits(Purpose { deadline: deadline(1), ..simple }), "spin");
    let none = choice(Purpose { deadline: deadline(1), burn_cores: Burn::No, ..simple }, rows());
    assert_eq!(none.notes, ["with `--burn-cores`: shm (ring), spin, p99 400 ns a round trip"]);
    let fast = choice(Purpose { rate_per_s: Some(10_000), ..PURPOSE }, rows());
    let busy = "`hybrid` polls up to 100 µs: at this rate it hardly sleeps and keeps two cores busy";
    assert_eq!(fast.notes[0], busy);
    let too_long = Choice::of(&Purpose { size: 1 << 20, ..PURPOSE }, &document(rows()), |_, _| Some(64));
    assert!(!too_long.notes.concat().contains("--burn-cores"), "{:?}", too_long.notes);
    // On one core the peer cannot run while this side polls.
    let on_one = rows().into_iter().map(|row| Row { pong_cpu: 0, cpus: "same".into(), ..row }).collect();
    let on_one = choice(burn, on_one);
    assert_eq!(order(&on_one), [("ring", "hybrid")]);
    assert!(on_one.notes.contains(&"on one core nothing spins: the peer could not run meanwhile".into()));
}

/// A way to wait that burns more must gain something.
#[test]
fn polling_must_gain_something() {
    let rows =
        |hybrid| vec![trips("shm", "ring", Wait::Block, 1e4), trips("shm", "ring", Wait::Hybrid, hybrid)];
    assert_eq!(order(&choice(PURPOSE, rows(9.7e3))), [("ring", "block")]);
    assert_eq!(order(&choice(PURPOSE, rows(9e3))), [("ring", "hybrid")]);
}
