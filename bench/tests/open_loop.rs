//! Tests of a peer that is stopped for a moment: the open loop shows the delay, the closed one hides it.

mod common;

use std::thread;
use std::time::Duration;

use common::{Running, bench, children, run, switches, until};
use ipc_bench::results::case::Kind;
use ipc_bench::results::document::Document;
use ipc_bench::results::latency::Latency;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Longer than a delay that a busy machine causes in one of a hundred messages.
const STALL: Duration = Duration::from_millis(300);

/// Runs five times 0.8 s, with a message each millisecond; the peer is stopped three times. One of these may
/// hit the end of a round, where no message is delayed. The others delay hundreds of 4000, which is more than one of a
/// hundred.
fn stalled() -> Document {
    let mut harness = bench();
    harness.args(["--mechanism", "pipe", "--size", "64", "--wait", "block", "--kind", "open_loop"]);
    harness.args(["--rate", "1000", "--count", "4000", "--json"]);
    let harness = Running::start(&mut harness);
    let mut peer = String::new();
    // Getting ready takes some hundred messages; then it is in the first round or the second.
    until("the peer plays", || {
        peer = children(harness.id()).pop().unwrap_or_default();
        switches(&peer) > 500
    });
    let peer = Pid::from_raw(peer.parse().unwrap());
    for _ in 0..3 {
        kill(peer, Signal::SIGSTOP).expect("it runs");
        thread::sleep(STALL);
        kill(peer, Signal::SIGCONT).expect("it stands still");
        thread::sleep(STALL * 2 / 3);
    }
    serde_json::from_str(&harness.output().stdout).expect("a document")
}

fn measured(args: &[&str]) -> Document {
    let one = ["--mechanism", "pipe", "--size", "64", "--wait", "block", "--json"];
    let output = run(bench().args(one).args(args));
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    serde_json::from_str(&output.stdout).expect("a document")
}

/// A sensor and its logger: messages in one direction, each timed from when it was meant to be sent.
#[test]
fn a_stream_at_a_rate_has_one_way_times() {
    let document = measured(&["--kind", "stream", "--rate", "100/s,1k", "--count", "50"]);
    let rates: Vec<_> = document.results.iter().map(|row| (row.kind, row.rate_per_s, row.count)).collect();
    assert_eq!(rates, [(Kind::Stream, Some(100), 50), (Kind::Stream, Some(1000), 50)]);
    for row in &document.results {
        let (times, pacing) = (row.one_way_ns.as_ref().unwrap(), row.pacing.unwrap());
        assert!(times.min > 0 && times.min < times.max && row.rtt_ns.is_none(), "{row:?}");
        assert!(pacing.achieved_per_s > 0.0 && pacing.late <= 50, "{pacing:?}");
    }
}

/// No blocking pipe answers a million messages per second, and none carries a million of a mebibyte.
#[test]
fn a_rate_that_cannot_be_reached_is_no_latency() {
    let document =
        measured(&["--kind", "open-loop,stream", "--rate", "1e6", "--size", "1M", "--duration", "0.2"]);
    assert_eq!(document.results.len(), 2 * 2);
    for row in document.results.iter().filter(|row| row.kind == Kind::OpenLoop || row.size > 64) {
        let pacing = row.pacing.unwrap();
        assert!(!pacing.kept_up && pacing.achieved_per_s < 980_000.0 && pacing.late > 0, "{pacing:?}");
        assert!(row.fell_behind());
    }
}

/// The stall is in the maximum of both; it is in the 99th percentile only where the delayed messages count.
#[test]
fn a_stopped_peer_shows_in_the_open_loop() {
    let stall = STALL.as_nanos() as u64;
    let document = stalled();
    let row = document.results.iter().find(|row| row.kind == Kind::OpenLoop).expect("measured");
    let (open, service) = (row.rtt_ns.clone().unwrap(), row.service_ns.clone().unwrap());
    let figures = |Latency { p50, p99, max, .. }: &Latency| format!("p50 {p50}, p99 {p99}, max {max}");
    let figures = format!("open: {}; from the real start: {}", figures(&open), figures(&service));
    assert!(open.max >= stall * 9 / 10 && service.max >= stall * 9 / 10, "it is in both: {figures}");
    assert!(open.p99 >= stall / 2, "it is told: {figures}");
    assert!(service.p99 < open.p99 / 2, "it is hidden: {figures}");
}
