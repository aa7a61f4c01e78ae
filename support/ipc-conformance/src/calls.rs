//! The number of system calls per message, counted with ptrace.
//!
//! The peer plays the script `counted`: it receives a message, sends it back, and makes a call that no other code
//! makes, [`MARK`], before and after each of the two. This side stops it with ptrace(2) at every system call. At a
//! mark, this side lets the message arrive, or takes the answer, while the peer is stopped: so the message is always
//! there when the peer asks for it, and there is always room when it sends, whatever the wait strategy. That also makes
//! the count repeatable: it is the count of a busy peer.

use ipc_core::trace::{Step, Tracer};
use ipc_core::{Call, Error, Mechanism, Receiver, Sender, Transport};
use libtest_mimic::{Failed, Trial};
use nix::errno::Errno;

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
    let Some(mut tracer) = seize(peer.pid())? else { return Ok(()) };
    link.send(b"go")?;
    to_mark(&mut tracer)?;
    for size in SIZES {
        let (mut sends, mut receives) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            link.send(&vec![5; size])?;
            receives.push(to_mark(&mut tracer)?);
            sends.push(to_mark(&mut tracer)?);
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

/// Stops a process of the peer's to trace it; `None`, and a note, where this system does not allow that.
pub(super) fn seize(pid: u32) -> ipc_core::Result<Option<Tracer>> {
    match Tracer::seize(pid) {
        Err(Errno::EPERM) => {
            skipped("this system forbids to trace another process");
            Ok(None)
        }
        tracer => tracer.call("ptrace").map(Some),
    }
}

/// Lets the peer run to the next [`MARK`], and returns the number of other system calls that it made on the way.
pub(super) fn to_mark(tracer: &mut Tracer) -> Result<usize, Failed> {
    let mut calls = 0;
    loop {
        match tracer.next_step()? {
            Step::Call(_, call) if call.number == MARK => return Ok(calls),
            Step::Call(..) => calls += 1,
            end => return Err(format!("the peer ended: {end:?}").into()),
        }
    }
}
