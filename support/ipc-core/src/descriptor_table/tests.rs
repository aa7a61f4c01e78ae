//! Descriptors that are fetched from one table into another.

use std::fs::File;
use std::os::fd::RawFd;
use std::os::unix::fs::MetadataExt as _;
use std::thread;

use nix::errno::Errno;

use super::*;

/// Fetches `fd` in a thread that has left the shared table.
fn fetched_elsewhere(from: DescriptorTable, fd: RawFd) -> nix::Result<File> {
    let fetch = move || {
        DescriptorTable::leave_shared().unwrap();
        assert_ne!(DescriptorTable::current(), from);
        let file = File::from(from.fetch(fd)?);
        let same = (file.metadata().unwrap().ino(), file.try_lock().is_ok());
        Ok(same)
    };
    let (inode, locked) = thread::spawn(fetch).join().unwrap()?;
    let file = File::open("/proc/self/exe").unwrap();
    assert_eq!(file.metadata().unwrap().ino(), inode);
    assert!(locked);
    Ok(file)
}

/// The lock that both tables hold is one: where each had opened the file, one would shut out the other.
#[test]
fn a_lock_is_the_same_in_both_tables() {
    let here = DescriptorTable::current();
    assert!(here.can_be_fetched_from());
    let file = File::open("/proc/self/exe").unwrap();
    file.lock_shared().unwrap();
    fetched_elsewhere(here, file.as_raw_fd()).unwrap();
}

#[test]
fn a_table_other_than_the_shared_one_is_reached_by_its_thread() {
    let in_own_table = || {
        DescriptorTable::leave_shared().unwrap();
        let here = DescriptorTable::current();
        assert!(here.can_be_fetched_from());
        let file = File::open("/proc/self/exe").unwrap();
        file.lock_shared().unwrap();
        fetched_elsewhere(here, file.as_raw_fd()).unwrap();
        here
    };
    let of_a_thread_that_has_ended = thread::spawn(in_own_table).join().unwrap();
    assert_eq!(of_a_thread_that_has_ended.fetch(2).unwrap_err(), Errno::ESRCH);
}

#[test]
fn a_descriptor_that_is_closed_is_not_fetched() {
    assert_eq!(DescriptorTable::current().fetch(RawFd::MAX).unwrap_err(), Errno::EBADF);
}
