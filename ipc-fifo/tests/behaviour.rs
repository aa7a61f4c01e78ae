//! Facts about FIFOs: each cell of the course's table, then the pitfalls.

use std::fs::{self, File, OpenOptions};
use std::io::{IoSliceMut, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::conformance::survivor_clears_up;
use ipc_core::conformance::watchdog::{PATIENCE, over_this_test};
use ipc_core::peer::Peer;
use ipc_core::{ByteStream, Error, Framed, Mechanism, Mode, Result, Setup, Transport};
use ipc_fifo::{Ends, Fifo};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::libc::PIPE_BUF;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode as Permissions;
use nix::unistd::mkfifo;
use rustix::io::{ReadWriteFlags, preadv2};
use tempfile::TempDir;

/// Long enough to conclude that it is still waiting.
const A_WHILE: Duration = Duration::from_millis(200);

/// Makes a FIFO in its own directory.
fn raw_fifo() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    mkfifo(&path, Permissions::S_IRUSR | Permissions::S_IWUSR).unwrap();
    (dir, path)
}

fn open(path: &Path, how: OFlag) -> std::io::Result<File> {
    let access = how & OFlag::O_ACCMODE;
    OpenOptions::new()
        .read(access != OFlag::O_WRONLY)
        .write(access != OFlag::O_RDONLY)
        .custom_flags((how - OFlag::O_ACCMODE).bits())
        .open(path)
}

/// Opens both ends of a FIFO, without waiting.
fn raw_ends(path: &Path) -> (File, File) {
    let read = open(path, OFlag::O_RDONLY | OFlag::O_NONBLOCK).unwrap();
    (read, open(path, OFlag::O_WRONLY | OFlag::O_NONBLOCK).unwrap())
}

/// Starts an action that may block forever; its result comes out of the channel.
fn start<T: Send + 'static>(action: impl FnOnce() -> T + Send + 'static) -> mpsc::Receiver<T> {
    over_this_test();
    let (done, answer) = mpsc::channel();
    thread::spawn(move || {
        let _ = done.send(action()); // the test may have failed meanwhile
    });
    answer
}

fn setup() -> Setup {
    over_this_test();
    Setup::default()
}

/// Returns both links of a meeting at `address`, one made in this thread and one in another.
fn meet(address: Option<&str>) -> (Framed<Ends>, Framed<Ends>) {
    let mut owner = Fifo::create(address, &setup()).unwrap();
    let address = owner.address();
    let joiner = start(move || Fifo::join(&address, &setup(), PATIENCE).unwrap());
    (owner.accept(PATIENCE).unwrap(), joiner.recv_timeout(PATIENCE).unwrap())
}

/// Returns the CPU time of this thread; 0 where the kernel does not count it.
fn cpu_time() -> Duration {
    let counted = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(counted.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or(0))
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap())
}

fn message<T>(result: Result<T>) -> String {
    result.err().expect("it should have failed").to_string()
}

// ---- the cells of the table ----

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

// ---- pitfalls: opening ----

/// Opening a FIFO sleeps until the other side opens it as well.
#[test]
fn a_plain_open_waits_for_the_other_side() {
    for (first, second) in [(OFlag::O_RDONLY, OFlag::O_WRONLY), (OFlag::O_WRONLY, OFlag::O_RDONLY)] {
        let (_dir, path) = raw_fifo();
        let sleeper = path.clone();
        let opened = start(move || open(&sleeper, first).map(drop));
        assert!(opened.recv_timeout(A_WHILE).is_err(), "{first:?} alone should not have opened");
        let other = start(move || open(&path, second).map(drop));
        opened.recv_timeout(PATIENCE).expect("it should have opened by now").unwrap();
        other.recv_timeout(PATIENCE).expect("so should the other side").unwrap();
    }
}

/// Two sides that each first open the FIFO that they read wait for each other forever.
#[test]
fn opening_both_in_the_wrong_order_is_a_deadlock() {
    let (_dir, one) = raw_fifo();
    let (_other_dir, other) = raw_fifo();
    let sides = [(one.clone(), other.clone()), (other.clone(), one.clone())].map(|(reads, writes)| {
        start(move || (open(&reads, OFlag::O_RDONLY).unwrap(), open(&writes, OFlag::O_WRONLY).unwrap()))
    });
    assert!(sides[0].recv_timeout(A_WHILE).is_err() && sides[1].try_recv().is_err());
    // The way out, for this test: an end that needs no process on the other side.
    let _ends = [&one, &other].map(|path| open(path, OFlag::O_RDWR).unwrap());
    for side in sides {
        side.recv_timeout(PATIENCE).unwrap();
    }
}

/// The reader gets its end at once with `O_NONBLOCK`; the writer is refused while there is no reader.
#[test]
fn a_nonblocking_writer_without_a_reader_gets_enxio() {
    let (_dir, path) = raw_fifo();
    assert_eq!(errno(&open(&path, OFlag::O_WRONLY | OFlag::O_NONBLOCK).unwrap_err()), Errno::ENXIO);
    let _read = open(&path, OFlag::O_RDONLY | OFlag::O_NONBLOCK).unwrap();
    open(&path, OFlag::O_WRONLY | OFlag::O_NONBLOCK).unwrap();
}

/// The first read returns "end of file" before any writer came; `poll` reports a hang-up only once a writer has gone.
#[test]
fn the_end_of_file_before_the_first_writer_is_a_false_one() {
    let (_dir, path) = raw_fifo();
    let mut read = open(&path, OFlag::O_RDONLY | OFlag::O_NONBLOCK).unwrap();
    let hung_up = |read: &File| {
        let mut fds = [PollFd::new(read.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, PollTimeout::ZERO).unwrap() == 1 && fds[0].revents() == Some(PollFlags::POLLHUP)
    };
    assert_eq!(read.read(&mut [0]).unwrap(), 0);
    assert!(!hung_up(&read), "nobody has been there yet");
    drop(open(&path, OFlag::O_WRONLY | OFlag::O_NONBLOCK).unwrap());
    // A process that another test starts at this moment has a copy of the end, until its `exec`.
    let gone = Instant::now() + PATIENCE;
    while !hung_up(&read) {
        assert!(Instant::now() < gone, "somebody has been there and gone");
    }
    assert_eq!(read.read(&mut [0]).unwrap(), 0);
}

/// `O_RDWR` opens at once on Linux, but is no way out: the process reads its own bytes, and never sees an end of file.
#[test]
fn opened_for_both_a_process_hears_itself() {
    let (_dir, path) = raw_fifo();
    let mut both = open(&path, OFlag::O_RDWR | OFlag::O_NONBLOCK).unwrap();
    both.write_all(b"echo").unwrap();
    let mut buffer = [0; 8];
    assert_eq!(both.read(&mut buffer).unwrap(), 4);
    assert_eq!(&buffer[..4], b"echo");
    // Its own write end keeps the stream open: "nothing yet" forever, although no other process is there.
    assert_eq!(errno(&both.read(&mut buffer).unwrap_err()), Errno::EAGAIN);
}

/// A peer that never comes is an error after the caller's timeout, on either side.
#[test]
fn a_peer_that_never_comes_is_a_timeout_and_no_hang() {
    let dir = tempfile::tempdir().unwrap();
    let address = dir.path().join("talk").display().to_string();
    let alone = start(move || {
        let joined = Fifo::join(&address, &setup(), A_WHILE).map(drop);
        let accepted = Fifo::create(Some(&address), &setup()).unwrap().accept(A_WHILE).map(drop);
        (joined, accepted)
    });
    let (joined, accepted) = alone.recv_timeout(PATIENCE).expect("it hangs");
    assert!(matches!(joined, Err(Error::TimedOut { waited: A_WHILE, .. })), "{joined:?}");
    assert!(message(joined).contains("start `ipc-fifo pong"));
    assert!(matches!(accepted, Err(Error::TimedOut { waited: A_WHILE, .. })), "{accepted:?}");
}

/// FIFOs without a reader belong to an owner that is dead, or about to start: joining there means waiting.
#[test]
fn fifos_without_a_reader_are_waited_at() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["to-owner", "to-joiner"] {
        mkfifo(&dir.path().join(name), Permissions::S_IRUSR | Permissions::S_IWUSR).unwrap();
    }
    let joined = Fifo::join(dir.path().to_str().unwrap(), &setup(), Duration::from_millis(20)).map(drop);
    assert!(message(joined).starts_with("nobody is at"));
}

/// Only the visitor whose number was answered is trusted.
#[test]
fn a_confirmation_with_another_number_is_none() {
    let mut owner = Fifo::create(None, &setup()).unwrap();
    let fifo = |name| Path::new(&owner.address()).join(name);
    let _reads = open(&fifo("to-joiner"), OFlag::O_RDONLY | OFlag::O_NONBLOCK).unwrap();
    let mut says = open(&fifo("to-owner"), OFlag::O_WRONLY | OFlag::O_NONBLOCK).unwrap();
    says.write_all(b"fifo1 j\nnumber 1fifo1 g\nnumber 2").unwrap();
    let accepted = owner.accept(Duration::from_millis(20)).map(drop);
    assert!(matches!(accepted, Err(Error::TimedOut { .. })), "{accepted:?}");
    says.write_all(b"fifo1 g\nnumber 1").unwrap();
    owner.accept(PATIENCE).unwrap();
}

/// A process that opens the FIFO and leaves without a word does not count: the owner waits on, without using the CPU.
#[test]
fn a_visitor_without_a_word_does_not_end_the_waiting() {
    let mut owner = Fifo::create(None, &setup()).unwrap();
    let path = Path::new(&owner.address()).join("to-owner");
    drop(open(&path, OFlag::O_WRONLY | OFlag::O_NONBLOCK).unwrap());
    let waited = start(move || {
        let before = cpu_time();
        (owner.accept(A_WHILE).map(drop), owner, cpu_time().saturating_sub(before))
    });
    let (accepted, mut owner, cpu) = waited.recv_timeout(PATIENCE).expect("it waits too long");
    assert!(matches!(accepted, Err(Error::TimedOut { .. })), "{accepted:?}");
    assert!(cpu < A_WHILE / 2, "{cpu:?} of CPU to wait for {A_WHILE:?}");
    let address = owner.address();
    let joiner = start(move || Fifo::join(&address, &setup(), PATIENCE).unwrap());
    let mut link = owner.accept(PATIENCE).unwrap();
    joiner.recv_timeout(PATIENCE).unwrap().send(b"a real one").unwrap();
    assert_eq!(link.recv(&mut [0; 16]).unwrap(), 10);
}

/// A joiner that gave up before the owner was ready does not disturb the next one, whose answer is not mistaken for the
/// other's: a FIFO cannot tell its visitors apart, so they take numbers.
#[test]
fn a_joiner_who_gave_up_does_not_spoil_it_for_the_next() {
    for _ in 0..20 {
        let mut owner = Fifo::create(None, &setup()).unwrap();
        let address = owner.address();
        let gave_up = Fifo::join(&address, &setup(), Duration::from_millis(10));
        assert!(message(gave_up).contains("no answer"));
        let next = start(move || Fifo::join(&address, &setup(), PATIENCE).unwrap());
        let mut link = owner.accept(PATIENCE).unwrap();
        next.recv_timeout(PATIENCE).unwrap().send(b"next").unwrap();
        assert_eq!(link.recv(&mut [0; 16]).unwrap(), 4);
    }
}

/// An answer to a visitor that left without reading it is still in the FIFO when the next one joins, and is not taken
/// for an answer to that one.
#[test]
fn an_answer_to_somebody_who_left_is_not_for_the_next() {
    let mut owner = Fifo::create(None, &setup()).unwrap();
    let fifo = |name| Path::new(&owner.address()).join(name);
    let gone = open(&fifo("to-joiner"), OFlag::O_RDONLY | OFlag::O_NONBLOCK).unwrap();
    let mut says = open(&fifo("to-owner"), OFlag::O_WRONLY | OFlag::O_NONBLOCK).unwrap();
    says.write_all(b"fifo1 j\nnumber 1").unwrap();
    assert!(matches!(owner.accept(A_WHILE), Err(Error::TimedOut { .. })), "it did not confirm");
    drop((gone, says));
    let address = owner.address();
    let next = start(move || Fifo::join(&address, &setup(), PATIENCE).unwrap());
    thread::sleep(A_WHILE); // until it finds that answer
    let mut link = owner.accept(PATIENCE).unwrap();
    link.send(b"next").unwrap();
    assert_eq!(next.recv_timeout(PATIENCE).unwrap().recv(&mut [0; 16]).unwrap(), 4);
}

/// A third process is told that the pair is taken: while the other two talk, and after the second has left.
#[test]
fn a_second_joiner_is_told_that_it_is_in_use() {
    let mut owner = Fifo::create(None, &setup()).unwrap();
    let address = owner.address();
    let first = address.clone();
    let first = start(move || Fifo::join(&first, &setup(), PATIENCE).unwrap());
    let mut link = owner.accept(PATIENCE).unwrap();
    let first = first.recv_timeout(PATIENCE).unwrap();
    assert!(message(Fifo::join(&address, &setup(), PATIENCE)).contains("in use"));
    drop(first);
    assert!(message(Fifo::join(&address, &setup(), PATIENCE)).contains("in use"));
    assert!(matches!(link.recv(&mut [0; 16]), Err(Error::Disconnected)));
}

/// The same holds before the owner has accepted a peer: of two joiners, the first waits, and the second is told.
#[test]
fn of_two_who_wait_for_the_owner_the_second_is_told() {
    let mut owner = Fifo::create(None, &setup()).unwrap();
    let address = owner.address();
    let first = address.clone();
    let first = start(move || Fifo::join(&first, &setup(), PATIENCE).unwrap());
    let seen = open(&Path::new(&address).join("to-owner"), OFlag::O_RDONLY | OFlag::O_NONBLOCK).unwrap();
    let mut fds = [PollFd::new(seen.as_fd(), PollFlags::POLLIN)];
    assert_eq!(poll(&mut fds, PollTimeout::try_from(PATIENCE).unwrap()), Ok(1), "the first has said hello");
    assert!(message(Fifo::join(&address, &setup(), A_WHILE)).contains("in use"));
    assert!(first.try_recv().is_err(), "nobody has accepted it yet");
    owner.accept(PATIENCE).unwrap();
    first.recv_timeout(PATIENCE).unwrap();
}

/// Visitors that come and go constantly do not prolong the owner's wait.
#[test]
fn restless_visitors_do_not_stretch_the_timeout() {
    let mut owner = Fifo::create(None, &setup()).unwrap();
    let path = Path::new(&owner.address()).join("to-owner");
    let visitors = [(); 4].map(|()| {
        let path = path.clone();
        thread::spawn(move || while open(&path, OFlag::O_WRONLY | OFlag::O_NONBLOCK).is_ok() {})
    });
    let accepted = start(move || owner.accept(A_WHILE).map(drop));
    let accepted = accepted.recv_timeout(PATIENCE).expect("it still waits");
    assert!(matches!(accepted, Err(Error::TimedOut { .. })), "{accepted:?}");
    for visitor in visitors {
        visitor.join().unwrap(); // the owner has gone, and the FIFO with it
    }
}

/// A wrong object at the address, or an address that is none, is named in the error.
#[test]
fn what_is_no_fifo_pair_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let address = dir.path().display().to_string();
    fs::write(dir.path().join("to-owner"), "a regular file").unwrap();
    fs::write(dir.path().join("to-joiner"), "a regular file").unwrap();
    assert!(message(Fifo::join(&address, &setup(), PATIENCE)).contains("is not a FIFO"));
    let file = dir.path().join("to-owner").display().to_string();
    assert!(message(Fifo::join(&file, &setup(), PATIENCE)).contains("is a directory"));
    assert!(message(Fifo::create(Some(&address), &setup())).contains("(EEXIST); "));
    assert!(matches!(Fifo::create(Some(""), &setup()), Err(Error::Usage(_))));
    let told = message(Fifo::create(Some(&format!("{address}/{}", "x".repeat(300))), &setup()));
    assert!(told.contains("(ENAMETOOLONG); choose a shorter name"), "{told}");
    let told = message(Fifo::create(Some(&format!("{address}/none/talk")), &setup()));
    assert!(told.contains("/none must be a directory"), "{told}");
    fs::remove_file(dir.path().join("to-joiner")).unwrap();
    std::os::unix::fs::symlink("to-owner", dir.path().join("to-joiner")).unwrap();
    assert!(message(Fifo::join(&address, &setup(), PATIENCE)).contains("is a symbolic link"));
}

/// A stranger's bytes in the FIFO are not a greeting: both sides report that.
#[test]
fn a_stranger_who_writes_into_the_fifo_is_told_apart() {
    let mut owner = Fifo::create(None, &setup()).unwrap();
    let path = Path::new(&owner.address()).join("to-owner");
    let mut shell = open(&path, OFlag::O_WRONLY | OFlag::O_NONBLOCK).unwrap();
    shell.write_all(b"hello from echo\n!").unwrap();
    assert!(matches!(owner.accept(PATIENCE), Err(Error::Corrupt(_))));
}

// ---- pitfalls: talking ----

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
    assert_eq!(owner.stream().read(&mut [0; 8], Mode::Try), Err(Errno::EAGAIN));
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
    let _child = Peer::spawn(sleep).unwrap();
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
    command.arg("invited");
    meeting.invite(&mut command).unwrap();
    let mut child = Peer::spawn(command).unwrap();
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
        return ipc_core::conformance::skipped("giving a FIFO away needs root");
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
    for end in [owner.stream().output(), joiner.stream().output()] {
        let size = fcntl(end, FcntlArg::F_GETPIPE_SZ).unwrap() as usize;
        assert!(!allowed || size == ipc_core::PIPE_SIZE, "{size}");
    }
}
