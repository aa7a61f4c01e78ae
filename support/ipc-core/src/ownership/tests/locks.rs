//! The holders of an ownership lock: locks that are waited for, and directories that vanish meanwhile.

use std::os::unix::fs::MetadataExt;
use std::sync::mpsc;

use nix::sys::signal::Signal;

use super::*;
use crate::ThreadId;
use crate::flock::lock_shared;

/// Waits until a thread of this process sleeps, waiting for the lock of that file.
fn until_waited_for(file: &File) {
    let inode = format!(":{} ", file.metadata().unwrap().ino());
    until(|| {
        let locks = fs::read_to_string("/proc/locks").unwrap();
        locks.lines().any(|line| line.contains("-> FLOCK") && line.contains(&inode))
    });
}

/// Makes a directory that another process is removing: it holds the exclusive lock.
fn being_cleared(place: &Path, name: &str) -> (PathBuf, File) {
    let dir = dead(place, name, &[]);
    let lock = File::open(&dir).unwrap();
    lock.lock().unwrap();
    (dir, lock)
}

#[test]
fn a_signal_does_not_end_the_wait_for_a_lock() {
    alone(|place| {
        ipc_conformance::interrupt_on(Signal::SIGUSR1);
        let (theirs, ours) = (File::open(place).unwrap(), File::open(place).unwrap());
        theirs.lock().unwrap();
        let (tell, told) = mpsc::channel();
        let waiting = thread::spawn(move || {
            tell.send(ThreadId::current()).unwrap();
            lock_shared(&ours).map(|()| ours)
        });
        let thread = told.recv().unwrap();
        for _ in 0..3 {
            until_waited_for(&theirs);
            thread.signal(Signal::SIGUSR1).expect("it waits");
            thread::sleep(Duration::from_millis(5));
        }
        theirs.unlock().unwrap();
        let ours = waiting.join().unwrap().unwrap();
        theirs.try_lock_shared().expect("with others");
        assert!(ours.try_lock().is_err() && File::open(place).unwrap().try_lock().is_err(), "and not alone");
    });
}

/// A process that waits for the lock of a directory being removed gets no ownership lock, even if there is a new
/// directory by then.
#[test]
fn a_lease_that_goes_meanwhile_is_not_shared() {
    alone(|place| {
        for again in [false, true] {
            let (dir, theirs) = being_cleared(place, "thing-name");
            let waiting = thread::spawn(|| OwnershipLock::share::<Thing>("name").unwrap().is_some());
            until_waited_for(&theirs);
            fs::rename(&dir, place.join("moved")).unwrap();
            if again {
                make_dir(&dir).unwrap();
            }
            drop(theirs);
            assert!(!waiting.join().unwrap(), "another one is there: {again}");
            fs::remove_dir(place.join("moved")).unwrap();
        }
        assert_eq!(sweep::<Thing>().unwrap().removed, [base(place).join("thing-name")]);
    });
}

/// A process that takes an ownership lock waits for another that is removing what a dead one left, and does not take it
/// for a holder.
#[test]
fn a_lease_can_be_taken_once_the_remains_are_cleared_away() {
    alone(|place| {
        let (dir, theirs) = being_cleared(place, "thing-name");
        let waiting = thread::spawn(|| OwnershipLock::take::<Thing>(Some("name")));
        until_waited_for(&theirs);
        fs::remove_dir(&dir).unwrap();
        drop(theirs);
        let ownership = waiting.join().unwrap().unwrap();
        assert_eq!(ownership.path("x"), dir.join("x"));
        assert!(File::open(&dir).unwrap().try_lock().is_err(), "it is held");
    });
}

#[test]
fn a_lease_is_taken_once() {
    alone(|place| {
        let ownership = OwnershipLock::take::<Thing>(Some("name")).unwrap();
        let dir = base(place).join("thing-name");
        let held = OwnershipLock::take::<Thing>(Some("name")).unwrap_err().to_string();
        assert_eq!(held, format!("mkdir {}: File exists (EEXIST); another process holds it", dir.display()));
        drop(ownership);
        dead(place, "thing-name", &[Note::SystemV(SystemV::Queue, crate::Key::new(2).unwrap(), None)]);
        let left = OwnershipLock::take::<Thing>(Some("name")).unwrap_err().to_string();
        assert!(
            left.ends_with(
                "cannot remove what a dead process left behind: System V queue with key 0x00000002: it is still there"
            ),
            "{left}"
        );
        fs::remove_dir_all(base(place)).unwrap();
    });
}

/// The objects that a dead process left are removed first.
#[test]
fn taking_a_lease_sweeps() {
    alone(|place| {
        let dir = dead(place, "thing-dead", &[]);
        let _ownership = OwnershipLock::take::<Thing>(None).unwrap();
        assert!(!exists(&dir));
    });
}

/// A name of any length fits; and two names that differ only after the 128th byte have separate ownership locks.
#[test]
fn a_long_name_is_a_name() {
    alone(|_| {
        let [one, other] = ["1", "2"].map(|end| "x".repeat(400) + end);
        let (_one, _other) = (
            OwnershipLock::take::<Thing>(Some(&one)).unwrap(),
            OwnershipLock::take::<Thing>(Some(&other)).unwrap(),
        );
        assert!(OwnershipLock::share::<Thing>(&one).unwrap().is_some());
    });
}

/// An ownership lock counts as held only if a live process holds it. Checking removes nothing; the list is as after a
/// sweep.
#[test]
fn what_is_held_is_known() {
    alone(|place| {
        let ownership = OwnershipLock::take::<Thing>(Some("name")).unwrap();
        let dir = dead(place, "thing-dead", &[]);
        let other = dead(place, "thingy-dead", &[]); // of a different mechanism
        assert_eq!(
            ["name", "dead", "none"].map(|name| is_held::<Thing>(name).unwrap()),
            [true, false, false]
        );
        assert!(exists(&dir));
        assert_eq!(held::<Thing>().unwrap(), [base(place).join("thing-name")]);
        assert!(!exists(&dir) && exists(&other));
        assert_eq!(sweep::<Thing>().unwrap().removed.len(), 0);
        fs::remove_dir(other).unwrap();
        drop(ownership);
    });
}

/// The last holder removes the noted objects and the directories, and keeps nothing open.
#[test]
fn the_last_one_out_removes_everything() {
    alone(|place| {
        let path = place.join("object");
        let ownership = OwnershipLock::take::<Thing>(Some("name")).unwrap();
        ownership.publish(&path, |path| fs::write(path, "").call("open")).unwrap();
        let joined = OwnershipLock::share::<Thing>("name").unwrap().unwrap();
        drop(ownership);
        assert!(exists(&path) && is_held::<Thing>("name").unwrap());
        drop(joined);
        assert!(!exists(&path) && !exists(&base(place)));
        let open = fs::read_dir("/proc/self/fd").unwrap().flatten();
        let open = open.filter_map(|entry| fs::read_link(entry.path()).ok());
        assert_eq!(open.filter(|path| path.starts_with(place)).count(), 0);
    });
}

/// The owner is killed, and a cleaner of `/tmp` removes the directory: the process that joined knows what was noted.
#[test]
fn one_who_joined_removes_what_the_owner_noted() {
    alone(|place| {
        let path = place.join("object");
        if role().is_some() {
            let ownership = OwnershipLock::take::<Thing>(Some("name")).unwrap();
            ownership.publish(&path, |path| fs::write(path, "").call("open")).unwrap();
            return thread::sleep(PATIENCE);
        }
        let mut owner = another("owner");
        until(|| exists(&path));
        let joined = OwnershipLock::share::<Thing>("name").unwrap().unwrap();
        owner.kill().unwrap();
        owner.wait().unwrap();
        fs::remove_dir_all(base(place)).unwrap();
        drop(joined);
        assert!(!exists(&path));
    });
}
