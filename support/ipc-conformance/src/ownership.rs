//! Contract 6 in an unfriendly world: truncated records, failing removals, an ownership lock that is removed, a place
//! that another user has taken, an odd umask. Objects that are not ours stay, and ours go.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use libtest_mimic::Trial;
use nix::mqueue::{MQ_OFlag, MqAttr, mq_close, mq_open, mq_unlink};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::{Uid, geteuid};
use tempfile::TempDir;

use super::demo::{Demo, ends_by};
use super::pong::Pong;
use super::remains::nothing_left;
use super::{Addresses, Outcome, ensure, run};

pub(super) fn trials(demo: Demo) -> Vec<Trial> {
    vec![
        demo.trial("records cut short by an error remove nothing of others", records_cut_by_an_error),
        demo.trial("records cut short by a signal remove nothing of others", records_cut_by_a_signal),
        demo.trial("what cannot be removed is removed when it can be", removal_fails),
        demo.trial("an ownership lock that is removed under a pong leaves nothing", ownership_removed),
        demo.trial("a place that another user has taken stops nothing", squatted),
        demo.trial("an odd umask neither fails nor stays", odd_umask),
        demo.trial("a place for temporary files that is none is named", no_place),
    ]
}

/// An ordinary user, to whom permissions apply: this one, or one that root can become.
const NOBODY: u32 = 65534;

/// A copy of the demo that an ordinary user can reach; the demo itself may be out of reach.
///
/// Made while this process has no other thread: a child that another thread starts meanwhile would inherit the
/// descriptor, and a file that is open for writing cannot be executed (`ETXTBSY`).
pub(super) struct Copy(#[expect(dead_code, reason = "it is removed when dropped")] TempDir);

static COPY: OnceLock<PathBuf> = OnceLock::new();

impl Copy {
    pub(super) fn of(demo: &str) -> std::io::Result<Option<Self>> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        let place = tempfile::tempdir()?;
        fs::set_permissions(&place, Permissions::from_mode(0o755))?;
        let path = COPY.get_or_init(|| place.path().join("demo"));
        fs::copy(demo, path)?;
        Ok(Some(Self(place)))
    }
}

/// Runs the demo as an ordinary user, in a directory where that user may do anything.
fn as_ordinary_user(demo: Demo, place: &TempDir, args: &[&str]) -> std::io::Result<Command> {
    let mut command = demo.command(place, args);
    if let Some(copy) = COPY.get() {
        fs::set_permissions(place.path(), Permissions::from_mode(0o777))?;
        let mut copied = Command::new(copy);
        copied.args(command.get_args());
        copied.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        copied.uid(NOBODY).gid(NOBODY);
        command = copied;
    }
    Ok(command)
}

fn base(place: &Path, user: Uid) -> PathBuf {
    place.join(format!("ipc-suite-{user}"))
}

/// The next `pong` of a user, which removes the remains of others.
const NEXT: [&str; 3] = ["pong", "--timeout", "0.01"];

/// Runs it.
fn next_create(mut pong: Command) -> Outcome {
    let (_, _, complaint) = run(&mut pong)?;
    ensure!(complaint.contains("no ping joined"), "the next one: {complaint}");
    Ok(())
}

/// Truncates the records at any byte, by a limit on the size of files. The object whose name is the truncated address
/// is another's.
fn records_cut_by_an_error(demo: Demo, place: &TempDir) -> Outcome {
    cut_records(demo, place, 1, "trap '' XFSZ;")
}

fn records_cut_by_a_signal(demo: Demo, place: &TempDir) -> Outcome {
    cut_records(demo, place, 10, "")
}

fn cut_records(demo: Demo, place: &TempDir, first: usize, trap: &str) -> Outcome {
    let decoys = Decoys::make(demo, place)?;
    for (turn, limit) in (first..420).step_by(18).enumerate() {
        let address = decoys.address(turn);
        let pong = demo.command(place, &["pong", &address, "--timeout", "0.01"]);
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("ulimit -c 0; {trap} exec prlimit --fsize={limit} \"$@\""), "sh"]);
        shell.arg(pong.get_program()).args(pong.get_args()).env("TMPDIR", place.path());
        run(&mut shell)?;
        next_create(demo.command(place, &NEXT))?;
        decoys
            .check(&address)
            .map_err(|error| format!("cut at {limit}: {}", error.message().unwrap_or("")))?;
    }
    Ok(())
}

/// Objects of others, under each name that a truncated address can give: a file, a directory, a queue.
struct Decoys {
    directory: PathBuf,
    empty: PathBuf,
    names: Vec<String>,
    /// True if addresses are names of POSIX objects.
    named: bool,
    is_path: bool,
    demo: Demo,
}

impl Decoys {
    fn make(demo: Demo, place: &TempDir) -> std::result::Result<Self, libtest_mimic::Failed> {
        let directory = place.path().join("data");
        let empty = place.path().join("empty");
        fs::create_dir(&directory)?;
        fs::create_dir(&empty)?;
        let address = demo.fresh_address(&directory);
        let is_path = demo.addresses() == Addresses::Paths;
        let named = demo.addresses() == Addresses::PosixNames;
        let name = address.rsplit('/').next().unwrap_or_default();
        let names = (0..5).map(|more| format!("{name}{}", "x".repeat(more))).collect();
        let decoys = Self { directory, empty, names, named, is_path, demo };
        for (nth, name) in decoys.names.iter().enumerate() {
            let path = decoys.directory.join(name);
            if decoys.named {
                let flags = MQ_OFlag::O_CREAT | MQ_OFlag::O_EXCL | MQ_OFlag::O_RDONLY;
                if nth < 2 {
                    mq_open(
                        format!("/{name}").as_str(),
                        flags,
                        Mode::S_IRUSR | Mode::S_IWUSR,
                        Some(&MqAttr::new(0, 1, 8, 0)),
                    )
                    .map(mq_close)??;
                }
                fs::write(Path::new("/dev/shm").join(name), "precious")?;
            } else if nth % 2 == 0 {
                fs::write(path, "precious")?;
            } else {
                fs::create_dir(path)?;
            }
        }
        Ok(decoys)
    }

    /// Returns an address that begins with a decoy's name.
    fn address(&self, turn: usize) -> String {
        let last = self.names.last().map_or("", String::as_str);
        if self.named {
            format!("/{last}-{turn}")
        } else if self.is_path {
            self.directory.join(format!("{last}-{turn}")).display().to_string()
        } else {
            self.demo.fresh_address(&self.directory)
        }
    }

    /// Checks that all decoys are there, and nothing else.
    fn check(&self, address: &str) -> Outcome {
        for (nth, name) in self.names.iter().enumerate().filter(|_| self.named) {
            let queue =
                mq_open(format!("/{name}").as_str(), MQ_OFlag::O_RDONLY, Mode::empty(), None).map(mq_close);
            ensure!(nth >= 2 || queue.is_ok(), "the queue /{name} is gone");
            ensure!(Path::new("/dev/shm").join(name).exists(), "/dev/shm/{name} is gone");
        }
        let entries = fs::read_dir(&self.directory)?.flatten().map(|entry| entry.file_name());
        let found: BTreeSet<_> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
        let wanted = if self.named { BTreeSet::new() } else { self.names.iter().cloned().collect() };
        ensure!(found == wanted, "there is {found:?} instead of {wanted:?}");
        nothing_left(&self.empty, address)
    }
}

impl Drop for Decoys {
    fn drop(&mut self) {
        for name in self.names.iter().filter(|_| self.named) {
            let _ = mq_unlink(format!("/{name}").as_str());
            let _ = fs::remove_file(Path::new("/dev/shm").join(name));
        }
    }
}

/// Makes the address's directory read-only before the object should go, after a kill or at a normal end.
fn removal_fails(demo: Demo, place: &TempDir) -> Outcome {
    let directory = place.path().join("home");
    let address = demo.fresh_address(&directory);
    if !address.starts_with(&*directory.to_string_lossy()) {
        return Ok(()); // no path
    }
    fs::create_dir(&directory)?;
    let may = |mode| fs::set_permissions(&directory, Permissions::from_mode(mode));
    for signal in [Signal::SIGKILL, Signal::SIGTERM] {
        may(0o777)?;
        let mut pong = Pong::spawn(as_ordinary_user(demo, place, &["pong", &address])?)?;
        may(0o555)?;
        ends_by(&mut pong.child, signal)?;
        next_create(as_ordinary_user(demo, place, &NEXT)?)?;
        ensure!(fs::symlink_metadata(&address).is_ok(), "it could be removed after {signal}");
        may(0o777)?;
        next_create(as_ordinary_user(demo, place, &NEXT)?)?;
        ensure!(fs::read_dir(&directory)?.count() == 0, "{address} was forgotten after {signal}");
    }
    fs::remove_dir(directory)?;
    nothing_left(place.path(), "")
}

/// Removes the ownership lock, as a cleaner of `/tmp` does.
fn ownership_removed(demo: Demo, place: &TempDir) -> Outcome {
    let address = demo.fresh_address(place.path());
    let mut pong = Pong::start(demo, place, &[&address])?;
    fs::remove_dir_all(base(place.path(), geteuid()))?;
    ends_by(&mut pong.child, Signal::SIGTERM)?;
    nothing_left(place.path(), &address)
}

/// Checks that the two find each other, whatever has taken the name of the place.
fn squatted(demo: Demo, place: &TempDir) -> Outcome {
    let taken = base(place.path(), geteuid());
    if geteuid().is_root() {
        fs::create_dir(&taken)?;
        chown(&taken, Some(NOBODY), Some(NOBODY))?;
    } else {
        fs::write(&taken, "")?; // no directory of ours either
    }
    let mut pong = Pong::start(demo, place, &[])?;
    let (status, _, stderr) = demo.run(place, &["ping", "--count", "20"])?;
    ensure!(status == Some(0), "ping: status {status:?}: {stderr}");
    ensure!(pong.child.wait()?.success(), "pong failed");
    let left: Vec<_> = fs::read_dir(place.path())?.flatten().map(|entry| entry.path()).collect();
    ensure!(left == [taken.clone()], "there is {left:?}");
    if geteuid().is_root() {
        fs::remove_dir(taken)?;
    } else {
        fs::remove_file(taken)?;
    }
    Ok(())
}

/// Checks that an inherited umask takes no permission from what is made, and nothing that a later run needs.
fn odd_umask(demo: Demo, place: &TempDir) -> Outcome {
    let address = demo.fresh_address(place.path());
    for umask in ["0177", "0777", "0", "077"] {
        for args in [&["--count", "10"][..], &NEXT, &["pong", &address, "--timeout", "0.01"]] {
            let command = as_ordinary_user(demo, place, args)?;
            let mut shell = Command::new("/bin/sh");
            shell.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]);
            shell.arg(command.get_program()).args(command.get_args()).env("TMPDIR", place.path());
            if geteuid().is_root() {
                shell.uid(NOBODY).gid(NOBODY);
            }
            let (status, _, stderr) = run(&mut shell)?;
            let done = status == Some(0) || stderr.contains("no ping joined");
            ensure!(done, "umask {umask}, {args:?}: status {status:?}: {stderr}");
            nothing_left(place.path(), &address)?;
        }
    }
    // A place left in this state by an earlier version, or by a process killed at once, is repaired.
    let user = if geteuid().is_root() { Uid::from_raw(NOBODY) } else { geteuid() };
    let made = base(place.path(), user);
    fs::create_dir(&made)?;
    chown(&made, Some(user.as_raw()), None)?;
    fs::set_permissions(&made, Permissions::from_mode(0o600))?;
    next_create(as_ordinary_user(demo, place, &NEXT)?)?;
    nothing_left(place.path(), "")
}

/// Checks that the error comes at once, and names the path and what to set.
fn no_place(demo: Demo, place: &TempDir) -> Outcome {
    let not_text = place.path().join(std::ffi::OsString::from_vec(b"\xff".to_vec()));
    fs::create_dir(&not_text)?;
    let long = place.path().join("d".repeat(300));
    for (directory, word) in [
        (place.path().join("none"), "ENOENT"),
        (PathBuf::from("/dev/null"), "ENOTDIR"),
        (PathBuf::from("/sys"), "mkdir /sys/ipc-suite-"),
        (long, "ENAMETOOLONG"),
        (not_text.clone(), "UTF-8"),
    ] {
        let mut pong = demo.command(place, &["pong"]);
        let (status, _, stderr) = run(pong.env("TMPDIR", &directory).stdin(Stdio::null()))?;
        ensure!(matches!(status, Some(1 | 2)), "{}: status {status:?}", directory.display());
        for wanted in [word, "set TMPDIR", &directory.to_string_lossy()] {
            ensure!(stderr.contains(wanted), "{}: no '{wanted}' in: {stderr}", directory.display());
        }
    }
    fs::remove_dir(not_text)?;
    nothing_left(place.path(), "")
}
