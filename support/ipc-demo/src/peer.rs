//! The second process of the one-command mode: a child of this one.

use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use ipc_core::{Advise, Call, Error, Mechanism, Result};
use nix::errno::Errno;

/// Returns a command that runs this program once more.
///
/// # Errors
/// `ENOENT`: there is no `/proc`, which holds the path of this program.
pub fn this_program() -> Result<Command> {
    let path =
        std::env::current_exe().map_err(|error| error.raw_os_error().map_or(Errno::ENOENT, Errno::from_raw));
    let path = path.call("readlink").on("/proc/self/exe").advise(Errno::ENOENT, || "mount /proc".into())?;
    Ok(Command::new(path))
}

/// Starts `command`; an error names the call that failed.
///
/// # Errors
/// `clone`, with `EAGAIN` or `ENOMEM`: no more processes are possible. `pipe2`: this process has no free descriptor.
/// `execve`, with all other errors: the program does not exist, or cannot be run.
pub fn spawn(command: &mut Command) -> Result<Child> {
    let errno = match command.spawn() {
        Ok(child) => return Ok(child),
        Err(error) => error.raw_os_error().map_or(Errno::EIO, Errno::from_raw),
    };
    match errno {
        Errno::EAGAIN | Errno::ENOMEM => Err(errno).call("clone"),
        Errno::EMFILE | Errno::ENFILE => Err(errno).call("pipe2"),
        _ => Err(errno).call("execve").on(command.get_program().display()),
    }
}

/// A child process. It does not outlive this value: if dropped before its end was [waited for](Self::wait), it is
/// killed.
#[derive(Debug)]
pub struct Peer(Child);

/// The interval at which [`Peer::accept`] checks that the child is still there.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Peer {
    /// Starts `command`, and closes the descriptors that it holds for the child: a copy of the child's end of a pipe
    /// that stayed open here would keep this side from ever seeing the end of file.
    ///
    /// # Errors
    /// As [`spawn`].
    pub fn spawn(mut command: Command) -> Result<Self> {
        spawn(&mut command).map(Self)
    }

    /// Returns the child's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Waits for the child to join `meeting`, for at most `timeout`, or until it has ended.
    ///
    /// # Errors
    /// As [`Mechanism::accept`]; [`Disconnected`](Error::Disconnected) if the child ended without joining.
    pub fn accept<M: Mechanism>(&mut self, meeting: &mut M, timeout: Duration) -> Result<M::Link> {
        let started = Instant::now();
        loop {
            match meeting.accept(LOOK_EVERY) {
                Err(Error::TimedOut { what, .. }) if started.elapsed() >= timeout => {
                    return Err(Error::TimedOut { what, waited: timeout });
                }
                Err(Error::TimedOut { .. }) => {
                    if self.0.try_wait().call("waitpid")?.is_some() {
                        return Err(Error::Disconnected);
                    }
                }
                accepted => return accepted,
            }
        }
    }

    /// Ends the child at once, as `kill -KILL` does: the child can neither catch that nor clean up.
    pub fn kill(&mut self) {
        let _ = self.0.kill(); // an error means that it has already ended
    }

    /// Waits until the child has ended by itself.
    ///
    /// # Errors
    /// `ECHILD`: this process ignores SIGCHLD, so the kernel has not kept the child's exit status.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        self.0.wait().call("waitpid")
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.kill();
        let _ = self.0.wait();
    }
}
