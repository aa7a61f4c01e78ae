//! The demo as a person or a script uses it: results, exit statuses, two terminals, bad input.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use super::leaks::{nothing_left, nothing_left_soon};
use super::{Outcome, ensure, run, watched};
use crate::{Call, Mechanism, Wait, lease};

pub(super) fn trials<M: Mechanism + 'static>(binary: &'static str) -> Vec<Trial> {
    let demo = Demo { binary, name: M::PROFILE.name, address: M::PROFILE.address };
    let mut trials = vec![
        demo.trial("prints one JSON document", json),
        demo.trial("tells what happens and prints percentiles", narrates),
        watched("demo::every variant and strategy plays".into(), move || every_variant::<M>(demo)),
        demo.trial("refuses bad input in one line", bad_input),
        demo.trial("leaves nothing after Ctrl-C in the middle", interrupted),
    ];
    if demo.address.is_none() {
        trials.push(demo.trial("has no two terminals and says why", no_terminals));
    } else {
        trials.extend([
            demo.trial("plays in two terminals", two_terminals),
            demo.trial("ping finds the pong that waits", ping_without_address),
            demo.trial("ping first is served or told", ping_first),
            demo.trial("ping without pong is told", nobody_there),
            demo.trial("an address in use is refused", address_in_use),
            demo.trial("pong without ping gives up and leaves nothing", nobody_comes),
            demo.trial("pong interrupted while it waits leaves nothing", interrupted_waiting),
        ]);
    }
    trials
}

/// The binary under test.
#[derive(Clone, Copy)]
struct Demo {
    binary: &'static str,
    name: &'static str,
    address: Option<&'static str>,
}

impl Demo {
    fn trial(self, name: &str, case: fn(Self, &TempDir) -> Outcome) -> Trial {
        watched(format!("demo::{name}"), move || {
            let place = tempfile::tempdir().call("mkdir")?;
            case(self, &place)
        })
    }

    /// A run with a directory for temporary files of its own.
    fn command(self, place: &TempDir, args: &[&str]) -> Command {
        let mut command = Command::new(self.binary);
        command.env("TMPDIR", place.path()).args(args);
        command
    }

    fn run(self, place: &TempDir, args: &[&str]) -> Result<(Option<i32>, String, String), Failed> {
        Ok(run(&mut self.command(place, args))?)
    }

    /// An address that nobody uses, of this mechanism's default variant.
    fn fresh_address(self, place: &Path) -> String {
        match self.address {
            Some("KEY" | "KEY|/NAME") => format!("0x{:08x}", (lease::random() as u32 >> 1).max(1)),
            _ => place.join(format!("address-{:x}", lease::random())).display().to_string(),
        }
    }
}

fn json(demo: Demo, place: &TempDir) -> Outcome {
    let (status, stdout, stderr) = demo.run(place, &["--count", "50", "--size", "1K", "--json"])?;
    ensure!(status == Some(0), "status {status:?}: {stderr}");
    ensure!(stderr.is_empty(), "beside the document it says: {stderr}");
    check_document(demo, &stdout, 50, 1024)?;
    nothing_left(place.path(), "")
}

fn check_document(demo: Demo, text: &str, count: u64, size: u64) -> Outcome {
    let document: Value = serde_json::from_str(text)?;
    ensure!(document["mechanism"] == demo.name, "mechanism: {document}");
    ensure!(document["variant"].is_string() && document["cpus"].is_string(), "variant, cpus: {document}");
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
    for word in ["p50", "p99.9", "max", "20 round trips of 64 bytes", "wait block"] {
        ensure!(stdout.contains(word), "no '{word}' in the result: {stdout}");
    }
    Ok(())
}

fn every_variant<M: Mechanism>(demo: Demo) -> Outcome {
    let place = tempfile::tempdir().call("mkdir")?;
    for variant in M::PROFILE.variants {
        for wait in Wait::ALL {
            for cpus in ["same", "0,0"] {
                let args =
                    ["--count", "10", "--variant", variant.name, "--wait", wait.name(), "--cpus", cpus];
                let (status, _, stderr) = demo.run(&place, &args)?;
                ensure!(status == Some(0), "{args:?}: status {status:?}: {stderr}");
            }
        }
    }
    nothing_left(place.path(), "")
}

fn bad_input(demo: Demo, place: &TempDir) -> Outcome {
    let cases: [(&[&str], &str); 12] = [
        (&["--size", "0"], "at least 1 byte"),
        (&["--size", "many"], "not a length"),
        (&["--size", "99999999999999999999G"], "not a length"),
        (&["--size", "1G"], "at most"),
        (&["--count", "0"], "--count"),
        (&["--count", "-5"], "--count"),
        (&["--wait", "nap"], "block, spin or hybrid"),
        (&["--variant", "no-such"], "no variant 'no-such'"),
        (&["--cpus", "everywhere"], "same, split"),
        (&["--cpus", "0,4095"], "may not be used here"),
        (&["--timeout", "0"], "time in seconds"),
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

fn interrupted(demo: Demo, place: &TempDir) -> Outcome {
    let mut command = demo.command(place, &["--count", "1000000000"]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    let story = BufReader::new(child.stderr.take().expect("it is piped"));
    // Only once it measures is the object surely there, and the end far away.
    ensure!(
        story.lines().map_while(Result::ok).any(|line| line.contains("now ")),
        "it never began to measure"
    );
    ends_by(&mut child, Signal::SIGINT)?;
    nothing_left_soon(place.path(), "")
}

/// Sends a signal and checks that the process ends by just that.
fn ends_by(child: &mut Child, signal: Signal) -> Outcome {
    kill(Pid::from_raw(child.id() as i32), signal)?;
    let status = child.wait()?;
    ensure!(status.signal() == Some(signal as i32), "after {signal} it ended with {status}");
    Ok(())
}

fn no_terminals(demo: Demo, place: &TempDir) -> Outcome {
    for side in ["ping", "pong"] {
        let (status, _, stderr) = demo.run(place, &[side])?;
        ensure!(status == Some(2) && stderr.contains("inherits"), "{side}: status {status:?}: {stderr}");
    }
    Ok(())
}

/// A `pong` that waits, and the line that it prints for the other terminal.
struct Pong {
    child: Child,
    ping: Vec<String>,
}

impl Pong {
    fn start(demo: Demo, place: &TempDir, args: &[&str]) -> Result<Self, Failed> {
        let mut command = demo.command(place, &[&["pong"], args].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().expect("it is piped")).read_line(&mut line)?;
        let ping = line.split_whitespace().map(str::to_owned).collect();
        Ok(Self { child, ping })
    }

    fn address(&self) -> &str {
        self.ping.get(2).map_or("", String::as_str)
    }
}

impl Drop for Pong {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn two_terminals(demo: Demo, place: &TempDir) -> Outcome {
    for address in [None, Some(demo.fresh_address(place.path()))] {
        let mut pong = Pong::start(demo, place, address.as_deref().as_slice())?;
        ensure!(pong.ping.len() >= 3 && pong.ping[1] == "ping", "pong printed {:?}", pong.ping);
        let mut ping = Command::new(&pong.ping[0]);
        ping.args(&pong.ping[1..]).args(["--count", "50", "--json"]).env("TMPDIR", place.path());
        let (status, stdout, stderr) = run(&mut ping)?;
        ensure!(status == Some(0), "ping: status {status:?}: {stderr}");
        check_document(demo, &stdout, 50, 64)?;
        let status = pong.child.wait()?;
        ensure!(status.success(), "pong: {status}");
        nothing_left(place.path(), pong.address())?;
    }
    Ok(())
}

fn ping_without_address(demo: Demo, place: &TempDir) -> Outcome {
    let (status, _, stderr) = demo.run(place, &["ping"])?;
    ensure!(status == Some(2) && stderr.contains("pong"), "with no pong: status {status:?}: {stderr}");
    let mut pong = Pong::start(demo, place, &[])?;
    let (status, _, stderr) = demo.run(place, &["ping", "--count", "50"])?;
    ensure!(status == Some(0), "status {status:?}: {stderr}");
    ensure!(pong.child.wait()?.success(), "pong failed");
    nothing_left(place.path(), pong.address())
}

/// `ping` before `pong`: it waits, or (a socket) says at once what to do.
fn ping_first(demo: Demo, place: &TempDir) -> Outcome {
    let address = demo.fresh_address(place.path());
    let mut ping = demo.command(place, &["ping", &address, "--count", "50", "--json"]);
    let mut ping = ping.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    thread::sleep(Duration::from_millis(300));
    if ping.try_wait()?.is_some() {
        ensure!(demo.name == "socket", "ping did not wait for pong");
        let output = ping.wait_with_output()?;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.code() == Some(1) && told.contains("pong"), "{}: {told}", output.status);
        return Ok(());
    }
    let mut pong = Pong::start(demo, place, &[&address])?;
    let output = ping.wait_with_output()?;
    ensure!(output.status.success(), "ping: {}", String::from_utf8_lossy(&output.stderr));
    check_document(demo, &String::from_utf8_lossy(&output.stdout), 50, 64)?;
    ensure!(pong.child.wait()?.success(), "pong failed");
    nothing_left(place.path(), &address)
}

fn nobody_there(demo: Demo, place: &TempDir) -> Outcome {
    let address = demo.fresh_address(place.path());
    let (status, _, stderr) = demo.run(place, &["ping", &address, "--timeout", "0.3"])?;
    let last = stderr.lines().last().unwrap_or_default();
    ensure!(status == Some(1), "status {status:?}: {stderr}");
    ensure!(
        last.starts_with("error: ") && last.contains(&address) && last.contains("pong"),
        "it says: {last}"
    );
    nothing_left(place.path(), &address)
}

fn address_in_use(demo: Demo, place: &TempDir) -> Outcome {
    let address = demo.fresh_address(place.path());
    let mut pong = Pong::start(demo, place, &[&address])?;
    let (status, _, stderr) = demo.run(place, &["pong", &address])?;
    let told = stderr.contains("EEXIST") || stderr.contains("EADDRINUSE");
    ensure!(status == Some(1) && told, "status {status:?}: {stderr}");
    // The one that was there first is unharmed.
    let (status, _, stderr) = demo.run(place, &["ping", &address, "--count", "20"])?;
    ensure!(status == Some(0), "the first pong was harmed: status {status:?}: {stderr}");
    ensure!(pong.child.wait()?.success(), "the first pong failed");
    nothing_left(place.path(), &address)
}

fn nobody_comes(demo: Demo, place: &TempDir) -> Outcome {
    let address = demo.fresh_address(place.path());
    let (status, _, stderr) = demo.run(place, &["pong", &address, "--timeout", "0.3"])?;
    ensure!(status == Some(1) && stderr.contains("no ping came"), "status {status:?}: {stderr}");
    nothing_left(place.path(), &address)
}

fn interrupted_waiting(demo: Demo, place: &TempDir) -> Outcome {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        for address in [None, Some(demo.fresh_address(place.path()))] {
            let mut pong = Pong::start(demo, place, address.as_deref().as_slice())?;
            let address = pong.address().to_owned();
            ends_by(&mut pong.child, signal)?;
            nothing_left(place.path(), &address)?;
        }
    }
    Ok(())
}
