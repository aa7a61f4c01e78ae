//! A system call fails, once, as its manual page allows: no process panics or hangs, the error message names the call
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

/// Makes each call of each of `parts` fail.
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
        // A call that only looks is tried once at each place. A call that makes or removes something is tried each
        // time: the second of two objects fails while the first exists.
        let again = !sites.insert((call.number, call.site));
        if again && !errnos::makes_or_removes(call) && !world.everything {
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
        // An effect of the error recurs; a timeout due to a busy machine does not.
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

/// The messages of a process whose peer, or client, has left, so that it goes on waiting.
const IT_LEFT: [&str; 4] = ["the peer is gone", "no ping joined", "no peer joined", "no peer connected"];

/// Describes the round if its messages do not name the error. A parent and its child share one standard error: either
/// may name it.
fn lie(round: &Round, errno: Errno) -> Option<String> {
    let held = round.held.as_ref()?;
    let call = round.trace.calls.last()?;
    let to_standard_error = call.number == libc::SYS_write && call.args[0] == 2;
    // A reader that has enough needs no explanation.
    let unread = call.number == libc::SYS_write && call.args[0] == 1 && errno == Errno::EPIPE;
    if unread || held.status.success() || held.panicked() || held.hung || to_standard_error {
        return None;
    }
    let names = |end: &End| end.stderr.contains(&format!("({errno:?})"));
    match errno {
        Errno::EINTR => Some(format!("a signal surfaces: {}", round.story())),
        // The kernel reports with these that the peer is gone.
        Errno::EPIPE | Errno::ECONNRESET if IT_LEFT.iter().any(|words| held.stderr.contains(words)) => None,
        _ if names(held) => None,
        // This process went on without the call, and its peer could not: then the peer names the error.
        _ if round.other.as_ref().is_some_and(names) => None,
        // An owner that could not serve a client turns to the next; the client, or child, names the error.
        _ if held.stderr.contains("the peer is gone") && held.says_why() => None,
        _ if held.stderr.contains("no ping joined") && round.other.as_ref().is_some_and(End::says_why) => {
            None
        }
        _ => Some(format!("not named: {}", round.story())),
    }
}
