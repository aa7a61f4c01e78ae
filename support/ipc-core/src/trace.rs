//! Following another process from one system call to the next, by ptrace(2): for tests and for measurements.
//!
//! The traced threads belong to the thread that called [`seize`](Tracer::seize): only there do the calls work.

use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::{Deadline, retry_on_eintr};

pub use crate::sys::{SystemCall, entered_call};

/// A process that stops at each system call it makes. It runs on by itself when the tracer is dropped.
#[derive(Debug)]
pub struct Tracer {
    process: Pid,
    /// True if all its threads and descendants are traced, not only its first thread.
    with_family: bool,
    /// The thread that is stopped, and the signal that it receives as it goes on.
    stopped: Option<(Pid, Option<Signal>)>,
}

/// An event in a traced process.
#[derive(Debug)]
pub enum Step {
    /// This thread is about to make a system call, and is stopped until the next step.
    Call(Pid, SystemCall),
    /// A thread has ended, or a process as a whole.
    Ended(WaitStatus),
    /// No traced thread is left.
    NoneLeft,
}

impl Tracer {
    /// Stops the first thread of a process at any point.
    ///
    /// # Errors
    /// `EPERM`: this system does not allow it. `ESRCH`: there is no such process.
    pub fn seize(process: u32) -> nix::Result<Self> {
        Self::with_options(process, Options::empty())
    }

    /// Stops a process of one thread at any point, and from then on each thread and process that it starts, too. All of
    /// them are killed if the tracing thread ends first.
    ///
    /// # Errors
    /// As [`seize`](Self::seize).
    pub fn seize_family(process: u32) -> nix::Result<Self> {
        let family =
            Options::PTRACE_O_TRACECLONE | Options::PTRACE_O_TRACEFORK | Options::PTRACE_O_TRACEVFORK;
        Self::with_options(process, family | Options::PTRACE_O_EXITKILL)
    }

    fn with_options(process: u32, options: Options) -> nix::Result<Self> {
        let process = Pid::from_raw(process.cast_signed());
        ptrace::seize(process, options | Options::PTRACE_O_TRACESYSGOOD)?;
        let mut tracer = Self { process, with_family: !options.is_empty(), stopped: None };
        tracer.stop()?;
        Ok(tracer)
    }

    /// Lets the threads run until the next step.
    ///
    /// # Errors
    /// A call of ptrace(2) fails.
    pub fn next_step(&mut self) -> nix::Result<Step> {
        loop {
            self.go_on()?;
            match self.wait(WaitPidFlag::empty()) {
                Err(Errno::ECHILD) => return Ok(Step::NoneLeft),
                status => {
                    if let Some(step) = self.step(status?)? {
                        return Ok(step);
                    }
                }
            }
        }
    }

    /// Does the same for the first thread alone, but stops it if there is no step within `timeout`, and returns
    /// `None`.
    ///
    /// # Errors
    /// As [`next_step`](Self::next_step).
    pub fn next_step_within(&mut self, timeout: Duration) -> nix::Result<Option<Step>> {
        let deadline = Deadline::after(timeout);
        self.go_on()?;
        loop {
            match self.wait(WaitPidFlag::WNOHANG)? {
                WaitStatus::StillAlive if deadline.has_passed() => return self.stop().map(|()| None),
                WaitStatus::StillAlive => thread::sleep(Duration::from_millis(1)),
                status => match self.step(status)? {
                    None => self.go_on()?,
                    step => return Ok(step),
                },
            }
        }
    }

    /// Stops the first thread: a running one could not be released.
    fn stop(&mut self) -> nix::Result<()> {
        ptrace::interrupt(self.process)?;
        wait(Some(self.process), WaitPidFlag::empty())?;
        self.stopped = Some((self.process, None));
        Ok(())
    }

    /// Lets the stopped thread run to the beginning or the end of its next system call.
    fn go_on(&mut self) -> nix::Result<()> {
        match self.stopped.take().map(|(thread, signal)| ptrace::syscall(thread, signal)) {
            None | Some(Err(Errno::ESRCH)) => Ok(()), // killed meanwhile
            Some(resumed) => resumed,
        }
    }

    /// Waits for a stop or an end of the traced threads.
    fn wait(&self, flags: WaitPidFlag) -> nix::Result<WaitStatus> {
        if self.with_family {
            // Of this thread alone: other threads wait for their own children.
            wait(None, flags | WaitPidFlag::__WNOTHREAD)
        } else {
            wait(Some(self.process), flags)
        }
    }

    /// Returns the step that `status` stands for, if it does, and notes which thread is stopped.
    fn step(&mut self, status: WaitStatus) -> nix::Result<Option<Step>> {
        self.stopped = match status {
            WaitStatus::PtraceSyscall(thread) => {
                self.stopped = Some((thread, None));
                return match entered_call(thread) {
                    Err(Errno::ESRCH) => Ok(None), // killed meanwhile, as are the threads of a process that ends
                    entered => Ok(entered?.map(|call| Step::Call(thread, call))), // `None` after the call
                };
            }
            WaitStatus::PtraceEvent(thread, ..) => Some((thread, None)),
            WaitStatus::Stopped(thread, signal) => {
                Some((thread, Some(signal).filter(|it| *it != Signal::SIGTRAP)))
            }
            WaitStatus::Exited(..) | WaitStatus::Signaled(..) => return Ok(Some(Step::Ended(status))),
            _ => None,
        };
        Ok(None)
    }
}

fn wait(process: Option<Pid>, flags: WaitPidFlag) -> nix::Result<WaitStatus> {
    retry_on_eintr(|| waitpid(process, Some(flags | WaitPidFlag::__WALL)))
}

impl Drop for Tracer {
    fn drop(&mut self) {
        if let Some((thread, signal)) = self.stopped.take() {
            let _ = ptrace::detach(thread, signal); // an error means that it has been killed
        }
    }
}
