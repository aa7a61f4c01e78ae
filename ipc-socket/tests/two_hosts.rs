//! A socket really reaches another host: ping and pong in two network namespaces, joined by a virtual cable.
//!
//! A network namespace has its own interfaces, addresses and ports, loopback included: to TCP it is another host.
//! Making one takes root and iproute2. Where these are missing the cases are *ignored*, with the reason on standard
//! error, and never counted as passed.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Duration;

use ipc_conformance::watchdog::{self, Killed};
use libtest_mimic::{Arguments, Failed, Trial};

/// The prefix of our namespaces' names; the process id follows.
const PREFIX: &str = "ipc-two-hosts-";
/// Longer than everything takes on a loaded machine. Reached only when something hangs.
const WATCHDOG: Duration = Duration::from_secs(30);
/// The number of round trips to the other host.
const COUNT: &str = "100";

type Outcome = Result<(), Failed>;

fn main() -> ExitCode {
    let args = Arguments::from_args();
    let hosts = if args.list { Err("only listed".into()) } else { Hosts::make() };
    if let Err(reason) = &hosts
        && !args.list
    {
        ipc_conformance::skipped_as("two hosts", reason);
    }
    thread::spawn(|| {
        thread::sleep(WATCHDOG);
        eprintln!("watchdog: still running after {WATCHDOG:?}:\n{}", watchdog::doing());
        watchdog::kill_descendants(std::process::id());
        Hosts::of_this_process().remove();
        std::process::exit(101);
    });
    let trial = |name: &str, case: fn(&Hosts) -> Outcome| {
        // By name, not by value: the namespaces are removed when all cases are done.
        let run = move || case(&Hosts::of_this_process());
        Trial::test(name, run).with_ignored_flag(hosts.is_err() && !args.list)
    };
    let trials = vec![
        trial("reach_beyond_this_host_by_ipv4", |hosts| hosts.play("10.0.0.1:5000")),
        trial("reach_beyond_this_host_by_ipv6", |hosts| hosts.play("[fd00::1]:5000")),
        trial("loopback_does_not_reach_the_other_host", loopback_stays_at_home),
        trial("a_pong_killed_on_the_other_host_is_noticed", killed_on_the_other_host),
        trial("a_cable_that_is_cut_is_noticed_on_both_sides", cut_cable),
    ];
    let conclusion = libtest_mimic::run(&args, trials);
    if let Ok(hosts) = hosts {
        hosts.remove();
    }
    conclusion.exit_code()
}

/// Two network namespaces, by name.
struct Hosts {
    here: String,
    there: String,
}

impl Hosts {
    fn of_this_process() -> Self {
        let name = |side| format!("{PREFIX}{}-{side}", std::process::id());
        Self { here: name("here"), there: name("there") }
    }

    /// Makes the two namespaces and joins them: `10.0.0.1` and `fd00::1` here, `10.0.0.2` and `fd00::2` there.
    fn make() -> Result<Self, String> {
        if !nix::unistd::geteuid().is_root() {
            return Err("making a network namespace takes root".into());
        }
        remove_leftovers()?;
        let hosts = Self::of_this_process();
        fs::create_dir(temporary()).map_err(|error| format!("no directory for temporary files: {error}"))?;
        hosts.wire().inspect_err(|_| hosts.remove())?;
        Ok(hosts)
    }

    fn wire(&self) -> Result<(), String> {
        let Self { here, there } = self;
        ip(&format!("netns add {here}"))?;
        ip(&format!("netns add {there}"))?;
        ip(&format!("link add cable netns {here} type veth peer name cable netns {there}"))?;
        for (host, number) in [(here, 1), (there, 2)] {
            ip(&format!("-n {host} address add 10.0.0.{number}/24 dev cable"))?;
            // Without nodad, the address would be tentative for a second: it might be a duplicate.
            ip(&format!("-n {host} address add fd00::{number}/64 dev cable nodad"))?;
            ip(&format!("-n {host} link set lo up"))?;
            ip(&format!("-n {host} link set cable up"))?;
        }
        Ok(())
    }

    /// Makes two more, for a case that cuts the cable.
    fn with_a_cable_to_cut() -> Self {
        let Self { here, there } = Self::of_this_process();
        Self { here: here + "-cut", there: there + "-cut" }
    }

    fn remove(&self) {
        self.remove_namespaces();
        let _ = fs::remove_dir_all(temporary());
    }

    fn remove_namespaces(&self) {
        for name in [&self.here, &self.there] {
            let _ = ip(&format!("netns del {name}")); // the cable goes with them
        }
    }

    /// Starts a pong here; returns it, and the address from the command that it prints for the other side.
    fn pong(&self, address: &str) -> Result<(Killed, String), Failed> {
        self.pong_that_waits(address, Stdio::null())
    }

    fn pong_that_waits(&self, address: &str, stderr: Stdio) -> Result<(Killed, String), Failed> {
        let mut pong = on(&self.here, &["pong", address, "--variant", "tcp"]);
        let mut pong = Killed(pong.stdout(Stdio::piped()).stderr(stderr).spawn()?);
        let mut line = String::new();
        BufReader::new(pong.0.stdout.as_mut().expect("it is piped")).read_line(&mut line)?;
        let words: Vec<_> = line.split_whitespace().collect();
        let ["ping", address, "--variant", "tcp"] = words[words.len().min(1)..] else {
            return Err(format!("pong printed '{line}' and no ping command").into());
        };
        Ok((pong, address.trim_matches('\'').into())) // the brackets of IPv6 are quoted for the shell
    }

    /// Runs pong here and ping there.
    fn play(&self, address: &str) -> Outcome {
        let (mut pong, printed) = self.pong(address)?;
        ensure(printed == address, &format!("pong is at {printed} and not at {address}"))?;
        let before = self.received()?;
        let ping = ["ping", &printed, "--variant", "tcp", "--count", COUNT, "--json"];
        let ping = on(&self.there, &ping).output()?;
        let told = String::from_utf8_lossy(&ping.stderr);
        ensure(ping.status.success(), &format!("ping: {}: {told}", ping.status))?;
        let document: serde_json::Value = serde_json::from_slice(&ping.stdout)?;
        let expected = [("mechanism", "socket"), ("variant", "tcp")];
        let as_expected = expected.iter().all(|(name, value)| document[name] == **value);
        ensure(
            as_expected && document["count"] == 100 && document["verified"] == true,
            &document.to_string(),
        )?;
        ensure(pong.0.wait()?.success(), "pong failed")?;
        let packets = self.received()? - before;
        ensure(packets >= 100, &format!("only {packets} packets came through the cable"))
    }

    /// Returns the number of packets that have arrived here over the cable.
    fn received(&self) -> Result<u64, Failed> {
        let statistics = ip(&format!("-n {} -s -j link show dev cable", self.here))?;
        let statistics: serde_json::Value = serde_json::from_str(&statistics)?;
        statistics[0]["stats64"]["rx"]["packets"].as_u64().ok_or_else(|| "no count of packets".into())
    }
}

/// The address is the same, but each host has its own: 127.0.0.1 does not lead to the other.
fn loopback_stays_at_home(hosts: &Hosts) -> Outcome {
    let (_pong, address) = hosts.pong("127.0.0.1:0")?;
    let ping = on(&hosts.there, &["ping", &address, "--variant", "tcp", "--timeout", "0.2"]).output()?;
    let told = String::from_utf8_lossy(&ping.stderr);
    ensure(ping.status.code() == Some(1) && told.contains("no peer is listening"), &told)
}

/// A killed process cannot close its link, but its kernel does, across the cable as well.
fn killed_on_the_other_host(hosts: &Hosts) -> Outcome {
    let (mut pong, address) = hosts.pong("10.0.0.1:0")?;
    let mut ping = on(&hosts.there, &["ping", &address, "--variant", "tcp", "--count", "100000000"]);
    let mut ping = Killed(ping.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?);
    let mut story = BufReader::new(ping.0.stderr.take().expect("it is piped")).lines();
    story.find(|line| line.as_ref().is_ok_and(|line| line.contains("now 100000000 round trips")));
    pong.0.kill()?;
    let end = story.last().ok_or("ping had ended before")??; // or the watchdog
    ensure(end == "error: the peer is gone (it closed its end or died)", &end)?;
    ensure(ping.0.wait()?.code() == Some(1), "ping should have failed")
}

/// A cut cable goes unreported, and the peer is not gone: both sides say how long there was no answer.
fn cut_cable(_: &Hosts) -> Outcome {
    let hosts = Hosts::with_a_cable_to_cut(); // the other cases need theirs
    let outcome = hosts.wire().map_err(Failed::from).and_then(|()| {
        let (mut pong, address) = hosts.pong_that_waits("10.0.0.1:0", Stdio::piped())?;
        let args = ["ping", &address, "--variant", "tcp", "--count", "100000000", "--timeout", "60"];
        let mut ping = Killed(on(&hosts.there, &args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?);
        let mut story = BufReader::new(ping.0.stderr.take().expect("it is piped")).lines();
        story.find(|line| line.as_ref().is_ok_and(|line| line.contains("now 100000000 round trips")));
        ip(&format!("-n {} link set cable down", hosts.here))?;
        let pongs = BufReader::new(pong.0.stderr.take().expect("it is piped")).lines();
        for (side, end) in [("ping", story.last()), ("pong", pongs.last())] {
            let end = end.ok_or("it had ended before")??; // or the watchdog
            ensure(end.contains("; no answer for 8 s: "), &format!("{side}: {end}"))?;
        }
        ensure(
            ping.0.wait()?.code() == Some(1) && pong.0.wait()?.code() == Some(1),
            "both should have failed",
        )
    });
    hosts.remove_namespaces();
    outcome
}

/// Returns the demo on one of the hosts. `ip netns exec` becomes that program, so its process id is the demo's.
fn on(host: &str, args: &[&str]) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", host, env!("CARGO_BIN_EXE_ipc-socket")]).args(args);
    command.env("TMPDIR", temporary());
    command
}

/// Returns the directory of the demos' ownership locks: one of them is killed, and no later demo would sweep after it.
fn temporary() -> PathBuf {
    std::env::temp_dir().join(format!("{PREFIX}{}", std::process::id()))
}

/// Runs `ip` with these words and returns its output.
fn ip(words: &str) -> Result<String, String> {
    let output = Command::new("ip").args(words.split(' ')).output();
    let output = output.map_err(|error| format!("iproute2's `ip` does not start: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("ip {words}: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}

/// Removes the namespaces of runs that were killed.
fn remove_leftovers() -> Result<(), String> {
    for line in ip("netns list")?.lines() {
        let name = line.split(' ').next().unwrap_or_default();
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            ip(&format!("netns del {name}"))?;
        }
    }
    Ok(())
}

fn ensure(condition: bool, reason: &str) -> Outcome {
    if condition { Ok(()) } else { Err(reason.into()) }
}
