//! The pitfalls, on a bare file and at a meeting.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use ipc_conformance::{Bytes as _, other};
use ipc_core::ring::{Memory as _, SEGMENT_LEN};
use ipc_core::{Error, Mechanism, Receiver, Sender, Setup};
use ipc_mmap::{File, FileOptions};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::unistd::geteuid;

use crate::tools::{Mapped, PATIENCE, Place, exists, map, pair, played, setup, shell, with};

/// A process that may truncate the file can kill any that maps it: touching a page past the end raises `SIGBUS`.
#[test]
fn touching_what_was_truncated_is_the_end() {
    let mapped = Mapped::new(SEGMENT_LEN);
    let (status, said) = played(&format!("truncate-and-touch {}", mapped.path));
    assert_eq!(status.signal(), Some(Signal::SIGBUS as i32), "{status} {said}");
}

/// The bytes of a kept file are still there after both processes are gone: a third one, which knows nothing of
/// mappings, finds them.
#[test]
fn the_bytes_are_there_when_both_processes_are_gone() {
    let place = Place::new();
    let path = place.path("kept");
    let owner = other::command(&format!("own-and-keep {path} these-bytes-stay"));
    let mut owner = { owner }.stdout(Stdio::null()).spawn().unwrap();
    assert_eq!(played(&format!("join {path}")).1, "these-bytes-stay");
    assert!(owner.wait().unwrap().success());
    assert_eq!(shell("grep -c these-bytes-stay \"$0\"", &path), "1");
}

/// The demo does the same: `--keep` leaves the file and names it, with an address and without, for one side and for both.
#[test]
fn the_demo_keeps_the_file_that_it_is_told_to_keep() {
    let place = Place::new();
    let demo = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-mmap"));
        command.args(args).env("TMPDIR", place.path("")).stdout(Stdio::piped()).stderr(Stdio::null());
        command
    };
    let kept = |output: Output, wanted: Option<&str>| {
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{said}");
        let path =
            said.lines().find_map(|line| line.strip_prefix("  kept  ")).expect("it is named").to_owned();
        assert!(wanted.is_none_or(|wanted| wanted == path), "{path}");
        assert_eq!(fs::metadata(&path).unwrap().len(), SEGMENT_LEN as u64);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(shell("head -c 8 \"$0\"", &path).starts_with("ipc-ring"));
    };
    kept(demo(&["--keep", "--count", "10"]).output().unwrap(), None);
    let named = place.path("kept");
    for address in [Some(&*named), None] {
        let pong = demo(&[&["pong", "--keep"], address.as_slice()].concat()).spawn().unwrap();
        let ping = demo(&[&["ping", "--count", "10"], address.as_slice()].concat()).output().unwrap();
        assert!(ping.status.success() && !String::from_utf8_lossy(&ping.stdout).contains("kept"));
        kept(pong.wait_with_output().unwrap(), address);
    }
    let document = demo(&["--keep", "--count", "10", "--json"]).output().unwrap().stdout;
    let document: serde_json::Value = serde_json::from_slice(&document).unwrap();
    assert!(exists(document["kept"].as_str().unwrap()));
    let document = demo(&["--count", "10", "--json"]).output().unwrap().stdout;
    assert!(serde_json::from_slice::<serde_json::Value>(&document).unwrap().get("kept").is_none());
}

/// A file is kept only if it was made completely: where its space is refused, here by a limit, no file is left.
#[test]
fn a_file_that_could_not_be_made_is_not_kept() {
    let place = Place::new();
    let path = place.path("kept");
    for keep in ["--keep", "--variant=file"] {
        let mut pong = Command::new("/bin/sh");
        pong.args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_ipc-mmap")]);
        let output = pong.args(["pong", &path, keep, "--timeout", "0.01"]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.code() == Some(1) && said.contains("(EFBIG)"),
            "{keep}: {}: {said}",
            output.status
        );
        assert!(!exists(&path), "{keep}");
    }
}

/// A file to be kept needs no ownership lock, but making it removes the remains of dead processes as any other does.
#[test]
fn making_a_file_to_be_kept_sweeps_too() {
    let (place, temporary) = (Place::new(), Place::new());
    let played = |part: &str| other::command(part).env("TMPDIR", temporary.path("")).output().unwrap().status;
    let (dead, kept) = (place.path("dead"), place.path("kept"));
    assert_eq!(played(&format!("create-and-die {dead}")).signal(), Some(Signal::SIGKILL as i32));
    assert!(exists(&dead));
    assert!(played(&format!("create-and-keep {kept}")).success());
    assert!(!exists(&dead) && exists(&kept));
}

/// Memory without a file cannot be kept, and the side that joins does not own what it would keep.
#[test]
fn what_cannot_be_kept_is_refused() {
    for (args, wanted) in [
        (
            &["--keep", "--variant", "memfd"][..],
            "error: --keep does not apply to the variant memfd, only to file; try 'ipc-mmap --help'\n",
        ),
        (&["ping", "--keep"], "error: unexpected argument '--keep' found; try 'ipc-mmap ping --help'\n"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_ipc-mmap")).args(args).output().unwrap();
        assert_eq!((output.status.code(), &*String::from_utf8_lossy(&output.stderr)), (Some(2), wanted));
    }
}

/// A file that is not to be kept goes with its owner.
#[test]
fn the_file_goes_with_its_owner() {
    let place = Place::new();
    let path = place.path("memory");
    let (owner, mut joiner) = pair(&path);
    assert!(exists(&path));
    drop(owner);
    assert!(!exists(&path));
    assert!(matches!(joiner.recv(&mut []), Err(Error::Disconnected)), "the memory is still there");
}

/// The name is needed only to open the file: removed while two talk, it harms neither. A new file of that name is other
/// memory.
#[test]
fn another_file_under_the_same_name_is_another_memory() {
    let place = Place::new();
    let path = place.path("memory");
    let (mut owner, mut joiner) = pair(&path);
    fs::remove_file(&path).unwrap();
    let (mut second_owner, mut second_joiner) = pair(&path);
    owner.send(b"old").unwrap();
    second_owner.send(b"new one").unwrap();
    let mut buffer = [0; 8];
    assert_eq!(joiner.recv(&mut buffer).unwrap(), 3);
    assert_eq!(second_joiner.recv(&mut buffer).unwrap(), 7);
    drop((owner, joiner));
    assert!(exists(&path), "the first owner does not remove what is not its own");
}

/// The next `create` removes the file of a killed owner; but not another file that the user has made there since, even
/// if it got the same inode number, as it does on most file systems that reuse numbers.
#[test]
fn a_file_made_there_since_is_not_removed_for_the_dead_one() {
    let (place, temporary) = (Place::new(), Place::new());
    let path = place.path("memory");
    let played = |part: &str| other::command(part).env("TMPDIR", temporary.path("")).output().unwrap().status;
    for made_since in [false, true] {
        assert_eq!(played(&format!("create-and-die {path}")).signal(), Some(Signal::SIGKILL as i32));
        if made_since {
            let born = || fs::metadata(&path).unwrap().created().ok();
            let theirs = born();
            loop {
                fs::remove_file(&path).unwrap();
                fs::write(&path, "the user's").unwrap();
                if theirs.is_none() || born() != theirs {
                    break; // else once more: the clock has only some hundred ticks per second
                }
            }
        }
        assert!(played("create").success());
        assert_eq!(exists(&path), made_since);
    }
    assert_eq!(fs::read(&path).unwrap(), b"the user's");
}

/// A file with holes would end in `SIGBUS` on a full disk, so its space is allocated when it is made.
#[test]
fn the_file_has_no_holes() {
    let place = Place::new();
    let path = place.path("memory");
    let _meeting = File::create(Some(&path), &setup()).unwrap();
    let meta = fs::metadata(&path).unwrap();
    assert_eq!(meta.len(), SEGMENT_LEN as u64);
    assert!(meta.blocks() * 512 >= meta.len(), "only {} blocks", meta.blocks());
}

/// On a file system that cannot allocate in advance, such as ramfs, the file is used as it is.
#[test]
fn a_file_system_without_fallocate_will_do() {
    let place = Place::new();
    let (mount, demo) = (format!("mount -t ramfs none {}", place.path("")), env!("CARGO_BIN_EXE_ipc-mmap"));
    let Some(mut demo) = ipc_conformance::namespaces::limited(&["--mount"], &mount, demo) else {
        return ipc_conformance::skipped("mounting needs root or a user namespace, and unshare(1)");
    };
    demo.env("TMPDIR", place.path("")).args(["--count", "5", "--variant", "file"]);
    let output = demo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A file is for its owner alone, unless a wider mode is requested; the umask does not change that.
#[test]
fn the_file_is_for_its_owner_alone() {
    let place = Place::new();
    for (name, mode) in [("private", 0o600), ("shared", 0o666), ("special", 0o7640)] {
        let path = place.path(name);
        let _meeting = File::create(Some(&path), &Setup { mode, ..setup() }).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, mode & 0o777);
    }
    let meeting = File::create(None, &setup()).unwrap();
    assert_eq!(fs::metadata(meeting.address()).unwrap().permissions().mode() & 0o777, 0o600);
}

/// An existing file is never used or overwritten, nor is a symbolic link, even a dangling one.
#[test]
fn a_name_in_use_is_refused() {
    let place = Place::new();
    let (file, link) = (place.path("file"), place.path("link"));
    fs::write(&file, "not yours").unwrap();
    symlink(place.path("nowhere"), &link).unwrap();
    for (path, keep) in [(&file, false), (&link, false), (&file, true), (&link, true)] {
        let error =
            File::create(Some(path), &with(FileOptions { keep, ..FileOptions::default() })).unwrap_err();
        assert_eq!(error.errno(), Some(Errno::EEXIST));
        assert!(error.to_string().contains("is in use"), "{error}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"not yours");
    assert!(!exists(&place.path("nowhere")));
}

/// A joiner checks before it maps: a file of another length or contents, or something other than a file, is refused.
#[test]
fn what_is_no_meeting_point_is_refused() {
    let place = Place::new();
    let join = |path: &str| File::join(path, &setup(), Duration::from_millis(50)).unwrap_err();

    let other = place.path("other");
    fs::write(&other, "ipc-ring").unwrap();
    for length in [8, SEGMENT_LEN - 1, SEGMENT_LEN + 1, 2 * SEGMENT_LEN] {
        fs::File::options().write(true).open(&other).unwrap().set_len(length as u64).unwrap();
        let refused = join(&other);
        assert!(matches!(refused, Error::Corrupt(text) if text.contains("unexpected length")), "{length}");
    }
    fs::write(&other, "").unwrap();
    assert!(matches!(join(&other), Error::TimedOut { .. }), "it may be just being made");
    for directory in [place.path("name/"), String::new(), place.path("a\nb")] {
        let refused = [join(&directory), File::create(Some(&directory), &setup()).unwrap_err()];
        assert!(refused.iter().all(|error| matches!(error, Error::Usage(_))), "{directory}: {refused:?}");
    }

    let mapped = Mapped::new(SEGMENT_LEN);
    assert!(matches!(join(&mapped.path), Error::TimedOut { .. }), "all zero is not ready yet");
    mapped.region.write(0, b"something else");
    assert!(matches!(join(&mapped.path), Error::Corrupt(_)));

    let link = place.path("link");
    symlink(&mapped.path, &link).unwrap();
    assert_eq!(join(&link).errno(), Some(Errno::ELOOP));

    let fifo = place.path("fifo");
    nix::unistd::mkfifo(fifo.as_str(), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert!(matches!(join(&fifo), Error::Refused(text) if text.contains("not a regular file")));

    assert!(matches!(join(&place.path("absent")), Error::TimedOut { .. }));
    assert_eq!(join(&format!("{}/.", place.path(""))).errno(), Some(Errno::EISDIR));
}

/// A file of another version of this suite may have another layout, and one of another capacity surely does.
#[test]
fn a_file_of_another_version_or_capacity_is_not_joined() {
    let place = Place::new();
    let path = place.path("memory");
    let _meeting = File::create(Some(&path), &setup()).unwrap();
    let file = map(&fs::File::options().read(true).write(true).open(&path).unwrap());
    for (offset, len) in [(8, 4), (16, 8)] {
        let mut right = vec![0; len];
        file.read(offset, &mut right);
        file.write(offset, &[right[0] + 1]);
        let refused = File::join(&path, &setup(), PATIENCE).unwrap_err().to_string();
        assert!(refused.contains("another version"), "{offset}: {refused}");
        file.write(offset, &right);
    }
    File::join(&path, &setup(), PATIENCE).unwrap();
}

/// Another user's file is not mapped, even if this user may open it: the other could truncate it at any time.
#[test]
fn another_users_file_is_refused() {
    if !geteuid().is_root() {
        return ipc_conformance::skipped("giving a file away needs root");
    }
    let place = Place::new();
    let path = place.path("memory");
    let _meeting = File::create(Some(&path), &setup()).unwrap();
    chown(&path, Some(65534), None).unwrap();
    let error = File::join(&path, &setup(), PATIENCE).unwrap_err();
    assert!(matches!(&error, Error::Refused(text) if text.contains("another user's (uid 65534)")), "{error}");
    let allowed = File::join(&path, &Setup { mode: 0o666, ..setup() }, PATIENCE);
    assert!(allowed.is_ok(), "{allowed:?}");
}

/// The kernel's lock decides who has the place of the joining side, even if the memory says that it is free.
#[test]
fn a_place_that_another_process_holds_is_not_taken() {
    let place = Place::new();
    let path = place.path("memory");
    let mut owner = File::create(Some(&path), &setup()).unwrap();
    let other = map(&fs::File::options().read(true).write(true).open(&path).unwrap());
    assert!(other.memory().hold(1).unwrap());
    let error = File::join(&path, &setup(), Duration::from_millis(50)).unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    drop(other);
    File::join(&path, &setup(), PATIENCE).expect("it is free now");
    owner.accept(PATIENCE).unwrap();
}

/// A kept file is finished: both its sides have left, and no process joins it again.
#[test]
fn a_kept_file_is_not_joined_again() {
    let place = Place::new();
    let path = place.path("kept");
    drop(File::create(Some(&path), &with(FileOptions { keep: true, ..FileOptions::default() })).unwrap());
    let error = File::join(&path, &setup(), Duration::from_millis(50)).unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    drop(map(&fs::File::options().read(true).write(true).open(&path).unwrap()));
}
