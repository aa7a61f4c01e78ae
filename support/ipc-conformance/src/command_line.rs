//! The demo on a command line or in a script: results, exit statuses, bad input.

use std::fs::File;
use std::io::Read as _;
use std::process::Stdio;

use ipc_core::Wait;
use ipc_demo::cpus::{Cpus, Role};
use libtest_mimic::{Failed, Trial};
use nix::pty::{OpenptyResult, openpty};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use super::demo::{Demo, check_document, ends_by, until_it_measures};
use super::remains::{nothing_left, nothing_left_soon};
use super::{Outcome, ensure, run};

pub(super) fn trials(demo: Demo) -> Vec<Trial> {
    let mut trials = vec![demo.trial("every strategy plays", every_strategy)];
    if demo.is_default() {
        trials.extend([
            demo.trial("prints one JSON document", json),
            demo.trial("tells what happens and prints percentiles", narrates),
            demo.trial("refuses bad input in one line", bad_input),
            demo.trial("has help in two lengths, manual pages and completions", help),
            demo.trial("tells when standard output takes nothing", full_output),
            demo.trial("minds neither a closed standard error nor a timeout without end", odd_surroundings),
            demo.trial("leaves nothing after Ctrl-C in the middle", interrupted),
            demo.trial("shows on a terminal how far a long run is", progress),
        ]);
    }
    if !demo.has_two_terminals() {
        trials.push(demo.trial("has no two terminals and says why", no_terminals));
    }
    trials
}

fn json(demo: Demo, place: &TempDir) -> Outcome {
    let (status, stdout, stderr) = demo.run(place, &["--count", "50", "--size", "1K", "--json"])?;
    ensure!(status == Some(0), "status {status:?}: {stderr}");
    ensure!(stderr.is_empty(), "beside the document it says: {stderr}");
    check_document(demo, &stdout, 50, 1024)?;
    nothing_left(place.path(), "")
}

fn narrates(demo: Demo, place: &TempDir) -> Outcome {
    let (status, stdout, stderr) = demo.run(place, &["--count", "20"])?;
    ensure!(status == Some(0), "status {status:?}: {stderr}");
    for word in ["ping", "pong", "process", "object", "round trip 1"] {
        ensure!(stderr.contains(word), "no '{word}' in the story: {stderr}");
    }
    for word in [", variant ", ": 20 round trips of 64 bytes", "wait block", "p50", "p99.9", "max"] {
        ensure!(stdout.contains(word), "no '{word}' in the result: {stdout}");
    }
    Ok(())
}

fn every_strategy(demo: Demo, place: &TempDir) -> Outcome {
    let first = Cpus::Same.cpu(Role::Ping)?; // one that this process may use, which need not be number 0
    for wait in Wait::ALL {
        for cpus in ["same", &format!("{first},{first}")] {
            let mut args = vec!["--count", "10", "--wait", wait.name(), "--cpus", cpus];
            if demo.is_default() {
                args.extend(["--variant", demo.variant()]); // the others are always named
            }
            let (status, stdout, stderr) = demo.run(place, &args)?;
            ensure!(status == Some(0), "{args:?}: status {status:?}: {stderr}");
            let heading = format!("{}, variant {}: 10 round trips", demo.title(), demo.variant());
            ensure!(stdout.starts_with(&heading), "{args:?}: not '{heading}': {stdout}");
        }
    }
    nothing_left(place.path(), "")
}

fn bad_input(demo: Demo, place: &TempDir) -> Outcome {
    let cases: [(&[&str], &str); 22] = [
        (&["--size"], "a value is required for '--size <BYTES>'"),
        (&["--size", ""], "expected a length"),
        (&["--size", "é"], "expected a length"),
        (&["--count", "5", "--count", "6"], "cannot be used multiple times"),
        (&["--count="], "expected a whole number"),
        (&["--cont", "5"], "a similar argument exists: '--count'"),
        (&["--wait", "spinn"], "a similar value exists: 'spin'"),
        (&["hepl"], "a similar subcommand exists: 'help'"),
        (&["completions", "cobol"], "[possible values: bash, zsh, fish]"),
        (&["--size", "0"], "at least 1 byte"),
        (&["--size", "many"], "expected a length"),
        (&["--size", "99999999999999999999G"], "expected a length"),
        (&["--size", "1G"], "at most"),
        (&["--count", "0"], "--count"),
        (&["--count", "-5"], "--count"),
        (&["--wait", "nap"], "[possible values: block, spin, hybrid]"),
        (&["--variant", "no-such"], "invalid value 'no-such' for '--variant <VARIANT>' [possible values: "),
        (&["--cpus", "everywhere"], "same, split"),
        (&["--cpus", "0,4095"], "is not available"),
        (&["--timeout", "0"], "expected a time longer than 0"),
        (&["--no-such"], "--no-such"),
        (&["juggle"], "juggle"),
    ];
    for (args, reason) in cases {
        let (status, stdout, stderr) = demo.run(place, args)?;
        ensure!(status == Some(2), "{args:?}: status {status:?}, not 2: {stderr}");
        ensure!(stdout.is_empty(), "{args:?} printed a result: {stdout}");
        let last = stderr.lines().last().unwrap_or_default();
        ensure!(last.starts_with("error: ") && last.contains(reason), "{args:?}: no '{reason}' in: {stderr}");
        let hint = format!("; try 'ipc-{}", demo.name());
        ensure!(last.contains(&hint) && last.ends_with("--help'"), "{args:?}: no hint in: {last}");
        let errors = stderr.lines().filter(|line| line.starts_with("error")).count();
        ensure!(errors == 1, "{args:?}: not one line: {stderr}");
        nothing_left_soon(place.path(), "")?;
    }
    Ok(())
}

/// Each command has short and long help, which differ and fit a terminal; `help` is the long one.
fn help(demo: Demo, place: &TempDir) -> Outcome {
    let text = |args: &[&str]| -> Result<String, Failed> {
        let (status, stdout, stderr) = run(&mut demo.typed(place, args.iter().copied()))?;
        ensure!(status == Some(0) && stderr.is_empty(), "{args:?}: status {status:?}: {stderr}");
        Ok(stdout)
    };
    let sides: &[&str] = if demo.has_two_terminals() { &["pong", "ping"] } else { &[] };
    for command in [None].into_iter().chain(sides.iter().map(|&side| Some(side))) {
        let of = |flag: &'static str| text(&[command.as_slice(), &[flag]].concat());
        let (short, long) = (of("-h")?, of("--help")?);
        ensure!(short.lines().count() < long.lines().count(), "no longer than -h: {long}");
        ensure!(text(&[&["help"], command.as_slice()].concat())? == long, "help of {command:?} is another");
        for line in short.lines().chain(long.lines()) {
            ensure!(line.chars().count() <= 80, "wider than a terminal: {line}");
        }
        // Only the side that measures has a count; what is offered is also taken.
        ensure!(long.contains("--count") == (command != Some("pong")), "--count: {long}");
        let page = text(&[&["man"], command.as_slice()].concat())?;
        ensure!(page.contains(".SH OPTIONS") && page.contains("timeout"), "no page of {command:?}: {page}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = text(&["completions", shell])?;
        for word in sides.iter().chain(&["wait", "hybrid"]) {
            ensure!(script.contains(word), "no {word} for {shell}: {script}");
        }
    }
    Ok(())
}

/// A result that cannot be written is a failure that says so; help is no exception.
fn full_output(demo: Demo, place: &TempDir) -> Outcome {
    for args in [&["--count", "5"][..], &["--help"], &["man"], &["completions", "bash"]] {
        let full = std::fs::File::options().write(true).open("/dev/full")?;
        let mut command = demo.typed(place, args.iter().copied());
        let output = command.stdout(full).stderr(Stdio::piped()).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        let told = said.lines().last().unwrap_or_default();
        ensure!(
            output.status.code() == Some(1)
                && told.starts_with("error: write standard output: No space left"),
            "{args:?}: {}: {said}",
            output.status
        );
        // A reader that has enough is told nothing.
        let (reader, writer) = std::io::pipe()?;
        drop(reader);
        let output =
            demo.typed(place, args.iter().copied()).stdout(writer).stderr(Stdio::piped()).output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.code() == Some(1) && !said.contains("error"),
            "{args:?}: {}: {said}",
            output.status
        );
    }
    nothing_left(place.path(), "")
}

fn odd_surroundings(demo: Demo, place: &TempDir) -> Outcome {
    let (reader, stderr) = std::io::pipe()?;
    drop(reader);
    let status = demo.command(place, &["--count", "5"]).stdout(Stdio::null()).stderr(stderr).status()?;
    ensure!(status.success(), "with a standard error without a reader: {status}");
    let (status, _, stderr) = demo.run(place, &["--count", "5", "--timeout", "2e6h"])?;
    ensure!(status == Some(0), "with a timeout of two hundred years: status {status:?}: {stderr}");
    nothing_left(place.path(), "")
}

fn interrupted(demo: Demo, place: &TempDir) -> Outcome {
    let mut command = demo.command(place, &["--count", "1000000000"]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    until_it_measures(&mut child)?;
    ends_by(&mut child, Signal::SIGINT)?;
    nothing_left_soon(place.path(), "")
}

/// Looks at the terminal of a run that would take minutes, until it says how far it is.
fn progress(demo: Demo, place: &TempDir) -> Outcome {
    let OpenptyResult { master, slave } = openpty(None, None)?;
    let mut command = demo.command(place, &["--count", "100M"]);
    let mut child = command.stdout(Stdio::null()).stderr(slave).spawn()?;
    drop(command); // it has our copy of the terminal's other side
    let (mut terminal, mut shown, mut part) = (File::from(master), Vec::new(), [0; 256]);
    let is_told = |shown: &[u8]| {
        let text = String::from_utf8_lossy(shown);
        text.split('\r').any(|line| line.contains(" of 100000000 round trips, ") && line.ends_with(" s left"))
    };
    while !is_told(&shown) {
        let len = terminal.read(&mut part)?; // or the watchdog
        shown.extend(&part[..len]);
    }
    ends_by(&mut child, Signal::SIGINT)?;
    nothing_left_soon(place.path(), "")
}

fn no_terminals(demo: Demo, place: &TempDir) -> Outcome {
    for side in ["ping", "pong"] {
        let (status, _, stderr) = demo.run(place, &[side])?;
        let is_said = stderr.contains("inherits") && stderr.ends_with("; try 'ipc-pipe --help'\n");
        ensure!(status == Some(2) && is_said, "{side}: status {status:?}: {stderr}");
    }
    Ok(())
}
