//! The second process of the one-command mode: a child of this one.

use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use nix::errno::Errno;

use crate::error::{Advise, Call};
use crate::{Error, Mechanism, Result};

/// This program, to be started once more.
///
/// # Errors
/// `ENOENT`: there is no `/proc`, which knows where this program is.
pub fn this_program() -> Result<Command> {
    let path =
        std::env::current_exe().map_err(|error| error.raw_os_error().map_or(Errno::ENOENT, Errno::from_raw));
    let path = path.call("readlink").on("/proc/self/exe").advise(Errno::ENOENT, || "mount /proc".into())?;
    Ok(Command::new(path))
}

/// Starts `command`, and names the call that refuses to.
///
/// # Errors
/// `clone`, of `EAGAIN` and `ENOMEM`: there may be no more processes. `pipe2`: this process has no descriptor left.
/// `execve`, of all else: the program is not there, or cannot be run.
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

/// A child process. It does not outlive this value: dropped before its end was [waited for](Self::wait), it is
/// killed.
#[derive(Debug)]
pub struct Peer(Child);

/// How often [`Peer::accept`] looks whether the child is still there.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Peer {
    /// Starts `command`, and lets go of the descriptors that it holds for the child: a copy of the child's end of a
    /// pipe that stayed open here would keep this side from ever seeing the end of file.
    ///
    /// # Errors
    /// As [`spawn`].
    pub fn spawn(mut command: Command) -> Result<Self> {
        spawn(&mut command).map(Self)
    }

    /// The child's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Waits until the child has joined `meeting`, but no longer than it lives.
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

    /// Ends the child at once, as `kill -KILL` does: it can neither catch it nor clean up.
    pub fn kill(&mut self) {
        let _ = self.0.kill(); // an error means that it has ended already
    }

    /// Waits until the child has ended by itself.
    ///
    /// # Errors
    /// `ECHILD`: this process ignores SIGCHLD, and so the kernel has not kept how its child ended.
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
