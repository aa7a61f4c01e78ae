//! The number of system calls per message, counted with ptrace.
//!
//! The peer plays the script `counted`: it receives a message, sends it back, and makes a call that no other code
//! makes, [`MARK`], before and after each of the two. This side stops it with ptrace(2) at every system call. At a
//! mark, this side lets the message arrive, or takes the answer, while the peer is stopped: so the message is always
//! there when the peer asks for it, and there is always room when it sends, whatever the wait strategy. That also makes
//! the count repeatable: it is the count of a busy peer.

use std::thread;
use std::time::Duration;

use ipc_core::{Call, Deadline, Error, Mechanism, Transport};
use libtest_mimic::{Failed, Trial};
use nix::errno::Errno;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::{Bench, Outcome, ensure, skipped};

/// The system calls for one message where neither side has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calls {
    /// System calls to send it.
    pub send: usize,
    /// System calls to receive it.
    pub receive: usize,
}

/// The script of the peer.
pub(super) const COUNTED: &str = "counted";

/// The number of the system call that marks the start and the end of a count; no link makes it.
const MARK: libc::c_long = libc::SYS_getppid;

/// More than one copy or cache line, but short enough for any medium to take at once.
const SIZES: [usize; 4] = [0, 1, 64, 4096];

/// Rounds for each size. A signal in the middle can repeat a call, so the count of most rounds is the result.
const ROUNDS: usize = 9;

/// Makes the case, with the counts that this variant declares.
pub(super) fn trial<M: Mechanism + 'static>(bench: Bench<M>, declared: Calls) -> Trial {
    bench.trial("a message costs as many system calls as declared", move |bench| count(bench, declared))
}

fn count<M: Mechanism + 'static>(bench: Bench<M>, declared: Calls) -> Outcome {
    let (mut link, peer) = bench.meet(&format!("{COUNTED} {}", SIZES.len() * ROUNDS))?;
    let traced = match Traced::seize(peer.pid()) {
        Err(Errno::EPERM) => {
            skipped("this system forbids to trace a child");
            return Ok(());
        }
        traced => traced.call("ptrace")?,
    };
    link.send(b"go")?;
    traced.to_mark()?;
    for size in SIZES {
        let (mut sends, mut receives) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            link.send(&vec![5; size])?;
            receives.push(traced.to_mark()?);
            sends.push(traced.to_mark()?);
            let mut answer = [0; SIZES[SIZES.len() - 1]];
            let len = link.recv(&mut answer)?;
            ensure!(len == size, "{size} bytes went out, {len} came back");
        }
        let counted = Calls { send: median(sends.clone()), receive: median(receives.clone()) };
        ensure!(
            counted == declared,
            "{size} bytes: {counted:?}, declared {declared:?} (each round: sends {sends:?}, receives {receives:?})"
        );
    }
    Ok(())
}

fn median(mut counts: Vec<usize>) -> usize {
    counts.sort_unstable();
    counts[counts.len() / 2]
}

/// Plays the peer: see the top of the file.
pub(super) fn counted(link: &mut impl Transport, rounds: u64) -> ipc_core::Result<()> {
    let mark = || {
        nix::unistd::getppid();
    };
    let mut buffer = [0; SIZES[SIZES.len() - 1]];
    link.recv(&mut buffer)?;
    mark();
    for _ in 0..rounds {
        let len = link.recv(&mut buffer)?;
        mark();
        link.send(&buffer[..len])?;
        mark();
    }
    match link.recv(&mut buffer) {
        Err(Error::Disconnected) => Ok(()),
        end => end.map(drop),
    }
}

/// A child stopped at its system calls by the thread that seized it. Runs on by itself when this is dropped.
pub(super) struct Traced(pub(super) Pid);

impl Traced {
    /// Stops the child's first thread at any point.
    pub(super) fn seize(pid: u32) -> nix::Result<Self> {
        let pid = Pid::from_raw(pid as i32);
        ptrace::seize(pid, Options::PTRACE_O_TRACESYSGOOD)?;
        let traced = Self(pid);
        ptrace::interrupt(pid)?;
        wait_for(pid)?;
        Ok(traced)
    }

    /// Lets the child run to the next [`MARK`], and returns the number of other system calls that it made on the way.
    pub(super) fn to_mark(&self) -> Result<usize, Failed> {
        let mut calls = 0;
        let mut signal: Option<Signal> = None;
        loop {
            ptrace::syscall(self.0, signal.take())?;
            match wait_for(self.0)? {
                WaitStatus::PtraceSyscall(_) => match ipc_core::process::entered_call(self.0)? {
                    Some((MARK, _)) => return Ok(calls),
                    Some(_) => calls += 1,
                    None => {} // the exit stop of a call
                },
                WaitStatus::Stopped(_, sent) => signal = Some(sent),
                WaitStatus::PtraceEvent(..) => {}
                end => return Err(format!("the peer ended: {end:?}").into()),
            }
        }
    }
}

impl Traced {
    /// Lets the child run to its next system call; `false` if it makes none within `patience`. The child is stopped in
    /// both cases.
    pub(super) fn to_next_call(&self, patience: Duration) -> Result<bool, Failed> {
        let deadline = Deadline::after(patience);
        let mut signal: Option<Signal> = None;
        loop {
            ptrace::syscall(self.0, signal.take())?;
            let status = loop {
                match waitpid(self.0, Some(WaitPidFlag::__WALL | WaitPidFlag::WNOHANG))? {
                    WaitStatus::StillAlive if deadline.has_passed() => {
                        ptrace::interrupt(self.0)?; // a running child could not be detached
                        wait_for(self.0)?;
                        return Ok(false);
                    }
                    WaitStatus::StillAlive => thread::sleep(Duration::from_millis(1)),
                    status => break status,
                }
            };
            match status {
                WaitStatus::PtraceSyscall(_) if ipc_core::process::entered_call(self.0)?.is_some() => {
                    return Ok(true);
                }
                WaitStatus::PtraceSyscall(_) | WaitStatus::PtraceEvent(..) => {}
                WaitStatus::Stopped(_, sent) => signal = Some(sent),
                end => return Err(format!("the peer ended: {end:?}").into()),
            }
        }
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        let _ = ptrace::detach(self.0, None);
    }
}

pub(super) fn wait_for(pid: Pid) -> nix::Result<WaitStatus> {
    loop {
        match waitpid(pid, Some(WaitPidFlag::__WALL)) {
            Err(Errno::EINTR) => {}
            status => return status,
        }
    }
}
