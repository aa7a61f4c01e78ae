//! File systems that are full, read-only or gone, and directories that are removed or made read-only beneath a demo.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::signal::{Signal, kill};

use crate::demo::{self, Demo, End, PATIENCE};
use crate::tally::{Tally, Wrong};
use crate::world::World;

/// The most inodes and pages that a small file system gets: more than any demo needs.
const ENOUGH: usize = 9;

/// Tries a file system with no inode to spare, with one, with two…; the same for its pages; and a read-only one.
pub fn sweep(world: &mut World) -> Tally {
    let mut tally = Tally::default();
    let options = (1..=ENOUGH).map(|inodes| format!("nr_inodes={inodes}"));
    let options =
        options.chain((1..=ENOUGH).map(|pages| format!("size={}k", 4 * pages))).chain(["ro".into()]);
    for options in options {
        let at = world.temporary();
        let _mounted = Mounted::at(&at, &options);
        world.attempt(
            &format!("TMPDIR on tmpfs with {options}"),
            |args| demo::powerless(&world.subject, args),
            &mut tally,
        );
        if world.subject.variant == "posix" {
            let _mounted = Mounted::at(Path::new("/dev/shm"), &options);
            let name = format!("/dev/shm with {options}");
            world.attempt(&name, |args| demo::powerless(&world.subject, args), &mut tally);
        }
    }
    if world.subject.address.is_some() && world.address().starts_with(&*world.temporary().to_string_lossy()) {
        closed_parent(world, &mut tally);
    }
    tally
}

/// Makes an address's directory read-only while a pong waits there: an object that cannot be removed is reported, and
/// not forgotten.
fn closed_parent(world: &mut World, tally: &mut Tally) {
    tally.points += 1;
    let parent = world.temporary().join("parent");
    let mode = |mode| fs::set_permissions(&parent, Permissions::from_mode(mode)).expect("it is ours");
    fs::create_dir(&parent).expect("there is room");
    world.known = vec![parent.clone()];
    let address = parent.join("x").display().to_string();
    let mut pong = Demo::start(demo::powerless(&world.subject, &["pong", &address, "--timeout", "5"]));
    pong.address();
    mode(0o555);
    let _ = kill(pong.pid(), Signal::SIGTERM); // an error means that it has ended
    tally.judge("parent closed while pong waits", &[pong.end(PATIENCE)]);
    let mut clean = demo::powerless(&world.subject, &[]);
    clean.env(demo::CLEAN, "");
    let told = Demo::start(clean).end(PATIENCE);
    mode(0o755);
    if told.status.success() {
        tally.wrong(Wrong::Lie, "clean says that all is well while it cannot remove anything");
    }
    world.nothing_left_after_clean("parent opened again", tally);
    let _ = fs::remove_dir_all(&parent); // it may have been scrubbed already
    world.known.clear();
}

/// Removes everything in TMPDIR except the address while a pong waits; then ends it in either way.
pub fn ownership_removed(world: &World) -> Tally {
    let mut tally = Tally::default();
    for named in [true, false] {
        for ended_by in ["ping", "SIGTERM", "SIGINT"] {
            tally.points += 1;
            let given = world.address();
            let unhurried = ["--timeout", "5"]; // it takes a moment, on a busy machine too
            let args = [&["pong", &*given][..if named { 2 } else { 1 }], &unhurried].concat();
            let mut pong = Demo::start(demo::powerless(&world.subject, &args));
            let address = pong.address().unwrap_or_default();
            for entry in fs::read_dir(world.temporary()).expect("it is ours").flatten() {
                if entry.file_name().to_string_lossy().starts_with("ipc-suite") {
                    let _ = fs::remove_dir_all(entry.path()); // the demo meets whatever could not be removed
                }
            }
            let gone =
                address.starts_with('/') && address.contains("ipc-suite") && !Path::new(&address).exists();
            let mut ends: Vec<End> = Vec::new();
            match ended_by {
                // The meeting point itself was in there: no ping can find it.
                "ping" if gone => drop(kill(pong.pid(), Signal::SIGHUP)),
                "ping" => {
                    ends.push(
                        Demo::start(demo::powerless(
                            &world.subject,
                            &[&["ping", &*address][..], &unhurried].concat(),
                        ))
                        .end(PATIENCE),
                    );
                }
                "SIGTERM" => drop(kill(pong.pid(), Signal::SIGTERM)),
                _ => drop(kill(pong.pid(), Signal::SIGINT)),
            }
            ends.push(pong.end(PATIENCE));
            let name = format!(
                "ownership removed, {} address, ended by {ended_by}",
                if named { "named" } else { "fresh" }
            );
            tally.judge(&name, &ends);
            world.nothing_left_after_clean(&name, &mut tally);
        }
    }
    tally
}

/// A small file system, for as long as this lives.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    fn at(path: &'a Path, options: &str) -> Self {
        let flags = if options == "ro" { MsFlags::MS_RDONLY } else { MsFlags::empty() };
        let options = if options == "ro" { "mode=0777" } else { &format!("mode=0777,{options}") };
        mount(Some("none"), path, Some("tmpfs"), flags, Some(options)).expect("a world may mount");
        Self(path)
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = umount2(self.0, MntFlags::MNT_DETACH); // it goes with the world at the latest
    }
}
