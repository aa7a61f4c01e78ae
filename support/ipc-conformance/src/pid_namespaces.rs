//! The demo in two pid namespaces, as in two containers that share IPC, `/dev/shm` or a volume: the end of a peer whose
//! pid means nothing here.

use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use nix::unistd::geteuid;
use tempfile::TempDir;

use super::demo::Demo;
use super::pong::Pong;
use super::remains::nothing_left;
use super::{Outcome, PidNamespaces, ensure, namespaces, run, skipped};

/// The place where one side runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the namespaces of the test.
    Here,
    /// In its own pid namespace, with the `/proc` of the test, where its pids are different.
    SharedProc,
    /// In its own pid namespace, with its own `/proc`.
    PrivateProc,
}

use Place::{Here, PrivateProc, SharedProc};

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Here => "the test's pid namespace",
            SharedProc => "its own",
            PrivateProc => "its own with a /proc",
        })
    }
}

impl Place {
    /// Returns the command that runs there. Killing `unshare` kills it, too.
    fn command(self, command: &Command) -> Option<Command> {
        let options: &[&str] = match self {
            Here => &[],
            SharedProc => &["--pid", "--fork", "--kill-child"],
            PrivateProc => &["--pid", "--fork", "--kill-child", "--mount-proc"],
        };
        let mut there = if self == Here {
            Command::new(command.get_program())
        } else {
            let mut there = namespaces::unshared(options)?;
            there.arg(command.get_program());
            there
        };
        there.args(command.get_args());
        there.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Some(there)
    }
}

/// The time within which a killed peer must be noticed, once in three tries: a loaded machine may be slow.
const PROMISE: Duration = Duration::from_secs(1);
const ATTEMPTS: usize = 3;

/// The places of pong and ping.
const PLACES: [(Place, Place); 6] = [
    (SharedProc, Here),
    (PrivateProc, Here),
    (Here, SharedProc),
    (Here, PrivateProc),
    (SharedProc, SharedProc),
    (PrivateProc, PrivateProc),
];

/// Either side elsewhere, and both, with either killed: the other one notices, or ping is refused with an error that
/// names the namespace.
pub(super) fn trials(demo: Demo) -> Vec<Trial> {
    let cases = PLACES.iter().flat_map(|&at| ["pong", "ping"].map(|victim| (at, victim)));
    let trial = |(at, victim): ((Place, Place), &'static str)| {
        let (pong, ping) = at;
        let name = format!("{victim} killed with pong in {pong}, ping in {ping} is noticed or refused");
        demo.trial(&name, move |demo, place| play(demo, place, at, victim))
    };
    cases.map(trial).collect()
}

fn play(demo: Demo, place: &TempDir, at: (Place, Place), victim: &str) -> Outcome {
    if !geteuid().is_root() || SharedProc.command(&Command::new("true")).is_none() {
        skipped("two pid namespaces with one user need root and unshare(1)");
        return Ok(());
    }
    let mut times = Vec::new();
    while times.len() < ATTEMPTS && times.last().is_none_or(|took| *took > PROMISE) {
        times.push(killed(demo, place, at, victim)?);
    }
    ensure!(times.last().is_some_and(|took| *took <= PROMISE), "noticed only after {times:?}");
    Ok(())
}

/// Starts both, kills the victim, and returns the time that the other took to end.
fn killed(demo: Demo, place: &TempDir, at: (Place, Place), victim: &str) -> Result<Duration, Failed> {
    let there =
        |at: Place, args: &[&str]| at.command(&demo.command(place, args)).expect("it was possible before");
    let mut pong = Pong::spawn(there(at.0, &["pong"]))?;
    let address = pong.address().to_owned();
    let mut ping = there(at.1, &["ping", &address, "--count", "1000000000", "--timeout", "5"]);
    let mut ping = ping.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
    let mut story = BufReader::new(ping.stderr.take().expect("it is piped"));
    let mut told = String::new();
    while !told.contains("  now ") && story.read_line(&mut told)? > 0 {}
    if !told.contains("  now ") {
        ping.wait()?;
        refused(demo, place, at, &mut pong, &told)?;
        return Ok(Duration::ZERO);
    }
    let (killed, survivor): (&mut Child, &mut Child) =
        if victim == "pong" { (&mut *pong.child, &mut ping) } else { (&mut ping, &mut *pong.child) };
    let started = Instant::now();
    killed.kill()?;
    killed.wait()?;
    let status = survivor.wait()?;
    let took = started.elapsed();
    ensure_err(!status.success() || victim == "ping", || format!("the survivor ended with {status}"))?;
    swept_clean(demo, place, &address)?;
    Ok(took)
}

/// Returns whether `ping` may be refused there, and has said why; checks that it has left the place free.
fn refused(demo: Demo, place: &TempDir, at: (Place, Place), pong: &mut Pong, told: &str) -> Outcome {
    let share_proc = at.0 != PrivateProc && at.1 != PrivateProc;
    let may_be = match demo.pid_namespaces() {
        PidNamespaces::Same => true,
        PidNamespaces::SameProc => !share_proc,
        PidNamespaces::Any => false,
    };
    ensure!(may_be && told.contains("pid:["), "ping ended at once: {told}");
    if at.0 == Here {
        let (status, _, stderr) = run(&mut demo.command(place, &["ping", pong.address(), "--count", "5"]))?;
        ensure!(status == Some(0), "after the refusal, a ping with pong: {stderr}");
        ensure!(pong.child.wait()?.success(), "pong failed after the refusal");
    }
    let _ = pong.child.kill();
    let _ = pong.child.wait();
    swept_clean(demo, place, pong.address())
}

/// Returns whether the next `create` leaves nothing. The kernel may still be ending a namespace whose first process was
/// killed.
fn swept_clean(demo: Demo, place: &TempDir, address: &str) -> Outcome {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        demo.run(place, &["pong", "--timeout", "0.01"])?;
        match nothing_left(place.path(), address) {
            Err(_) if Instant::now() < deadline => {}
            outcome => return outcome,
        }
    }
}

fn ensure_err(holds: bool, reason: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(reason().into()) }
}
