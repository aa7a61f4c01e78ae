//! Tests of each format against its snapshot. To accept a change:
//! `SNAPSHOTS=overwrite cargo test -p ipc-bench --test exporters`.

mod invented;

use invented::{NOISE, case, different_costs, document, row, ten_thousand};
use ipc_bench::present::export::Format;
use ipc_bench::present::table::{self, Detail};
use ipc_bench::results::case::Kind;
use ipc_bench::results::document::{Document, NotMeasured, Verified};
use ipc_bench::results::fairness::Fairness;
use ipc_bench::results::growth::Growth;
use ipc_bench::results::limits::{Copying, MachineLimits};
use ipc_bench::results::pacing::Pacing;
use ipc_bench::results::quartiles::Quartiles;
use ipc_bench::results::row::{Rounds, Row};
use ipc_core::Wait;
use serde_json::Value;
use snapbox::{Assert, Data, assert::Action};

/// Returns a row of each kind and of each implementation, one of them unstable; a skipped case; names that need
/// quoting. Each figure has a value of its own, so that no two can be confused.
fn results() -> Document {
    let pipe = |kind| case("pipe", "anonymous", kind, Wait::Block);
    let closed = Row {
        rtt_ns: Some(ten_thousand(10)),
        one_way_ns: Some(ten_thousand(3)),
        batch: Some(4),
        cost: Some(different_costs()),
        energy_nj: Some(77.5),
        beside_floor: Some(Rounds::of(11, &[51e3, 52e3, 53e3, 54e3, 56e3])),
        floor_ratio: Some(1.25),
        floor_ratio_spread: Some([1.125, 1.375]),
        ..row(&pipe(Kind::RoundTrip), 5e4, NOISE)
    };
    let floor = Row {
        implementation: "floor".into(),
        rounds: Some(Rounds::of(12, &[41e3, 42e3, 43e3, 44e3, 46e3])),
        suite_ratio: Some(1.25),
        suite_ratio_spread: Some([1.125, 1.375]),
        ..Row::empty(&pipe(Kind::RoundTrip))
    };
    let bare = Row {
        rounds: Some(Rounds::of(13, &[2e3, 3e3, 4e3, 5e3, 6e3])),
        piece: Some(4096),
        suite_ratio: Some(1.5),
        suite_ratio_spread: Some([1.4375, 1.5625]),
        ..Row { implementation: "in_place".into(), ..Row::empty(&pipe(Kind::Throughput)) }
    };
    let open = Row {
        rtt_ns: Some(ten_thousand(20)),
        service_ns: Some(ten_thousand(11)),
        rate_per_s: Some(10_000),
        pacing: Some(Pacing { achieved_per_s: 9_999.5, kept_up: true, late: 320 }),
        ..row(&pipe(Kind::OpenLoop), 6e4, NOISE)
    };
    let stream = |unit, pacing| Row {
        one_way_ns: Some(ten_thousand(unit)),
        rate_per_s: Some(20_000),
        pacing: Some(pacing),
        ..row(&pipe(Kind::Stream), 7e4, NOISE)
    };
    let kept_up = stream(6, Pacing { achieved_per_s: 20_000.0, kept_up: true, late: 80 });
    let fell_behind = stream(7000, Pacing { achieved_per_s: 14_123.0, kept_up: false, late: 7_970 });
    let wild = [0.5, 1.5, 0.6, 1.4, 0.7, 1.3, 0.8, 1.2];
    let clients = Row {
        clients: 10,
        client_processes: Some(4),
        rtt_ns: Some(ten_thousand(30)),
        fairness: Some(Fairness { min: 90, median: 100, max: 120, index: 0.97 }),
        ..row(&case("msgq", "sysv", Kind::Clients, Wait::Block), 4e3, NOISE)
    };
    let strange = Row {
        mechanism: "a, \"b\"".into(),
        variant: "c | *d*\ne".into(),
        cpus: "0,1".into(),
        ping_cpu: 5,
        pong_cpu: 7,
        ..row(&pipe(Kind::Throughput), 1e3, NOISE)
    };
    let wild = Row {
        size: 4096,
        cost: Some(different_costs()),
        ..row(&case("fifo", "fifo", Kind::RoundTrip, Wait::Block), 5e4, wild)
    };
    let batched = Row { flush_every: 32, ..row(&pipe(Kind::Throughput), 30.0, NOISE) };
    let mut document =
        document(vec![closed, floor, wild, open, kept_up, fell_behind, clients, strange, bare, batched]);
    document.notes.push("energy is not told here".into());
    let reason = "message of 64 bytes is too large: this link carries at most 10 bytes".into();
    document.skipped.push(NotMeasured::new(&case("shm", "ring", Kind::Throughput, Wait::Spin), reason));
    let checked = |messages, error: Option<&str>| Verified {
        mechanism: "pipe".into(),
        variant: "anonymous".into(),
        kind: Kind::RoundTrip,
        size: 64,
        wait: "block".into(),
        cpus: "split".into(),
        messages,
        error: error.map(Into::into),
    };
    document.verified =
        Some(vec![checked(1000, None), checked(200, Some("a message out of sequence")), checked(30, None)]);
    document.growth = vec![Growth {
        mechanism: "pipe".into(),
        variant: "anonymous".into(),
        kind: Kind::RoundTrip,
        wait: "block".into(),
        cpus: "split".into(),
        flush_every: 1,
        from: 64,
        to: 4096,
        suite: 3.0,
        floor: 4.0,
        ratio: 0.75,
    }];
    let about = |median: f64| Quartiles { p25: median * 0.9, median, p75: median * 1.2 };
    let copying = |in_cache, buffer, rate| Copying { in_cache, buffer, bytes_per_s: about(rate) };
    document.limits = Some(MachineLimits {
        handover_ns: Some(about(90.0)),
        memcpy: vec![copying(true, 65536, 20e9), copying(false, 64 << 20, 7e9)],
    });
    document
}

fn check(format: Format, name: &str) {
    check_text(format.text(&results()), name);
}

fn check_text(text: String, name: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    let expected = Data::read_from(&path, None).raw();
    let assert = Assert::new().action_env("SNAPSHOTS").action(Action::Verify);
    let assert = if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        assert.action(Action::Overwrite)
    } else {
        assert
    };
    assert.eq(Data::text(text).raw(), expected);
}

#[test]
fn as_tables() {
    check(Format::Table, "results.txt");
}

/// On a terminal of 80 columns: few columns, what to know about them, and the conclusions last.
#[test]
fn as_tables_for_a_terminal() {
    let text = table::text(&results(), Some(80), Detail::Notes);
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{widest:?}:\n{text}");
    check_text(text, "terminal.txt");
}

/// The times of a queue that grew are no latency, and are not shown as one.
#[test]
fn a_row_that_fell_behind_shows_its_rate_and_no_times() {
    for detail in [Detail::Figures, Detail::Notes, Detail::All] {
        let text = table::text(&results(), None, detail);
        let row = text.lines().find(|line| line.contains("14,123")).unwrap();
        assert!(row.contains("could not keep up") && row.contains('–'), "{row}");
        assert!(!text.contains("35002"), "its median, in microseconds: {text}");
    }
}

#[test]
fn as_csv() {
    check(Format::Csv, "results.csv");
}

#[test]
fn as_markdown() {
    check(Format::Markdown, "results.md");
}

#[test]
fn as_json() {
    check(Format::Json, "results.json");
}

/// Notes beside the figures appear where people read them.
#[test]
fn an_early_end_is_noted_and_what_was_checked_is_counted() {
    let mut document = results();
    document.verified.as_mut().unwrap().retain(|case| case.error.is_none());
    for (complete, early) in [(true, false), (false, true)] {
        document.complete = complete;
        for format in [Format::Table, Format::Markdown] {
            let text = format.text(&document);
            assert_eq!(text.contains("the run was ended early"), early, "{text}");
            assert!(text.contains("1,030 messages checked: all right"), "{text}");
        }
    }
}

/// JSON is read back as the same document.
#[test]
fn what_was_written_is_read_back() {
    let document = results();
    let back: Document = serde_json::from_str(&Format::Json.text(&document)).unwrap();
    assert_eq!(back, document);
}

/// The columns of CSV, and the same places in the JSON document.
const COLUMNS: [(&str, &str); 68] = [
    ("mechanism", "/mechanism"),
    ("variant", "/variant"),
    ("implementation", "/implementation"),
    ("kind", "/kind"),
    ("size_bytes", "/size"),
    ("wait", "/wait"),
    ("cpus", "/cpus"),
    ("ping_cpu", "/ping_cpu"),
    ("pong_cpu", "/pong_cpu"),
    ("clients", "/clients"),
    ("client_processes", "/client_processes"),
    ("clients_run", "/clients_run"),
    ("rate_per_s", "/rate_per_s"),
    ("achieved_per_s", "/pacing/achieved_per_s"),
    ("kept_up", "/pacing/kept_up"),
    ("late", "/pacing/late"),
    ("flush_every", "/flush_every"),
    ("piece_bytes", "/piece"),
    ("count", "/count"),
    ("batch", "/batch"),
    ("rtt_min_ns", "/rtt_ns/min"),
    ("rtt_p50_ns", "/rtt_ns/p50"),
    ("rtt_p90_ns", "/rtt_ns/p90"),
    ("rtt_p99_ns", "/rtt_ns/p99"),
    ("rtt_p999_ns", "/rtt_ns/p999"),
    ("rtt_max_ns", "/rtt_ns/max"),
    ("rtt_mean_ns", "/rtt_ns/mean"),
    ("rtt_mean_low_ns", "/rtt_ns/mean_interval/0"),
    ("rtt_mean_high_ns", "/rtt_ns/mean_interval/1"),
    ("service_p50_ns", "/service_ns/p50"),
    ("service_p99_ns", "/service_ns/p99"),
    ("service_max_ns", "/service_ns/max"),
    ("one_way_p50_ns", "/one_way_ns/p50"),
    ("one_way_p99_ns", "/one_way_ns/p99"),
    ("one_way_max_ns", "/one_way_ns/max"),
    ("messages_per_s", "/messages_per_s"),
    ("bytes_per_s", "/bytes_per_s"),
    ("fairness_min", "/fairness/min"),
    ("fairness_median", "/fairness/median"),
    ("fairness_max", "/fairness/max"),
    ("fairness_index", "/fairness/index"),
    ("rounds", "/rounds/count"),
    ("rounds_p25_ns", "/rounds/ns/p25"),
    ("rounds_median_ns", "/rounds/ns/median"),
    ("rounds_p75_ns", "/rounds/ns/p75"),
    ("spread", "/rounds/spread"),
    ("agree", "/rounds/agree"),
    ("ping_user_ns", "/cost/ping/user_ns"),
    ("ping_system_ns", "/cost/ping/system_ns"),
    ("ping_voluntary_switches", "/cost/ping/voluntary_switches"),
    ("ping_involuntary_switches", "/cost/ping/involuntary_switches"),
    ("ping_minor_faults", "/cost/ping/minor_faults"),
    ("ping_major_faults", "/cost/ping/major_faults"),
    ("ping_syscalls", "/cost/ping/syscalls"),
    ("pong_user_ns", "/cost/pong/user_ns"),
    ("pong_system_ns", "/cost/pong/system_ns"),
    ("pong_voluntary_switches", "/cost/pong/voluntary_switches"),
    ("pong_involuntary_switches", "/cost/pong/involuntary_switches"),
    ("pong_minor_faults", "/cost/pong/minor_faults"),
    ("pong_major_faults", "/cost/pong/major_faults"),
    ("pong_syscalls", "/cost/pong/syscalls"),
    ("energy_nj", "/energy_nj"),
    ("floor_ratio", "/floor_ratio"),
    ("floor_ratio_p25", "/floor_ratio_spread/0"),
    ("floor_ratio_p75", "/floor_ratio_spread/1"),
    ("suite_ratio", "/suite_ratio"),
    ("suite_ratio_p25", "/suite_ratio_spread/0"),
    ("suite_ratio_p75", "/suite_ratio_spread/1"),
];

/// Each cell of CSV holds the JSON value at that place, including commas and quotes; and no two columns are equal, so
/// that a confusion of two is noticed.
#[test]
fn csv_and_json_say_the_same() {
    let document = results();
    let json: Value = serde_json::from_str(&Format::Json.text(&document)).unwrap();
    let text = Format::Csv.text(&document);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(names, COLUMNS.map(|(name, _)| name));
    let lines: Vec<_> = reader.records().map(|line| line.expect("as many cells as names")).collect();
    assert_eq!(lines.len(), document.results.len());
    for (at, (name, place)) in COLUMNS.iter().enumerate() {
        for (line, row) in lines.iter().zip(json["results"].as_array().unwrap()) {
            let same = match row.pointer(place) {
                None | Some(Value::Null) => line[at].is_empty(),
                Some(Value::String(text)) => *text == line[at],
                Some(Value::Number(number)) => line[at].parse().ok() == number.as_f64(),
                Some(other) => line[at].parse().ok() == other.as_bool(),
            };
            assert!(same, "{name}: {}, and in JSON {:?}", &line[at], row.pointer(place));
        }
        let column = |at: usize| lines.iter().map(|line| line[at].to_owned()).collect::<Vec<_>>();
        let twin = (0..at).find(|&other| column(other) == column(at));
        assert_eq!(twin.map(|at| &names[at]), None, "the same as {name}: that proves nothing");
    }
}
