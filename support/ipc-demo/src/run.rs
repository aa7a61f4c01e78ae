//! The three ways to run a demo, and the child process of the first.

use std::path::Path;

use ipc_core::{Deadline, Error, Mechanism, Result, Transport, Waiting, ownership};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::args::{self, Parsed};
use super::meeting;
use super::narrator::{self, Narrator, SHOWN};
use super::output::{print, tell};
use super::progress::Progress;
use super::silence::Watched;
use crate::cpus::{self, Cpus, Role};
use crate::exchange::{self, Pattern, Summary, Workload};
use crate::helper_process::{self, HelperProcess};

/// Round trips that are checked before the timed ones; they also warm up both processes.
const CHECKED: u64 = 100;

/// Runs both sides: this process plays ping, its child pong.
pub(super) fn both<M: Mechanism>(parsed: &Parsed, narrator: &Narrator<'_>) -> Result<()> {
    let (ping_cpu, pong_cpu) = (parsed.cpus.cpu(Role::Ping)?, parsed.cpus.cpu(Role::Pong)?);
    let mut meeting: M = create(None, parsed)?;
    let argument = parsed.for_pong(Cpus::Pair(ping_cpu, pong_cpu));
    let mut command = helper_process::command(args::PONG, &argument)?;
    meeting.invite(&mut command)?;
    let mut child = HelperProcess::spawn(command)?;
    narrator.title();
    let may_bind = cpus::may_bind()?;
    narrator.process(Role::Ping, "this one, the parent", std::process::id(), may_bind.then_some(ping_cpu));
    narrator.process(Role::Pong, "its child", child.pid(), may_bind.then_some(pong_cpu));
    narrator.object(&meeting.describe());
    let link = child.accept(&mut meeting, parsed.timeout)?;
    let facts = M::facts(&link);
    parsed.cpus.bind(Role::Ping)?;
    // A stopped child does not exit by itself. It is reaped only after the link is dropped, so its pid is still its
    // own.
    let pid = Pid::from_raw(child.pid().cast_signed());
    let kill_it = move || {
        let _ = kill(pid, Signal::SIGKILL);
    };
    let link = Watched::new(link, parsed.timeout, kill_it)?;
    let measured = measure(link, parsed, narrator, &facts, meeting.kept());
    drop(meeting);
    // Also after a failure: the child sees that we left, and may be the side that has to clean up.
    let status = child.wait()?;
    measured?;
    if status.success() { Ok(()) } else { Err(Error::Disconnected) }
}

/// Runs the child, which was given the parent's address.
pub(super) fn invited<M: Mechanism>(parsed: &Parsed, address: &str) -> Result<()> {
    parsed.cpus.bind(Role::Pong)?;
    let link = M::join(address, &parsed.setup::<M>(), parsed.timeout)?;
    let link = Watched::new(link, parsed.timeout, || {})?;
    exchange::pong(&mut Waiting::new(link, parsed.wait), |_| {}).map(drop)
}

/// Runs one side alone: makes the meeting point, prints how to join it, and answers the process that joins.
pub(super) fn pong<M: Mechanism>(
    parsed: &Parsed,
    address: Option<&str>,
    narrator: &Narrator<'_>,
) -> Result<()> {
    let cpu = parsed.cpus.bind(Role::Pong)?;
    let mut meeting: M = create(address, parsed)?;
    let announcement = meeting::announce::<M>(&meeting.address())?;
    narrator.title();
    narrator.process(Role::Pong, "this one", std::process::id(), cpu);
    narrator.object(&meeting.describe());
    narrator.say(&format!("  waiting up to {} s; type in another terminal:", parsed.timeout.as_secs_f64()));
    let command = other_command::<M>(parsed, "ping", &meeting.address());
    if parsed.json {
        tell(&command);
    } else {
        print(&format!("{command}\n"))?;
    }
    let link = meeting.accept(parsed.timeout).map_err(|error| match error {
        Error::TimedOut { waited, .. } => {
            Error::TimedOut { what: format!("no ping joined: type `{command}`"), waited }
        }
        other => other,
    })?;
    drop(announcement);
    narrator.say("  ping has joined");
    let facts = M::facts(&link);
    let link = Watched::new(link, parsed.timeout, || {})?;
    let served = exchange::pong(&mut Waiting::new(link, parsed.wait), |workload| {
        let Workload { size, count, .. } = workload;
        narrator.say(&format!("  ping requests {count} round trips of {size} bytes"));
    })?;
    narrator.say("  ping has left");
    if parsed.json {
        let mut document = serde_json::json!({
            "mechanism": M::PROFILE.name, "variant": parsed.variant, "address": meeting.address(),
            "wait": parsed.wait.name(), "cpus": parsed.cpus.to_string(), "answered": served.messages,
        });
        for (name, fact) in facts {
            document[name] = fact.into();
        }
        if let Some(path) = meeting.kept() {
            document["kept"] = path.display().to_string().into();
        }
        return print(&format!("{document:#}\n"));
    }
    let kept = narrator::kept_line(meeting.kept());
    print(&format!("{}: answered {} messages\n{kept}", narrator.heading(), served.messages))
}

/// Runs the other side alone: joins and measures.
pub(super) fn ping<M: Mechanism>(
    parsed: &Parsed,
    address: Option<&str>,
    narrator: &Narrator<'_>,
) -> Result<()> {
    let cpu = parsed.cpus.bind(Role::Ping)?;
    let deadline = Deadline::after(parsed.timeout);
    narrator.title();
    narrator.process(Role::Ping, "this one", std::process::id(), cpu);
    let patience = format!("waiting up to {} s", parsed.timeout.as_secs_f64());
    let found = if let Some(address) = address {
        address.to_owned()
    } else {
        narrator.say(&format!("  looking for a waiting pong, {patience}"));
        meeting::find::<M>(parsed)?
    };
    narrator.say(&format!("  joining at {found}, {patience}"));
    let joined = M::join(&found, &parsed.setup::<M>(), deadline.left(parsed.timeout));
    let link = joined.map_err(|error| match error {
        Error::TimedOut { what, waited } => {
            let command = other_command::<M>(parsed, "pong", &found);
            Error::TimedOut { what: format!("{what}: is `{command}` running?"), waited }
        }
        other => other,
    })?;
    let facts = M::facts(&link);
    measure(Watched::new(link, parsed.timeout, || {})?, parsed, narrator, &facts, None)
}

/// Makes the meeting point; a signal waits until all of it is noted for removal.
fn create<M: Mechanism>(address: Option<&str>, parsed: &Parsed) -> Result<M> {
    let _guard = ownership::CreationGuard::new();
    M::create(address, &parsed.setup::<M>())
}

/// Returns the command for the other terminal, with the program named as it was called here.
fn other_command<M: Mechanism>(parsed: &Parsed, command: &str, address: &str) -> String {
    let program = std::env::args_os().next().and_then(|program| program.into_string().ok());
    let program = quoted(&program.unwrap_or_else(|| format!("ipc-{}", M::PROFILE.name)));
    let address = quoted(address);
    let variant = parsed.variant;
    let mut words = vec![program, command.to_owned(), address];
    words.extend(M::options_to_join().iter().map(|word| quoted(word)));
    if !parsed.is_default_variant {
        words.extend(["--variant".to_owned(), variant.to_owned()]);
    }
    words.join(" ")
}

/// Quotes a word of a command line for a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+:,@%=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Plays ping: first the checked round trips, then the timed ones; prints the result, and what is `kept` afterwards.
fn measure(
    link: impl Transport,
    parsed: &Parsed,
    narrator: &Narrator<'_>,
    facts: &[(&'static str, String)],
    kept: Option<&Path>,
) -> Result<()> {
    let Parsed { count, size, wait, .. } = *parsed;
    let mut link = Waiting::new(link, wait);
    let workload = Workload { pattern: Pattern::RoundTrip, verify: true, size, count: count.min(CHECKED) };
    exchange::ping(&mut link, &workload, |round, elapsed| narrator.round(round, elapsed))?;
    if workload.count > SHOWN {
        narrator.say("  ...");
    }
    narrator.about_to_measure(workload.count);
    let mut progress = Progress::of(count);
    let timed = Workload { verify: false, count, ..workload };
    let times = exchange::ping(&mut link, &timed, |round, time| progress.reached(round + 1, time))?;
    drop(progress); // its line gives way to the result
    narrator.result(&Summary::from(&times), workload.count, facts, kept)
}
