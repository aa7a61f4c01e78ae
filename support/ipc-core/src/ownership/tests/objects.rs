//! Objects outside the private directory: noted before they exist, identified exactly, and noted anew if the notes
//! vanish.

use std::os::unix::fs::{MetadataExt, symlink};
use std::time::SystemTime;

use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;

use super::*;
use crate::{Key, PosixName};

fn records(ownership: &OwnershipLock) -> String {
    fs::read_to_string(ownership.path(RECORDS)).unwrap()
}

fn file(path: &Path) -> Result<()> {
    fs::write(path, "ours").call("open")
}

/// An object is identified by the kernel's two numbers and its birth time: all three.
#[test]
fn an_inode_is_what_the_kernel_says() {
    let meta = fs::metadata(tempfile::NamedTempFile::new().unwrap().path()).unwrap();
    let born =
        meta.created().map_or(0, |born| born.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos());
    assert_eq!(Inode::of(&meta), Inode { device: meta.dev(), number: meta.ino(), born: born.cast_signed() });
}

/// An object is noted under a name that no other object has, then noted exactly, and only then put in place: if that
/// fails, the object already there is not noted.
#[test]
fn an_object_is_noted_before_it_is_at_its_place() {
    alone(|place| {
        let path = place.join("object");
        fs::write(&path, "the user's").unwrap();
        let ownership = OwnershipLock::take::<Thing>(None).unwrap();
        let refused = ownership.publish(&path, file).unwrap_err();
        assert_eq!(refused.errno(), Some(Errno::EEXIST));
        assert!(refused.to_string().ends_with("is in use: choose another path"), "{refused}");
        let records = records(&ownership);
        let notes: Vec<_> = records.lines().map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(notes, ["hidden", "path"]);
        drop(ownership);
        assert_eq!(fs::read_to_string(&path).unwrap(), "the user's");
        fs::remove_file(path).unwrap(); // nor is anything else left
    });
}

/// An object that was made but could not be set up is removed too.
#[test]
fn half_an_object_is_not_left() {
    alone(|place| {
        let ownership = OwnershipLock::take::<Thing>(None).unwrap();
        let fails = |path: &Path| file(path).and_then(|()| Err::<(), _>(Errno::EIO).call("fchmod"));
        ownership.publish(&place.join("object"), fails).unwrap_err();
        let marked = place.join("marked");
        let fails = || {
            file(&marked)?;
            set_mode(&marked, MARK);
            Err::<(), _>(Errno::EIO).call("listen")
        };
        ownership.publish_marked(&marked, 0o600, fails).unwrap_err();
        assert_eq!(fs::read_dir(place).unwrap().count(), 3);
    });
}

/// On a file system whose rename always replaces the target, an object is made directly at its path.
#[test]
fn an_object_is_placed_without_renaming_too() {
    alone(|place| {
        ipc_conformance::refuse(libc::SYS_renameat2, Errno::EINVAL).unwrap();
        let (path, taken) = (place.join("object"), place.join("taken"));
        let ownership = OwnershipLock::take::<Thing>(None).unwrap();
        let exclusive = |path: &Path| File::create_new(path).call("open").map(drop);
        ownership.publish(&path, exclusive).unwrap();
        fs::write(&taken, "the user's").unwrap();
        assert_eq!(ownership.publish(&taken, exclusive).unwrap_err().errno(), Some(Errno::EEXIST));
        let mut names: Vec<_> = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        assert_eq!(names, [base(place), path.clone(), taken.clone()], "no other name is left");
        drop(ownership);
        assert!(!exists(&path));
        fs::remove_file(taken).unwrap();
    });
}

/// An object made with the mark gets its own mode; one that has taken its place meanwhile keeps its own.
#[test]
fn the_mark_gives_way_to_the_mode() {
    alone(|place| {
        let path = place.join("object");
        let ownership = OwnershipLock::take::<Thing>(None).unwrap();
        let make = || {
            file(&path)?;
            set_mode(&path, MARK);
            Ok(())
        };
        ownership.publish_marked(&path, 0o640, make).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
        drop(ownership);
        assert!(!exists(&path));

        let (users, link) = (place.join("user's"), place.join("link"));
        fs::write(&users, "").unwrap();
        set_mode(&users, 0o600);
        let ownership = OwnershipLock::take::<Thing>(None).unwrap();
        let refused = ownership.publish_marked(&link, 0o666, || symlink(&users, &link).call("symlink"));
        assert_eq!(refused.unwrap_err().errno(), Some(Errno::EOPNOTSUPP));
        assert_eq!(fs::metadata(&users).unwrap().mode() & 0o7777, 0o600);
        drop(ownership);
        fs::remove_file(users).unwrap();
    });
}

/// All three special bits, and no permission for others: no other program uses that mode.
#[test]
fn the_mark_is_known_exactly() {
    for (mode, marked) in [
        (MARK, true),
        (0o100_000 | MARK, true),
        (0o7400, true), // with bits that an umask cleared
        (0o7000, true),
        (0o7610, false),
        (0o7601, false),
        (0o7700, false),
        (0o6600, false),
        (0o5600, false),
        (0o3600, false),
        (0o600, false),
    ] {
        assert_eq!(is_marked(mode), marked, "{mode:o}");
    }
}

/// A cleaner of `/tmp` removes the notes: the next note is written together with the earlier ones, in a directory that
/// is locked again.
#[test]
fn notes_that_are_removed_are_written_anew() {
    alone(|place| {
        let [first, second, third] = ["1", "2", "3"].map(|name| Note::Marked(place.join(name)));
        let ownership = OwnershipLock::take::<Thing>(Some("name")).unwrap();
        ownership.record(first.clone()).unwrap();
        fs::remove_dir_all(base(place)).unwrap();
        for (note, wanted) in [(&second, vec![&first, &second]), (&third, vec![&first, &second, &third])] {
            ownership.record(note.clone()).unwrap();
            assert_eq!(records(&ownership), wanted.into_iter().map(Note::line).collect::<String>());
        }
        assert!(is_held::<Thing>("name").unwrap() && sweep::<Thing>().unwrap().removed.is_empty());
    });
}

#[test]
fn what_was_made_goes_even_if_the_notes_went() {
    alone(|place| {
        let path = place.join("object");
        let ownership = OwnershipLock::take::<Thing>(None).unwrap();
        ownership.publish(&path, file).unwrap();
        fs::remove_dir_all(base(place)).unwrap();
        drop(ownership);
        assert!(!exists(&path));
    });
}

/// A note cut short by a full disk, or here by a limit, leaves nothing to which the next could be appended.
#[test]
fn a_note_is_written_whole_or_not_at_all() {
    alone(|place| {
        ipc_demo::interrupt::ignore(Signal::SIGXFSZ).unwrap();
        let [first, second] = ["1", "2"].map(|name| Note::Marked(place.join(name)));
        let ownership = OwnershipLock::take::<Thing>(None).unwrap();
        ownership.record(first.clone()).unwrap();
        let limit = |bytes| setrlimit(Resource::RLIMIT_FSIZE, bytes, libc::RLIM_INFINITY).unwrap();
        limit(first.line().len() as u64 + 10);
        let refused = ownership.record(second.clone()).unwrap_err();
        limit(libc::RLIM_INFINITY);
        assert_eq!(refused.errno(), Some(Errno::EFBIG), "{refused}");
        assert_eq!(records(&ownership), first.line());
        ownership.record(second.clone()).unwrap();
        assert_eq!(records(&ownership), first.line() + &second.line());
    });
}

#[test]
fn a_file_for_others_is_written_once() {
    alone(|_| {
        let ownership = OwnershipLock::take::<Thing>(None).unwrap();
        ownership.write("address", "one").unwrap();
        assert_eq!(ownership.write("address", "two").unwrap_err().errno(), Some(Errno::EEXIST));
        assert_eq!(fs::read_to_string(ownership.path("address")).unwrap(), "one");
    });
}

/// There may be another object under a System V key by now: it must have the noted id, creator and time, or, if none
/// were noted, the creator and the mark.
#[test]
fn a_system_v_object_is_known_exactly() {
    let us = geteuid().as_raw();
    let found = Found { id: 7, creator: us, mode: SYSTEM_V_MARK, changed: 1000 };
    let theirs = Found { creator: us + 1, ..found };
    let made = |id, at| Some(Made { id, at });
    for (found, noted, is) in [
        (found, None, Some(true)),
        (theirs, None, Some(false)),
        (Found { mode: 0o600, ..found }, None, Some(false)),
        (Found { mode: 0o600, ..found }, made(7, 1000), Some(true)),
        (theirs, made(7, 1000), Some(false)),
        (found, made(8, 1000), Some(false)),
        (found, made(7, 940), Some(true)),
        (found, made(7, 939), None), // in doubt
        (found, made(7, 1001), None),
    ] {
        assert_eq!(found.is(noted).ok(), is, "{found:?} {noted:?}");
    }
}

#[test]
fn a_note_is_told_in_words() {
    let key = Key::new(0x4d2).unwrap();
    let name: PosixName = "/orders".parse().unwrap();
    for (note, words) in [
        (Note::Hidden("/a b".into()), "/a b"),
        (Note::SystemV(SystemV::Queue, key, None), "System V queue with key 0x000004d2"),
        (Note::SystemV(SystemV::Segment, key, None), "shared memory segment with key 0x000004d2"),
        (Note::SystemV(SystemV::Semaphores, key, None), "semaphore array with key 0x000004d2"),
        (Note::Queue(name, None), "POSIX queue /orders"),
    ] {
        assert_eq!(note.describe(), words);
    }
}

#[test]
fn this_boot_is_told_as_the_kernel_tells_it() {
    let told = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    assert_eq!(boot().unwrap() + "\n", told);
}
