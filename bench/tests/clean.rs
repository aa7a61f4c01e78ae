//! Tests of the report of `clean` on objects that it cannot remove, and on those that it does not know.

mod common;

use std::fs;
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::process::Command;

use common::{bench, run};
use ipc_conformance::{Allowance, namespaces, other, skipped};
use ipc_core::ownership::{Inode, Note};
use ipc_core::{Mechanism as _, Setup};
use ipc_msgq::posix::{Access, Attributes, PosixName, PosixQueue};
use ipc_msgq::{Key, Message, MessageType, Posix, Queue, Select};
use ipc_shm::Segment;
use tempfile::TempDir;

/// Objects that cannot be removed are named, with the reason, and stay noted until they can be. Damaged records are
/// ignored.
#[test]
fn clean_says_what_it_could_not_remove() {
    let tmp = TempDir::new().unwrap();
    let base = tmp.path().join(format!("ipc-suite-{}", nix::unistd::geteuid()));
    let ownership = base.join("fifo-0123456789abcdef");
    let ours = tmp.path().join("ours");
    for dir in [&base, &ownership, &ours] {
        fs::DirBuilder::new().mode(0o700).create(dir).unwrap();
    }
    fs::write(ours.join("theirs"), "precious").unwrap();
    let meta = fs::metadata(&ours).unwrap();
    let note = Note::Path(Inode::of(&meta), meta.dev(), ours.clone());
    fs::write(ownership.join("records"), note.line()).unwrap();

    let clean = || run(bench().arg("clean").env("TMPDIR", tmp.path()));
    let output = clean();
    assert_eq!(output.status, Some(1), "{}", output.stdout);
    let reason = format!("fifo: left {0}: rmdir {0}: Directory not empty (ENOTEMPTY)", ours.display());
    assert!(output.stdout.contains(&reason) && output.stderr.starts_with("error: "), "{}", output.stdout);
    assert!(ours.join("theirs").exists() && ownership.exists());

    fs::remove_file(ours.join("theirs")).unwrap();
    fs::write(ownership.join("records"), note.line().replacen("path", "Path", 1)).unwrap();
    let output = clean();
    assert_eq!(output.status, Some(1), "{}", output.stdout);
    assert!(output.stdout.contains("damaged records (line 1)") && ours.exists(), "{}", output.stdout);

    fs::write(ownership.join("records"), note.line()).unwrap();
    clean();
    assert_eq!(fs::read_dir(tmp.path()).unwrap().count(), 0);
}

/// A directory without search permission is reported as unread, not as empty.
#[test]
fn clean_says_where_it_could_not_look() {
    let tmp = TempDir::new().unwrap();
    let closed = tmp.path().join("closed");
    fs::DirBuilder::new().mode(0o700).create(&closed).unwrap();
    let mut clean = bench();
    if nix::unistd::geteuid().is_root() {
        // It belongs to another user, and no privilege overrides that.
        chown(&closed, Some(65534), None).unwrap();
        let program = clean.get_program().to_owned();
        clean = Command::new("setpriv");
        clean.args(["--bounding-set=-all", "--inh-caps=-all"]).arg(program);
    } else {
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    }
    let output = run(clean.arg("clean").env("TMPDIR", &closed));
    assert_eq!(output.status, Some(1), "{}", output.stdout);
    assert!(output.stderr.contains("(EACCES)") && output.stderr.contains("set TMPDIR"), "{}", output.stderr);
    fs::remove_dir(closed).unwrap();
}

/// A directory that two variables name is searched once.
#[test]
fn clean_looks_nowhere_twice() {
    let tmp = TempDir::new().unwrap();
    let link = tmp.path().join("link");
    std::os::unix::fs::symlink("/tmp", &link).unwrap();
    let output = run(bench().arg("clean").env("TMPDIR", &link));
    let looked = output.stdout.lines().find(|line| line.contains("looked in")).unwrap();
    assert!(looked.contains("/link") && !looked.contains(", /tmp"), "{looked}");
}

/// A queue that no process uses, and that no directory known to this run notes, is shown and left alone.
#[test]
fn clean_shows_what_it_does_not_know() {
    let tmp = TempDir::new().unwrap();
    let key = Key::fresh();
    let queue = Queue::create(key, 0o600).unwrap().owned();
    let clean = |args: &[&str]| run(bench().arg("clean").args(args).env("TMPDIR", tmp.path())).stdout;
    let line = format!("no process uses System V queue {} with key {key}", queue.id());
    let shown = clean(&["--min-age", "0"]);
    assert!(shown.contains(&line), "{shown}");
    for too_old in [&[][..], &["--min-age", "60"]] {
        let shown = clean(too_old);
        assert!(!shown.contains(&line), "it was just made: {shown}");
    }
    queue.stat().expect("it is still there");
}

/// Private objects, those of other users, and those in use by a living process are not shown: whether it is the last
/// but one user, has a segment attached without having been the last to do so, or lives in another pid namespace, where
/// its pid has no meaning here.
#[test]
fn clean_shows_nothing_that_is_in_use() {
    let tmp = TempDir::new().unwrap();
    let message = || Message::new(MessageType::ONE, b"text");
    let private = Queue::private(0o600).unwrap().owned();
    let (key, segment_key) = (Key::fresh(), Key::fresh());
    let used = Queue::create(key, 0o600).unwrap().owned();
    other::played(&format!("send {key}"));
    used.try_recv(Select::Any, &mut Message::with_capacity(8)).unwrap().expect("it is there");
    other::played(&format!("segment {segment_key}"));
    let segment = Segment::find(segment_key).unwrap().unwrap();
    let shown = |command: &mut Command, what: &str, id: &dyn std::fmt::Display| {
        let output = run(command.args(["clean", "--min-age", "0"]).env("TMPDIR", tmp.path()));
        assert_eq!(output.status, Some(0), "{}", output.stderr);
        output.stdout.contains(&format!("no process uses {what} {id} with key"))
    };
    assert!(shown(&mut bench(), "shared memory segment", &segment.id()));
    let attached = segment.attach();
    other::played(&format!("touch {segment_key}"));
    let segment_shown = shown(&mut bench(), "shared memory segment", &segment.id());
    drop(attached);
    segment.mark_for_removal().unwrap();
    assert!(!segment_shown, "this process has it attached");
    assert!(!shown(&mut bench(), "System V queue", &private.id()));
    assert!(!shown(&mut bench(), "System V queue", &used.id()), "this process has received last");

    used.try_send(&message()).unwrap();
    let program = bench().get_program().to_owned();
    match namespaces::unshared(&["--pid", "--fork", "--mount-proc"]) {
        Some(mut there) => {
            assert!(!shown(there.arg(&program), "System V queue", &used.id()), "from elsewhere");
        }
        None => skipped("a new pid namespace needs root or a user namespace, and unshare(1)"),
    }
    if !nix::unistd::geteuid().is_root() {
        return skipped("becoming another user needs root");
    }
    let key = Key::fresh();
    other::played(&format!("queue-as-nobody {key}"));
    let theirs = Queue::open(key).unwrap().owned();
    assert!(!shown(&mut bench(), "System V queue", &theirs.id()), "another user's");
    // As that user sees it: a process of ours, which that user may not signal, has sent last.
    let as_nobody = || {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
        command.env("XDG_DATA_HOME", "/nowhere");
        command
    };
    let may_run = as_nobody().arg("--help").stdout(std::process::Stdio::null()).status();
    if !may_run.is_ok_and(|status| status.success()) {
        return skipped("another user needs setpriv(1), and a binary that it may run");
    }
    fs::set_permissions(tmp.path(), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(shown(&mut as_nobody(), "System V queue", &theirs.id()), "no process has used it");
    theirs.try_send(&message()).unwrap();
    assert!(!shown(&mut as_nobody(), "System V queue", &theirs.id()), "a process of another user has");
}

/// POSIX queues are recognised by the suite's names and by the owner's lock, which is on one queue and protects both.
#[test]
fn clean_shows_posix_queues_without_an_owner() {
    let allowance = Allowance::wait_for(1); // before anything that starts a watchdog
    let tmp = TempDir::new().unwrap();
    let mount = "mkdir -p /dev/mqueue && mount -t mqueue none /dev/mqueue";
    let program = bench().get_program().to_string_lossy().into_owned();
    let Some(mut there) = namespaces::limited(&["--mount"], mount, &program) else {
        return skipped("a new mount namespace needs root or a user namespace, and unshare(1)");
    };
    let small = Attributes { capacity: 1, longest: 8, messages: 0 };
    let other: PosixName = PosixName::fresh().as_str().replacen("/ipc-", "/other-", 1).parse().unwrap();
    let [ours, theirs] = [(); 2].map(|()| PosixName::fresh());
    let lonely = PosixName::fresh().back();
    let names = [&ours, &other, &lonely, &theirs];
    let queues = names.map(|name| PosixQueue::create(name, Access::Receive, small, 0o600).unwrap());
    let given_away = nix::unistd::geteuid().is_root();
    if given_away {
        chown(format!("/proc/self/fd/{}", queues[3].as_fd().as_raw_fd()), Some(65534), None).unwrap();
    }
    let meeting = Posix::create(None, &Setup::default()).unwrap();
    let output = run(there.args(["clean", "--min-age", "0"]).env("TMPDIR", tmp.path()));
    let waiting: PosixName = meeting.address().parse().unwrap();
    drop((meeting, allowance));
    for name in names {
        PosixQueue::unlink(name).unwrap();
    }
    if output.status != Some(0) {
        return skipped("mounting the file system of POSIX queues needs root");
    }
    let shown = |name: &PosixName| output.stdout.contains(&format!("POSIX queue /dev/mqueue{name} (rm "));
    let shown = [&ours, &lonely, &theirs, &other, &waiting, &waiting.back()].map(shown);
    assert_eq!(shown, [true, true, !given_away, false, false, false], "{}", output.stdout);
}

/// The removed objects are reported, for each of the six mechanisms.
#[test]
fn clean_tells_what_it_removed() {
    let tmp = TempDir::new().unwrap();
    let base = tmp.path().join(format!("ipc-suite-{}", nix::unistd::geteuid()));
    fs::DirBuilder::new().mode(0o700).create(&base).unwrap();
    let ipc = fs::metadata("/proc/self/ns/ipc").unwrap().ino();
    let told = ["pipe", "fifo", "msgq", "shm", "mmap", "socket"].map(|name| {
        let number = if ["msgq", "shm"].contains(&name) { format!("{ipc}-") } else { String::new() };
        let ownership = base.join(format!("{name}-{number}dead"));
        fs::DirBuilder::new().mode(0o700).create(&ownership).unwrap();
        format!("{name}: removed {}", ownership.display())
    });
    let output = run(bench().arg("clean").env("TMPDIR", tmp.path()));
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    assert_eq!(output.stdout.lines().take(6).collect::<Vec<_>>(), told);
}

/// The other process of the tests.
mod tools {
    use super::{Key, Message, MessageType, Queue, Segment, other};

    /// Not a test.
    #[test]
    #[ignore = "the other process of the tests"]
    fn other_process_main() {
        other::main(play);
    }

    fn play(part: &[&str]) -> String {
        let [part, key] = *part else { panic!("no part {part:?}") };
        let key: Key = key.parse().unwrap();
        match part {
            "send" => {
                let message = Message::new(MessageType::ONE, b"text");
                format!("{:?}", Queue::open(key).unwrap().try_send(&message).unwrap())
            }
            "segment" => Segment::create(key, 4096, 0o600).unwrap().id().to_string(),
            "touch" => {
                drop(Segment::find(key).unwrap().unwrap().attach().unwrap());
                "done".into()
            }
            "queue-as-nobody" => {
                nix::unistd::setuid(nix::unistd::Uid::from_raw(65534)).unwrap();
                Queue::create(key, 0o600).unwrap().id().to_string()
            }
            _ => panic!("no part {part}"),
        }
    }
}
