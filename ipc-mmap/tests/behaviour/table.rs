//! The cells of the table.

use std::fs;
use std::io::Write;
use std::os::unix::fs::FileExt;

use ipc_conformance::Bytes as _;
use ipc_core::ring::SEGMENT_LEN;
use ipc_core::{Mechanism, Receiver, Sender};
use ipc_mmap::File;
use nix::sys::statfs::{TMPFS_MAGIC, statfs};

use crate::tools::{Mapped, PATIENCE, Place, map, played, setup, shell};

/// Between any two processes: a process that may open the file sees the memory, even if it was started separately.
#[test]
fn between_any_two_processes_that_may_open_the_file() {
    let mapped = Mapped::new(SEGMENT_LEN);
    mapped.region.write(1000, b"stored");
    assert_eq!(played(&format!("read {} 1000 6", mapped.path)).1, "stored");
}

/// Medium: file and memory. Another process reads from the file at once what is stored through the mapping, with no
/// `msync`; and what it writes to the file is at once in our memory. `/proc/PID/maps` shows the path.
#[test]
fn medium_is_the_page_cache_of_a_file() {
    let mapped = Mapped::new(SEGMENT_LEN);
    mapped.region.write(5000, b"stored");
    assert_eq!(shell("tail -c +5001 \"$0\" | head -c 6", &mapped.path), "stored");
    shell("printf written | dd of=\"$0\" bs=1 seek=7000 conv=notrunc 2>&1", &mapped.path);
    assert_eq!(mapped.bytes(7000, 7), b"written");
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let line = maps.lines().find(|line| line.ends_with(&mapped.path)).expect("it is mapped");
    assert!(line.contains("rw-s"), "{line}");
}

/// Unit: page. A file of 100 bytes is mapped as a whole page. Other processes that map the file see bytes stored past
/// its end, but these are no part of it: they cannot be read from the file, and do not make it longer.
#[test]
fn unit_is_a_page_of_which_the_file_may_end_in_the_middle() {
    let mapped = Mapped::new(100);
    assert_eq!(mapped.bytes(100, 3996), [0; 3996], "the rest of the page is zero");
    mapped.region.write(98, b"in");
    mapped.region.write(100, b"out");
    assert_eq!(played(&format!("read {} 98 5", mapped.path)).1, "inout");
    assert_eq!(mapped.file.metadata().unwrap().len(), 100);
    let content = fs::read(&mapped.path).unwrap();
    assert_eq!((content.len(), &content[98..]), (100, b"in".as_slice()));
}

/// Unit: page. Bytes stored past the end are lost for good when the file grows over them: a file system on a disk
/// zeroes them then. (A tmpfs may show them again. Rely on neither.)
#[test]
fn unit_bytes_behind_the_end_are_lost_when_the_file_grows() {
    let mapped = Mapped::new(100);
    if statfs(mapped.path.as_str()).unwrap().filesystem_type() == TMPFS_MAGIC {
        return ipc_conformance::skipped("the temporary directory is a tmpfs");
    }
    mapped.region.write(100, b"lost");
    mapped.file.set_len(200).unwrap();
    assert_eq!(mapped.bytes(100, 4), [0; 4]);
    assert_eq!(fs::read(&mapped.path).unwrap(), [0; 200]);
}

/// Direction: two-way. Both processes store to the same file and load from it.
#[test]
fn direction_is_two_way_through_one_file() {
    let mapped = Mapped::new(SEGMENT_LEN);
    mapped.region.write(0, b"there");
    assert_eq!(played(&format!("read {} 0 5", mapped.path)).1, "there");
    assert!(played(&format!("write {} 64 back", mapped.path)).0.success());
    assert_eq!(mapped.bytes(64, 4), b"back");
}

/// Direction: two-way. A link talks both ways through the one file that its directory holds.
#[test]
fn direction_a_link_has_one_file() {
    let place = Place::new();
    let path = place.path("memory");
    let mut meeting = File::create(Some(&path), &setup()).unwrap();
    let mut joiner = File::join(&path, &setup(), PATIENCE).unwrap();
    let mut owner = meeting.accept(PATIENCE).unwrap();
    let mut buffer = [0; 8];
    owner.send(b"there").unwrap();
    assert_eq!(joiner.recv(&mut buffer).unwrap(), 5);
    joiner.send(b"back").unwrap();
    assert_eq!(owner.recv(&mut buffer).unwrap(), 4);
    assert_eq!(shell("ls \"$0\"", &place.path("")), "memory");
}

/// Reach: same host. The two share the page in one kernel's cache. A copy of the file, which is all that another host
/// could have, is other memory.
#[test]
fn reach_ends_with_the_kernel_that_caches_the_file() {
    let mapped = Mapped::new(SEGMENT_LEN);
    mapped.region.write(0, b"before");
    let mut copy = tempfile::tempfile().unwrap();
    copy.write_all(&fs::read(&mapped.path).unwrap()).unwrap();
    let elsewhere = map(&copy);
    mapped.region.write(0, b"after ");
    let mut bytes = [0; 6];
    elsewhere.read(0, &mut bytes);
    assert_eq!(&bytes, b"before");
    copy.read_exact_at(&mut bytes, 0).unwrap();
    assert_eq!(&bytes, b"before");
}
