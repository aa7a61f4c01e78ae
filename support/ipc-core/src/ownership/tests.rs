//! Tests with real directories, locks and processes. Each test has a process of its own, since the location and the
//! permissions of an ownership lock depend on `TMPDIR`, the umask and the user, and a process has only one of each.

mod directories;
mod ending;
mod locks;
mod objects;
mod remains;

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::unistd::{Gid, Uid, geteuid, setgid, setuid};

use super::directories::make_dir;
use super::removal::RECORDS;
use super::*;
use crate::ring::{HeapMemory, RingLink};
use crate::{Between, Clients, Direction, Error, Medium, Persistence, Profile, Reach, Setup, Unit, Variant};
use ipc_conformance::skipped;

/// A mechanism that only leaves objects behind. Nothing exists any more under the key 1; all other objects without a
/// path cannot be removed.
#[derive(Debug)]
struct Leaves<const IN_NAMESPACE: bool>;

type Thing = Leaves<false>;
type Spaced = Leaves<true>;

impl<const IN_NAMESPACE: bool> Mechanism for Leaves<IN_NAMESPACE> {
    const PROFILE: Profile = Profile {
        name: if IN_NAMESPACE { "spaced" } else { "thing" },
        title: "what a test leaves",
        between: Between::AnyTwoProcesses,
        medium: Medium::Memory,
        unit: Unit::Struct,
        direction: Direction::TwoWay,
        reach: Reach::SameHost,
        address: None,
    };
    const VARIANT: Variant = Variant {
        name: "only",
        type_path: "Leaves",
        summary: "the only one",
        unit: Unit::Struct,
        limits: &[],
        reach: Reach::SameHost,
        persistence: Persistence::Kernel,
        remains: true,
        clients: Clients::One,
        server: None,
        lasting: None,
        shares: &[],
    };
    const IN_IPC_NAMESPACE: bool = IN_NAMESPACE;
    type Options = ();
    type Link = RingLink<HeapMemory>;

    fn create(_address: Option<&str>, _setup: &Setup) -> Result<Self> {
        unreachable!("no two processes meet here")
    }

    fn address(&self) -> String {
        unreachable!("no two processes meet here")
    }

    fn describe(&self) -> String {
        unreachable!("no two processes meet here")
    }

    fn accept(&mut self, _timeout: Duration) -> Result<Self::Link> {
        unreachable!("no two processes meet here")
    }

    fn join(_address: &str, _setup: &Setup, _timeout: Duration) -> Result<Self::Link> {
        unreachable!("no two processes meet here")
    }

    fn reclaim(note: &Note) -> Result<()> {
        match note {
            Note::SystemV(_, key, _) if key.get() == 1 => Ok(()),
            _ => Err(Error::Usage("it is still there".into())),
        }
    }
}

/// The directory for temporary files of a test's own process.
const PLACE: &str = "LEASE_TEST_PLACE";

/// The role of another process of a test.
const ROLE: &str = "LEASE_TEST_ROLE";

/// The time that a test may take on a loaded machine. Reached only when it hangs.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs `test` in a process of its own, with its own directory for temporary files, where it must leave nothing.
fn alone(test: impl FnOnce(&Path)) {
    alone_with(|_, _| (), test);
}

/// Does the same for a process that `set` prepares.
fn alone_with(set: impl FnOnce(&mut Command, &Path), test: impl FnOnce(&Path)) {
    if let Some(place) = env::var_os(PLACE) {
        return test(Path::new(&place));
    }
    let place = tempfile::tempdir().unwrap();
    let mut command = this_test();
    command.env(PLACE, place.path()).env("TMPDIR", place.path()).env_remove("XDG_RUNTIME_DIR");
    set(&mut command, place.path());
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let started = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if started.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the test's process still waits after {PATIENCE:?}");
        }
        thread::sleep(Duration::from_millis(2));
    }
    assert!(child.wait().unwrap().success(), "see above");
    let left: Vec<_> = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

/// Returns the command that runs this test once more.
fn this_test() -> Command {
    let test = thread::current().name().expect("a test's thread has its name").to_owned();
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", &test, "--nocapture"]);
    command
}

/// Starts another process of this test, in the same place; it reads its role with [`role`].
fn another(role: &str) -> Child {
    this_test().env(ROLE, role).stdout(Stdio::null()).spawn().unwrap()
}

/// Returns the role of this process; `None` for the test itself.
fn role() -> Option<String> {
    env::var(ROLE).ok()
}

fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        thread::sleep(Duration::from_millis(1)); // the watchdog ends a wait for an event that never comes
    }
}

/// Turns this process into that of an ordinary user, to whom permissions apply, in a place where that user may do
/// anything.
fn be_ordinary(place: &Path) {
    const NOBODY: u32 = 65534;
    if geteuid().is_root() {
        chown(place, Some(NOBODY), Some(NOBODY)).unwrap();
        setgid(Gid::from_raw(NOBODY)).unwrap();
        setuid(Uid::from_raw(NOBODY)).unwrap();
    }
}

/// Gives the object at `path` to another user; returns `false` where this user may not do that.
fn give_away(path: &Path) -> bool {
    if !geteuid().is_root() {
        skipped("giving a file to another user needs root");
        return false;
    }
    std::os::unix::fs::lchown(path, Some(65534), Some(65534)).unwrap();
    true
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn base(place: &Path) -> PathBuf {
    place.join(format!("ipc-suite-{}", geteuid()))
}

/// Makes the directory of an ownership lock whose holder is dead, with its notes.
fn dead(place: &Path, name: &str, notes: &[Note]) -> PathBuf {
    let (base, dir) = (base(place), base(place).join(name));
    if !base.exists() {
        make_dir(&base).unwrap();
    }
    make_dir(&dir).unwrap();
    if !notes.is_empty() {
        fs::write(dir.join(RECORDS), notes.iter().map(Note::line).collect::<String>()).unwrap();
    }
    dir
}

/// Returns the note of the object that is at `path` now.
fn noted(path: &Path) -> Note {
    let device = |path: &Path| std::os::unix::fs::MetadataExt::dev(&fs::metadata(path).unwrap());
    let inode = Inode::of(&fs::symlink_metadata(path).unwrap());
    Note::Path(inode, device(path.parent().unwrap()), path.to_owned())
}

fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
