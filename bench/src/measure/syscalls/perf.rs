//! Counting by `perf_event_open(2)`: the kernel counts while the processes run undisturbed, so polling can be counted
//! too. This requires a tracepoint, and the permission to count events in the kernel.

use std::fs;

use ipc_core::{Call, Error, Result, Wait};
use nix::errno::Errno;
use nix::unistd::{Pid, gettid};
use perf_event::events::Tracepoint;
use perf_event::{Builder, Counter};

use crate::measure::sides;
use crate::measure::task::Task;
use crate::results::case::Case;

/// The possible directories of the tracepoints: a file system that root mounts at either place.
const TRACEFS: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

/// Returns the number of the tracepoint that each system call passes on entry, if this process may count it.
pub(super) fn sys_enter() -> Option<u64> {
    let id = TRACEFS.iter().find_map(|place| {
        let text = fs::read_to_string(format!("{place}/events/raw_syscalls/sys_enter/id")).ok()?;
        text.trim().parse().ok()
    })?;
    counter(id, gettid()).is_ok().then_some(id)
}

/// Counts the calls of an exchange. Where both sides block, the calls of a shorter exchange are subtracted: beginning
/// and ending take the same calls in both, so the rest are those of the messages. A poller makes more or fewer calls
/// while the other side begins, so there nothing is subtracted: the calls are divided among many messages.
pub(super) fn count(case: &Case, sys_enter: u64, messages: u64) -> Result<[f64; 2]> {
    let mut pair = sides::start(*case)?;
    let (ping, pong) = (pair.ping(), pair.peer().ok_or(Error::Disconnected)?);
    let mut counters = [counter(sys_enter, ping)?, counter(sys_enter, pong)?];
    let mut of = |number: u64| -> Result<(f64, [u64; 2])> {
        let order = case.timed(number);
        let task = Task { flush_every: case.flush_every, ..order.into() };
        let before = read(&mut counters)?;
        pair.play(task)?;
        let after = read(&mut counters)?;
        Ok((order.count as f64, [after[0] - before[0], after[1] - before[1]]))
    };
    of(messages)?; // warms up
    let (few, calls_of_few) = if case.wait == Wait::Block { of(messages)? } else { (0.0, [0, 0]) };
    let (many, calls_of_many) = of(5 * messages)?;
    pair.finish()?;
    let of_one = |side: usize| (calls_of_many[side] as f64 - calls_of_few[side] as f64) / (many - few);
    Ok([of_one(0).max(0.0), of_one(1).max(0.0)])
}

/// Starts to count the system calls of one thread.
fn counter(sys_enter: u64, thread: Pid) -> Result<Counter> {
    let mut builder = Builder::new(Tracepoint::with_id(sys_enter));
    builder.observe_pid(thread.as_raw()).any_cpu().exclude_kernel(false).exclude_hv(false);
    let counter = builder.build().and_then(|mut counter| counter.enable().map(|()| counter));
    counter.map_err(|error| errno(&error)).call("perf_event_open")
}

fn read(counters: &mut [Counter; 2]) -> Result<[u64; 2]> {
    let [ping, pong] = counters.each_mut().map(|counter| counter.read().map_err(|error| errno(&error)));
    Ok([ping.call("read")?, pong.call("read")?])
}

fn errno(error: &std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(libc::EIO))
}
