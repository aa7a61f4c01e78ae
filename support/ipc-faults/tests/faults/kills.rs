//! A process is killed before each of its system calls: the other one ends by itself, and after the next `create`
//! nothing is left of either.

use crate::errnos;
use crate::pair::{Part, play};
use crate::tally::{Tally, Wrong};
use crate::tracer::{Deed, Point};
use crate::world::World;

/// The number of tries for a point whose failure may be due to the timing of a busy machine alone.
pub const TRIES: usize = 3;

/// Kills each of `parts` at every call that it makes.
pub fn sweep(world: &World, parts: &[Part]) -> Tally {
    let mut tally = Tally::default();
    for &part in parts {
        kill(world, part, &mut tally);
    }
    tally
}

fn kill(world: &World, part: Part, tally: &mut Tally) {
    let points = Point::all(&play(world, part, None).trace.calls);
    world.scrub();
    let mut seen = true;
    for point in points {
        // A kill before or after a call that no other process can see is the same.
        let differs = std::mem::replace(&mut seen, errnos::is_seen(point.number));
        if !differs && !world.everything {
            continue;
        }
        if tally.gives_up() {
            break;
        }
        tally.points += 1;
        let name = format!("{part:?} killed before {} {}", errnos::name(point.number), point.nth);
        kill_at(world, part, point, &name, tally);
    }
}

fn kill_at(world: &World, part: Part, point: Point, name: &str, tally: &mut Tally) {
    for attempt in 1.. {
        let round = play(world, part, Some((point, Deed::Kill)));
        let late = round.late();
        if late && attempt < TRIES {
            world.scrub();
            continue;
        }
        if late {
            tally.wrong(Wrong::Hang, format!("{name}: {}", round.story()));
        }
        for end in round.ends().filter(|end| end.panicked()) {
            tally.wrong(Wrong::Panic, format!("{name}: {}", end.story()));
        }
        break;
    }
    if let Err(error) = world.subject.next_create() {
        tally.wrong(Wrong::Lie, format!("{name}: the next create: {error}"));
    }
    let left = world.left();
    if !left.is_empty() {
        tally.wrong(Wrong::Leak, format!("{name}: {}", left.join(", ")));
        world.scrub();
    }
}
