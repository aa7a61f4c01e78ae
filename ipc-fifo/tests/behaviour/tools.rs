//! The parts that all tests use.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ipc_conformance::watchdog::{PATIENCE, over_this_test};
use ipc_core::{Framed, Mechanism, Result, Setup};
use ipc_fifo::{Fifo, ReadEnd, WriteEnd};

type Link = Framed<ReadEnd, WriteEnd>;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::stat::Mode as Permissions;
use nix::unistd::mkfifo;
use tempfile::TempDir;

/// Long enough to conclude that it is still waiting.
pub const A_WHILE: Duration = Duration::from_millis(200);

/// Makes a FIFO in its own directory.
pub fn raw_fifo() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fifo");
    mkfifo(&path, Permissions::S_IRUSR | Permissions::S_IWUSR).unwrap();
    (dir, path)
}

pub fn open(path: &Path, how: OFlag) -> std::io::Result<File> {
    let access = how & OFlag::O_ACCMODE;
    OpenOptions::new()
        .read(access != OFlag::O_WRONLY)
        .write(access != OFlag::O_RDONLY)
        .custom_flags((how - OFlag::O_ACCMODE).bits())
        .open(path)
}

/// Opens both ends of a FIFO, without waiting.
pub fn raw_ends(path: &Path) -> (File, File) {
    let read = open(path, OFlag::O_RDONLY | OFlag::O_NONBLOCK).unwrap();
    (read, open(path, OFlag::O_WRONLY | OFlag::O_NONBLOCK).unwrap())
}

/// Starts an action that may block forever; its result comes out of the channel.
pub fn start<T: Send + 'static>(action: impl FnOnce() -> T + Send + 'static) -> mpsc::Receiver<T> {
    over_this_test();
    let (done, answer) = mpsc::channel();
    thread::spawn(move || {
        let _ = done.send(action()); // the test may have failed meanwhile
    });
    answer
}

pub fn setup() -> Setup {
    over_this_test();
    Setup::default()
}

/// Returns both links of a meeting at `address`, one made in this thread and one in another.
pub fn meet(address: Option<&str>) -> (Link, Link) {
    let mut owner = Fifo::create(address, &setup()).unwrap();
    let address = owner.address();
    let joiner = start(move || Fifo::join(&address, &setup(), PATIENCE).unwrap());
    (owner.accept(PATIENCE).unwrap(), joiner.recv_timeout(PATIENCE).unwrap())
}

/// Returns the CPU time of this thread; 0 where the kernel does not count it.
pub fn cpu_time() -> Duration {
    let counted = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(counted.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or(0))
}

pub fn errno(error: &std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap())
}

pub fn message<T>(result: Result<T>) -> String {
    result.err().expect("it should have failed").to_string()
}
