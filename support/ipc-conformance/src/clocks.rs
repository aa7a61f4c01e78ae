//! Contract 5: no wait depends on the wall clock, which can be set back meanwhile.
//!
//! A test may not set the machine's clock. So the peer waits in every possible way, and this side checks with ptrace(2)
//! each system call that it makes: none takes an absolute time of `CLOCK_REALTIME`.

use std::thread;
use std::time::Duration;

use ipc_core::{Call, Error, Mechanism, Result, Transport};
use libtest_mimic::{Failed, Trial};
use nix::errno::Errno;
use nix::sys::ptrace;
use nix::sys::signal::Signal;
use nix::sys::wait::WaitStatus;

use super::calls::{Traced, wait_for};
use super::{Bench, Outcome, ensure, skipped};

/// The script of the peer.
pub(super) const CLOCKS: &str = "clocks";

/// The time that the peer waits before this side leaves: enough for all of its waits.
const LONG: Duration = Duration::from_secs(1);

pub(super) fn trial<M: Mechanism + 'static>(bench: Bench<M>) -> Trial {
    bench.trial("no wait goes by the wall clock", |bench| {
        let [receiving, sending] = [0, 1].map(|way| format!("{CLOCKS} {way}"));
        by_no_wall_clock(bench, &receiving)?;
        by_no_wall_clock(bench, &sending)
    })
}

fn by_no_wall_clock<M: Mechanism + 'static>(bench: Bench<M>, script: &str) -> Outcome {
    let (mut link, peer) = bench.meet(script)?;
    let traced = match Traced::seize(peer.pid()) {
        Err(Errno::EPERM) => {
            skipped("this system forbids to trace a child");
            return Ok(());
        }
        traced => traced.call("ptrace")?,
    };
    let mut wrong = Vec::new();
    thread::scope(|scope| {
        scope.spawn(move || {
            let _ = link.send(b"go");
            thread::sleep(LONG);
            drop(link);
        });
        traced.to_end(|number, args| wrong.extend(wall_clock(&traced, number, args)))
    })?;
    ensure!(wrong.is_empty(), "by CLOCK_REALTIME: {wrong:?}");
    Ok(())
}

/// Returns the name of a system call that waits for a time of the wall clock.
fn wall_clock(traced: &Traced, number: libc::c_long, args: [u64; 6]) -> Option<&'static str> {
    let word = |at: u64| ptrace::read(traced.0, at as ptrace::AddressType).unwrap_or(1);
    let until = args[4]; // of a POSIX queue call: null, or a past time, is no wait until then
    let moment = || until != 0 && (word(until), word(until + size_of::<i64>() as u64)) != (0, 0);
    let sleeps_until = [libc::CLOCK_REALTIME as u64, libc::TIMER_ABSTIME as u64];
    match number {
        libc::SYS_mq_timedsend if moment() => Some("mq_timedsend"),
        libc::SYS_mq_timedreceive if moment() => Some("mq_timedreceive"),
        libc::SYS_futex if args[1] as libc::c_int & libc::FUTEX_CLOCK_REALTIME != 0 => Some("futex"),
        libc::SYS_clock_nanosleep if args[..2] == sleeps_until => Some("clock_nanosleep"),
        _ => None,
    }
}

/// Plays the peer: waits with and without a timeout, to receive (`way` 0) or to send, until the other side leaves.
pub(super) fn waits(link: &mut impl Transport, way: u64, buffer: &mut [u8]) -> Result<()> {
    link.recv(buffer)?;
    link.recv_timeout(buffer, Duration::from_millis(150))?;
    while link.send_timeout(&[7; 1024], Duration::from_millis(150))?.is_some() {}
    loop {
        let end = if way == 0 { link.recv(buffer).map(drop) } else { link.send(&[7; 1024]) };
        match end {
            Err(Error::Disconnected) => return Ok(()),
            end => end?,
        }
    }
}

impl Traced {
    /// Lets the child run to its end, and calls `on_call` for each system call that it is about to make.
    fn to_end(&self, mut on_call: impl FnMut(libc::c_long, [u64; 6])) -> std::result::Result<(), Failed> {
        let mut signal: Option<Signal> = None;
        loop {
            ptrace::syscall(self.0, signal.take())?;
            match wait_for(self.0)? {
                WaitStatus::PtraceSyscall(_) => {
                    if let Some((number, args)) = ipc_core::process::entered_call(self.0)? {
                        on_call(number, args);
                    }
                }
                WaitStatus::Stopped(_, sent) => signal = Some(sent),
                WaitStatus::PtraceEvent(..) => {}
                _ => return Ok(()),
            }
        }
    }
}
