//! Contract 4: all that a peer sent before its end is received, also what it sent between our last look at the medium
//! and the check that finds the peer dead.
//!
//! No sleep can hit that moment. So the receiver is stopped with ptrace(2) at one system call after another of its
//! wait, and while it is stopped, its peer, which was stopped until then, sends its last message and is killed.

use std::fs::File;
use std::path::Path;
use std::thread;
use std::time::Duration;

use ipc_core::trace::Step;
use ipc_core::{Call, Deadline, Error, Mechanism, Result, Transport};
use libtest_mimic::{Failed, Trial};
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::endings::Pair;
use super::scripts::{REPORT, disconnected};
use super::watchdog::PATIENCE;
use super::{Bench, Outcome, calls, ensure};

/// The scripts of the sender and of the receiver.
pub(super) const LAST_WORD: &str = "last-word";
pub(super) const HEARER: &str = "hearer";

const MESSAGE: &[u8] = b"my last word";

/// The number of system calls of the wait to try: more than one round of any wait has.
const CALLS: usize = 5;

/// A wait that makes no further call for this long makes none: longer than any sleep between two checks of the peer.
/// Too short only makes the case easier.
const QUIET: Duration = Duration::from_millis(250);

pub(super) fn trial<M: Mechanism + 'static>(bench: Bench<M>) -> Trial {
    bench.trial("a killed peer's last word is heard, whenever it falls", |bench| {
        for call in 1..=CALLS {
            if !heard_at(bench, call)? {
                break;
            }
        }
        Ok(())
    })
}

/// Sends the last message when the receiver is about to make its `call`th system call; `false` if it makes fewer.
fn heard_at<M: Mechanism + 'static>(bench: Bench<M>, call: usize) -> std::result::Result<bool, Failed> {
    let place = tempfile::tempdir().call("mkdir")?;
    let mut pair = Pair::start(bench, &format!("{LAST_WORD}/{HEARER}"), place.path())?;
    wait_until_stopped(pair.owner_pid())?;
    let Some(mut hearer) = calls::seize(pair.joiner.as_raw() as u32)? else { return Ok(false) };
    File::create(go(&place.path().join("report"))).call("open")?;
    calls::to_mark(&mut hearer)?;
    let mut made = 0;
    while made < call
        && let Some(step) = hearer.next_step_within(QUIET)?
    {
        ensure!(matches!(step, Step::Call(..)), "the receiver ended: {step:?}");
        made += 1;
    }
    kill(pair.owner_pid(), Signal::SIGCONT).call("kill")?;
    pair.wait_for_owner()?;
    drop(hearer);
    let report = pair.joiner_report()?;
    ensure!(report == "Ok(())", "sent just before system call {call} of the wait: {report}");
    Ok(made == call)
}

fn wait_until_stopped(pid: Pid) -> Outcome {
    let deadline = Deadline::after(PATIENCE);
    while waitpid(pid, Some(WaitPidFlag::WUNTRACED | WaitPidFlag::WNOHANG))? == WaitStatus::StillAlive {
        ensure!(!deadline.has_passed(), "the peer has not stopped after {PATIENCE:?}");
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

/// Plays the sender: stops, and once resumed, sends a message and is killed.
pub(super) fn say(link: &mut impl Transport) -> Result<()> {
    raise(Signal::SIGSTOP).call("raise")?;
    link.send(MESSAGE)?;
    raise(Signal::SIGKILL).call("raise")
}

/// Plays the receiver: gets the message, and then the end.
pub(super) fn hear(link: &mut impl Transport, buffer: &mut [u8]) -> Result<()> {
    let go = go(Path::new(&std::env::var_os(REPORT).expect("the case has set it")));
    while !go.exists() {
        thread::sleep(Duration::from_millis(1));
    }
    nix::unistd::getppid(); // the mark
    let len = link.recv(buffer)?;
    if &buffer[..len] != MESSAGE {
        return Err(Error::Corrupt("another message than was sent"));
    }
    disconnected(link.recv(buffer))
}

/// Returns the file that lets the receiver go on.
fn go(report: &Path) -> std::path::PathBuf {
    report.with_extension("go")
}
