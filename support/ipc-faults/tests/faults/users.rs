//! Another user who is there first: with a directory under the suite's own name, or with an object at the address.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};

use nix::sys::signal::{Signal, kill};

use crate::demo::{self, Demo, PATIENCE};
use crate::tally::{Tally, Wrong};
use crate::world::World;

/// The other user.
const OTHER: u32 = 1002;

pub fn sweep(world: &mut World) -> Tally {
    let mut tally = Tally::default();
    if !others_exist() {
        println!("SKIPPED: a second user needs root on the host");
        return tally;
    }
    fs::set_permissions(world.temporary(), Permissions::from_mode(0o1777)).expect("it is ours");
    squatter(world, &mut tally);
    lure(world, &mut tally);
    tally
}

/// Returns whether this user namespace has more than one user.
fn others_exist() -> bool {
    let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    map.split_whitespace().last().and_then(|count| count.parse::<u64>().ok()).is_some_and(|count| count > 1)
}

/// Gives the suite's directory in TMPDIR to another user: the demo works all the same.
fn squatter(world: &mut World, tally: &mut Tally) {
    let base = world.temporary().join("ipc-suite-0");
    fs::create_dir(&base).expect("there is room");
    world.known = vec![base.clone()];
    chown(&base, Some(OTHER), Some(OTHER)).expect("root may");
    fs::set_permissions(&base, Permissions::from_mode(0o700)).expect("root may");
    let worked = world.attempt("a squatter", |args| demo::unhurried(&world.subject, args), tally);
    if !worked {
        tally.wrong(Wrong::Lie, "a squatter keeps the demo from working");
    }
    let _ = fs::remove_dir_all(&base); // it may have been scrubbed already
    world.known.clear();
}

/// Puts another user's pong at the address: ping refuses it. The ping is root's, which no mode keeps out.
fn lure(world: &World, tally: &mut Tally) {
    tally.points += 1;
    let mut pong =
        Demo::start(demo::as_user(&world.subject, OTHER, &["pong", &world.address(), "--timeout", "5"]));
    let address = pong.address().unwrap_or_else(|| world.address());
    let ping =
        Demo::start(demo::command(&world.subject, &["ping", &address, "--count", "1", "--timeout", "5"]))
            .end(PATIENCE);
    // A TCP address is open to all; its documentation says so.
    if ping.status.success() != (world.subject.variant == "tcp") {
        tally.wrong(Wrong::Lie, format!("a pong of another user: ping {}", ping.story()));
    }
    let _ = kill(pong.pid(), Signal::SIGTERM); // an error means that it has ended
    tally.judge("a pong of another user", &[pong.end(PATIENCE), ping]);
    let clean = demo::as_user(&world.subject, OTHER, &[]);
    let mut clean = clean;
    clean.env(demo::CLEAN, "");
    Demo::start(clean).end(PATIENCE);
    world.nothing_left_after_clean("a pong of another user", tally);
}
