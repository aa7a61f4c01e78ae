//! A peer that stands still for a moment: what the open loop says of it, and what the closed one hides.

#[allow(dead_code)] // shared with the other tests
mod common;

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use common::bench;
use ipc_bench::{Document, Kind, Latency};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const STALL: Duration = Duration::from_millis(50);

/// Five times a third of a second, a message each millisecond; the peer is stopped once for 50 ms. So 50 messages of
/// 1500 are kept waiting, which is more than one of a hundred.
fn stalled() -> Document {
    let mut harness = bench();
    harness.args(["--mechanism", "pipe", "--size", "64", "--wait", "block", "--kind", "open_loop"]);
    harness.args(["--rate", "1000", "--count", "1500", "--json"]);
    let harness = harness.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the harness is built");
    let deadline = Instant::now() + Duration::from_secs(60);
    let peer = loop {
        assert!(Instant::now() < deadline, "no peer within a minute");
        match children(harness.id()).first() {
            Some(&peer) => break peer,
            None => thread::sleep(Duration::from_millis(1)),
        }
    };
    thread::sleep(Duration::from_millis(700)); // in the middle of the run: starting takes less than half of that
    kill(peer, Signal::SIGSTOP).expect("it runs");
    thread::sleep(STALL);
    kill(peer, Signal::SIGCONT).expect("it stands still");
    let output = harness.wait_with_output().expect("it ends");
    serde_json::from_slice(&output.stdout).expect("a document")
}

/// The children of a process.
fn children(pid: u32) -> Vec<Pid> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let pids: Vec<_> =
        lists.flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect();
    pids.iter().filter_map(|pid| pid.parse().ok()).map(Pid::from_raw).collect()
}

/// The stall is in the maximum of both; in the 99th percentile it is only where those who were kept waiting count.
#[test]
fn a_stopped_peer_shows_in_the_open_loop() {
    let stall = STALL.as_nanos() as u64;
    let mut last = None;
    // The stall may hit the end of a round, or a moment in which nothing is played; and on a busy machine other stalls
    // may hide it. That a run shows it is enough.
    for _ in 0..12 {
        let document = stalled();
        let row = document.results.iter().find(|row| row.kind == Kind::OpenLoop).expect("measured");
        let (open, service) = (row.rtt_ns.clone().unwrap(), row.service_ns.clone().unwrap());
        let both_see_it = open.max >= stall * 9 / 10 && service.max >= stall * 9 / 10;
        let told = open.p99 >= stall / 5;
        let hidden = service.p99 < open.p99 / 2;
        if both_see_it && told && hidden {
            return;
        }
        last = Some((open, service));
    }
    let figures = |Latency { p50, p99, max, .. }| format!("p50 {p50}, p99 {p99}, max {max}");
    let (open, service) = last.expect("tried");
    panic!("open: {}; from the real start: {}", figures(open), figures(service));
}
