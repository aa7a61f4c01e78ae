//! Pitfalls of segments.

use ipc_conformance::Bytes as _;
use ipc_core::pages::Pages;
use ipc_core::ring::{Memory, SEGMENT_LEN};
use ipc_core::{Error, Mechanism, Setup};
use ipc_shm::{Key, Ring, Segment, Semaphores};
use nix::errno::Errno;
use nix::unistd::geteuid;

use crate::tools::{Scratch, listed, played, setup};

/// A segment outlives the process that made it, with all its contents, until it is removed.
#[test]
fn a_segment_outlives_its_process() {
    let key = Key::fresh();
    let id = played(&format!("create {key}"));
    let segment = Segment::find(key).unwrap().expect("its process has ended, it has not");
    assert_eq!((segment.id().to_string(), segment.stat().unwrap().attached), (id, 0));
    assert_eq!(played(&format!("read {key} 0 11")), "left behind");
    segment.mark_for_removal().unwrap();
    assert!(segment.stat().is_err(), "no process had it attached, so it goes at once");
    segment.mark_for_removal().expect("what is gone already need not be removed");
}

/// Removal only takes the name: the memory stays attached, and goes when the last process detaches.
#[test]
fn the_memory_goes_with_the_last_who_detaches() {
    let scratch = Scratch::new(0o600);
    let (first, second) = (scratch.attach(), scratch.attach());
    scratch.segment.mark_for_removal().unwrap();
    drop(first);
    let stat = scratch.segment.stat().unwrap();
    assert!(stat.marked_for_removal && stat.attached == 1, "{stat:?}");
    second.write(0, b"still there");
    drop(second);
    assert_eq!(scratch.segment.stat().unwrap_err().errno(), Some(Errno::EINVAL));
    assert!(listed("shm", scratch.segment.id()).is_none());
}

/// A segment that is marked for removal can no longer be found by its key, though it lives; the key is free for
/// another.
#[test]
fn a_marked_segment_is_not_found_by_its_key() {
    let scratch = Scratch::new(0o600);
    let _attached = scratch.attach();
    scratch.segment.mark_for_removal().unwrap();
    assert_eq!(played(&format!("find {}", scratch.key)), "None");
    assert_eq!(scratch.segment.stat().unwrap().key, None);
    let another = Segment::create(scratch.key, 1, 0o600).unwrap();
    assert_ne!(another.id(), scratch.segment.id());
    another.mark_for_removal().unwrap();
}

/// The key 0 is `IPC_PRIVATE`: a new segment each time, where no two processes can meet. It is refused, as is an
/// invalid key.
#[test]
fn the_key_zero_is_refused() {
    for key in ["0", "0x0", "", "seven", "0x1ffffffff", "/tmp/file"] {
        let refused = Ring::create(Some(key), &setup()).unwrap_err();
        assert!(matches!(&refused, Error::Usage(text) if text.contains("invalid key")), "{key}: {refused}");
    }
}

/// Creation is exclusive: without `IPC_EXCL`, it would silently return an existing segment, of whatever size.
#[test]
fn a_key_in_use_is_refused_and_its_segment_left_alone() {
    let scratch = Scratch::new(0o600);
    let attached = scratch.attach();
    attached.write(0, b"not yours");
    let bare = Segment::create(scratch.key, SEGMENT_LEN, 0o600).unwrap_err();
    let told = Ring::create(Some(&scratch.key.to_string()), &setup()).unwrap_err();
    for error in [bare, told] {
        assert_eq!(error.errno(), Some(Errno::EEXIST));
        assert!(error.to_string().starts_with("shmget: File exists (EEXIST); key 0x"), "{error}");
    }
    assert_eq!(played(&format!("read {} 0 9", scratch.key)), "not yours");
}

/// A segment has at least 1 byte and at most what the system allows; it consists of whole pages, all zero.
#[test]
fn a_size_of_zero_or_beyond_the_limits_is_refused() {
    for size in [0, usize::MAX] {
        let error = Segment::create(Key::fresh(), size, 0o600).unwrap_err();
        assert_eq!(error.errno(), Some(Errno::EINVAL), "{size}: {error}");
    }
    let scratch = Scratch::new(0o600);
    let mut bytes = vec![1; SEGMENT_LEN];
    scratch.attach().read(0, &mut bytes);
    assert!(bytes.iter().all(|&byte| byte == 0));
}

/// The kernel attaches a segment wherever there is room, each time elsewhere, so a pointer stored in it is meaningless
/// to the other side: store offsets.
#[test]
fn the_same_segment_is_at_another_address_each_time() {
    let scratch = Scratch::new(0o600);
    let (first, second) = (scratch.segment.attach().unwrap(), scratch.segment.attach().unwrap());
    assert_ne!(first.base(), second.base());
}

/// A segment is for its owner alone, unless a wider mode is requested.
#[test]
fn a_segment_is_for_its_owner_alone() {
    for mode in [0o600, 0o660] {
        has_mode::<Ring>(mode, &["shm"]);
        has_mode::<Semaphores>(mode, &["shm", "sem"]);
    }
}

/// Checks that every object of these kinds has that mode.
fn has_mode<M: Mechanism<Options = Pages>>(mode: u32, kinds: &[&str]) {
    let meeting = M::create(None, &Setup { mode, ..setup() }).unwrap();
    let described = meeting.describe();
    let numbers: Vec<i32> = described.split([' ', ',']).filter_map(|word| word.parse().ok()).collect();
    assert_eq!(numbers.len(), kinds.len(), "{described}");
    for (kind, number) in kinds.iter().zip(numbers) {
        assert_eq!(listed(kind, number).unwrap()[2], format!("{mode:o}"), "{kind}");
    }
}

/// Another user cannot attach a segment, and gets an error that says so.
#[test]
fn another_user_is_refused() {
    if !geteuid().is_root() {
        return ipc_conformance::skipped("becoming another user needs root");
    }
    let scratch = Scratch::new(0o600);
    let told = played(&format!("find-as-nobody {}", scratch.key));
    assert!(told.contains("(EACCES)"), "{told}");
}
