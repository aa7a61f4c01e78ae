//! Clocks that are wrong. The machine's own is left alone: a time namespace moves the monotonic clock; and a wall clock that is
//! set back while a process waits is the same as a deadline that lies later, which the tracer sees to.

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
            // Late each time: this machine may have more to do.
            if (0..TRIES).all(|_| pair::survives_late(world, survivor, PATIENCE)) {
                tally.wrong(
                    Wrong::Hang,
                    format!("{survivor:?} after the wall clock was set back: late to see its peer killed"),
                );
            }
            world.nothing_left_after_clean("wall clock set back", &mut tally);
        }
    }
    tally
}
