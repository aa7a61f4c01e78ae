//! The second process of the one-command mode: a child of this one.

use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use crate::error::Call;
use crate::{Error, Mechanism, Result};

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
    /// The program cannot be started.
    pub fn spawn(mut command: Command) -> Result<Self> {
        command.spawn().map(Self).call("execve")
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
    /// `waitpid` fails.
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
