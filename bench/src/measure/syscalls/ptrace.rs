//! Counting by ptrace(2): both processes are stopped at every call.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::process::{Child, Stdio};

use ipc_core::process::proc;
use ipc_core::trace::{Step, Tracer};
use ipc_core::{Call, Error, Result};
use ipc_demo::cpus::Cpus;
use ipc_demo::helper_process::{self, Invitation};
use nix::errno::Errno;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::measure::sides;
use crate::measure::task::Task;
use crate::results::case::{Case, Placement};
use crate::results::registry::member;

/// The role of a process to be counted.
pub(crate) const COUNTED: &str = "counted";

/// The argument of that process: a case, and how many messages to play.
#[derive(Debug, Serialize, Deserialize)]
struct CountedArguments {
    mechanism: String,
    variant: String,
    kind: String,
    size: usize,
    wait: String,
    cpus: Cpus,
    messages: u64,
}

/// Counts the calls of `messages` messages.
pub(super) fn count(case: &Case, messages: u64) -> Result<[f64; 2]> {
    let Case { member, variant, kind, size, wait, placement, .. } = case;
    let part = CountedArguments {
        mechanism: member.profile.name.into(),
        variant: (*variant).into(),
        kind: kind.name().into(),
        size: *size,
        wait: wait.name().into(),
        cpus: Cpus::Pair(placement.ping, placement.pong),
        messages,
    };
    let mut command = helper_process::command(COUNTED, &part)?;
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = helper_process::spawn(&mut command)?;
    let counted = Counter::seize(&child).and_then(|mut counter| {
        drop(child.stdin.take().map(|mut stdin| stdin.write_all(b"g"))); // the process waits for that
        counter.run_out()
    });
    if counted.is_err() {
        let _ = child.kill(); // an error means that it has ended
        let _ = child.wait();
    }
    let [ping, pong] = counted.map_err(|errno| match errno {
        Errno::EPERM | Errno::EACCES => Error::Refused("this system forbids to trace a child".into()),
        errno => Err::<(), _>(errno).call("ptrace").expect_err("it is one"),
    })?;
    let played = case.timed(messages).count as f64;
    match (ping, pong) {
        (Some(ping), Some(pong)) => Ok([ping, pong].map(|calls| calls as f64 / played)),
        _ => Err(reason_of(child)),
    }
}

/// Returns the reason why a process to be counted ended before its exchange, in its own words.
fn reason_of(mut child: Child) -> Error {
    let mut said = String::new();
    let _ = child.stderr.take().map(|mut stderr| stderr.read_to_string(&mut said)); // an error means no output
    let reason = said.lines().last().and_then(|line| line.strip_prefix("error: "));
    reason.map_or(Error::Disconnected, |reason| Error::Refused(reason.into()))
}

/// A count of the calls of each thread of a process, and of its descendants.
struct Counter {
    tracer: Tracer,
    process: Pid,
    /// The calls of a thread since its exchange began; `None` outside one.
    threads: HashMap<Pid, Option<u64>>,
}

impl Counter {
    fn seize(child: &Child) -> nix::Result<Self> {
        let tracer = Tracer::seize_family(child.id())?;
        Ok(Self { tracer, process: Pid::from_raw(child.id() as i32), threads: HashMap::new() })
    }

    /// Lets the threads run until all have ended, and returns the calls of ping and of pong in their last exchange.
    fn run_out(&mut self) -> nix::Result<[Option<u64>; 2]> {
        let mut calls = [None, None];
        loop {
            match self.tracer.next_step()? {
                Step::Call(thread, call) => {
                    if let Some(counted) = self.count(thread, call.number) {
                        calls[usize::from(process_of(thread) != Some(self.process))] = Some(counted);
                    }
                }
                Step::Ended(status) => {
                    status.pid().map(|thread| self.threads.remove(&thread));
                }
                Step::NoneLeft => return Ok(calls),
            }
        }
    }

    /// Counts a call of a thread, and returns the calls of its exchange if it ends here.
    fn count(&mut self, thread: Pid, call: libc::c_long) -> Option<u64> {
        let since_start = self.threads.entry(thread).or_default();
        if call != libc::SYS_getrusage {
            *since_start = since_start.map(|calls| calls + 1);
            return None;
        }
        match since_start.take() {
            None => {
                *since_start = Some(0);
                None
            }
            // With the first `getrusage` came a reading of the thread's CPU-time clock, which is a call too.
            Some(calls) => Some(calls.saturating_sub(1)),
        }
    }
}

/// Returns the process to which a thread belongs.
fn process_of(thread: Pid) -> Option<Pid> {
    let process = proc::value(&format!("/proc/{thread}/status"), "Tgid:").ok()??;
    process.parse().ok().map(Pid::from_raw)
}

/// Plays one case, to be counted.
///
/// # Errors
/// As the exchange.
pub(crate) fn serve(invitation: &Invitation) -> Result<()> {
    let CountedArguments { mechanism, variant, kind, size, wait, cpus, messages } = invitation.argument()?;
    let member = member(&mechanism)?;
    let variant = member.variant(&variant)?.name;
    let case = Case::of(member, variant, kind.parse()?, size, wait.parse()?, Placement::resolve(cpus)?);
    std::io::stdin().read_exact(&mut [0]).call("read")?; // until the parent traces it
    let mut pair = sides::start(case)?;
    pair.play(case.verified())?;
    pair.play(Task { flush_every: case.flush_every, ..case.timed(messages).into() })?;
    pair.finish()
}
