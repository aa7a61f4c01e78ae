//! The variant `memfd`: memory without a file system.

use std::fs::{self, File};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use ipc_conformance::other::playing;
use ipc_conformance::{asleep_until_killed, other};
use ipc_core::ring::SEGMENT_LEN;
use ipc_core::{Error, Mechanism, Receiver, Sender, Setup};
use ipc_mmap::Memfd;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::unistd::geteuid;

use crate::tools::{Mapped, PATIENCE, Place, exists, played, setup, shell};

const SHORTLY: Duration = Duration::from_millis(50);

/// Makes memory as a hostile owner could: with the right name and length, and with the given seals.
fn memory(seals: SealFlag) -> (File, String) {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let memory = File::from(memfd_create("ipc-mmap", flags).unwrap());
    memory.set_len(SEGMENT_LEN as u64).unwrap();
    fcntl(&memory, FcntlArg::F_ADD_SEALS(seals)).unwrap();
    let path = open_as(&memory);
    (memory, path)
}

fn open_as(file: &File) -> String {
    format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd())
}

/// A file can be truncated by any process that may write to it, which kills those that map it. Sealed memory cannot: a
/// peer is refused whether it tries to shrink it, to grow it, or to add a seal.
#[test]
fn sealed_memory_cannot_be_cut_short() {
    let mut meeting = Memfd::create(None, &setup()).unwrap();
    let address = meeting.address();
    let said = played(&format!("tamper {}", address.split_once(':').expect("the inode is behind").0)).1;
    assert_eq!(said, "shorter: EPERM, longer: EPERM, another seal: EPERM");
    let mut joiner = Memfd::join(&meeting.address(), &setup(), PATIENCE).unwrap();
    joiner.send(b"all there").unwrap();
    assert_eq!(meeting.accept(PATIENCE).unwrap().recv(&mut [0; 16]).unwrap(), 9);
}

/// A joiner checks the seals before it maps: memory that its owner could truncate is refused.
#[test]
fn memory_that_is_not_sealed_is_not_joined() {
    let both = SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW;
    for seals in [SealFlag::empty(), both, SealFlag::F_SEAL_SEAL, both | SealFlag::F_SEAL_SEAL] {
        let (_memory, path) = memory(seals);
        let error = Memfd::join(&path, &setup(), SHORTLY).unwrap_err();
        if seals.contains(both | SealFlag::F_SEAL_SEAL) {
            assert!(matches!(error, Error::TimedOut { .. }), "sealed, but no peer is attached: {error}");
        } else {
            assert!(
                matches!(error, Error::Corrupt(text) if text.contains("not sealed")),
                "{seals:?}: {error}"
            );
        }
    }
}

/// A path that leads elsewhere is not even opened: to a file, to another kind of descriptor, or to memory of another
/// program.
#[test]
fn a_path_that_leads_to_no_such_memory_is_refused() {
    let place = Place::new();
    let mapped = Mapped::new(SEGMENT_LEN);
    let (reader, _writer) = std::io::pipe().unwrap();
    let pipe = File::from(OwnedFd::from(reader));
    let other = File::from(memfd_create("another", MFdFlags::MFD_CLOEXEC).unwrap());
    let open = [&mapped.file, &pipe, &other].map(open_as);
    let targets = open.iter().map(String::as_str).chain(["/dev/tty", "nowhere", &mapped.path]);
    for (number, target) in targets.enumerate() {
        let link = place.path(&number.to_string());
        symlink(target, &link).unwrap();
        let error = Memfd::join(&link, &setup(), SHORTLY).unwrap_err();
        assert!(
            matches!(&error, Error::Refused(text) if text.contains("does not lead to")),
            "{target}: {error}"
        );
    }
    for path in open.iter().chain([&mapped.path]) {
        let error = Memfd::join(path, &setup(), SHORTLY).unwrap_err();
        assert!(
            matches!(&error, Error::Refused(text) if text.contains("does not lead to")),
            "{path}: {error}"
        );
    }
}

/// Memory without an address leaves nothing in any file system; only its users have it.
#[test]
fn memory_has_no_name() {
    let (meeting, maps) =
        (Memfd::create(None, &setup()).unwrap(), fs::read_to_string("/proc/self/maps").unwrap());
    assert!(maps.lines().any(|line| line.ends_with("/memfd:ipc-mmap (deleted)")), "{maps}");
    let address = meeting.address();
    let (address, inode_of) = address.split_once(':').expect("it names the inode, too");
    assert!(exists(address));
    assert_eq!(fs::read_link(address).unwrap(), Path::new("/memfd:ipc-mmap (deleted)"));
    let inode = |path: &str| fs::metadata(path).ok().map(|memory| memory.ino());
    let memory = inode(address).expect("it leads there");
    assert_eq!(memory.to_string(), inode_of);
    drop(meeting);
    // The number may belong to another file of this process by now, such as memory of another test.
    assert_ne!(inode(address), Some(memory));
}

/// A path of the user's is a link to the memory, and only until the other side has joined; any program can read the
/// link.
#[test]
fn a_path_is_a_link_that_goes_when_both_have_met() {
    let place = Place::new();
    let path = place.path("memory");
    let mut meeting = Memfd::create(Some(&path), &setup()).unwrap();
    assert!(fs::read_link(&path).unwrap().starts_with(format!("/proc/{}/fd", std::process::id())));
    assert_eq!(shell("head -c 8 \"$0\"", &path), "ipc-ring");
    let joiner = Memfd::join(&path, &setup(), PATIENCE).unwrap();
    let owner = meeting.accept(PATIENCE).unwrap();
    assert!(!exists(&path));
    drop((owner, joiner));
    assert_eq!(shell("ls -A \"$0\"", &place.path("")), "");
}

/// An existing object at the path stays, even a dangling symbolic link.
#[test]
fn a_path_in_use_is_refused_for_memory_too() {
    let place = Place::new();
    let path = place.path("link");
    symlink("nowhere", &path).unwrap();
    let error = Memfd::create(Some(&path), &setup()).unwrap_err();
    assert_eq!(error.errno(), Some(Errno::EEXIST), "{error}");
    assert_eq!(fs::read_link(&path).unwrap(), Path::new("nowhere"));
}

/// The link of a killed owner leads nowhere: no process joins there, and the next `create` removes it.
#[test]
fn the_link_of_a_dead_owner_leads_nowhere_and_is_removed() {
    let (place, temporary) = (Place::new(), Place::new());
    let path = place.path("memory");
    let run = |part: &str| other::command(part).env("TMPDIR", temporary.path("")).output().unwrap().status;
    assert!(!run(&format!("create-memory-and-die {path}")).success());
    assert!(exists(&path));
    let error = Memfd::join(&path, &setup(), SHORTLY).unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    assert!(run("create").success());
    assert!(!exists(&path));
}

/// Memory cannot be kept, and no other user can join: a request for either is refused.
#[test]
fn memory_cannot_be_kept_nor_be_for_others() {
    let place = Place::new();
    let path = place.path("memory");
    let refused = Memfd::create(Some(&path), &Setup { mode: 0o666, ..setup() }).unwrap_err();
    assert!(matches!(&refused, Error::Usage(text) if text.contains("variant `file`")), "{refused}");
    let mut pong = Command::new(env!("CARGO_BIN_EXE_ipc-mmap"));
    let output = pong.args(["pong", &path, "--variant", "memfd", "--keep"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("--keep does not apply to the variant memfd, only to file"), "{said}");
    assert!(!exists(&path));
}

/// Another user cannot open a descriptor of this user's process, and gets an error that says so.
#[test]
fn another_user_cannot_open_the_memory() {
    if !geteuid().is_root() {
        return ipc_conformance::skipped("becoming another user needs root");
    }
    let meeting = Memfd::create(None, &setup()).unwrap();
    let said = played(&format!("join-memory-as-nobody {}", meeting.address())).1;
    assert!(said.contains("(EACCES)") && said.contains("another user's"), "{said}");
}

/// The same path may elsewhere lead to other such memory, for example under another `/proc`: that is not joined.
#[test]
fn memory_at_the_right_path_that_is_not_the_one_meant_is_refused() {
    let meeting = Memfd::create(None, &setup()).unwrap();
    let address = meeting.address();
    let (path, inode) = address.split_once(':').unwrap();
    let other = format!("{path}:{}", inode.parse::<u64>().unwrap() + 1);
    let place = Place::new();
    let link = place.path("link"); // made by another process
    symlink(path, &link).unwrap();
    // And a copy of one of our links: where it was made, it may be one that leads to other memory.
    let (named, copy) = (place.path("named"), place.path("copy"));
    let _named = Memfd::create(Some(&named), &setup()).unwrap();
    symlink(fs::read_link(&named).unwrap(), &copy).unwrap();
    for wrong in [other, link, copy] {
        let error = Memfd::join(&wrong, &setup(), SHORTLY).unwrap_err().to_string();
        assert!(error.contains("does not lead to") && error.contains("pid:["), "{wrong}: {error}");
    }
    assert!(Memfd::join(&address, &setup(), PATIENCE).is_ok());
}

/// Sealed memory cannot be cut, so neither half wakes to look whether it was, or whether the peer is alive.
#[test]
fn both_halves_sleep_until_the_peer_is_killed() {
    let mut meeting = Memfd::create(None, &setup()).unwrap();
    let mut joiner = playing(&format!("join-memory {}", meeting.address()));
    let mut link = meeting.accept(PATIENCE).unwrap();
    link.recv(&mut [0; 8]).unwrap();
    asleep_until_killed(link, || joiner.kill());
}
