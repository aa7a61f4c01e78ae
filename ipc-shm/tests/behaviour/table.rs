//! The cells of the table.

use std::fs;
use std::sync::atomic::Ordering;

use ipc_conformance::Bytes as _;
use ipc_core::pages::Pages;
use ipc_core::ring::SEGMENT_LEN;
use ipc_core::{Mechanism, Receiver, Sender};
use ipc_shm::{Ring, Semaphores};
use nix::unistd::geteuid;

use crate::tools::{PATIENCE, Scratch, listed, played, setup};

/// Between any two processes: a process that knows the key sees the memory, even if it was started separately.
#[test]
fn between_any_two_processes_that_know_the_key() {
    let scratch = Scratch::new(0o600);
    scratch.attach().write(1000, b"stored");
    assert_eq!(played(&format!("read {} 1000 6", scratch.key)), "stored");
}

/// Medium: memory. There is no descriptor and no file; `/proc/PID/maps` shows the key in place of a path.
#[test]
fn medium_is_memory_without_a_file() {
    let scratch = Scratch::new(0o600);
    let _attached = scratch.attach();
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let key = format!("{:08x}", scratch.key.get());
    let line = maps.lines().find(|line| line.contains(&format!("/SYSV{key}"))).expect("it is mapped");
    assert!(line.contains("rw-s") && line.ends_with("(deleted)"), "{line}");
    let descriptors = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let files: Vec<_> = descriptors.filter_map(|fd| fs::read_link(fd.path()).ok()).collect();
    assert!(!files.iter().any(|file| file.to_string_lossy().contains("SYSV")), "{files:?}");
    assert_eq!(listed("shm", scratch.segment.id()).unwrap()[3], SEGMENT_LEN.to_string());
}

/// Unit: struct. Fields lie where they were stored, and are read in place, each on its own and in any order; there are
/// no messages and no boundaries but those that the two sides agree on.
#[test]
fn unit_is_a_struct_seen_in_place() {
    /// The fields that both sides would declare with `#[repr(C)]`: a count, and a name after it.
    const COUNT: usize = 0;
    const NAME: usize = 8;
    let scratch = Scratch::new(0o600);
    let region = scratch.attach();
    region.u64_at(COUNT).store(u64::from_ne_bytes(*b"fourteen"), Ordering::Relaxed);
    region.write(NAME, b"name");
    assert_eq!(played(&format!("read {} {NAME} 4", scratch.key)), "name");
    assert_eq!(played(&format!("read {} {COUNT} 12", scratch.key)), "fourteenname", "one behind the other");
    // Another process changes one field; the other field stays, and reading removed nothing.
    played(&format!("write {} {COUNT} eighteen", scratch.key));
    assert_eq!(region.u64_at(COUNT).load(Ordering::Relaxed).to_ne_bytes(), *b"eighteen");
    assert_eq!(played(&format!("read {} {NAME} 4", scratch.key)), "name");
}

/// Direction: two-way. Both processes store to the same segment and load from it.
#[test]
fn direction_is_two_way_through_one_segment() {
    let scratch = Scratch::new(0o600);
    let region = scratch.attach();
    region.write(0, b"there");
    assert_eq!(played(&format!("read {} 0 5", scratch.key)), "there");
    played(&format!("write {} 64 back", scratch.key));
    let mut back = [0; 4];
    region.read(64, &mut back);
    assert_eq!(&back, b"back");
}

/// Direction: two-way. A link of either variant talks both ways and has just one segment.
#[test]
fn direction_a_link_has_one_segment() {
    talks_both_ways::<Ring>();
    talks_both_ways::<Semaphores>();
}

fn talks_both_ways<M: Mechanism<Options = Pages>>() {
    let mut meeting = M::create(None, &setup()).unwrap();
    let description = meeting.describe();
    assert_eq!(description.matches("segment").count(), 1, "{description}");
    let mut joiner = M::join(&meeting.address(), &setup(), PATIENCE).unwrap();
    let mut owner = meeting.accept(PATIENCE).unwrap();
    let mut buffer = [0; 8];
    owner.send(b"there").unwrap();
    assert_eq!(joiner.recv(&mut buffer).unwrap(), 5);
    joiner.send(b"back").unwrap();
    assert_eq!(owner.recv(&mut buffer).unwrap(), 4);
}

/// Reach: same host, and there only within one IPC namespace: in another, the key names nothing.
#[test]
fn reach_is_the_same_host_and_namespace() {
    let scratch = Scratch::new(0o600);
    assert_eq!(played(&format!("find {}", scratch.key)), format!("Some({})", scratch.segment.id()));
    if !geteuid().is_root() {
        return ipc_conformance::skipped("a new IPC namespace needs root");
    }
    assert_eq!(played(&format!("find-in-another-namespace {}", scratch.key)), "None");
}
