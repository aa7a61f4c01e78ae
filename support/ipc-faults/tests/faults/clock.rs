//! Wrong clocks. The machine's own clocks are left alone: a time namespace moves the monotonic clock; and setting back
//! the wall clock while a process waits has the same effect as a later deadline, which the tracer sets.

use crate::demo::{self, PATIENCE};
use crate::kills::TRIES;
use crate::pair::{self, Part};
use crate::tally::{Tally, Wrong};
use crate::world::World;

pub fn sweep(world: &World) -> Tally {
    let mut tally = Tally::default();
    for offset in ["1000000000", "-1"] {
        let shifted = |args: &[&str]| {
            let command = demo::powerless(&world.subject, args);
            demo::wrapped(
                "unshare",
                &["--time", "--fork", "--kill-child", "--monotonic", offset, "--boottime", offset],
                &command,
            )
        };
        world.attempt(&format!("monotonic clock moved by {offset} s"), shifted, &mut tally);
    }
    if world.subject.address.is_some() {
        for survivor in [Part::Pong, Part::Ping] {
            tally.points += 1;
            // Each time: once may be due to other load on the machine.
            let wrong: Vec<_> =
                (0..TRIES).map_while(|_| pair::wrong_with_survivor(world, survivor, PATIENCE)).collect();
            if wrong.len() == TRIES {
                tally.wrong(
                    Wrong::Hang,
                    format!("{survivor:?} after the wall clock was set back: {}", wrong.join(", ")),
                );
            }
            world.nothing_left_after_clean("wall clock set back", &mut tally);
        }
    }
    tally
}
