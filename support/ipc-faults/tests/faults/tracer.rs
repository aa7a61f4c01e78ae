//! Holds a demo at every system call, and does something to it at one of them.
//!
//! A point is the Nth system call of its kind of the main thread, counted from [`mark`], which the demo makes just before
//! its `main`. What the loader does earlier is the same for every program, and makes nothing. Other threads are stepped over.
//! The Nth of its kind, since there is one more now and then, where a thread had to wait for another.

use std::collections::HashMap;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, UNIX_EPOCH};

use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill, killpg, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::sys::{self, Entered};

/// The call of [`mark`]: one that no demo makes.
const MARK: i64 = libc::SYS_getppid;

/// Which of two processes is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The one that was started.
    Itself,
    /// Its first child.
    Child,
}

/// What is done at the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// The process is killed before it makes the call.
    Kill,
    /// The call is not made, and answers this.
    Fail(Errno),
}

/// A system call of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    pub number: i64,
    /// How many calls of this number come before it.
    pub nth: usize,
}

impl Point {
    /// The points of a run that was watched.
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

/// What is to be done in a run, and to whom; nothing, for a run that is only watched.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    pub target: Target,
    pub deed: Option<(Point, Deed)>,
    /// Whether each deadline on the wall clock is moved by [`SET_BACK`].
    pub late: bool,
}

/// By how much the wall clock seems to be set back: seconds.
const SET_BACK: i64 = 3600;
/// How near a deadline is that a demo waits for: seconds.
const SOON: i64 = 600;

/// What was seen of a run.
#[derive(Debug, Default)]
pub struct Trace {
    /// The calls of the target's main thread, up to the point.
    pub calls: Vec<Entered>,
    /// When the deed was done; none if the run ended before the point was reached.
    pub done: Option<Instant>,
    /// How each process ended, and when.
    pub ends: HashMap<Pid, (WaitStatus, Instant)>,
    /// Whether it had to be ended by force.
    pub hung: bool,
}

/// What the traced program calls first: waits until the tracer is ready.
pub fn begin() -> nix::Result<()> {
    ptrace::traceme()?;
    raise(Signal::SIGSTOP)
}

/// What every demo calls before its `main`.
pub fn mark() {
    nix::unistd::getppid();
}

/// Runs the process group of `leader`, which has called [`begin`], to its end. `spoke` is called when the leader has
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
    /// The process that is meant, as soon as it is there.
    target: Option<Pid>,
    marked: bool,
    /// What the call that the target is in will answer.
    failing: Option<Errno>,
    /// Whether the leader is just writing to its standard output.
    speaking: bool,
    spoken: bool,
    trace: Trace,
}

impl<F: FnMut()> Tracer<F> {
    fn run_out(&mut self) -> nix::Result<()> {
        let mut ready = false;
        let group = Pid::from_raw(-self.leader.as_raw());
        loop {
            let status = match waitpid(group, Some(WaitPidFlag::__WALL)) {
                Err(Errno::EINTR) => continue,
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
                    (thread, None) // a new thread begins so
                }
                WaitStatus::Stopped(thread, signal) => (thread, Some(signal)),
                WaitStatus::Exited(process, _) | WaitStatus::Signaled(process, ..) => {
                    self.trace.ends.insert(process, (status, Instant::now()));
                    continue;
                }
                _ => continue,
            };
            // The leader is watched for its first word, the target for its calls until the deed is done.
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

    /// Whether there is still something to do at a call.
    fn busy(&self) -> bool {
        self.trace.done.is_none() || self.failing.is_some() || self.order.late
    }

    /// A thread stands at a system call, on its way in or out.
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
            Some((point, deed)) if point == (Point { number: call.number, nth }) => {
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

/// On the way into a call that waits until a time of the wall clock: makes that time later.
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
    // One long past asks for no waiting, and one that has been moved is not moved again.
    if (now - SOON..now + SOON).contains(&asked) {
        ptrace::write(thread, seconds, asked + SET_BACK)
    } else {
        Ok(())
    }
}

/// A thread that was killed meanwhile is no error of the tracer's.
fn ignore_the_dead(result: nix::Result<()>) -> nix::Result<()> {
    match result {
        Err(Errno::ESRCH) => Ok(()),
        result => result,
    }
}

/// Whether [`Deed::Fail`] can be done on this machine.
pub const CAN_FAIL_CALLS: bool = cfg!(target_arch = "x86_64");

/// On the way into a call: lets the kernel make none.
#[cfg(target_arch = "x86_64")]
fn skip_call(thread: Pid) -> nix::Result<()> {
    let mut registers = ptrace::getregs(thread)?;
    registers.orig_rax = u64::MAX;
    ptrace::setregs(thread, registers)
}

/// On the way out of it: what it answers.
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
struct Watchdog {
    ended: Sender<()>,
    thread: JoinHandle<bool>,
}

impl Watchdog {
    fn over(group: Pid, patience: Duration) -> Self {
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

    /// Says whether it had to bite.
    fn stop(self) -> bool {
        drop(self.ended);
        self.thread.join().expect("a watchdog does not panic")
    }
}
