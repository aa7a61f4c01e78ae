//! Descriptors that are fetched from one table into another.

use std::fs::File;
use std::os::fd::RawFd;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};
use std::thread;

use nix::errno::Errno;

use super::*;

/// Checks that a thread which has left the shared table fetches `file`, with its lock, from the table `here`.
fn check_fetched_elsewhere(here: DescriptorTable, file: &File) {
    let fd = file.as_raw_fd();
    let fetch = move || {
        DescriptorTable::leave_shared().unwrap();
        assert_ne!(DescriptorTable::current(), here);
        let file = File::from(here.fetch(fd).unwrap());
        (file.metadata().unwrap().ino(), file.try_lock().is_ok())
    };
    let (inode, locked) = thread::spawn(fetch).join().unwrap();
    assert_eq!(file.metadata().unwrap().ino(), inode);
    assert!(locked);
}

/// Returns a file with a lock that keeps out each other open file description.
fn locked_file() -> File {
    let file = tempfile::tempfile().unwrap();
    file.lock().unwrap();
    file
}

/// The lock that both tables hold is one: where each had opened the file, one would shut out the other.
#[test]
fn a_lock_is_the_same_in_both_tables() {
    let here = DescriptorTable::current();
    assert!(here.can_be_fetched_from());
    check_fetched_elsewhere(here, &locked_file());
}

#[test]
fn a_table_other_than_the_shared_one_is_reached_by_its_thread() {
    let in_own_table = || {
        DescriptorTable::leave_shared().unwrap();
        let here = DescriptorTable::current();
        assert!(here.can_be_fetched_from());
        check_fetched_elsewhere(here, &locked_file());
        here
    };
    let of_a_thread_that_has_ended = thread::spawn(in_own_table).join().unwrap();
    assert_eq!(of_a_thread_that_has_ended.fetch(2).unwrap_err(), Errno::ESRCH);
}

#[test]
fn a_descriptor_that_is_closed_is_not_fetched() {
    assert_eq!(DescriptorTable::current().fetch(RawFd::MAX).unwrap_err(), Errno::EBADF);
}

#[test]
fn the_file_of_another_process_is_copied() {
    let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let copied = copy_from_process(child.id(), 1);
    let none = copy_from_process(child.id(), RawFd::MAX);
    let inode = |fd: &OwnedFd| File::from(fd.try_clone().unwrap()).metadata().unwrap().ino();
    let ours = OwnedFd::from(child.stdout.take().unwrap());
    child.kill().unwrap();
    child.wait().unwrap();
    match copied {
        Err(Errno::EPERM | Errno::ENOSYS) => {} // a filter of system calls, as that of a container
        copied => {
            assert_eq!(inode(&copied.unwrap()), inode(&ours), "the two ends of a pipe are one inode");
            assert_eq!(none.unwrap_err(), Errno::EBADF);
        }
    }
    assert_eq!(copy_from_process(child.id(), 1).unwrap_err(), Errno::ESRCH);
}
