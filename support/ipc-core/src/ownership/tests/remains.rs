//! The objects that dead processes left: removed on an exact match, otherwise left alone, and reported if they may be
//! ours.

use std::os::unix::fs::{MetadataExt, symlink};

use nix::sys::stat::{Mode, SFlag, mknod};

use super::*;
use crate::{Key, PosixName};

/// Sweeps the ownership lock of a dead process with these notes; returns its directory, and the reports about what is
/// left.
fn swept(place: &Path, notes: &[Note]) -> (PathBuf, Vec<String>) {
    let dir = dead(place, "thing-dead", notes);
    let swept = sweep::<Thing>().unwrap();
    let left: Vec<_> = swept.left.iter().map(ToString::to_string).collect();
    assert_eq!(swept.removed, if left.is_empty() { vec![dir.clone()] } else { vec![] });
    assert!(swept.left.iter().all(|left| left.ownership == dir));
    assert_eq!((exists(&dir), exists(&base(place))), (!left.is_empty(), !left.is_empty()));
    (dir, left)
}

fn key(number: i32) -> Note {
    Note::SystemV(SystemV::Segment, Key::new(number).unwrap(), None)
}

fn hidden(place: &Path) -> PathBuf {
    place.join(".ipc-0123456789abcdef")
}

const NONE: [String; 0] = [];

#[test]
fn what_is_noted_is_removed_newest_first() {
    alone(|place| {
        let dir = place.join("directory");
        make_dir(&dir).unwrap();
        let [inside, link, marked] = [dir.join("inside"), dir.join("link"), dir.join("marked")];
        fs::write(&inside, "").unwrap();
        symlink("/nowhere", &link).unwrap();
        fs::write(&marked, "").unwrap();
        set_mode(&marked, MARK);
        fs::write(hidden(place), "").unwrap();
        let notes = [noted(&dir), noted(&inside), noted(&link), Note::Marked(marked), key(1)];
        assert_eq!(swept(place, &[&notes[..], &[Note::Hidden(hidden(place))]].concat()).1, NONE);
        assert!(!exists(&dir) && !exists(&hidden(place)));
    });
}

/// A symbolic link is removed, not its target; nor is the target examined.
#[test]
fn of_a_link_the_link_is_removed() {
    alone(|place| {
        let precious = place.join("precious");
        fs::write(&precious, "").unwrap();
        for target in [&precious, &place.join("nowhere")] {
            symlink(target, hidden(place)).unwrap();
            assert_eq!(swept(place, &[Note::Hidden(hidden(place))]).1, NONE);
            assert!(!exists(&hidden(place)) && exists(&precious));
        }
        fs::remove_file(precious).unwrap();
    });
}

/// Another object at the noted path, or one without the mark, is not ours: it stays, and is not reported.
#[test]
fn another_object_at_the_path_is_left_alone() {
    alone(|place| {
        let path = place.join("object");
        fs::write(&path, "the user's").unwrap();
        set_mode(&path, 0o600);
        let Note::Path(inode, device, _) = noted(&path) else { unreachable!() };
        for other in [
            Inode { device: inode.device + 1, ..inode },
            Inode { number: inode.number + 1, ..inode },
            Inode { born: inode.born + 1, ..inode },
        ] {
            assert_eq!(swept(place, &[Note::Path(other, device, path.clone())]).1, NONE);
            assert!(exists(&path), "{other}");
        }
        assert_eq!(swept(place, &[Note::Marked(path.clone())]).1, NONE);
        fs::remove_file(path).expect("it is still there");
    });
}

/// Even an object that matches its note is left alone if it belongs to another user: it was given away.
#[test]
fn another_users_object_is_left_alone() {
    alone(|place| {
        // An ordinary user could not remove it anyway, but does not even try.
        let of_root = Path::new("/proc/version");
        assert!(geteuid().is_root() || swept(place, &[noted(of_root)]).1 == NONE);
        let path = hidden(place);
        fs::write(&path, "").unwrap();
        if give_away(&path) {
            assert_eq!(swept(place, &[Note::Hidden(path.clone()), noted(&path)]).1, NONE);
        }
        fs::remove_file(path).expect("it is still there");
    });
}

/// The suite makes no devices, so a device is never one of its objects.
#[test]
fn a_device_is_left_alone() {
    alone(|place| {
        let path = hidden(place);
        if mknod(&path, SFlag::S_IFCHR, Mode::S_IRUSR, 0x103).is_err() {
            return skipped("making a device needs root");
        }
        assert_eq!(swept(place, &[Note::Hidden(path.clone())]).1, NONE);
        fs::remove_file(path).expect("it is still there");
    });
}

/// A failure is reported, keeps its note and all others, and does not prevent other removals.
#[test]
fn what_cannot_be_removed_keeps_its_note() {
    alone(|place| {
        let [full, other] = [place.join("full"), place.join("other")];
        make_dir(&full).unwrap();
        let inside = full.join("the user's");
        for path in [&inside, &other] {
            fs::write(path, "").unwrap();
        }
        let notes = [noted(&other), key(2), noted(&full), key(1)];
        let text: String = notes.iter().map(Note::line).collect();
        let (dir, left) = swept(place, &notes);
        let full_left = format!("{0}: rmdir {0}: Directory not empty (ENOTEMPTY)", full.display());
        let key_left = "shared memory segment with key 0x00000002: it is still there".to_owned();
        assert_eq!(left, [full_left, key_left]);
        assert!(!exists(&other) && exists(&inside));
        assert_eq!(fs::read_to_string(dir.join(RECORDS)).unwrap(), text);
        fs::remove_dir_all(full).unwrap();
        fs::remove_dir_all(base(place)).unwrap();
    });
}

/// Nothing is at the path, which is not on the object's file system: that one may not be mounted here.
#[test]
fn what_may_be_on_a_file_system_elsewhere_is_not_forgotten() {
    alone(|place| {
        let path = place.join("object");
        fs::write(&path, "").unwrap();
        let Note::Path(inode, device, _) = noted(&path) else { unreachable!() };
        fs::remove_file(&path).unwrap();
        assert_eq!(swept(place, &[Note::Path(inode, device, path.clone())]).1, NONE, "it is gone");
        let below = place.join("none/none/object");
        assert_eq!(
            swept(place, &[Note::Path(inode, device, below.clone())]).1,
            NONE,
            "and its directory, too"
        );
        for path in [path, below] {
            let left = swept(place, &[Note::Path(inode, device + 1, path)]).1;
            assert!(left.len() == 1 && left[0].contains("not mounted here"), "{left:?}");
            fs::remove_dir_all(base(place)).unwrap();
        }
    });
}

/// A damaged note is never acted upon, and its directory stays for a person to examine.
#[test]
fn records_that_cannot_be_understood_are_told() {
    alone(|place| {
        let path = place.join("object");
        fs::write(&path, "").unwrap();
        let dir = dead(place, "thing-dead", &[]);
        let records = dir.join(RECORDS);
        let left = || sweep::<Thing>().unwrap().left.iter().map(ToString::to_string).collect::<Vec<_>>();
        fs::write(&records, key(1).line() + &noted(&path).line().replacen("path", "Path", 1)).unwrap();
        let told = left();
        assert!(told.len() == 1 && told[0].contains("damaged records (line 2)"), "{told:?}");
        assert!(exists(&path));
        // A link in its place could lead to a file that another user wants read.
        fs::rename(&records, place.join("notes")).unwrap();
        symlink(place.join("notes"), &records).unwrap();
        let told = left();
        assert!(told.len() == 1 && told[0].contains("(ELOOP)"), "{told:?}");
        assert!(exists(&dir));
        fs::remove_dir_all(base(place)).unwrap();
        for file in [path, place.join("notes")] {
            fs::remove_file(file).unwrap();
        }
    });
}

/// Objects of another IPC namespace are removed only if they are at a path that can be reached from here. All others
/// are left to a process of that namespace: finding nothing under a key or a name here proves nothing about that
/// namespace.
#[test]
fn what_belongs_to_another_ipc_namespace_is_left_to_it() {
    alone(|place| {
        let (path, gone) = (place.join("object"), place.join("gone"));
        fs::write(&gone, "").unwrap();
        let gone = [noted(&gone), Note::Path(Inode::of(&fs::metadata(&gone).unwrap()), 0, gone)];
        let Note::Path(_, _, at) = &gone[0] else { unreachable!() };
        fs::remove_file(at).unwrap();
        let queue = Note::Queue(PosixName::fresh(), None);
        fs::write(&path, "").unwrap();
        set_mode(&path, 0o600);
        fs::write(hidden(place), "").unwrap();
        let here = noted(&path);
        let Note::Path(inode, device, _) = here.clone() else { unreachable!() };
        let replaced = Note::Path(Inode { number: inode.number + 1, ..inode }, device, path.clone());
        let unmarked = Note::Marked(path.clone());
        for notes in [
            vec![gone[0].clone()],
            vec![replaced],
            vec![unmarked],
            vec![here.clone(), queue.clone()],
            vec![here.clone(), key(1)],
            vec![key(1)],
            vec![queue],
            vec![],
        ] {
            let dir = dead(place, "spaced-1-dead", &notes);
            let swept = sweep::<Spaced>().unwrap();
            assert_eq!((swept.removed.len(), swept.left.len()), (0, 0), "{notes:?}");
            assert!(exists(&path), "{notes:?}");
            fs::remove_dir_all(dir).expect("it is still there");
        }
        for (notes, object) in
            [(vec![gone[0].clone(), here], &path), (vec![Note::Hidden(hidden(place))], &hidden(place))]
        {
            let dir = dead(place, "spaced-1-dead", &notes);
            assert_eq!(sweep::<Spaced>().unwrap().removed, [dir]);
            assert!(!exists(object), "{notes:?}");
        }
    });
}

/// The remains of this namespace's own ownership locks are reported once, not as those of another namespace.
#[test]
fn what_is_left_of_our_ipc_namespace_is_told_once() {
    alone(|place| {
        let number = fs::metadata("/proc/self/ns/ipc").unwrap().ino();
        let full = place.join("full");
        make_dir(&full).unwrap();
        fs::write(full.join("the user's"), "").unwrap();
        dead(place, &format!("spaced-{number}-dead"), &[noted(&full)]);
        assert_eq!(sweep::<Spaced>().unwrap().left.len(), 1);
        fs::remove_dir_all(full).unwrap();
        fs::remove_dir_all(base(place)).unwrap();
    });
}
