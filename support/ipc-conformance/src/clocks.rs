//! Contract 5: no wait depends on the wall clock, which can be set back meanwhile.
//!
//! A test may not set the machine's clock. So the peer waits in every possible way, and this side checks with ptrace(2)
//! each system call that it makes: none takes an absolute time of `CLOCK_REALTIME`.

use std::thread;
use std::time::Duration;

use ipc_core::trace::{Step, SystemCall};
use ipc_core::{Error, Mechanism, Result, Sender, Transport};
use libtest_mimic::Trial;
use nix::sys::ptrace;
use nix::unistd::Pid;

use super::{Bench, Outcome, calls, ensure};

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
    let Some(mut tracer) = calls::seize(peer.pid())? else { return Ok(()) };
    let mut wrong = Vec::new();
    thread::scope(|scope| -> Outcome {
        scope.spawn(move || {
            let _ = link.send(b"go");
            thread::sleep(LONG);
            drop(link);
        });
        while let Step::Call(thread, call) = tracer.next_step()? {
            wrong.extend(wall_clock(thread, call));
        }
        Ok(())
    })?;
    ensure!(wrong.is_empty(), "by CLOCK_REALTIME: {wrong:?}");
    Ok(())
}

/// Returns the name of a system call that waits for a time of the wall clock.
fn wall_clock(thread: Pid, call: SystemCall) -> Option<&'static str> {
    let SystemCall { number, args, .. } = call;
    let word = |at: u64| ptrace::read(thread, at as ptrace::AddressType).unwrap_or(1);
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
