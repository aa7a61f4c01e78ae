//! Objects that remove themselves, both ends of a link, and the parts of the other process.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::thread;
use std::time::{Duration, SystemTime};

use ipc_conformance::Bytes as _;
use ipc_conformance::other;
pub use ipc_conformance::other::{PATIENCE, ended, played, playing, watched};
use ipc_conformance::watchdog::over_this_test;
use ipc_core::ownership::{Made, Note, SystemV};
use ipc_core::pages::Pages;
use ipc_core::ring::{Attachment, Layout, Mapping, Region, SEGMENT_LEN};
use ipc_core::{Mechanism, Sender, Setup};
use ipc_shm::posix::Object;
use ipc_shm::{Attached, Key, Posix, Ring, Segment, SemaphoreArray, Semaphores, Undo};
use nix::fcntl::OFlag;
use nix::sched::{CloneFlags, unshare};
use nix::sys::mman::shm_open;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Uid, setuid};

/// A bare segment of a fresh key, removed at the end of its test, however that ends.
pub struct Scratch {
    pub key: Key,
    pub segment: Segment,
}

impl Scratch {
    pub fn new(mode: u32) -> Self {
        let key = Key::fresh();
        Self { key, segment: Segment::create(key, SEGMENT_LEN, mode).unwrap() }
    }

    pub fn attach(&self) -> Region<Attached> {
        Region::new(self.segment.attach().unwrap()).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = self.segment.mark_for_removal(); // a test may have done it already
    }
}

/// A bare semaphore array, removed at the end of its test.
pub struct ScratchArray {
    pub key: Key,
    pub array: SemaphoreArray,
    /// The time just before it was made, in seconds since 1970.
    since: i64,
}

impl ScratchArray {
    pub fn new() -> Self {
        over_this_test();
        let key = Key::fresh();
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64 - 1;
        Self { key, array: SemaphoreArray::create(key, 0o600).unwrap(), since }
    }
}

impl Drop for ScratchArray {
    fn drop(&mut self) {
        let made = Made { id: self.array.id(), at: self.since };
        let _ = Semaphores::reclaim(&Note::SystemV(SystemV::Semaphores, self.key, Some(made)));
    }
}

pub fn setup() -> Setup<Pages> {
    with(Pages::default())
}

pub fn with(options: Pages) -> Setup<Pages> {
    over_this_test();
    Setup { mode: 0o600, options }
}

/// Returns both ends of a link, in this process: the owner's first.
pub fn pair<M: Mechanism<Options = Pages>>() -> (M::Link, M::Link) {
    let mut meeting = M::create(None, &setup()).unwrap();
    let joiner = M::join(&meeting.address(), &setup(), PATIENCE).unwrap();
    (meeting.accept(PATIENCE).unwrap(), joiner)
}

/// Returns the line of `/proc/sysvipc/KIND` about the object with this id, in words: key, id, permissions, and so on.
pub fn listed(kind: &str, id: i32) -> Option<Vec<String>> {
    let table = fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap();
    let lines =
        table.lines().map(|line| line.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>());
    lines.into_iter().find(|words| words[1] == id.to_string())
}

/// Waits until a condition is true; fails if it never is.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..PATIENCE.as_millis() / 5 {
        if is_so() {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
    panic!("still not: {what}");
}

/// The main function of the tests' other process; not a test.
#[test]
#[ignore = "the other process of the tests"]
fn other_process_main() {
    other::main(play);
}

fn attach(key: &str) -> Region<Attached> {
    let segment = Segment::find(key.parse().unwrap()).unwrap().expect("the segment is there");
    let region = Region::new(segment.attach().unwrap()).unwrap();
    assert_eq!(region.size(), SEGMENT_LEN);
    region
}

/// Leaks a POSIX object, which waits for its peer until this process is killed.
fn wait_at(name: &str) -> String {
    std::mem::forget(Posix::create(Some(name), &setup()).unwrap());
    name.to_owned()
}

fn resident<M: Mechanism<Options = Pages>>(when: &str, name: &str) -> String {
    let _meeting = M::create(None, &with(Pages { populate: when == "now", huge: false })).unwrap();
    crate::pages::resident(name).to_string()
}

/// Leaks its link, which stays until this process is killed.
fn own<M: Mechanism<Options = Pages>>(address: &str) -> String {
    let mut meeting = M::create(Some(address), &setup()).unwrap();
    let described = meeting.describe();
    std::mem::forget(meeting.accept(PATIENCE).unwrap());
    std::mem::forget(meeting);
    described
}

/// Joins and leaks its link, which stays until this process is killed.
fn join<M: Mechanism<Options = Pages>>(address: &str) -> String {
    let mut link = M::join(address, &setup(), PATIENCE).unwrap();
    link.send(b"here").unwrap();
    std::mem::forget(link);
    address.to_owned()
}

/// Does the same as a user other than the owner.
fn join_as_nobody<M: Mechanism<Options = Pages>>(key: &str) -> String {
    setuid(Uid::from_raw(65534)).unwrap();
    let joined = M::join(key, &Setup { mode: 0o666, ..setup() }, PATIENCE);
    joined.map(std::mem::forget).map_or_else(|error| error.to_string(), |()| "joined".into())
}

fn array(key: &str) -> SemaphoreArray {
    let creator = nix::unistd::getuid().as_raw();
    SemaphoreArray::find(key.parse().unwrap(), creator).unwrap().expect("the array is there")
}

/// Plays the other process's part, and returns its output.
fn play(part: &[&str]) -> String {
    match *part {
        ["create", key] => {
            let segment = Segment::create(key.parse().unwrap(), SEGMENT_LEN, 0o600).unwrap();
            Region::new(segment.attach().unwrap()).unwrap().write(0, b"left behind");
            segment.id().to_string()
        }
        ["read", key, offset, len] => {
            let mut bytes = vec![0; len.parse().unwrap()];
            attach(key).read(offset.parse().unwrap(), &mut bytes);
            String::from_utf8(bytes).unwrap()
        }
        ["write", key, offset, text] => {
            attach(key).write(offset.parse().unwrap(), text.as_bytes());
            text.to_owned()
        }
        ["find", key] => format!("{:?}", Segment::find(key.parse().unwrap()).unwrap().map(Segment::id)),
        ["find-as-nobody", key] => {
            setuid(Uid::from_raw(65534)).unwrap();
            let found = Segment::find(key.parse().unwrap()).and_then(|found| found.unwrap().attach());
            found.map_or_else(|error| error.to_string(), |_| "attached".into())
        }
        ["make-as-nobody", key] => {
            setuid(Uid::from_raw(65534)).unwrap();
            Segment::create(key.parse().unwrap(), SEGMENT_LEN, 0o666).unwrap().id().to_string()
        }
        ["join-as-nobody", key, "ring"] => join_as_nobody::<Ring>(key),
        ["join-as-nobody", key, "sem"] => join_as_nobody::<Semaphores>(key),
        ["find-object-in-another-namespace", name] => {
            unshare(CloneFlags::CLONE_NEWIPC).unwrap();
            Object::open(&name.parse().unwrap()).unwrap().is_some().to_string()
        }
        ["modes-under-umask", bare, ours] => {
            umask(Mode::from_bits_truncate(0o077));
            let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_RDWR;
            let bare_file = shm_open(bare, flags, Mode::from_bits_truncate(0o666)).map(File::from);
            let our_file = Object::create(&ours.parse().unwrap(), 0o666);
            for name in [bare, ours] {
                Object::unlink(&name.parse().unwrap()).unwrap();
            }
            let mode = |file: &File| file.metadata().unwrap().mode() & 0o777;
            format!("{:o} {:o}", mode(&bare_file.unwrap()), mode(our_file.unwrap().file()))
        }
        // Maps an object, has it truncated, and touches a page that is gone.
        ["truncate-and-touch", name] => {
            let object = Object::open(&name.parse().unwrap()).unwrap().unwrap();
            let region = Region::new(Mapping::new(object.file()).unwrap()).unwrap();
            let mut byte = [0];
            region.read(SEGMENT_LEN - 1, &mut byte);
            object.file().set_len(100).unwrap();
            region.read(SEGMENT_LEN - 1, &mut byte);
            "survived".into()
        }
        ["resident", "ring", when, name] => resident::<Ring>(when, name),
        ["resident", "sem", when, name] => resident::<Semaphores>(when, name),
        ["resident", "posix", when, name] => resident::<Posix>(when, name),
        ["wait-at", name, ..] => wait_at(name),
        ["wait-in-another-namespace-at", name, ..] => {
            unshare(CloneFlags::CLONE_NEWIPC).unwrap();
            wait_at(name)
        }
        ["find-in-another-namespace", key] => {
            unshare(CloneFlags::CLONE_NEWIPC).unwrap();
            format!("{:?}", Segment::find(key.parse().unwrap()).unwrap().map(Segment::id))
        }
        ["give", key, index, undo] => {
            let undo = if undo == "undo" { Undo::AtExit } else { Undo::Never };
            array(key).give(index.parse().unwrap(), undo).unwrap();
            index.to_owned()
        }
        ["take-with-undo", key, index] => {
            array(key).try_take(index.parse().unwrap(), Undo::AtExit).unwrap().to_string()
        }
        // Takes the free place and is never ready.
        ["claim", key, ..] => {
            let taken = Attachment::claim(attach(key), Layout::Ring).unwrap().map(std::mem::forget);
            format!("{}", taken.is_some())
        }
        ["own", key, "ring"] => own::<Ring>(key),
        ["own", key, "sem"] => own::<Semaphores>(key),
        ["own", name, "posix"] => own::<Posix>(name),
        // Sets its mark of presence so that the kernel never removes it: setting a semaphore clears all undo records.
        ["join-and-tamper", key] => {
            let link = Semaphores::join(key, &setup(), PATIENCE).unwrap();
            link.semaphores().set(5, 9).unwrap();
            std::mem::forget(link);
            key.to_owned()
        }
        ["join", key, "ring"] => join::<Ring>(key),
        ["join", key, "sem"] => join::<Semaphores>(key),
        ["join", name, "posix"] => join::<Posix>(name),
        _ => panic!("no part {part:?}"),
    }
}
