//! The parts that all of them use.

use std::fs::File;
use std::os::fd::AsFd;
use std::process::Command;

use ipc_conformance::watchdog::over_this_test;
use ipc_core::{Mechanism, Setup, retry_on_eintr};
use ipc_demo::helper_process::HelperProcess;
use ipc_pipe::Pipe;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::pipe2;

/// Makes a pipe as the kernel returns it: read end, write end.
pub fn raw_pipe() -> (File, File) {
    let (read, write) = pipe2(OFlag::O_CLOEXEC).unwrap();
    (read.into(), write.into())
}

/// Makes reads and writes of this end fail with `EAGAIN` instead of waiting.
pub fn do_not_wait(end: &File) {
    fcntl(end, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
}

/// Waits until the other end of the pipe is closed everywhere. A process that another test starts at this moment has a
/// copy of every descriptor, until its `exec`.
pub fn wait_for_hang_up(end: &File) {
    let mut fds = [PollFd::new(end.as_fd(), PollFlags::empty())];
    let _ = retry_on_eintr(|| poll(&mut fds, PollTimeout::NONE));
}

/// Starts the demo as a child that joins `pipe` and plays pong.
pub fn spawn_pong(pipe: &mut Pipe) -> HelperProcess {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-pipe"));
    command.args(["helper", "pong", r#"{"cpus":"same"}"#]);
    pipe.invite(&mut command).unwrap();
    HelperProcess::spawn(command).unwrap()
}

pub fn create() -> Pipe {
    over_this_test();
    Pipe::create(None, &Setup::default()).unwrap()
}
