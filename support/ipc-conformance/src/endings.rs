//! Contract 4: a peer that closes, and a peer that is killed, seen from either side.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::{Call, Deadline, Error, Mechanism, Receiver, Result, Sender, Transport, Waiting, poll_for};
use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::messages::{Hail, HandOver};
use super::scripts::{self, OWNER, REPORT, check_numbered, numbered};
use super::watchdog::{Killed, PATIENCE};
use super::{Bench, Outcome, ensure};

/// The promise: a killed peer is noticed within a second.
const PROMISE: Duration = Duration::from_secs(1);
/// The number of misses before the promise counts as broken: other processes can take the CPU for a while.
const ATTEMPTS: usize = 3;
/// A counter that has not changed for this long belongs to a blocked thread.
const STANDSTILL: Duration = Duration::from_millis(200);

pub(super) fn trials<M: Mechanism + 'static>(bench: Bench<M>) -> Vec<Trial> {
    vec![
        bench.trial("a peer that closes is heard to the end", peer_closes),
        bench.trial("closing loses nothing that was sent", |bench| we_close(bench, HandOver::Send)),
        bench.trial("sending to a peer that left ends", send_after_close),
        bench.trial("a peer that is gone is told to one that polls", told_to_a_poller),
        bench.trial("a peer killed while we receive is noticed", |bench| {
            promptly(|| killed_while(bench, false, recv))
        }),
        bench.trial("a peer killed while we send is noticed", |bench| {
            promptly(|| killed_while(bench, false, |link| link.send(&[7; 1024]).map(|()| true)))
        }),
        bench.trial("a peer killed under a hail of signals is noticed", |bench| {
            promptly(|| killed_while(bench, true, recv))?;
            promptly(|| killed_while(bench, true, |link| link.send(&[7; 1024]).map(|()| true)))
        }),
        bench.trial("an owner killed while its joiner receives is noticed", |bench| {
            promptly(|| owner_killed(bench, "idle/wait"))
        }),
        bench.trial("an owner killed while its joiner sends is noticed", |bench| {
            promptly(|| owner_killed(bench, "idle/fill"))
        }),
    ]
}

/// Lets the peer send twenty messages and leave, with messages of ours unread.
fn peer_closes<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, mut peer) = bench.meet("emit 20")?;
    for number in 0..5 {
        match link.try_send(&numbered(number)) {
            Err(Error::Disconnected) | Ok(None) => break, // it may have left already, or there is no more room
            sent => sent?,
        };
    }
    for number in 0..20 {
        check_numbered(&mut link, number)?;
    }
    peer.wait()?;
    for attempt in 0..2 {
        let end = link.recv(&mut [0; 400]);
        ensure!(matches!(end, Err(Error::Disconnected)), "receive {attempt} after the end: {end:?}");
        let end = link.try_recv(&mut [0; 400]);
        ensure!(matches!(end, Err(Error::Disconnected)), "try_recv {attempt} after the end: {end:?}");
    }
    Ok(())
}

/// Polls without a call that waits: the last message is returned first; then `try_recv` reports a peer that left, and
/// `try_recv` or the check of the peer reports one that was killed.
fn told_to_a_poller<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    for (script, is_killed) in [("emit 3", false), ("emit-and-stay 3", true)] {
        let (mut link, mut peer) = bench.meet(script)?;
        check_numbered(&mut link, 0)?;
        check_numbered(&mut link, 1)?;
        let last = link.recv(&mut []); // it is there, and kept
        ensure!(matches!(last, Err(Error::BufferTooSmall { .. })), "the last message: {last:?}");
        if is_killed {
            peer.kill();
        }
        peer.wait()?;
        let mut buffer = [0; 400];
        let len = link.try_recv(&mut buffer)?;
        ensure!(len.is_some_and(|len| buffer[..len] == numbered(2)), "the last message: {len:?}");
        // TCP takes a moment to report that the peer is gone.
        let deadline = Deadline::after(PATIENCE);
        let told = loop {
            match link.try_recv(&mut buffer) {
                Ok(None) if is_killed && link.check_sender().is_err() => break link.check_sender(),
                Ok(None) if !deadline.has_passed() => thread::yield_now(),
                end => break end.map(drop),
            }
        };
        ensure!(matches!(told, Err(Error::Disconnected)), "{script}: polled for {PATIENCE:?}, told {told:?}");
    }
    Ok(())
}

pub(super) fn we_close<M: Mechanism + 'static>(bench: Bench<M>, hand_over: HandOver) -> Outcome {
    let (mut link, mut peer) = bench.meet("collect-to-end 20")?;
    for number in 0..20 {
        hand_over.call(&mut link, &numbered(number))?;
    }
    drop(link);
    let status = peer.wait()?;
    ensure!(status.success(), "the peer missed something: {status}");
    Ok(())
}

fn send_after_close<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, mut peer) = bench.meet("emit 0")?;
    peer.wait()?;
    // The first messages may vanish in the medium's buffer, but no medium has room without end.
    for _ in 0..100_000 {
        match link.send(&[1; 1024]) {
            Ok(()) => {}
            Err(Error::Disconnected) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
    Err("100 MB went to a peer that had left".into())
}

/// Runs an attempt that measures how soon a kill was noticed, more than once if necessary.
pub(super) fn promptly(
    attempt: impl Fn() -> std::result::Result<Duration, libtest_mimic::Failed>,
) -> Outcome {
    let mut times = Vec::new();
    while times.len() < ATTEMPTS {
        let took = attempt()?;
        if took <= PROMISE {
            return Ok(());
        }
        times.push(took);
    }
    Err(format!("noticed only after {times:?}").into())
}

fn recv(link: &mut impl Transport) -> Result<bool> {
    link.recv(&mut [0; 400]).map(|_| true)
}

/// Repeats `call`, which returns whether it made progress, and kills the peer once it no longer does.
pub(super) fn killed_while<M: Mechanism + 'static>(
    bench: Bench<M>,
    under_signals: bool,
    call: impl Fn(&mut Waiting<M::Link>) -> Result<bool> + Sync,
) -> std::result::Result<Duration, libtest_mimic::Failed> {
    let (mut link, mut peer) = bench.meet("idle")?;
    let progress = AtomicU64::new(0);
    thread::scope(|scope| {
        let blocked = scope.spawn(|| -> Result<Instant> {
            let _hail = under_signals.then(Hail::on_this_thread).transpose()?;
            loop {
                match call(&mut link) {
                    Ok(got_on) => progress.fetch_add(got_on.into(), Ordering::Relaxed),
                    Err(Error::Disconnected) => return Ok(Instant::now()),
                    Err(error) => return Err(error),
                };
            }
        });
        wait_for_standstill(&progress);
        let killed = Instant::now();
        peer.kill();
        let noticed = blocked.join().map_err(|_| "the blocked side panicked")??;
        Ok(noticed.duration_since(killed))
    })
}

pub(super) fn wait_for_standstill(progress: &AtomicU64) {
    let mut last = progress.load(Ordering::Relaxed);
    loop {
        thread::sleep(STANDSTILL);
        let now = progress.load(Ordering::Relaxed);
        if now == last {
            return;
        }
        last = now;
    }
}

/// Kills an owner whose joiner is a process of its own, too.
fn owner_killed<M: Mechanism + 'static>(
    bench: Bench<M>,
    script: &str,
) -> std::result::Result<Duration, libtest_mimic::Failed> {
    let place = tempfile::tempdir().call("mkdir")?;
    let mut pair = Pair::start(bench, script, place.path())?;
    thread::sleep(STANDSTILL * 2); // time for the joiner to block; too short only makes the case easier
    let killed = Instant::now();
    kill(pair.owner_pid(), Signal::SIGKILL).call("kill")?;
    let report = pair.joiner_report()?;
    let took = killed.elapsed();
    ensure!(report == "Ok(())", "the joiner ended with {report}");
    Ok(took)
}

/// An owner process, with a joiner that it spawned, and their own directory for temporary files.
pub(super) struct Pair {
    owner: Killed,
    pub(super) joiner: Pid,
    pub(super) address: String,
    report: std::path::PathBuf,
}

impl Pair {
    pub(super) fn start<M: Mechanism>(
        bench: Bench<M>,
        script: &str,
        place: &std::path::Path,
    ) -> Result<Self> {
        let report = place.join("report");
        let temporary = place.join("tmp");
        std::fs::create_dir_all(&temporary).call("mkdir")?;
        let mut command = scripts::command::<M>(OWNER, bench.wait, script);
        command.env("TMPDIR", &temporary).env(REPORT, &report).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut owner = command.spawn().call("execve").map(Killed)?;
        let mut line = String::new();
        let stdout = owner.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).call("read")?;
        let mut words = line.trim().splitn(3, ' ').skip(1);
        let joiner = words.next().and_then(|pid| pid.parse().ok()).ok_or(Error::Disconnected)?;
        let address = words.next().unwrap_or_default().to_owned();
        Ok(Self { owner, joiner: Pid::from_raw(joiner), address, report })
    }

    pub(super) fn owner_pid(&self) -> Pid {
        Pid::from_raw(self.owner.id() as i32)
    }

    /// Waits for the owner to exit.
    pub(super) fn wait_for_owner(&mut self) -> Result<std::process::ExitStatus> {
        self.owner.wait().call("waitpid")
    }

    /// Waits for the joiner to report how its script ended.
    pub(super) fn joiner_report(&mut self) -> Result<String> {
        let path = self.report.with_extension(scripts::JOINER);
        let report = || Ok(std::fs::read_to_string(&path).ok().filter(|text| !text.is_empty()));
        poll_for(PATIENCE, || "the joiner says nothing".into(), report)
    }
}
