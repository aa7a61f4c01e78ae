//! The private directories: their location, their permissions and their owner.

use std::os::unix::fs::{MetadataExt, symlink};

use nix::sys::stat::{Mode, umask};

use super::*;
use crate::ownership::directories::{all_parents, bases_in, parents};

fn parent(ownership: &OwnershipLock) -> PathBuf {
    ownership.path("").parent().unwrap().to_owned()
}

/// Also in a directory that passes its group on (set-group-ID), as some shared directories do.
#[test]
fn they_are_for_their_owner_alone_whatever_the_umask() {
    alone(|place| {
        set_mode(place, 0o2700);
        for mask in [0, 0o022, 0o177, 0o777] {
            umask(Mode::from_bits_truncate(mask));
            let ownership = OwnershipLock::take::<Thing>(None).unwrap();
            ownership.record(Note::Marked(place.join("none"))).unwrap();
            for (path, wanted) in
                [(base(place), 0o700), (ownership.path(""), 0o700), (ownership.path(RECORDS), 0o600)]
            {
                let meta = fs::metadata(&path).unwrap();
                let found = (meta.mode() & 0o7777, meta.uid());
                assert_eq!(found, (wanted, geteuid().as_raw()), "umask {mask:o}: {}", path.display());
            }
        }
    });
}

#[test]
fn one_that_is_open_to_others_is_closed() {
    alone(|place| {
        make_dir(&base(place)).unwrap();
        fs::write(base(place).join("another"), "").unwrap(); // otherwise it is removed and made anew
        for mode in [0o755, 0o1700, 0o600] {
            set_mode(&base(place), mode);
            let ownership = OwnershipLock::take::<Thing>(None).unwrap();
            assert_eq!(fs::metadata(parent(&ownership)).unwrap().mode() & 0o7777, 0o700, "once {mode:o}");
        }
        fs::remove_dir_all(base(place)).unwrap();
    });
}

/// In `/tmp` any user can make a directory of any name, open to all. Ours then has a longer name, the same for all
/// processes of this user.
#[test]
fn another_users_is_neither_used_nor_changed() {
    alone(|place| {
        let theirs = base(place);
        make_dir(&theirs).unwrap();
        set_mode(&theirs, 0o777);
        if !give_away(&theirs) {
            return fs::remove_dir(theirs).unwrap();
        }
        let (one, other) = (
            OwnershipLock::take::<Thing>(Some("one")).unwrap(),
            OwnershipLock::take::<Thing>(Some("other")).unwrap(),
        );
        assert_eq!(parent(&one), parent(&other));
        let ours = parent(&one).display().to_string();
        assert_eq!(ours.strip_prefix(&format!("{}-", theirs.display())).map(str::len), Some(16), "{ours}");
        assert!(OwnershipLock::share::<Thing>("one").unwrap().is_some(), "it is found");
        assert_eq!(
            (fs::read_dir(&theirs).unwrap().count(), fs::metadata(&theirs).unwrap().mode()),
            (0, 0o40777)
        );
        drop((one, other));
        fs::remove_dir(theirs).unwrap();
    });
}

#[test]
fn a_link_of_that_name_is_not_followed() {
    alone(|place| {
        let elsewhere = place.join("elsewhere");
        make_dir(&elsewhere).unwrap();
        symlink(&elsewhere, base(place)).unwrap();
        let ownership = OwnershipLock::take::<Thing>(None).unwrap();
        assert_ne!(fs::canonicalize(parent(&ownership)).unwrap(), fs::canonicalize(&elsewhere).unwrap());
        drop(ownership);
        fs::remove_file(base(place)).unwrap();
        fs::remove_dir(elsewhere).unwrap();
    });
}

/// If two processes have made one each at once, both use the first. A directory whose name only begins in the same way
/// is none.
#[test]
fn all_processes_use_the_same() {
    alone(|place| {
        let [longer, other] = ["-0123456789abcdef", "0"].map(|end| {
            let dir = PathBuf::from(format!("{}{end}", base(place).display()));
            make_dir(&dir).unwrap();
            dir
        });
        make_dir(&base(place)).unwrap();
        for dir in [&longer, &base(place)] {
            fs::write(dir.join("another"), "").unwrap(); // otherwise a sweep removes it
        }
        assert_eq!(bases_in(&[place.to_owned()]).unwrap(), [base(place), longer.clone()]);
        assert_eq!(parent(&OwnershipLock::take::<Thing>(None).unwrap()), base(place));
        fs::remove_dir(other).unwrap();
        for dir in [longer, base(place)] {
            fs::remove_dir_all(dir).unwrap();
        }
    });
}

/// A user may have permission to create files in a directory but not to list it. Only the plain name is found there.
#[test]
fn one_in_a_directory_that_cannot_be_listed_is_found_by_its_name() {
    alone(|place| {
        be_ordinary(place);
        set_mode(place, 0o300);
        let ownership = OwnershipLock::take::<Thing>(Some("name")).unwrap();
        assert!(OwnershipLock::share::<Thing>("name").unwrap().is_some());
        drop(ownership);
        fs::write(base(place), "not a directory").unwrap();
        let refused = OwnershipLock::take::<Thing>(None).unwrap_err();
        set_mode(place, 0o700);
        assert_eq!(refused.errno(), Some(Errno::EACCES), "{refused}");
        fs::remove_file(base(place)).unwrap();
    });
}

#[test]
fn where_there_is_no_directory_there_are_no_leases() {
    let none = ["/no/such/directory", "/dev/null"].map(PathBuf::from);
    assert!(bases_in(&none).unwrap().is_empty());
}

/// `XDG_RUNTIME_DIR` counts only if it is a private directory of this user; `/tmp` is the second choice.
#[test]
fn a_sessions_own_directory_comes_first() {
    let runtime = |place: &Path| place.join("runtime");
    let set = |command: &mut Command, place: &Path| {
        command.env_remove("TMPDIR").env("XDG_RUNTIME_DIR", runtime(place));
    };
    alone_with(set, |place| {
        let (runtime, moved, tmp) = (runtime(place), place.join("moved"), PathBuf::from("/tmp"));
        assert_eq!(parents(), std::slice::from_ref(&tmp), "it is not there");
        make_dir(&runtime).unwrap();
        assert_eq!(parents(), [runtime.clone(), tmp.clone()]);
        assert_eq!(parent(&OwnershipLock::take::<Thing>(None).unwrap()), base(&runtime));
        for open in [0o750, 0o701] {
            set_mode(&runtime, open);
            assert_eq!(parents(), std::slice::from_ref(&tmp), "{open:o}");
        }
        set_mode(&runtime, 0o700);
        fs::rename(&runtime, &moved).unwrap();
        symlink(&moved, &runtime).unwrap();
        assert_eq!(parents(), std::slice::from_ref(&tmp), "a link");
        fs::remove_file(&runtime).unwrap();
        if give_away(&moved) {
            fs::rename(&moved, &runtime).unwrap();
            assert_eq!(parents(), std::slice::from_ref(&tmp), "another user's");
            fs::remove_dir(runtime).unwrap();
        } else {
            fs::remove_dir(moved).unwrap();
        }
    });
}

/// In the session's directory nothing can be made, since its path is as long as a path may be.
#[test]
fn the_second_choice_is_for_when_the_first_refuses() {
    let long = |place: &Path| {
        let mut path = place.join("d".repeat(200));
        while path.as_os_str().len() < 3870 {
            path.push("d".repeat(200));
        }
        let missing = 4090 - path.as_os_str().len() - 1;
        path.join("d".repeat(missing))
    };
    let set = |command: &mut Command, place: &Path| {
        command.env_remove("TMPDIR").env("XDG_RUNTIME_DIR", long(place));
    };
    alone_with(set, |place| {
        fs::create_dir_all(long(place)).unwrap();
        set_mode(&long(place), 0o700);
        assert_eq!(parents(), [long(place), "/tmp".into()]);
        let ownership = OwnershipLock::take::<Thing>(None).unwrap();
        let base = ownership.path("").parent().and_then(Path::parent).map(Path::to_owned);
        assert_eq!(base.as_deref(), Some(Path::new("/tmp")), "{ownership:?}");
        fs::remove_dir_all(place.join("d".repeat(200))).unwrap();
    });
}

#[test]
fn a_relative_tmpdir_is_the_same_from_anywhere() {
    let set = |command: &mut Command, place: &Path| {
        command.env("TMPDIR", "here").current_dir(place);
    };
    alone_with(set, |place| {
        let here = fs::canonicalize(place).unwrap().join("here");
        assert_eq!(parents(), std::slice::from_ref(&here), "there, and nowhere else");
        assert_eq!(all_parents(), [here.clone(), "/tmp".into()], "for clean");
        symlink("/tmp", &here).unwrap();
        assert_eq!(all_parents(), std::slice::from_ref(&here), "one directory, though it has two names");
        fs::remove_file(here).unwrap();
    });
}

/// A file that has the name of an ownership lock but is not a directory is not opened, whatever it is, and is reported.
#[test]
fn what_is_no_directory_is_not_taken_for_a_lease() {
    alone(|place| {
        let elsewhere = place.join("elsewhere");
        make_dir(&elsewhere).unwrap();
        make_dir(&base(place)).unwrap();
        let [link, file, theirs] = ["thing-1", "thing-2", "thing-3"].map(|name| base(place).join(name));
        symlink(&elsewhere, &link).unwrap();
        fs::write(&file, "").unwrap();
        make_dir(&theirs).unwrap();
        let given_away = give_away(&theirs);
        let mut left = sweep::<Thing>().unwrap().left;
        left.sort_by(|one, other| one.ownership.cmp(&other.ownership));
        for (left, path) in left.iter().zip([&link, &file]) {
            assert_eq!((&left.ownership, left.why.errno()), (path, Some(Errno::ENOTDIR)), "{left}");
        }
        assert_eq!(left.len(), if given_away { 3 } else { 2 });
        if given_away {
            assert_eq!(left[2].why.to_string(), format!("{} is another user's: remove it", theirs.display()));
            fs::remove_dir(theirs).unwrap();
        }
        fs::remove_dir(elsewhere).unwrap();
        fs::remove_dir_all(base(place)).unwrap();
    });
}

/// Left by a process that was killed before it set the modes, under an umask that clears all permissions.
#[test]
fn one_that_its_owner_may_not_read_is_swept() {
    alone(|place| {
        be_ordinary(place);
        fs::write(place.join(".ipc-0123456789abcdef"), "").unwrap();
        let dir = dead(place, "thing-dead", &[Note::Hidden(place.join(".ipc-0123456789abcdef"))]);
        set_mode(&dir.join(RECORDS), 0);
        set_mode(&dir, 0);
        let swept = sweep::<Thing>().unwrap();
        assert_eq!((swept.removed, swept.left.len()), (vec![dir], 0));
    });
}

/// The ownership lock's name contains the number of the thread's IPC namespace: an ownership lock is not removed from
/// another namespace.
#[test]
fn the_leases_of_an_ipc_namespace_are_its_own() {
    alone(|place| {
        let number = |path: &str| fs::metadata(path).unwrap().ino();
        let prefix = |ownership: &OwnershipLock| {
            let name = ownership.path("").file_name().unwrap().to_string_lossy().into_owned();
            name.rsplit_once('-').unwrap().0.to_owned()
        };
        let ownership = OwnershipLock::take::<Spaced>(None).unwrap();
        assert_eq!(prefix(&ownership), format!("spaced-{}", number("/proc/self/ns/ipc")));
        assert_eq!(prefix(&OwnershipLock::take::<Thing>(None).unwrap()), "thing");
        let elsewhere = thread::spawn(move || {
            nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWIPC).ok()?;
            let there = OwnershipLock::take::<Spaced>(None).unwrap();
            assert_eq!(prefix(&there), format!("spaced-{}", number("/proc/thread-self/ns/ipc")));
            assert_ne!(prefix(&there), prefix(&ownership));
            Some(())
        });
        if elsewhere.join().unwrap().is_none() {
            skipped("a thread in an IPC namespace of its own needs root");
        }
        assert!(!exists(&base(place)));
    });
}
