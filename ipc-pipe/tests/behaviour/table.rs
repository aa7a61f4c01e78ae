//! The cells of the course's table, for pipes.

use std::fs::{self};
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::process::{Command, Stdio};

use ipc_core::{Error, Mechanism, Setup};
use ipc_pipe::Pipe;
use nix::errno::Errno;
use nix::sys::stat::{SFlag, fstat};

use crate::tools::{create, raw_pipe};

/// Between parent and child: a child has an end only if it inherits one.
#[test]
fn between_a_child_has_an_end_only_if_it_inherits_one() {
    let (mut read, write) = raw_pipe();
    let inode = format!("pipe:[{}]", fstat(&write).unwrap().st_ino);
    let list = || {
        let mut command = Command::new("ls");
        command.args(["-l", "/proc/self/fd"]);
        command
    };
    let heir = list().stdout(Stdio::from(OwnedFd::from(write))).status().unwrap();
    assert!(heir.success());
    let mut said = String::new();
    read.read_to_string(&mut said).unwrap();
    assert!(said.contains(&inode), "the child that inherited {inode} has only {said}");

    let stranger = list().output().unwrap();
    let said = String::from_utf8(stranger.stdout).unwrap();
    assert!(!said.contains(&inode), "a child that was not given {inode} has {said}");
}

/// Between parent and child: two processes that were started separately cannot meet, since a pipe has no name.
#[test]
fn between_a_pipe_has_no_name_to_join_by() {
    let setup = Setup::default();
    assert!(matches!(Pipe::create(Some("/tmp/pipe"), &setup), Err(Error::Usage(_))));
    let (read, _write) = raw_pipe();
    let name = fs::read_link(format!("/proc/self/fd/{}", read.as_raw_fd())).unwrap();
    assert!(!name.is_absolute() && !name.exists(), "{} is a path", name.display());
}

/// Medium: file. An end is a descriptor of type FIFO, used with plain read and write.
#[test]
fn medium_is_a_file_descriptor() {
    let (mut read, mut write) = raw_pipe();
    let kind = SFlag::from_bits_truncate(fstat(&read).unwrap().st_mode) & SFlag::S_IFMT;
    assert_eq!(kind, SFlag::S_IFIFO);
    write.write_all(b"through a file").unwrap();
    let mut buffer = [0; 14];
    read.read_exact(&mut buffer).unwrap();
    assert_eq!(&buffer, b"through a file");
}

/// Unit: byte stream. Two writes come out of one read, with no boundary between them.
#[test]
fn unit_is_a_stream_that_loses_boundaries() {
    let (mut read, mut write) = raw_pipe();
    write.write_all(b"first").unwrap();
    write.write_all(b"second").unwrap();
    let mut buffer = [0; 64];
    let len = read.read(&mut buffer).unwrap();
    assert_eq!(&buffer[..len], b"firstsecond");
}

/// Direction: one-way. The read end cannot be written, and the write end cannot be read.
#[test]
fn direction_is_one_way() {
    let (mut read, mut write) = raw_pipe();
    assert_eq!(read.write(b"back").unwrap_err().raw_os_error(), Some(Errno::EBADF as i32));
    assert_eq!(write.read(&mut [0]).unwrap_err().raw_os_error(), Some(Errno::EBADF as i32));
}

/// Direction: one-way, so talking both ways takes two pipes: a [`Pipe`] shows two inodes.
#[test]
fn direction_both_ways_takes_two_pipes() {
    let description = create().describe();
    assert_eq!(description.matches("pipe:[").count(), 2, "{description}");
}

/// Reach: same host. A pipe has no network address, and lives in a file system that only the kernel mounts.
#[test]
fn reach_is_the_same_host() {
    let (read, _write) = raw_pipe();
    let stat = fstat(&read).unwrap();
    assert_eq!(nix::libc::major(stat.st_dev), 0, "a pipe should be on no device");
    let mounted = fs::read_to_string("/proc/self/mounts").unwrap();
    assert!(!mounted.lines().any(|line| line.starts_with("pipefs ")), "pipefs is mounted somewhere");
}
