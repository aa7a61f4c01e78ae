//! Stops a demo at every system call, and intervenes at one of them.
//!
//! A point is the Nth system call of its kind of the main thread, counted from [`mark`], which the demo calls just
//! before its `main`. The loader's calls before that are the same for every program, and make nothing. Other threads
//! run on. It is the Nth of its kind, and not of all, since a thread that had to wait for another sometimes makes one
//! call more.

use std::collections::HashMap;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, UNIX_EPOCH};

use ipc_core::retry_on_eintr;
use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill, killpg, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::errnos;
use crate::sys::{self, Entered};

/// The system call of [`mark`]: one that no demo makes.
const MARK: i64 = libc::SYS_getppid;

/// The process in which to intervene.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The process that was started.
    Itself,
    /// Its first child.
    Child,
}

/// The intervention at the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Kills the process before it makes the call.
    Kill,
    /// Skips the call, and returns this error from it.
    Fail(Errno),
}

impl Deed {
    /// Returns whether the call can end so. On a busy machine a run can make other calls than the one that was watched:
    /// one that does not wait in the place of one that does.
    fn fits(self, call: &Entered) -> bool {
        match self {
            Self::Kill => true,
            Self::Fail(errno) => errnos::can_be(call, errno),
        }
    }
}

/// A system call of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    pub number: i64,
    /// The number of calls of this kind that come before it.
    pub nth: usize,
}

impl Point {
    /// Returns the points of an observed run.
    pub fn all(calls: &[Entered]) -> Vec<Self> {
        let mut seen = HashMap::<i64, usize>::new();
        let point = |call: &Entered| {
            let count = seen.entry(call.number).or_default();
            *count += 1;
            Self { number: call.number, nth: *count - 1 }
        };
        calls.iter().map(point).collect()
    }
}

/// The intervention in a run and its target; none for a run that is only observed.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    pub target: Target,
    pub deed: Option<(Point, Deed)>,
    /// True if each deadline on the wall clock is moved by [`SET_BACK`].
    pub late: bool,
}

/// The time by which the wall clock seems to be set back, in seconds.
const SET_BACK: i64 = 3600;
/// The greatest distance from now to a demo's own deadline, in seconds.
const SOON: i64 = 600;

/// The record of a run.
#[derive(Debug, Default)]
pub struct Trace {
    /// The calls of the target's main thread, up to the point.
    pub calls: Vec<Entered>,
    /// The time of the intervention; `None` if the run ended before the point was reached.
    pub done: Option<Instant>,
    /// The end of each process, and its time.
    pub ends: HashMap<Pid, (WaitStatus, Instant)>,
    /// True if it had to be killed.
    pub hung: bool,
}

/// Waits until the tracer is ready: the first call of the traced program.
pub fn begin() -> nix::Result<()> {
    ptrace::traceme()?;
    raise(Signal::SIGSTOP)
}

/// Marks the start of a demo's `main`.
pub fn mark() {
    nix::unistd::getppid();
}

/// Runs the process group of `leader`, which has called [`begin`], to its end. Calls `spoke` when the leader has
/// written to its standard output for the first time.
pub fn run(leader: Pid, order: Order, patience: Duration, spoke: impl FnMut()) -> nix::Result<Trace> {
    let watchdog = Watchdog::over(leader, patience);
    let mut tracer = Tracer {
        leader,
        order,
        spoke,
        target: (order.target == Target::Itself).then_some(leader),
        marked: false,
        failing: None,
        speaking: false,
        spoken: false,
        trace: Trace::default(),
    };
    let ran = tracer.run_out();
    tracer.trace.hung = watchdog.stop();
    ran.map(|()| tracer.trace)
}

struct Tracer<F> {
    leader: Pid,
    order: Order,
    spoke: F,
    /// The target process, as soon as it exists.
    target: Option<Pid>,
    marked: bool,
    /// The error that the target's current call will return.
    failing: Option<Errno>,
    /// True while the leader is writing to its standard output.
    speaking: bool,
    spoken: bool,
    trace: Trace,
}

impl<F: FnMut()> Tracer<F> {
    fn run_out(&mut self) -> nix::Result<()> {
        let mut ready = false;
        let group = Pid::from_raw(-self.leader.as_raw());
        loop {
            let status = match retry_on_eintr(|| waitpid(group, Some(WaitPidFlag::__WALL))) {
                Err(Errno::ECHILD) => return Ok(()),
                status => status?,
            };
            let (thread, signal) = match status {
                WaitStatus::PtraceSyscall(thread) => {
                    ignore_the_dead(self.called(thread))?;
                    (thread, None)
                }
                WaitStatus::PtraceEvent(thread, _, event) => {
                    if matches!(event, libc::PTRACE_EVENT_VFORK | libc::PTRACE_EVENT_FORK) {
                        let child = ptrace::getevent(thread).map(|pid| Pid::from_raw(pid as i32));
                        self.target = self.target.or(child.ok());
                    }
                    (thread, None)
                }
                WaitStatus::Stopped(thread, Signal::SIGSTOP | Signal::SIGTRAP) => {
                    if thread == self.leader && !ready {
                        ready = true;
                        ptrace::setoptions(thread, self.options())?;
                    }
                    (thread, None) // a new thread starts with this stop
                }
                WaitStatus::Stopped(thread, signal) => (thread, Some(signal)),
                WaitStatus::Exited(process, _) | WaitStatus::Signaled(process, ..) => {
                    self.trace.ends.insert(process, (status, Instant::now()));
                    continue;
                }
                _ => continue,
            };
            // The leader is watched until its first output, the target until the intervention is done.
            let watched = self.target == Some(thread) && self.busy() || thread == self.leader && !self.spoken;
            let resumed =
                if watched { ptrace::syscall(thread, signal) } else { ptrace::cont(thread, signal) };
            ignore_the_dead(resumed)?;
        }
    }

    fn options(&self) -> Options {
        let options =
            Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_EXITKILL | Options::PTRACE_O_TRACECLONE;
        match self.order.target {
            Target::Itself => options,
            Target::Child => options | Options::PTRACE_O_TRACEFORK | Options::PTRACE_O_TRACEVFORK,
        }
    }

    /// Returns whether there is still something to do at a call.
    fn busy(&self) -> bool {
        self.trace.done.is_none() || self.failing.is_some() || self.order.late
    }

    /// Handles a thread that is stopped at the entry or the exit of a system call.
    fn called(&mut self, thread: Pid) -> nix::Result<()> {
        match sys::entered(thread)? {
            Some(call) => self.enters(thread, call),
            None => self.leaves(thread),
        }
    }

    fn enters(&mut self, thread: Pid, call: Entered) -> nix::Result<()> {
        if thread == self.leader && call.number == libc::SYS_write && call.args[0] == 1 {
            self.speaking = true;
        }
        if self.order.late {
            return set_back(thread, &call);
        }
        if self.target != Some(thread) || self.trace.done.is_some() {
            return Ok(());
        }
        if call.number == MARK {
            self.marked = true;
            return Ok(());
        }
        if !self.marked {
            return Ok(());
        }
        let nth = self.trace.calls.iter().filter(|earlier| earlier.number == call.number).count();
        self.trace.calls.push(call);
        match self.order.deed {
            Some((point, deed)) if point == (Point { number: call.number, nth }) && deed.fits(&call) => {
                self.trace.done = Some(Instant::now());
                match deed {
                    Deed::Kill => kill(thread, Signal::SIGKILL), // of the main thread, that is the process
                    Deed::Fail(errno) => {
                        self.failing = Some(errno);
                        skip_call(thread)
                    }
                }
            }
            _ => Ok(()),
        }
    }

    fn leaves(&mut self, thread: Pid) -> nix::Result<()> {
        let speaking = thread == self.leader && std::mem::take(&mut self.speaking);
        if self.target == Some(thread)
            && let Some(errno) = self.failing.take()
        {
            return answer(thread, errno);
        }
        if speaking && !self.spoken {
            self.spoken = true;
            (self.spoke)();
        }
        Ok(())
    }
}

/// Moves the deadline of a call that waits until a time of the wall clock, before the kernel makes the call.
fn set_back(thread: Pid, call: &Entered) -> nix::Result<()> {
    const REALTIME: u64 = libc::FUTEX_CLOCK_REALTIME as u64;
    let deadline = match call.number {
        libc::SYS_mq_timedsend | libc::SYS_mq_timedreceive => call.args[4],
        libc::SYS_futex if call.args[1] & REALTIME != 0 => call.args[3],
        libc::SYS_clock_nanosleep if call.args[0] == libc::CLOCK_REALTIME as u64 && call.args[1] != 0 => {
            call.args[2]
        }
        _ => 0,
    };
    if deadline == 0 {
        return Ok(());
    }
    let seconds = deadline as ptrace::AddressType;
    let asked = ptrace::read(thread, seconds)?;
    let now = UNIX_EPOCH.elapsed().map_or(0, |time| time.as_secs() as i64);
    // A deadline long past means no wait, and one that has been moved is not moved again.
    if (now - SOON..now + SOON).contains(&asked) {
        ptrace::write(thread, seconds, asked + SET_BACK)
    } else {
        Ok(())
    }
}

/// Ignores the error for a thread that was killed meanwhile.
fn ignore_the_dead(result: nix::Result<()>) -> nix::Result<()> {
    match result {
        Err(Errno::ESRCH) => Ok(()),
        result => result,
    }
}

/// True if [`Deed::Fail`] is possible on this machine.
pub const CAN_FAIL_CALLS: bool = cfg!(target_arch = "x86_64");

/// Makes the kernel skip a call, at its entry.
#[cfg(target_arch = "x86_64")]
fn skip_call(thread: Pid) -> nix::Result<()> {
    let mut registers = ptrace::getregs(thread)?;
    registers.orig_rax = u64::MAX;
    ptrace::setregs(thread, registers)
}

/// Sets the error that a call returns, at its exit.
#[cfg(target_arch = "x86_64")]
fn answer(thread: Pid, errno: Errno) -> nix::Result<()> {
    let mut registers = ptrace::getregs(thread)?;
    registers.rax = -i64::from(errno as i32) as u64;
    ptrace::setregs(thread, registers)
}

#[cfg(not(target_arch = "x86_64"))]
fn skip_call(_thread: Pid) -> nix::Result<()> {
    Err(Errno::ENOSYS)
}

#[cfg(not(target_arch = "x86_64"))]
fn answer(_thread: Pid, _errno: Errno) -> nix::Result<()> {
    Err(Errno::ENOSYS)
}

/// Kills a process group that does not end in time.
pub struct Watchdog {
    ended: Sender<()>,
    thread: JoinHandle<bool>,
}

impl Watchdog {
    pub fn over(group: Pid, patience: Duration) -> Self {
        let (ended, waiting) = mpsc::channel();
        let watch = move || {
            let late = waiting.recv_timeout(patience) == Err(RecvTimeoutError::Timeout);
            if late {
                let _ = killpg(group, Signal::SIGKILL); // an error means that it has ended
            }
            late
        };
        Self { ended, thread: thread::spawn(watch) }
    }

    /// Stops watching, and returns whether it had to kill.
    pub fn stop(self) -> bool {
        drop(self.ended);
        self.thread.join().expect("a watchdog does not panic")
    }
}
