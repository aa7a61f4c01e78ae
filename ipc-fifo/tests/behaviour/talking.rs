//! Pitfalls of talking.

use std::fs::{self, File};
use std::io::{IoSliceMut, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use ipc_conformance::survivor_clears_up;
use ipc_conformance::watchdog::{PATIENCE, over_this_test};
use ipc_core::{ByteSink, ByteSource, Error, Mechanism, Mode, Receiver, Sender, Setup};
use ipc_demo::helper_process::HelperProcess;
use ipc_fifo::Fifo;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc::PIPE_BUF;
use rustix::io::{ReadWriteFlags, preadv2};

use crate::tools::{A_WHILE, errno, meet, open, raw_ends, raw_fifo, setup, start};

/// A write of up to `PIPE_BUF` bytes is whole or not done at all; a longer one may be partial, and two writers' bytes
/// can mix.
#[test]
fn two_writers_are_torn_only_above_pipe_buf() {
    let (_dir, path) = raw_fifo();
    let (mut read, mut one) = raw_ends(&path);
    let mut other = open(&path, OFlag::O_WRONLY | OFlag::O_NONBLOCK).unwrap();
    let capacity = fcntl(&one, FcntlArg::F_GETPIPE_SZ).unwrap() as usize;
    one.write_all(&vec![0; capacity]).unwrap();
    read.read_exact(&mut [0; PIPE_BUF]).unwrap(); // room for one page
    assert_eq!(one.write(&[1; 2 * PIPE_BUF]).unwrap(), PIPE_BUF, "torn: the first half goes in alone");
    read.read_exact(&mut [0; PIPE_BUF]).unwrap();
    assert_eq!(other.write(&[2; PIPE_BUF]).unwrap(), PIPE_BUF, "and the other writer's bytes come behind it");
    assert_eq!(
        errno(&one.write(&[1; PIPE_BUF]).unwrap_err()),
        Errno::EAGAIN,
        "a short one waits until it fits"
    );
}

/// Two processes that have opened a FIFO no longer need its name: they go on talking when it is removed.
#[test]
fn removing_the_name_does_not_disturb_who_has_opened_it() {
    let dir = tempfile::tempdir().unwrap();
    let address = dir.path().join("talk");
    let (mut owner, mut joiner) = meet(address.to_str());
    fs::remove_dir_all(&address).unwrap();
    joiner.send(b"still here").unwrap();
    let mut buffer = [0; 16];
    assert_eq!(owner.recv(&mut buffer).unwrap(), 10);
    drop(joiner);
    assert!(matches!(owner.recv(&mut buffer), Err(Error::Disconnected)));
}

/// A name outlives its users: a plain FIFO stays until it is unlinked. Ours goes with its last user.
#[test]
fn a_name_outlives_its_users_unless_removed() {
    let (_dir, path) = raw_fifo();
    drop(raw_ends(&path));
    assert!(path.exists());
    let dir = tempfile::tempdir().unwrap();
    let address = dir.path().join("talk");
    drop(meet(address.to_str()));
    assert!(!address.exists());
}

/// Unlike an anonymous pipe, a FIFO refuses `RWF_NOWAIT`; hence two descriptions of each end.
#[test]
fn a_fifo_refuses_not_to_wait_for_a_single_call() {
    let (_dir, path) = raw_fifo();
    let fifo = File::options().read(true).write(true).open(path).unwrap();
    let at_current = u64::MAX; // the kernel's -1
    let mut byte = [0];
    let mut buffer = [IoSliceMut::new(&mut byte)];
    let answer = preadv2(&fifo, &mut buffer, at_current, ReadWriteFlags::NOWAIT);
    // If this fails, the kernel now supports it: one description for each end would do.
    assert_eq!(answer.unwrap_err().raw_os_error(), Errno::EOPNOTSUPP as i32);
}

/// One of the two descriptions of each end waits, the other does not, and no call changes that.
#[test]
fn each_end_is_open_twice_and_never_switched() {
    let (mut owner, mut joiner) = meet(None);
    assert!(owner.try_recv(&mut [0; 8]).unwrap().is_none());
    joiner.send(b"x").unwrap();
    assert_eq!(owner.recv(&mut [0; 8]).unwrap(), 1);
    // A blocking read after a polling one, and vice versa: each has its own description's mode.
    assert_eq!(owner.source().read(&mut [0; 8], Mode::Try), Err(Errno::EAGAIN));
    let waits = start(move || owner.recv(&mut [0; 8]).map_err(|error| error.to_string()));
    assert!(waits.recv_timeout(A_WHILE).is_err(), "a blocking recv should wait");
    joiner.send(b"now").unwrap();
    assert_eq!(waits.recv_timeout(PATIENCE).unwrap(), Ok(3));
}

/// The FIFOs are for the owner alone: 0600 in a directory 0700. A wider mode is exact, despite the umask.
#[test]
fn the_modes_are_those_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    for (mode, of_dir) in [(0o600, 0o700), (0o622, 0o711), (0o660, 0o710)] {
        let path = dir.path().join(format!("{mode:o}"));
        let _meeting = Fifo::create(path.to_str(), &Setup { mode, ..setup() }).unwrap();
        let mode_of = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode_of(path.clone()), of_dir);
        assert_eq!([mode_of(path.join("to-owner")), mode_of(path.join("to-joiner"))], [mode, mode]);
    }
}

/// The survivor of a killed owner removes what that left when it ends, before any next `create`.
#[test]
fn the_survivor_removes_what_a_killed_owner_left() {
    over_this_test();
    assert!(survivor_clears_up(env!("CARGO_BIN_EXE_ipc-fifo")).unwrap(), "it never does");
}

/// Neither end passes to a child that we start: it would keep the other side from seeing the end of file.
#[test]
fn a_child_of_ours_does_not_inherit_the_ends() {
    let (owner, mut joiner) = meet(None);
    let mut sleep = Command::new("sleep");
    sleep.arg("60");
    let _child = HelperProcess::spawn(sleep).unwrap();
    drop(owner);
    let ended = start(move || joiner.recv(&mut [0; 8]).map_err(|error| error.to_string()));
    assert_eq!(
        ended.recv_timeout(PATIENCE).expect("the child holds an end"),
        Err(Error::Disconnected.to_string())
    );
}

/// The two FIFOs of two real processes are visible from outside: `/proc/PID/fd` leads to both names.
#[test]
fn a_look_from_outside_finds_both_fifos_in_proc() {
    let mut meeting = Fifo::create(None, &setup()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-fifo"));
    command.args(["helper", "pong", "{}"]);
    meeting.invite(&mut command).unwrap();
    let mut child = HelperProcess::spawn(command).unwrap();
    let _link = child.accept(&mut meeting, PATIENCE).unwrap();
    let open: Vec<_> = fs::read_dir(format!("/proc/{}/fd", child.pid()))
        .unwrap()
        .filter_map(|fd| fs::read_link(fd.unwrap().path()).ok())
        .collect();
    for name in ["to-owner", "to-joiner"] {
        let path = Path::new(&meeting.address()).join(name);
        assert_eq!(open.iter().filter(|target| **target == path).count(), 2, "{name} in {open:?}");
    }
}

/// A pair of another user, even one that is open to all, is not joined: that user could read and write it at will.
#[test]
fn another_users_pair_is_refused() {
    if !nix::unistd::geteuid().is_root() {
        return ipc_conformance::skipped("giving a FIFO away needs root");
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("pair");
    let _meeting = Fifo::create(path.to_str(), &Setup { mode: 0o666, ..setup() }).unwrap();
    let address = path.to_str().unwrap();
    for (given, part) in [(path.join("to-joiner"), "a FIFO in"), (path.clone(), "pair")] {
        std::os::unix::fs::chown(&given, Some(65534), None).unwrap();
        let error = Fifo::join(address, &setup(), PATIENCE).unwrap_err().to_string();
        assert!(error.contains("another user's (uid 65534)") && error.contains(part), "{error}");
        std::os::unix::fs::chown(&given, Some(0), None).unwrap();
    }
}

/// The FIFOs of a link hold more than the default, as the pipes of `ipc-pipe`, where the system allows this user that
/// much.
#[test]
fn the_fifos_of_a_link_hold_more_than_the_default() {
    let (_dir, path) = raw_fifo();
    let (_read, write) = raw_ends(&path);
    let allowed = fcntl(&write, FcntlArg::F_SETPIPE_SZ(ipc_core::PIPE_SIZE as i32)).is_ok();
    let (owner, joiner) = meet(None);
    for end in [owner.sink().output(), joiner.sink().output()] {
        let size = fcntl(end, FcntlArg::F_GETPIPE_SZ).unwrap() as usize;
        assert!(!allowed || size == ipc_core::PIPE_SIZE, "{size}");
    }
}
