//! Tests of a run: the saved results, the checks, and the floor or closed loop beside a row.

mod common;

use std::process::Command;

use common::{bench, run};
use ipc_conformance::Allowance;
use serde_json::Value;

/// Returns the results of a few messages through one mechanism, blocking, as JSON.
fn measured(more: &[&str]) -> Value {
    let args = ["run", "--size", "64", "--wait", "block", "--format", "json"];
    let output = run(bench().args(args).args(more));
    assert_eq!(output.status, Some(0), "{more:?}: {}", output.stderr);
    serde_json::from_str(&output.stdout).expect("one JSON document")
}

fn rows(document: &Value) -> &[Value] {
    document["results"].as_array().expect("a list")
}

/// Without any figures `choose` measures, reports that, and keeps them for the next time; figures that are named are
/// used alone.
#[test]
fn a_choice_without_figures_measures_and_keeps_them() {
    let _queues = Allowance::wait_for(3); // one link for each wait strategy
    let home = tempfile::tempdir().unwrap();
    let ask = || {
        let mut command = bench();
        command.args(["choose", "--size", "48", "--priority", "cpu", "--duration", "0.005"]);
        run(command.env("XDG_DATA_HOME", home.path()))
    };
    let first = ask();
    assert_eq!(first.status, Some(0), "{}", first.stderr);
    assert!(first.stderr.contains("a quick run") && first.stderr.contains("saved as "), "{}", first.stderr);
    assert!(first.stdout.contains("CPU time a round trip"), "{}", first.stdout);
    let second = ask();
    let place = first.stderr.lines().find_map(|line| line.strip_prefix("saved as ")).expect("it says where");
    assert!(second.stderr.contains(&format!("figures from {place}")), "{}", second.stderr);
    assert!(!second.stderr.contains("a quick run"), "{}", second.stderr);
    assert_eq!(first.stdout, second.stdout);
}

/// The printed and the saved document are the same, and can be read back.
#[test]
fn what_is_saved_is_what_is_printed() {
    let dir = tempfile::TempDir::new().unwrap();
    let output = dir.path().join("new/results");
    let printed = measured(&["--mechanism", "pipe", "--count", "20", "--output", output.to_str().unwrap()]);
    let saved = ipc_bench::results::output::load(&output).unwrap();
    assert_eq!(serde_json::to_value(&saved).unwrap(), printed);
    assert_eq!(std::fs::read_dir(&output).unwrap().count(), 1, "nothing else is left");
    let times = saved.results[0].rtt_ns.as_ref().unwrap().times().unwrap();
    assert_eq!((times.len(), Some(times.max())), (20, printed["results"][0]["rtt_ns"]["max"].as_u64()));
}

/// By default, a run is kept where `report` looks.
#[test]
fn a_run_is_kept_where_it_is_looked_for() {
    let home = tempfile::TempDir::new().unwrap();
    let place = home.path().join("ipc-bench");
    let at_home = |args: &[&str]| run(bench().args(args).env("XDG_DATA_HOME", home.path()));
    let output = at_home(&["report"]);
    assert_eq!(output.status, Some(1), "{}", output.stderr);
    assert!(output.stderr.contains("no saved run on this machine"), "{}", output.stderr);

    let few =
        ["--mechanism", "pipe", "--size", "64", "--count", "5", "--wait", "block", "--kind", "round_trip"];
    let kept = || {
        let output = at_home(&few);
        let saved = output.stderr.lines().find_map(|line| line.strip_prefix("saved as ")).map(str::to_owned);
        saved.unwrap_or_else(|| panic!("it says where: {}", output.stderr))
    };
    let (older, newest) = (kept(), kept());
    assert!(older != newest && newest.starts_with(place.to_str().unwrap()), "{older} {newest}");
    // So short a run is only taken if it is named. On a busy machine, even five messages can take a second.
    for run in [&older, &newest] {
        let mut document = ipc_bench::results::output::load(run).unwrap();
        document.took_s = 0.25;
        ipc_bench::results::output::Output::create(run).unwrap().save(&document).unwrap();
    }
    let report = at_home(&["report"]);
    assert_eq!(report.status, Some(1), "{}", report.stderr);
    assert!(report.stderr.contains("as it took only 0."), "{}", report.stderr);
    for (name, dir) in [("latest", newest), ("2", older)] {
        let report = at_home(&["report", name]);
        assert_eq!(
            (report.status, report.stdout),
            (Some(0), format!("{dir}/report.html\n")),
            "{}",
            report.stderr
        );
    }
}

/// A directory that cannot be used does not prevent measuring; it is reported before.
#[test]
fn no_place_to_keep_a_run_is_said() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut command = bench();
    command.args(["--mechanism", "pipe", "--size", "64", "--count", "5"]).env("XDG_DATA_HOME", file.path());
    let output = run(&mut command);
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains("warning: the results will not be saved: "), "{}", output.stderr);
    assert!(!output.stderr.contains("saved as"), "{}", output.stderr);
}

/// A directory that cannot be written to is reported before anything is measured.
#[test]
fn an_impossible_output_is_refused_before_the_measuring() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().join("results");
    let hours = "1000000000";
    let output = run(bench().args(["--count", hours, "--output", path.to_str().unwrap()]));
    assert_eq!((output.status, output.stdout.as_str()), (Some(1), ""));
    let named = format!("mkdir {}: Not a directory (ENOTDIR); choose a directory", path.display());
    assert!(output.stderr.contains(&named), "{}", output.stderr);
}

/// Older results in the named directory are replaced, and that is reported.
#[test]
fn what_is_replaced_is_said() {
    let dir = tempfile::TempDir::new().unwrap();
    for (before, said) in [(0, "results.json\n"), (1, "results.json, replacing an older run\n")] {
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), before);
        let output = run(bench().args(["--mechanism", "pipe", "--count", "5", "--output"]).arg(dir.path()));
        assert_eq!(output.status, Some(0), "{}", output.stderr);
        assert!(output.stderr.ends_with(said), "{}", output.stderr);
    }
}

/// A run without measurements, and one that cannot be saved, replace no good one and leave nothing else.
#[test]
fn good_results_are_not_replaced_by_nothing() {
    let dir = tempfile::TempDir::new().unwrap();
    let measure = |args: &[&str]| {
        let mut bench = bench();
        bench
            .args(["--mechanism", "pipe", "--kind", "round_trip", "--count", "5", "--output"])
            .arg(dir.path());
        bench.args(args);
        bench
    };
    assert_eq!(run(&mut measure(&[])).status, Some(0));
    let good = std::fs::read(dir.path().join("results.json")).unwrap();
    let limited = |limit: &str, command: std::process::Command| {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &format!("ulimit {limit}; exec \"$@\""), "sh"]);
        run(shell.arg(command.get_program()).args(command.get_args()))
    };
    let nothing = limited("-n 5", measure(&["--wait", "block"])); // two descriptors to spare: one pipe, not two
    assert_eq!(nothing.status, Some(1), "{}", nothing.stderr);
    assert!(
        nothing.stderr.contains("not saved: nothing was measured that could replace the results"),
        "{}",
        nothing.stderr
    );
    let unsaved = limited("-f 1", measure(&["--size", "65"]));
    let said =
        format!("error: write {}/results.json: File too large (EFBIG); the results", dir.path().display());
    assert!(unsaved.status == Some(1) && unsaved.stderr.contains(&said), "{}", unsaved.stderr);
    assert_eq!(std::fs::read(dir.path().join("results.json")).unwrap(), good);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

/// A page that cannot be written is named, with a remedy.
#[test]
fn an_impossible_page_is_named() {
    let dir = tempfile::TempDir::new().unwrap();
    ipc_bench::results::output::Output::create(dir.path())
        .unwrap()
        .save(&ipc_bench::results::document::Document::empty())
        .unwrap();
    for (page, errno) in [(dir.path().join("none/x.html"), "ENOENT"), (dir.path().to_owned(), "EISDIR")] {
        let output = run(bench().arg("report").arg(dir.path()).arg("--output").arg(&page));
        assert_eq!(output.status, Some(1), "{}", output.stderr);
        assert!(output.stderr.contains(&format!("open {}: ", page.display())), "{}", output.stderr);
        assert!(output.stderr.contains(&format!("({errno}); choose a file")), "{}", output.stderr);
    }
}

/// `--verify` checks in a pass of its own and reports the number of messages checked.
#[test]
fn every_message_can_be_checked() {
    let document = measured(&["--mechanism", "mmap", "--count", "30", "--verify"]);
    let verified = document["verified"].as_array().unwrap();
    assert_eq!(verified.len(), rows(&document).len());
    for one in verified {
        assert!(one["messages"].as_u64().unwrap() >= 30 && one["error"].is_null(), "{one}");
    }
    assert_eq!(measured(&["--mechanism", "mmap", "--count", "3"])["verified"], Value::Null);
}

/// A floor is shown beside each row, and the ratio belongs to the row.
#[test]
fn a_floor_stands_beside_its_row() {
    let document = measured(&["--mechanism", "pipe", "--count", "30", "--floor"]);
    let whose: Vec<_> = rows(&document).iter().map(|row| row["implementation"].as_str().unwrap()).collect();
    assert_eq!(whose, ["suite", "floor", "suite", "floor"]);
    for row in rows(&document) {
        let ours = row["implementation"] == "suite";
        assert_eq!((row["floor_ratio"].is_number(), row["beside_floor"].is_object()), (ours, ours), "{row}");
    }
}

/// An open loop has both times, from the intended and from the real start; and the closed loop beside it.
#[test]
fn an_open_loop_has_both_times() {
    let document = measured(&["--mechanism", "pipe", "--rate", "2000", "--count", "100"]);
    let kinds: Vec<_> = rows(&document).iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["round_trip", "open_loop"]);
    let row = &rows(&document)[1];
    assert_eq!((&row["rate_per_s"], &row["count"]), (&2000.into(), &100.into()));
    for figure in ["min", "p50", "max", "mean"] {
        let time = |kind: &str| row[kind][figure].as_f64().unwrap();
        assert!(time("rtt_ns") >= time("service_ns") && time("service_ns") > 0.0, "{figure}: {row}");
    }
}

/// System calls are counted on both sides where both block; polling is not counted, and the document says so.
#[test]
fn system_calls_are_counted_where_both_sides_block() {
    let _queues = Allowance::wait_for(2);
    let args =
        ["run", "--mechanism", "pipe", "--mechanism", "msgq", "--size", "64", "--count", "10", "--json"];
    let output = run(bench().args(args).args(["--wait", "block", "--wait", "spin"]));
    let document: Value = serde_json::from_str(&output.stdout).expect("one JSON document");
    let notes = document["notes"].to_string();
    if notes.contains("forbids to trace") {
        return ipc_conformance::skipped("this system forbids to trace a child");
    }
    let by_the_kernel = notes.contains("by perf_event_open");
    assert!(by_the_kernel || notes.contains("counting slows polling down"), "{notes}");
    for row in rows(&document) {
        let calls = |side: &str| row["cost"][side]["syscalls"].as_f64();
        match (row["wait"].as_str(), row["kind"].as_str()) {
            (Some("spin"), _) if by_the_kernel => {}
            (Some("spin"), _) => assert_eq!((calls("ping"), calls("pong")), (None, None)),
            // One to send, one to receive; the last answer may come with the report. A side that waits long at a queue
            // is woken now and then to check its peer, and calls again: more often on a busier machine, but not each
            // time.
            (_, Some("round_trip")) => {
                let most = if row["mechanism"] == "msgq" { 3.0 } else { 2.2 };
                let [ping, pong] = ["ping", "pong"].map(|side| calls(side).expect("counted"));
                assert!((1.9..most).contains(&ping) && (1.9..most).contains(&pong), "{row}");
            }
            // The kernel's figure is a difference of two counts.
            _ => assert!(calls("ping").expect("counted") >= 0.9, "{row}"),
        }
    }
}

/// Where the kernel may count, polling is counted as well, and the figures agree with those from stopping each call.
/// The tracepoints are in a file system that is often not mounted: here it is, in a mount namespace of the test's own.
#[test]
fn the_kernel_counts_system_calls_where_it_may() {
    let script = "mount -t tracefs none /sys/kernel/tracing && exec \"$@\"";
    let mounted = |program: &str| {
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", script, "sh", program]);
        command
    };
    if !mounted("true").output().is_ok_and(|output| output.status.success()) {
        return ipc_conformance::skipped("this user cannot mount a tracefs");
    }
    let dir = tempfile::tempdir().unwrap();
    let mut command = mounted(env!("CARGO_BIN_EXE_ipc-bench"));
    command.args(["--mechanism", "pipe", "--size", "64", "--count", "400", "--kind", "round_trip"]);
    command.args(["--wait", "block", "--wait", "spin", "--json"]);
    command.args(["--output", dir.path().to_str().unwrap()]);
    let output = run(&mut command);
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    let notes = document["notes"].to_string();
    if !notes.contains("by perf_event_open") {
        return ipc_conformance::skipped("this kernel does not allow tracepoints to be counted");
    }
    for row in rows(&document) {
        let calls = |side: &str| row["cost"][side]["syscalls"].as_f64().unwrap_or_else(|| panic!("{row}"));
        let (ping, pong) = (calls("ping"), calls("pong"));
        // One call to send and one to receive; a poller calls more often.
        match row["wait"].as_str() {
            Some("block") => assert!((1.9..2.2).contains(&ping) && (1.9..2.2).contains(&pong), "{row}"),
            _ => assert!(ping >= 2.0 && pong >= 2.0, "{row}"),
        }
    }
}

/// A range of lengths is swept in steps of four times, each length once. The curve of a variant whose messages are limited ends at its limit;
/// what is longer is skipped, with the reason.
#[test]
fn a_range_of_lengths_is_swept_up_to_the_limit() {
    let _queues = Allowance::wait_for(1);
    let args =
        ["run", "--size", "16..64,64,1K..1000K", "--wait", "block", "--kind", "round-trip", "--count", "4"];
    let output = run(bench().args(args).args(["--variant", "anonymous,sysv", "--format", "json"]));
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    let document: Value = serde_json::from_str(&output.stdout).expect("one JSON document");
    let sizes = |variant| -> Vec<u64> {
        let of_variant = rows(&document).iter().filter(|row| row["variant"] == variant);
        of_variant.map(|row| row["size"].as_u64().unwrap()).collect()
    };
    let all = [16, 64, 1024, 4096, 16384, 65536, 262_144, 1_024_000];
    assert_eq!(sizes("anonymous"), all);
    let swept = sizes("sysv");
    let limit = *swept.last().unwrap();
    let at_limit =
        rows(&document).iter().find(|row| row["variant"] == "sysv" && row["size"] == limit).unwrap();
    assert_eq!((&at_limit["at_limit"], all.contains(&limit)), (&true.into(), false), "{swept:?}");
    let skipped = document["skipped"].as_array().unwrap();
    assert_eq!(swept.len() - 1 + skipped.len(), all.len(), "each is measured, or skipped");
    for case in skipped {
        assert!(case["reason"].as_str().unwrap().contains(&format!("at most {limit} bytes")), "{case}");
    }
}
