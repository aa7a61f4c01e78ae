//! The demo on a command line or in a script: results, exit statuses, bad input.

use std::io::{BufRead, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};

use ipc_core::Wait;
use ipc_demo::cpus::{Cpus, Role};
use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use super::demo::Demo;
use super::leaks::{nothing_left, nothing_left_soon};
use super::{Outcome, ensure, first_process, inherited, ownership, scarcity, terminals};

pub(super) fn trials(demo: Demo) -> Vec<Trial> {
    let mut trials = one_variant(demo);
    if demo.is_default() {
        trials.extend([
            demo.trial("prints one JSON document", json),
            demo.trial("tells what happens and prints percentiles", narrates),
            demo.trial("refuses bad input in one line", bad_input),
            demo.trial("minds neither a closed standard error nor a timeout without end", odd_surroundings),
            demo.trial("leaves nothing after Ctrl-C in the middle", interrupted),
            demo.trial(
                "as process 1 of a container ends by SIGTERM and leaves nothing",
                first_process::both_end,
            ),
        ]);
    }
    if demo.has_two_terminals() {
        trials.extend(terminals::trials(demo));
        trials.extend(ownership::trials(demo));
    } else {
        trials.push(demo.trial("has no two terminals and says why", no_terminals));
    }
    trials
}

/// Makes the cases for each variant, started by one command.
fn one_variant(demo: Demo) -> Vec<Trial> {
    let mut trials = inherited::trials(demo);
    trials.push(demo.trial("every strategy plays", every_strategy));
    let name = "few descriptors are a success or an error in one line";
    trials.push(demo.trial(name, scarcity::few_descriptors));
    trials
}

fn json(demo: Demo, place: &TempDir) -> Outcome {
    let (status, stdout, stderr) = demo.run(place, &["--count", "50", "--size", "1K", "--json"])?;
    ensure!(status == Some(0), "status {status:?}: {stderr}");
    ensure!(stderr.is_empty(), "beside the document it says: {stderr}");
    check_document(demo, &stdout, 50, 1024)?;
    nothing_left(place.path(), "")
}

pub(super) fn check_document(demo: Demo, text: &str, count: u64, size: u64) -> Outcome {
    let document: Value = serde_json::from_str(text)?;
    ensure!(document["mechanism"] == demo.name(), "mechanism: {document}");
    ensure!(
        document["variant"] == demo.variant() && document["cpus"].is_string(),
        "variant, cpus: {document}"
    );
    ensure!(document["count"] == count && document["size"] == size, "count, size: {document}");
    ensure!(document["wait"] == "block" && document["verified"] == true, "wait, verified: {document}");
    let time = |name: &str| document["rtt_ns"][name].as_u64();
    let times: Option<Vec<_>> = ["min", "p50", "p90", "p99", "p999", "max"].into_iter().map(time).collect();
    ensure!(times.is_some_and(|times| times[0] > 0 && times.is_sorted()), "percentiles: {document}");
    ensure!(document["rtt_ns"]["mean"].is_f64(), "mean: {document}");
    Ok(())
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
    let cases: [(&[&str], &str); 13] = [
        (&["--size", "0"], "at least 1 byte"),
        (&["--size", "many"], "expected a length"),
        (&["--size", "99999999999999999999G"], "expected a length"),
        (&["--size", "1G"], "at most"),
        (&["--count", "0"], "--count"),
        (&["--count", "-5"], "--count"),
        (&["--wait", "nap"], "block, spin or hybrid"),
        (&["--variant", "no-such"], "invalid variant 'no-such'"),
        (&["--cpus", "everywhere"], "same, split"),
        (&["--cpus", "0,4095"], "is not available"),
        (&["--timeout", "0"], "time in seconds"),
        (&["--no-such"], "--no-such"),
        (&["juggle"], "juggle"),
    ];
    for (args, reason) in cases {
        let (status, stdout, stderr) = demo.run(place, args)?;
        ensure!(status == Some(2), "{args:?}: status {status:?}, not 2: {stderr}");
        ensure!(stdout.is_empty(), "{args:?} printed a result: {stdout}");
        let last = stderr.lines().last().unwrap_or_default();
        ensure!(last.starts_with("error: ") && last.contains(reason), "{args:?}: no '{reason}' in: {stderr}");
        let errors = stderr.lines().filter(|line| line.starts_with("error")).count();
        ensure!(errors == 1, "{args:?}: not one line: {stderr}");
        nothing_left_soon(place.path(), "")?;
    }
    Ok(())
}

fn odd_surroundings(demo: Demo, place: &TempDir) -> Outcome {
    let (reader, stderr) = std::io::pipe()?;
    drop(reader);
    let status = demo.command(place, &["--count", "5"]).stdout(Stdio::null()).stderr(stderr).status()?;
    ensure!(status.success(), "with a standard error without a reader: {status}");
    let (status, _, stderr) = demo.run(place, &["--count", "5", "--timeout", "1e19"])?;
    ensure!(status == Some(0), "with a timeout of 1e19 s: status {status:?}: {stderr}");
    nothing_left(place.path(), "")
}

fn interrupted(demo: Demo, place: &TempDir) -> Outcome {
    let mut command = demo.command(place, &["--count", "1000000000"]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    until_it_measures(&mut child)?;
    ends_by(&mut child, Signal::SIGINT)?;
    nothing_left_soon(place.path(), "")
}

/// Reads the narration of a running demo. Only once it measures is the object sure to be there, and the end far off.
pub(super) fn until_it_measures(child: &mut Child) -> Outcome {
    let story = BufReader::new(child.stderr.take().expect("it is piped"));
    let begun = story.lines().map_while(Result::ok).any(|line| line.contains("now "));
    ensure!(begun, "it never began to measure");
    Ok(())
}

/// Sends a signal and checks that the process ends by that signal.
pub(super) fn ends_by(child: &mut Child, signal: Signal) -> Outcome {
    kill(Pid::from_raw(child.id() as i32), signal)?;
    let status = child.wait()?;
    let mut said = String::new();
    if let Some(stderr) = &mut child.stderr {
        stderr.read_to_string(&mut said)?;
    }
    ensure!(status.signal() == Some(signal as i32), "after {signal} it ended with {status}: {said}");
    Ok(())
}

fn no_terminals(demo: Demo, place: &TempDir) -> Outcome {
    for side in ["ping", "pong"] {
        let (status, _, stderr) = demo.run(place, &[side])?;
        ensure!(status == Some(2) && stderr.contains("inherits"), "{side}: status {status:?}: {stderr}");
    }
    Ok(())
}
