//! The variant `posix`, and its differences from System V: a name in a file system, a descriptor, a length that
//! changes.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use ipc_conformance::Bytes as _;
use ipc_core::ring::{Mapping, Memory, Region, SEGMENT_LEN};
use ipc_core::{Error, Mechanism, Receiver, Sender, Setup, shared_file};
use ipc_shm::posix::{Object, PosixName, file_of};
use ipc_shm::{Posix, Ring};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::sys::statfs::{TMPFS_MAGIC, statfs};
use nix::unistd::{geteuid, mkfifo};

use crate::tools::{PATIENCE, ended, pair, played, playing, setup, wait_until};

const SHORTLY: Duration = Duration::from_millis(30);

/// A bare object of a fresh name, which is removed at the end of its test, however that ends.
struct Scratch {
    name: PosixName,
    object: Object,
}

impl Scratch {
    fn new(length: usize) -> Self {
        let name = PosixName::fresh();
        let object = Object::create(&name, 0o600).unwrap();
        let scratch = Self { name, object };
        scratch.object.file().set_len(length as u64).unwrap();
        scratch
    }

    fn map(&self) -> Region<impl Memory> {
        Region::new(Mapping::new(self.object.file()).unwrap()).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = Object::unlink(&self.name); // a test may have done it already
    }
}

fn join(address: &str) -> Error {
    Posix::join(address, &setup(), SHORTLY).unwrap_err()
}

/// A name is in a file system: the tools for files show, read and remove it. A key of System V is in none.
#[test]
fn an_object_is_a_file_in_memory() {
    let scratch = Scratch::new(SEGMENT_LEN);
    scratch.map().write(0, b"stored");
    let path = file_of(&scratch.name);
    assert_eq!(statfs(&path).unwrap().filesystem_type(), TMPFS_MAGIC);
    assert_eq!(fs::read(&path).unwrap()[..6], *b"stored");
    fs::remove_file(&path).unwrap();
    assert!(Object::open(&scratch.name).unwrap().is_none());
}

/// `shm_open` makes an empty object; `ftruncate` sets its length, and `fstat` returns it. But a length is only a
/// number: the pages come when they are touched. A segment of System V has a fixed length from the start.
#[test]
fn the_length_comes_later_and_the_pages_later_still() {
    let scratch = Scratch::new(0);
    let stat = || scratch.object.file().metadata().unwrap();
    assert_eq!((stat().len(), stat().blocks()), (0, 0));
    scratch.object.file().set_len(SEGMENT_LEN as u64).unwrap();
    assert_eq!((stat().len(), stat().blocks()), (SEGMENT_LEN as u64, 0));
    scratch.map().write(4096, b"one page");
    assert!((1..SEGMENT_LEN as u64 / 512).contains(&stat().blocks()));
    // This one has them all, so that a full /dev/shm is an error here and not a SIGBUS later.
    shared_file::allocate(scratch.object.file()).unwrap();
    assert!(stat().blocks() * 512 >= SEGMENT_LEN as u64);
}

/// A process that may write to an object can truncate it while others have it mapped: `SIGBUS`, as with a file. A
/// segment of System V cannot change; and this one cannot be sealed against it, as a memfd can.
#[test]
fn touching_what_was_truncated_is_the_end() {
    let scratch = Scratch::new(SEGMENT_LEN);
    assert_eq!(ended(&format!("truncate-and-touch {}", scratch.name)).signal(), Some(Signal::SIGBUS as i32));
    assert_eq!(scratch.object.file().metadata().unwrap().len(), 100, "visible to all");
    let sealed = fcntl(scratch.object.file(), FcntlArg::F_ADD_SEALS(SealFlag::F_SEAL_SHRINK));
    assert_eq!(sealed, Err(Errno::EPERM));
}

/// The memory outlives its name, as with System V: it goes with the last mapping. A new object of that name is other
/// memory.
#[test]
fn unlinked_while_mapped_it_lives_on() {
    let scratch = Scratch::new(SEGMENT_LEN);
    let (first, second) = (scratch.map(), scratch.map());
    Object::unlink(&scratch.name).unwrap();
    first.write(0, b"still");
    let mut bytes = [0; 5];
    second.read(0, &mut bytes);
    assert_eq!(&bytes, b"still");
    assert_eq!(scratch.object.file().metadata().unwrap().nlink(), 0);
    let another = Object::create(&scratch.name, 0o600).unwrap();
    assert_eq!(another.file().metadata().unwrap().len(), 0);
    assert_eq!(Object::unlink(&PosixName::fresh()).unwrap_err().errno(), Some(Errno::ENOENT));
}

/// The umask restricts the mode passed to `shm_open`, as for a file. This crate sets the mode afterwards.
#[test]
fn the_umask_takes_from_the_mode() {
    assert_eq!(
        played(&format!("modes-under-umask {} {}", PosixName::fresh(), PosixName::fresh())),
        "600 666"
    );
}

/// An object is for its owner alone, unless a wider mode is requested.
#[test]
fn an_object_is_for_its_owner_alone() {
    for mode in [0o600, 0o660, 0o7600] {
        let setup = Setup { mode, ..setup() };
        let meeting = Posix::create(None, &setup).unwrap();
        let path = file_of(&meeting.address().parse().unwrap());
        assert_eq!(fs::metadata(path).unwrap().mode() & 0o7777, mode & 0o777);
    }
}

/// The name goes once both sides are there, and with it all that could be left: two that are killed leave nothing.
#[test]
fn nothing_can_leak_once_both_have_it_mapped() {
    let name = PosixName::fresh();
    let theirs = name.clone();
    let joiner = std::thread::spawn(move || playing(&format!("join {theirs} posix")));
    let mut owner = playing(&format!("own {name} posix"));
    let mut joiner = joiner.join().unwrap();
    assert!(!file_of(&name).exists());
    for other in [&owner, &joiner] {
        let maps = fs::read_to_string(format!("/proc/{}/maps", other.pid())).unwrap();
        // Under the last name that the kernel knows.
        assert!(maps.lines().any(|line| line.contains("/dev/shm/") && line.ends_with("(deleted)")), "{maps}");
    }
    owner.kill();
    joiner.kill();
    assert!(!file_of(&name).exists());
}

/// An owner that is killed while it waits leaves its object, which the next `create` removes.
#[test]
fn the_object_of_a_killed_owner_is_removed_by_the_next_create() {
    removed_by_the_next_create("wait-at");
}

/// The file is visible in all IPC namespaces, and stays when its owner's namespace has ended.
#[test]
fn the_object_of_an_owner_killed_in_another_namespace_is_removed_too() {
    if !geteuid().is_root() {
        return ipc_conformance::skipped("a new IPC namespace needs root");
    }
    removed_by_the_next_create("wait-in-another-namespace-at");
}

fn removed_by_the_next_create(waiting: &str) {
    let name = PosixName::fresh();
    let mut owner = playing(&format!("{waiting} {name}"));
    assert!(file_of(&name).exists());
    owner.kill();
    wait_until("swept", || {
        drop(Ring::create(None, &setup()).unwrap());
        !file_of(&name).exists()
    });
}

/// An existing object at the name is never used, nor is a symbolic link, even a dangling one.
#[test]
fn a_name_in_use_is_refused() {
    let scratch = Scratch::new(100);
    let link = PosixName::fresh();
    symlink("nowhere", file_of(&link)).unwrap();
    let refused = [&scratch.name, &link].map(|name| {
        let told = Posix::create(Some(&name.to_string()), &setup()).unwrap_err();
        [told, Object::create(name, 0o600).unwrap_err()]
    });
    let followed = Object::open(&link);
    fs::remove_file(file_of(&link)).unwrap();
    for error in refused.as_flattened() {
        assert_eq!(error.errno(), Some(Errno::EEXIST), "{error}");
        assert!(error.to_string().contains("is in use"), "{error}");
    }
    assert_eq!(followed.unwrap_err().errno(), Some(Errno::ELOOP));
    assert_eq!(scratch.object.file().metadata().unwrap().len(), 100);
}

/// A joiner checks before it maps: another length, other contents, or something other than memory is refused.
#[test]
fn what_is_no_meeting_point_is_refused() {
    for length in [1, SEGMENT_LEN - 1, SEGMENT_LEN + 1, 2 * SEGMENT_LEN] {
        let refused = join(&Scratch::new(length).name.to_string());
        assert!(matches!(refused, Error::Corrupt(text) if text.contains("unexpected length")), "{length}");
    }
    assert!(
        matches!(join(&Scratch::new(0).name.to_string()), Error::TimedOut { .. }),
        "it may be just being made"
    );
    let scratch = Scratch::new(SEGMENT_LEN);
    assert!(matches!(join(&scratch.name.to_string()), Error::TimedOut { .. }), "all zero is not ready yet");
    scratch.map().write(0, b"something else");
    assert!(matches!(join(&scratch.name.to_string()), Error::Corrupt(_)));
    let fifo = PosixName::fresh();
    mkfifo(&file_of(&fifo), Mode::S_IRWXU).unwrap();
    let told = join(&fifo.to_string());
    fs::remove_file(file_of(&fifo)).unwrap();
    assert!(matches!(&told, Error::Refused(text) if text.contains("not a regular file")), "{told}");
    for address in ["name", "/a/b", "1234", ""] {
        assert!(matches!(join(address), Error::Usage(_)), "{address}");
    }
}

/// Another user's object is not mapped, even if this user may open it: the other could truncate it at any time.
#[test]
fn another_users_object_is_refused() {
    if !geteuid().is_root() {
        return ipc_conformance::skipped("giving a file away needs root");
    }
    let meeting = Posix::create(None, &setup()).unwrap();
    let name: PosixName = meeting.address().parse().unwrap();
    chown(file_of(&name), Some(65534), None).unwrap();
    let told = join(&name.to_string());
    let wider = Setup { mode: 0o666, ..setup() };
    let allowed = Posix::join(&name.to_string(), &wider, PATIENCE);
    Object::unlink(&name).unwrap(); // no sweep would touch it: it is another user's now
    assert!(matches!(&told, Error::Refused(text) if text.contains("another user's")), "{told}");
    assert!(allowed.is_ok(), "{allowed:?}");
}

/// Reach: a name is looked up in a file system, so the mount namespace counts. In another IPC namespace, where a key of
/// System V names nothing, the object is found.
#[test]
fn reach_is_that_of_the_file_system() {
    if !geteuid().is_root() {
        return ipc_conformance::skipped("a new IPC namespace needs root");
    }
    let scratch = Scratch::new(SEGMENT_LEN);
    assert_eq!(played(&format!("find-object-in-another-namespace {}", scratch.name)), "true");
}

/// One object carries both ways.
#[test]
fn a_link_has_one_object() {
    let (mut owner, mut joiner) = pair::<Posix>();
    let mut buffer = [0; 8];
    owner.send(b"there").unwrap();
    assert_eq!(joiner.recv(&mut buffer).unwrap(), 5);
    joiner.send(b"back").unwrap();
    assert_eq!(owner.recv(&mut buffer).unwrap(), 4);
}
