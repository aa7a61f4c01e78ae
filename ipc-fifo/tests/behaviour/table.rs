//! The cells of the table.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::process::{Command, Stdio};

use ipc_conformance::watchdog::PATIENCE;
use ipc_core::Mechanism;
use ipc_fifo::Fifo;
use nix::errno::Errno;
use nix::fcntl::OFlag;

use crate::tools::{errno, open, raw_ends, raw_fifo, setup, start};

/// Between any two processes: a shell's `cat`, which knows nothing but the path, reads what we write.
#[test]
fn between_unrelated_processes_that_know_the_path() {
    let (_dir, path) = raw_fifo();
    let cat = Command::new("sh")
        .args(["-c", "exec cat < \"$0\""])
        .arg(&path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let written = start(move || open(&path, OFlag::O_WRONLY).unwrap().write_all(b"hello, cat").unwrap());
    written.recv_timeout(PATIENCE).unwrap();
    assert_eq!(cat.wait_with_output().unwrap().stdout, b"hello, cat");
}

/// Medium: file. The name is a file of type `p`, as `ls -l` shows it, of length 0: the bytes are in the kernel.
#[test]
fn medium_is_a_file_of_type_p_that_stays_empty() {
    let (_dir, path) = raw_fifo();
    let (_read, mut write) = raw_ends(&path);
    write.write_all(b"not on the disk").unwrap();
    let meta = fs::symlink_metadata(&path).unwrap();
    assert!(meta.file_type().is_fifo());
    assert_eq!(meta.len(), 0);
    let ls = Command::new("ls").arg("-l").arg(&path).output().unwrap();
    assert!(ls.stdout.starts_with(b"prw-------"), "{}", String::from_utf8_lossy(&ls.stdout));
}

/// Unit: byte stream. Two writes come out of one read, with no boundary between them.
#[test]
fn unit_is_a_stream_that_loses_boundaries() {
    let (_dir, path) = raw_fifo();
    let (mut read, mut write) = raw_ends(&path);
    write.write_all(b"first").unwrap();
    write.write_all(b"second").unwrap();
    let mut buffer = [0; 64];
    let len = read.read(&mut buffer).unwrap();
    assert_eq!(&buffer[..len], b"firstsecond");
}

/// Direction: one-way. The read end cannot be written, and the write end cannot be read.
#[test]
fn direction_is_one_way() {
    let (_dir, path) = raw_fifo();
    let (mut read, mut write) = raw_ends(&path);
    assert_eq!(errno(&read.write(b"back").unwrap_err()), Errno::EBADF);
    assert_eq!(errno(&write.read(&mut [0]).unwrap_err()), Errno::EBADF);
}

/// Direction: one-way, so talking both ways takes two: the address is a directory with two FIFOs.
#[test]
fn direction_both_ways_takes_two_fifos() {
    let meeting = Fifo::create(None, &setup()).unwrap();
    for name in ["to-owner", "to-joiner"] {
        let meta = fs::symlink_metadata(Path::new(&meeting.address()).join(name)).unwrap();
        assert!(meta.file_type().is_fifo(), "{name}");
    }
}

/// Reach: same host. Even on a shared file system, only the name is shared; the buffer belongs to this kernel, and
/// another host would not see it.
#[test]
fn reach_is_the_same_host() {
    let (_dir, path) = raw_fifo();
    let (_read, mut write) = raw_ends(&path);
    write.write_all(b"kept by this kernel").unwrap();
    // All that is stored, and so all that a network file system could show to another host: a name and no bytes.
    let meta = fs::symlink_metadata(&path).unwrap();
    assert_eq!((meta.len(), meta.blocks()), (0, 0));
}
