//! The pitfalls of the link: its system calls, its frames, and the ends that a child inherits.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::process::{Command, Stdio};
use std::time::Duration;

use ipc_conformance::skipped;
use ipc_core::{ByteSink as _, ByteSource as _, Mechanism, Receiver, Sender};
use ipc_demo::exchange::{self, Pattern, Workload};
use ipc_demo::helper_process::HelperProcess;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::stat::fstat;

use crate::tools::{create, do_not_wait, raw_pipe, spawn_pong};

/// A message costs one system call to send and one to receive, header included, by the kernel's own count.
#[test]
fn a_message_costs_one_system_call_each_way() {
    if fs::read_to_string("/proc/thread-self/io").is_err() {
        ipc_conformance::skipped(
            "this kernel does not count the reads and writes of a thread (/proc/thread-self/io)",
        );
        return;
    }
    let mut pipe = create();
    let mut pong = spawn_pong(&mut pipe);
    let mut link = pipe.accept(Duration::ZERO).unwrap();
    let order = Workload { pattern: Pattern::RoundTrip, verify: true, size: 64, count: 1000 };
    let (reads_at_rest, writes_at_rest) = counted(|| ());
    let (reads, writes) = counted(|| {
        exchange::ping(&mut link, &order, |_, _| {}).unwrap();
    });
    assert_eq!(writes - writes_at_rest, order.count + 1, "one write for the order and one for each message");
    // One read for the ready word, one for each answer, and one for the report at the end, unless the report has
    // arrived by the time the last answer is read: one read then returns both.
    let reads = reads - reads_at_rest;
    assert!(
        (order.count + 1..=order.count + 2).contains(&reads),
        "{reads} reads for {} answers",
        order.count
    );
    drop(link);
    assert!(pong.wait().unwrap().success());
}

/// Returns the read and write calls of this thread during `action`, and those of the counting itself.
fn counted(action: impl FnOnce()) -> (u64, u64) {
    let count = || {
        // One read, which counts as well, however many digits the numbers have by now.
        let mut io = [0; 1024];
        let len = File::open("/proc/thread-self/io").unwrap().read(&mut io).unwrap();
        let io = std::str::from_utf8(&io[..len]).unwrap();
        let field = |name: &str| {
            let line = io.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().parse::<u64>().unwrap()
        };
        (field("syscr:"), field("syscw:"))
    };
    let (reads, writes) = count();
    action();
    let (reads_after, writes_after) = count();
    (reads_after - reads, writes_after - writes)
}

/// Not waiting is a flag of the open file, which changes only with the mode of the calls; at the end, another process
/// that shares the open file finds it as it was.
#[test]
fn an_end_is_switched_when_the_mode_changes_and_given_back() {
    let mut pipe = create();
    let mut pong = spawn_pong(&mut pipe);
    let mut link = pipe.accept(Duration::ZERO).unwrap();
    let shared = link.source().input().try_clone_to_owned().unwrap();
    let polls = || {
        let flags = fcntl(&shared, FcntlArg::F_GETFL).unwrap();
        OFlag::from_bits_truncate(flags).contains(OFlag::O_NONBLOCK)
    };
    assert!(!polls());
    assert!(link.try_recv(&mut [0; 8]).unwrap().is_none());
    assert!(polls(), "a call that must not wait");
    let order = Workload { pattern: Pattern::RoundTrip, verify: true, size: 64, count: 3 };
    exchange::ping(&mut link, &order, |_, _| {}).unwrap();
    assert!(!polls(), "calls that wait");
    assert!(link.try_recv(&mut [0; 8]).unwrap().is_none());
    drop(link);
    assert!(!polls(), "as it was");
    assert!(pong.wait().unwrap().success());
}

/// A parent, such as a shell, may have left `O_NONBLOCK` set: `recv` waits all the same. At the end it is set again.
#[test]
fn an_inherited_end_waits_whatever_its_flags_say() {
    let ((their_read, writes), (_reads, their_write)) = (raw_pipe(), raw_pipe());
    let polls = || {
        let flags = [&their_read, &their_write].map(|end| fcntl(end, FcntlArg::F_GETFL).unwrap());
        flags.map(|flags| OFlag::from_bits_truncate(flags).contains(OFlag::O_NONBLOCK))
    };
    do_not_wait(&their_read);
    do_not_wait(&their_write);
    let mut pong = Command::new(env!("CARGO_BIN_EXE_ipc-pipe"));
    pong.args(["helper", "pong", "{}", "stdin,stdout"]);
    pong.stdin(their_read.try_clone().unwrap()).stdout(their_write.try_clone().unwrap());
    let mut pong = HelperProcess::spawn(pong).unwrap();
    while polls()[0] {
        assert!(pong.try_wait().unwrap().is_none(), "it has ended while nothing had come");
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(writes);
    assert!(pong.wait().unwrap().success());
    assert_eq!(polls(), [true, true]);
}

/// Text that a child prints by mistake does not get into the frames: its standard output is no longer the pipe.
#[test]
fn a_stray_print_of_the_child_stays_out_of_the_frames() {
    let mut pipe = create();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-pipe"));
    command.args(["helper", "pong", "{}"]);
    pipe.invite(&mut command).unwrap();
    let child = HelperProcess::spawn(command).unwrap();
    let mut link = pipe.accept(Duration::ZERO).unwrap();
    let order = Workload { pattern: Pattern::RoundTrip, verify: true, size: 8, count: 1 };
    exchange::ping(&mut link, &order, |_, _| {}).unwrap(); // by now it has surely joined
    for fd in [0, 1] {
        let target = fs::read_link(format!("/proc/{}/fd/{fd}", child.pid())).unwrap();
        assert_eq!(target.to_str(), Some("/dev/null"), "descriptor {fd} of the child");
    }
}

/// A frame is a length and that many bytes: readable by a program that knows nothing of this crate.
#[test]
fn a_frame_is_a_length_and_the_bytes() {
    let mut pipe = create();
    let mut od = Command::new("sh");
    od.args(["-c", "exec od -A n -t x1"]); // ignores the address that `invite` adds
    pipe.invite(&mut od).unwrap();
    let (mut said, stdout) = raw_pipe();
    od.stdout(Stdio::from(OwnedFd::from(stdout)));
    let mut child = HelperProcess::spawn(od).unwrap();
    let mut link = pipe.accept(Duration::ZERO).unwrap();
    link.send(b"hi").unwrap();
    drop(link);
    let mut text = String::new();
    said.read_to_string(&mut text).unwrap();
    assert_eq!(text.split_whitespace().collect::<Vec<_>>(), ["02", "00", "00", "00", "68", "69"]);
    assert!(child.wait().unwrap().success());
}

/// Pitfall: the default of 64 KiB is too small for a message of 64 KiB and its length. A link's pipes hold more, where
/// the system allows this user that much.
#[test]
fn the_pipes_of_a_link_hold_more_than_the_default() {
    let (_read, raw) = raw_pipe();
    let allowed = fcntl(&raw, FcntlArg::F_SETPIPE_SZ(ipc_core::PIPE_SIZE as i32)).is_ok();
    let mut pipe = create();
    let link = pipe.accept(Duration::ZERO).unwrap();
    for end in [link.sink().output(), link.source().input()] {
        let size = fcntl(end, FcntlArg::F_GETPIPE_SZ).unwrap() as usize;
        assert!(!allowed || size == ipc_core::PIPE_SIZE, "{size}");
    }
    if !allowed {
        skipped(
            "this user may have no larger pipes: raise fs.pipe-user-pages-soft, or fs.pipe-max-size to 262144",
        );
    }
}

/// Only the invited child gets an end, and only one copy of it: otherwise the end of file would never come. The inodes
/// in the description are those of the pipes.
#[test]
fn ends_are_closed_on_exec_and_known_by_their_inodes() {
    let mut pipe = create();
    let shown = pipe.describe();
    let other = Command::new("ls").args(["-l", "/proc/self/fd"]).output().unwrap();
    let link = pipe.accept(Duration::ZERO).unwrap();
    let inode = |end: BorrowedFd<'_>| format!("pipe:[{}]", fstat(end).unwrap().st_ino);
    let (down, up) = (inode(link.sink().output()), inode(link.source().input()));
    assert_eq!(shown, format!("{down} parent to child, {up} child to parent"));
    let has = String::from_utf8_lossy(&other.stdout);
    assert!(other.status.success() && !has.contains(&down) && !has.contains(&up), "{has}");
}

/// Joining refuses unless both standard input and standard output are ends of pipes, before it touches either.
#[test]
fn half_an_invitation_is_refused() {
    let null = || Stdio::from(File::options().read(true).write(true).open("/dev/null").unwrap());
    let pipe = || raw_pipe();
    for (stdin, stdout) in
        [(null(), Stdio::from(OwnedFd::from(pipe().1))), (OwnedFd::from(pipe().0).into(), null())]
    {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ipc-pipe"));
        let child = child
            .args(["helper", "pong", "{}", "stdin,stdout"])
            .stdin(stdin)
            .stdout(stdout)
            .stderr(Stdio::piped());
        let output = child.spawn().unwrap().wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
}

/// A peer that ended between two messages has left; a peer that ended in the middle of one has lost data.
#[test]
fn a_pong_that_got_half_a_header_fails() {
    for (bytes, status) in [(&[][..], 0), (&[1, 0][..], 1), (&[24, 0, 0, 0, b'P'][..], 1)] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-pipe"));
        command
            .args(["helper", "pong", "{}", "stdin,stdout"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut pong = command.spawn().unwrap();
        pong.stdin.take().unwrap().write_all(bytes).unwrap(); // and closes it
        let output = pong.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{bytes:?}: {told}");
        assert_eq!(told.contains("the stream ends in the middle of a message"), status == 1, "{told}");
    }
}
