//! The medium fails during a run: a mapped file is truncated to nothing, a network goes down.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::demo::{self, Demo};
use crate::tally::{Tally, Wrong};
use crate::world::{self, World};

/// The time that a dead network may go unnoticed: the timeout of an exchange, and that of TCP.
const UNNOTICED: Duration = Duration::from_secs(25);

/// Checks that both sides report corrupt memory, and neither dies of it.
pub fn memory(world: &World) -> Tally {
    let file = match world.subject.mechanism {
        "shm" => PathBuf::from("/dev/shm").join(world.address().trim_start_matches('/')),
        _ => PathBuf::from(world.address()),
    };
    let mut tally = Tally::default();
    for (len, wait) in [(0, "block"), (0, "spin"), (4096, "block"), (4096, "spin")] {
        let name = format!("cut to {len} bytes, wait {wait}");
        // It may have lost its name by the time both are there.
        let open = || std::fs::OpenOptions::new().write(true).open(&file).expect("the file is ours");
        let cut = |file: std::fs::File| file.set_len(len).expect("it may be cut");
        let ends = in_the_middle(
            world,
            wait,
            || {
                let file = open();
                move || cut(file)
            },
            &name,
            &mut tally,
        );
        if !ends.iter().any(|end| end.stderr.contains("corrupt")) {
            tally.wrong(Wrong::Lie, format!("{name}: neither side reports that it is corrupt"));
        }
    }
    tally
}

/// Checks that both sides report that the object is no longer there.
pub fn removed(world: &World) -> Tally {
    let mut tally = Tally::default();
    for wait in ["block", "spin"] {
        let name = format!("removed, wait {wait}");
        let ends = in_the_middle(world, wait, || world::remove_system_v, &name, &mut tally);
        if !ends.iter().any(|end| end.stderr.contains("(EIDRM)")) {
            tally.wrong(Wrong::Lie, format!("{name}: neither says that it is removed"));
        }
    }
    tally
}

/// Checks that both sides end by themselves, and say why.
pub fn network(world: &World) -> Tally {
    let mut tally = Tally::default();
    let link = |state: &str| {
        let status = Command::new("ip").args(["link", "set", "lo", state]).status();
        assert!(status.is_ok_and(|status| status.success()), "ip link set lo {state}");
    };
    in_the_middle(world, "block", || || link("down"), "the network goes down", &mut tally);
    link("up");
    tally
}

/// Prepares an intervention while pong waits, and runs it while both sides exchange messages.
fn in_the_middle<D: FnOnce()>(
    world: &World,
    wait: &str,
    prepare: impl FnOnce() -> D,
    name: &str,
    tally: &mut Tally,
) -> Vec<demo::End> {
    tally.points += 1;
    let mut pong = Demo::start(demo::powerless(
        &world.subject,
        &["pong", &world.address(), "--wait", wait, "--timeout", "5"],
    ));
    let address = pong.address().unwrap_or_else(|| world.address());
    let deed = prepare();
    let endless = ["ping", &address, "--count", "1000000000", "--wait", wait, "--timeout", "5"];
    let mut ping = Demo::start(demo::powerless(&world.subject, &endless));
    ping.until_it_measures();
    deed();
    let ends = vec![ping.end(UNNOTICED), pong.end(UNNOTICED)];
    tally.judge(name, &ends);
    if let Some(end) = ends.iter().find(|end| end.status.success()) {
        tally.wrong(Wrong::Lie, format!("{name}: a success: {}", end.story()));
    }
    world.nothing_left_after_clean(name, tally);
    ends
}
