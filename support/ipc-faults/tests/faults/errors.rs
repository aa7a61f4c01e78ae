//! A system call fails, once, in the way that its manual page says: no process panics or hangs, what is said names the call
//! and the errno, and after `clean` nothing is left.

use std::collections::HashSet;

use nix::errno::Errno;

use crate::demo::End;
use crate::errnos;
use crate::kills::TRIES;
use crate::pair::{Part, Round, play};
use crate::tally::{Tally, Wrong};
use crate::tracer::{Deed, Point};
use crate::world::World;

/// Lets each call of each of `parts` fail.
pub fn sweep(world: &World, parts: &[Part]) -> Tally {
    let mut tally = Tally::default();
    for &part in parts {
        fail(world, part, &mut tally);
    }
    tally
}

fn fail(world: &World, part: Part, tally: &mut Tally) {
    let calls = play(world, part, None).trace.calls;
    world.scrub();
    let mut sites = HashSet::new();
    for (point, call) in Point::all(&calls).into_iter().zip(&calls) {
        // What is done in a loop fails the first time, and the rest is the same.
        if !sites.insert((call.number, call.site)) && !world.everything {
            continue;
        }
        for errno in errnos::to_try(call, point.nth, world.everything) {
            if tally.gives_up() {
                return;
            }
            tally.points += 1;
            let name = format!("{part:?}: {} {} answers {errno:?}", errnos::name(point.number), point.nth);
            fail_at(world, part, point, errno, &name, tally);
        }
    }
}

fn fail_at(world: &World, part: Part, point: Point, errno: Errno, name: &str, tally: &mut Tally) {
    for attempt in 1.. {
        let round = play(world, part, Some((point, Deed::Fail(errno))));
        for end in round.ends().filter(|end| end.panicked()) {
            tally.wrong(Wrong::Panic, format!("{name}: {}", end.story()));
        }
        let hung = round.ends().any(|end| end.hung) || round.trace.hung;
        let lie = lie(&round, errno);
        // What the error brings about comes again; where a busy machine let a time-out pass, it does not.
        let once_more = (hung || lie.is_some()) && attempt < TRIES;
        if hung && !once_more {
            tally.wrong(Wrong::Hang, format!("{name}: {}", round.story()));
        }
        if let Some(lie) = lie.filter(|_| !once_more) {
            tally.wrong(Wrong::Lie, format!("{name}: {lie}"));
        }
        world.nothing_left_after_clean(name, tally);
        if !once_more {
            return;
        }
    }
}

/// What a process says whose peer has left, or whose caller has, so that it goes on waiting.
const IT_LEFT: [&str; 3] = ["the peer is gone", "no ping came", "nobody joined"];

/// What was said that does not tell what happened. A parent and its child share one standard error: either may tell.
fn lie(round: &Round, errno: Errno) -> Option<String> {
    let held = round.held.as_ref()?;
    let call = round.trace.calls.last()?;
    let to_standard_error = call.number == libc::SYS_write && call.args[0] == 2;
    if held.status.success() || held.panicked() || held.hung || to_standard_error {
        return None;
    }
    let names = |end: &End| end.stderr.contains(&format!("({errno:?})"));
    match errno {
        Errno::EINTR => Some(format!("a signal surfaces: {}", round.story())),
        // This is how the kernel says that the peer is gone.
        Errno::EPIPE | Errno::ECONNRESET if IT_LEFT.iter().any(|words| held.stderr.contains(words)) => None,
        _ if names(held) => None,
        // This process did without, and its peer could not: then that one tells.
        _ if round.other.as_ref().is_some_and(names) => None,
        // One that could not serve its caller turns to the next; the caller, or child, knows what it met.
        _ if held.stderr.contains("the peer is gone") && held.says_why() => None,
        _ if held.stderr.contains("no ping came") && round.other.as_ref().is_some_and(End::says_why) => None,
        _ => Some(format!("not named: {}", round.story())),
    }
}
