//! Tests of the harness as a user runs it.

mod common;

use common::{bench, keys, run, said, warning};
use ipc_demo::cpus;
use serde_json::Value;

fn json(args: &[&str]) -> Value {
    let output = run(bench().args(args));
    assert_eq!((output.status, said(&output).as_str()), (Some(0), warning()), "{args:?}");
    serde_json::from_str(&output.stdout).expect("one JSON document and nothing else")
}

/// `--json` prints one document with stable names; it contains all six, with every variant, in both kinds.
#[test]
fn the_document_has_its_names_and_all_six() {
    let document = json(&["--size", "64", "--wait", "block", "--count", "50", "--json"]);
    let known = [
        "clock_cost_ns",
        "complete",
        "disturbances",
        "environment",
        "failed",
        "growth",
        "limits",
        "notes",
        "profile",
        "results",
        "schema_version",
        "skipped",
        "took_s",
        "verified",
    ];
    assert_eq!(keys(&document), known);
    assert_eq!((&document["schema_version"], &document["complete"]), (&3.into(), &true.into()));
    assert_eq!(document["profile"], "quick");
    assert!(document["clock_cost_ns"].as_f64().unwrap() > 0.0);
    assert_eq!((&document["growth"], &document["limits"]), (&Value::Array(Vec::new()), &Value::Null));
    let rows = document["results"].as_array().unwrap();
    for member in ipc_bench::results::registry::SIX.iter() {
        for variant in member.variants() {
            for kind in ["round_trip", "throughput"] {
                let is = |row: &&Value| {
                    row["mechanism"] == member.profile.name
                        && row["variant"] == variant.name
                        && row["kind"] == kind
                };
                let row = rows.iter().find(is).unwrap_or_else(|| panic!("{} {kind}", variant.name));
                check_row(row, kind == "round_trip");
            }
        }
    }
}

fn check_row(row: &Value, is_round_trip: bool) {
    assert_eq!(keys(row), common::ROW);
    assert_eq!(row["implementation"], "suite");
    assert_eq!(row["batch"].as_u64().is_some_and(|batch| batch > 0), is_round_trip, "{row}");
    assert_eq!((&row["size"], &row["wait"], &row["count"]), (&64.into(), &"block".into(), &50.into()));
    let values = row["rounds"]["values"].as_array().unwrap();
    assert_eq!(
        (values.len() as u64, row["rounds"]["count"].as_u64()),
        (7, Some(7)),
        "seven rounds in `quick`"
    );
    for side in ["ping", "pong"] {
        let cost = |name: &str| row["cost"][side][name].as_f64().unwrap();
        assert!(cost("user_ns") + cost("system_ns") > 0.0, "{row}");
    }
    if is_round_trip {
        for latency in ["rtt_ns", "one_way_ns"] {
            let names = ["histogram", "max", "mean", "mean_interval", "min", "p50", "p90", "p99", "p999"];
            assert_eq!(keys(&row[latency]), names);
            let time = |name: &str| row[latency][name].as_f64().unwrap();
            let order = ["min", "p50", "p90", "p99", "p999", "max"].map(time);
            assert!(order.is_sorted() && order[0] > 0.0, "{row}");
            assert!(time("min") <= time("mean") && time("mean") <= time("max"), "{row}");
        }
        assert_eq!((&row["messages_per_s"], &row["bytes_per_s"]), (&Value::Null, &Value::Null));
    } else {
        assert_eq!((&row["rtt_ns"], &row["one_way_ns"]), (&Value::Null, &Value::Null));
        let rate = |name: &str| row[name].as_f64().unwrap();
        assert!(rate("messages_per_s") > 0.0);
        assert!((rate("bytes_per_s") / rate("messages_per_s") - 64.0).abs() < 1e-6, "{row}");
    }
}

/// The environment is read from this machine; a value that it does not report is null, not missing.
#[test]
fn the_environment_is_this_machines() {
    let document = json(&["--mechanism", "pipe", "--size", "1", "--count", "1", "--json"]);
    let environment = &document["environment"];
    let read = |path: &str| std::fs::read_to_string(path).unwrap().trim().to_owned();
    let kernel = environment["kernel"].as_str().unwrap();
    assert!(kernel.ends_with(&read("/proc/sys/kernel/osrelease")), "{kernel}");
    assert_eq!(environment["cpus_online"], read("/sys/devices/system/cpu/online"));
    assert!(
        environment["command_line"].as_str().unwrap().ends_with("--mechanism pipe --size 1 --count 1 --json")
    );
    // One pair of CPUs at least, where a process may choose between two.
    let handovers = environment["handovers"].as_array().expect("they were measured");
    let [several, may_bind] = [cpus::allowed().unwrap().len() > 1, cpus::may_bind().unwrap()];
    assert_eq!(!handovers.is_empty(), several && may_bind, "{handovers:?}");
    for handover in handovers {
        assert!(handover["round_trip_ns"]["median"].as_f64().unwrap() > 0.0, "{handover}");
    }
    let known = [
        "clock_source",
        "command_line",
        "commit",
        "cpu_model",
        "cpus_online",
        "crate_version",
        "debug_build",
        "governor",
        "handovers",
        "idle",
        "kernel",
        "kernel_options",
        "load_average",
        "mitigations",
        "mq_msgsize_max",
        "msgmax",
        "msgmnb",
        "open_files",
        "page_size",
        "pipe_max_size",
        "pipe_size",
        "rustc",
        "shmmax",
        "timestamp",
        "topology",
        "virtualised",
        "wmem_max",
    ];
    assert_eq!(keys(environment), known);
}

/// A message longer than a queue accepts is skipped with that reason; nothing shorter is sent instead.
#[test]
fn a_size_over_the_queues_limit_is_skipped_with_its_reason() {
    let limit: usize = std::fs::read_to_string("/proc/sys/kernel/msgmax").unwrap().trim().parse().unwrap();
    let size = (limit + 1).to_string();
    let mut args = vec!["--mechanism", "msgq", "--mechanism", "pipe", "--wait", "block", "--size", &size];
    args.extend(["--count", "5", "--json"]);
    let document = json(&args);
    let skipped = document["skipped"].as_array().unwrap();
    assert_eq!(skipped.len(), 2 * ipc_bench::results::registry::member("msgq").unwrap().variants().count());
    for case in skipped {
        assert_eq!((&case["mechanism"], &case["size"]), (&"msgq".into(), &(limit + 1).into()));
        let reason = case["reason"].as_str().unwrap();
        assert!(reason.contains(&format!("message of {size} bytes is too large")), "{reason}");
    }
    let rows = document["results"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["mechanism"] == "pipe" && row["size"] == limit + 1));
    assert_eq!(rows.len(), 2);
}

/// The tables name size, wait strategy, placement and count, and the units of their figures.
#[test]
fn the_tables_name_their_conditions() {
    let args =
        ["--mechanism", "shm", "--size", "4K", "--count", "20", "--cpus", "same", "--wait", "hybrid,spin"];
    let output = run(bench().args(args).arg("--verbose"));
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    for wait in ["hybrid", "spin"] {
        for kind in ["Round trip", "Throughput"] {
            let heading = format!("{kind}, 4 KiB, wait {wait}, cpus same (ping on CPU ");
            assert!(output.stdout.contains(&heading), "{heading}: {}", output.stdout);
        }
    }
    for word in ["count", "p99.9", "times in microseconds", "MB/s", "1 MB = 1,000,000 bytes", "kernel: "] {
        assert!(output.stdout.contains(word), "{word}");
    }
}

/// `list` prints the six mechanisms from their profiles: as text, as Markdown, as JSON.
#[test]
fn list_prints_the_six() {
    for args in [&["list"][..], &["list", "--markdown"], &["list", "--json"]] {
        let output = run(bench().args(args));
        assert_eq!((output.status, output.stderr.as_str()), (Some(0), ""));
        for member in ipc_bench::results::registry::SIX.iter() {
            let profile = member.profile;
            for text in [profile.title.to_owned(), profile.medium.to_string(), profile.reach.to_string()] {
                // The table is folded between words.
                let is_there = if args.len() == 1 {
                    text.split(' ').all(|word| output.stdout.contains(word))
                } else {
                    output.stdout.contains(&text)
                };
                assert!(is_there, "{args:?}: {text}");
            }
        }
    }
    // The tables fit a terminal, and no word is broken.
    let table = run(bench().arg("list")).stdout;
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    for word in ["unix-seqpacket", "processes", "stream", "message)", "parent"] {
        assert!(table.split_whitespace().any(|cell| cell == word), "{word}: {table}");
    }
    let document = json_list();
    assert_eq!(document["mechanisms"][2]["name"], "msgq");
    assert_eq!(document["mechanisms"][5]["variants"].as_array().unwrap().len(), 3);
}

fn json_list() -> Value {
    serde_json::from_str(&run(bench().args(["list", "--json"])).stdout).unwrap()
}

/// Every option that may be given several times also takes a list, and numbers are taken as people write them.
#[test]
fn lists_have_commas_and_numbers_have_units() {
    let document = json(&[
        "--mechanism",
        "pipe,fifo",
        "--size",
        "64,0.25KiB,1KB",
        "--wait",
        "block,hybrid",
        "--kind",
        "round-trip,open-loop",
        "--rate",
        "1k/s,2e3",
        "--cpus",
        "same,0,0",
        "--count",
        "1e1",
        "--json",
    ]);
    let rows = document["results"].as_array().unwrap();
    let of = |key: &str| {
        let mut values: Vec<String> = rows.iter().map(|row| row[key].to_string()).collect();
        values.sort();
        values.dedup();
        values.join(" ")
    };
    assert_eq!(of("mechanism"), r#""fifo" "pipe""#);
    assert_eq!(of("size"), "1000 256 64");
    assert_eq!(of("wait"), r#""block" "hybrid""#);
    assert_eq!(of("kind"), r#""open_loop" "round_trip""#);
    assert_eq!(of("rate_per_s"), "1000 2000 null");
    assert_eq!(of("cpus"), r#""0,0" "same""#);
    assert_eq!(rows.len(), 2 * 3 * 2 * 2 * (1 + 2));
}

/// A run of which no row can be measured says so at once: one line, status 2, nothing saved.
#[test]
fn nothing_to_measure_is_said_at_once() {
    let home = tempfile::TempDir::new().unwrap();
    let cases = [
        (
            "--profile thorough --floor --mechanism pipe --kind stream --rate 1k --size 4",
            "pipe (anonymous) stream at a rate, 4 bytes, wait block: each message carries the time",
        ),
        (
            "--kind clients --mechanism pipe",
            "pipe (anonymous) 1 client (threads), 64 bytes, wait block: an anonymous pipe",
        ),
        (
            "--clients 5 --mechanism shm",
            "shm (ring) 5 clients (threads), 64 bytes, wait block: one memory is one link",
        ),
        (
            "--mechanism msgq --variant sysv --size 1M",
            "msgq (sysv) round trip, 1 MiB, wait block: message of 1048576 bytes is too large",
        ),
    ];
    for (args, reason) in cases {
        let output = run(bench().args(args.split(' ')).env("XDG_DATA_HOME", home.path()));
        assert_eq!((output.status, &*output.stdout), (Some(2), ""), "{args}: {}", output.stderr);
        let said = format!("error: nothing to measure: {reason}");
        assert!(output.stderr.starts_with(&said), "{args}: {}", output.stderr);
        assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
    }
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "nothing is saved");
}

/// The answer is on the screen: a run of one row fits 80 by 24, and a quiet one is nothing but the table.
#[test]
fn a_run_of_one_row_shows_its_figure_without_scrolling() {
    let one =
        ["--mechanism", "pipe", "--size", "64", "--wait", "block", "--kind", "round-trip", "--count", "50"];
    let (usual, quiet) = (run(bench().args(one)), run(bench().args(one).arg("--quiet")));
    for output in [&usual, &quiet] {
        assert_eq!(output.status, Some(0), "{}", output.stderr);
        let lines: Vec<_> = output.stdout.lines().chain(output.stderr.lines()).collect();
        assert!(
            lines.len() < 24 && output.stdout.lines().all(|line| line.chars().count() <= 80),
            "{lines:#?}"
        );
        assert!(output.stdout.contains(" pipe        anonymous "), "{}", output.stdout);
        for further in ["Measured on", "Cost", "p99.9"] {
            assert!(!output.stdout.contains(further), "{further}: {}", output.stdout);
        }
    }
    assert!(usual.stderr.contains("saved as") && quiet.stderr.is_empty(), "{}", quiet.stderr);
}

/// Wrong usage gives one clear line on standard error, nothing on standard output, and exit status 2.
#[test]
fn wrong_usage_is_one_clear_line() {
    let cases: [(&[&str], &str); 27] = [
        (
            &["--mechanism", "telepathy"],
            "invalid value 'telepathy' for '--mechanism <NAME>': expected pipe, fifo, msgq, shm, mmap or socket",
        ),
        (&["--size", "0"], "at least 1 byte"),
        (&["--size", "much"], "expected a length in bytes"),
        (&["--count", "0"], "expected a whole number of at least 1, such as 10000"),
        (&["--count", "-1"], "'--count <N>': expected a whole number"),
        (&["--wait", "nap"], "invalid value 'nap' for '--wait <STRATEGY>': expected block, spin or hybrid"),
        (
            &["--kind", "latency"],
            "invalid value 'latency' for '--kind <KIND>': expected round-trip, throughput, open-loop, stream or clients",
        ),
        (&["--cpus", "moon"], "invalid value 'moon' for '--cpus <PLACEMENT>': expected same, split or A,B"),
        (&["--cpus", "same,0"], "invalid placement '0': expected same, split or A,B"),
        (&["--size", "64,,4K"], "expected a length in bytes"),
        (&["--rate", "20k/m"], "such as 20000, 20k, 20k/s, 20kHz or 60fps"),
        (&["--duration", "1y"], "such as 5, 0.5, 2s, 100ms, 50us, 1m or 7d; seconds without a unit"),
        (&["--cpus", "0,900"], "CPU 900 is not available"),
        (
            &["--profile", "endless"],
            "invalid value 'endless' for '--profile <PROFILE>': expected quick, standard or thorough",
        ),
        (
            &["--format", "prose"],
            "invalid value 'prose' for '--format <FORMAT>': expected table, json, csv or markdown",
        ),
        (&["--format", "csv", "--json"], "--json"),
        (&["--variant", "none"], "'--variant <NAME>': expected one of those that `ipc-bench list` shows"),
        (&["--mechanism", "pipe", "--variant", "tcp"], "none of these mechanisms has such a variant"),
        (&["--kind", "open-loop"], "need a --rate"),
        (&["--kind", "throughput", "--rate", "10"], "--rate requires --kind open-loop or --kind stream"),
        (&["--quiet", "--verbose"], "--quiet"),
        (&["--duration", "1", "--count", "1"], "--count"),
        (&["--loud"], "--loud"),
        (&["--mechanisms", "pipe"], "found; a similar argument exists: '--mechanism'"),
        (&["--floor=yes"], "--floor"),
        (&["--floor", "clean"], "clean"),
        (&["peer"], "peer"),
    ];
    for (args, reason) in cases {
        let output = run(bench().args(args));
        assert_eq!((output.status, output.stdout.as_str()), (Some(2), ""), "{args:?}");
        assert_eq!(output.stderr.lines().count(), 1, "{args:?}: {}", output.stderr);
        assert!(
            output.stderr.starts_with("error: ") && output.stderr.contains(reason),
            "{args:?}: {}",
            output.stderr
        );
    }
}
