//! Facts about pipes: each cell of the course's table, then the pitfalls.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use ipc_conformance::skipped;
use ipc_conformance::watchdog::over_this_test;
use ipc_core::{ByteStream as _, Error, Mechanism, Setup, Transport, retry_on_eintr};
use ipc_demo::exchange::{self, Pattern, Workload};
use ipc_demo::helper_process::HelperProcess;
use ipc_pipe::Pipe;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{SFlag, fstat};
use nix::unistd::pipe2;

/// Makes a pipe as the kernel returns it: read end, write end.
fn raw_pipe() -> (File, File) {
    let (read, write) = pipe2(OFlag::O_CLOEXEC).unwrap();
    (read.into(), write.into())
}

/// Makes reads and writes of this end fail with `EAGAIN` instead of waiting.
fn do_not_wait(end: &File) {
    fcntl(end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
}

/// Waits until the other end of the pipe is closed everywhere. A process that another test starts at this moment has a
/// copy of every descriptor, until its `exec`.
fn wait_for_hang_up(end: &File) {
    let mut fds = [PollFd::new(end.as_fd(), PollFlags::empty())];
    let _ = retry_on_eintr(|| poll(&mut fds, PollTimeout::NONE));
}

/// Starts the demo as a child that joins `pipe` and plays pong.
fn spawn_pong(pipe: &mut Pipe) -> HelperProcess {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-pipe"));
    command.args(["helper", "pong", r#"{"cpus":"same"}"#]);
    pipe.invite(&mut command).unwrap();
    HelperProcess::spawn(command).unwrap()
}

fn create() -> Pipe {
    over_this_test();
    Pipe::create(None, &Setup::default()).unwrap()
}

// ---- the cells of the table ----

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

// ---- pitfalls ----

/// The end of file comes only when the last copy of the write end is closed, including one that the reader has
/// forgotten.
#[test]
fn a_forgotten_write_end_hides_the_end_of_file() {
    let (mut read, write) = raw_pipe();
    let forgotten = write.try_clone().unwrap();
    drop(write);
    do_not_wait(&read);
    assert_eq!(read.read(&mut [0]).unwrap_err().raw_os_error(), Some(Errno::EAGAIN as i32));
    drop(forgotten);
    wait_for_hang_up(&read);
    assert_eq!(read.read(&mut [0]).unwrap(), 0);
}

/// Writing to a pipe without a reader fails with `EPIPE` where `SIGPIPE` is ignored.
#[test]
fn a_writer_without_a_reader_gets_epipe() {
    let (read, mut write) = raw_pipe();
    drop(read);
    wait_for_hang_up(&write);
    assert_eq!(write.write(b"anyone?").unwrap_err().raw_os_error(), Some(Errno::EPIPE as i32));
}

/// Writing to a pipe without a reader ends the writer where `SIGPIPE` is not ignored: that is how `yes | head` stops.
#[test]
fn a_writer_without_a_reader_dies_of_sigpipe() {
    let mut yes = Command::new("yes").stdout(Stdio::piped()).spawn().unwrap();
    drop(yes.stdout.take());
    assert_eq!(yes.wait().unwrap().signal(), Some(nix::libc::SIGPIPE));
}

/// A full pipe takes no more bytes: its writer has to wait.
#[test]
fn a_full_pipe_takes_no_more() {
    let (_read, mut write) = raw_pipe();
    do_not_wait(&write);
    let capacity = fcntl(&write, FcntlArg::F_GETPIPE_SZ).unwrap() as usize;
    assert_eq!(write.write(&vec![0; 2 * capacity]).unwrap(), capacity);
    assert_eq!(write.write(b"x").unwrap_err().raw_os_error(), Some(Errno::EAGAIN as i32));
}

/// A write of up to `PIPE_BUF` bytes is whole or not done at all; a longer one may be torn by other writers' bytes.
#[test]
fn a_short_write_is_atomic_and_a_long_one_is_not() {
    const PIPE_BUF: usize = nix::libc::PIPE_BUF;
    let (mut read, mut write) = raw_pipe();
    do_not_wait(&write);
    let capacity = fcntl(&write, FcntlArg::F_GETPIPE_SZ).unwrap() as usize;
    write.write_all(&vec![0; capacity]).unwrap();
    read.read_exact(&mut [0; PIPE_BUF]).unwrap(); // room for one page
    let torn = write.write(&[1; 2 * PIPE_BUF]).unwrap();
    assert_eq!(torn, PIPE_BUF, "the first half of a long write should have gone in alone");
    assert_eq!(write.write(&[1; PIPE_BUF]).unwrap_err().raw_os_error(), Some(Errno::EAGAIN as i32));
}

/// Two sides that both write into full pipes would wait for each other forever: `try_send` avoids that.
#[test]
fn two_full_pipes_are_a_deadlock() {
    let mut pipe = create();
    let mut pong = spawn_pong(&mut pipe);
    let mut link = pipe.accept(Duration::ZERO).unwrap();
    // The peer will send 64 KiB answers; this side requests them and goes on sending without receiving any.
    let order = Workload { pattern: Pattern::RoundTrip, verify: false, size: 64 << 10, count: 1000 };
    let mut sent = 0;
    let _ = exchange::ping(&mut OneWay(&mut link), &order, |_, _| {}); // sends the order, then stops at the first answer
    let message = vec![0; order.size];
    let stuck = loop {
        if link.try_send(&message).unwrap().is_none() {
            // Not now, and not in a tenth of a second either: the peer waits for us as we would wait for it.
            std::thread::sleep(Duration::from_millis(100));
            if link.try_send(&message).unwrap().is_none() {
                break true;
            }
        }
        sent += 1;
        if sent == order.count {
            break false;
        }
    };
    assert!(stuck, "all {sent} messages went out, although no peer received the answers");
    pong.kill();
}

/// A link that sends but never receives.
struct OneWay<'a, T>(&'a mut T);

impl<T: Transport> Transport for OneWay<'_, T> {
    fn send(&mut self, message: &[u8]) -> ipc_core::Result<()> {
        self.0.send(message)
    }
    fn recv(&mut self, _: &mut [u8]) -> ipc_core::Result<usize> {
        Err(Error::Disconnected)
    }
    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> ipc_core::Result<Option<()>> {
        self.0.send_timeout(message, timeout)
    }
    fn recv_timeout(&mut self, _: &mut [u8], _: Duration) -> ipc_core::Result<Option<usize>> {
        Err(Error::Disconnected)
    }
    fn try_send(&mut self, message: &[u8]) -> ipc_core::Result<Option<()>> {
        self.0.try_send(message)
    }
    fn try_recv(&mut self, _: &mut [u8]) -> ipc_core::Result<Option<usize>> {
        Ok(None)
    }
    fn max_message(&self) -> usize {
        self.0.max_message()
    }
}

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

/// Not waiting is a flag of each call: `RWF_NOWAIT` leaves the descriptor itself unchanged.
#[test]
fn not_waiting_does_not_change_the_descriptor() {
    let mut pipe = create();
    let mut link = pipe.accept(Duration::ZERO).unwrap();
    assert!(link.try_recv(&mut [0; 8]).unwrap().is_none());
    let flags = fcntl(link.stream().write_end(), FcntlArg::F_GETFL).unwrap();
    assert!(!OFlag::from_bits_truncate(flags).contains(OFlag::O_NONBLOCK));
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
    for end in [link.stream().output(), link.stream().input()] {
        let size = fcntl(end, FcntlArg::F_GETPIPE_SZ).unwrap() as usize;
        assert!(!allowed || size == ipc_core::PIPE_SIZE, "{size}");
    }
    if !allowed {
        skipped("this user has used up /proc/sys/fs/pipe-user-pages-soft");
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
    let (down, up) = (inode(link.stream().output()), inode(link.stream().input()));
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
