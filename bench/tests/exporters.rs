//! Each format, as it has been. To accept a change: `SNAPSHOTS=overwrite cargo test -p ipc-bench --test exporters`.

mod invented;

use invented::{NOISE, case, costs, document, row};
use ipc_bench::export::Format;
use ipc_bench::{Document, Fairness, Kind, NotMeasured, Row};
use ipc_core::Wait;
use snapbox::{Assert, Data, assert::Action};

/// A row of each kind, one of them unstable; something skipped; names that need quoting.
fn results() -> Document {
    let pipe = |kind| case("pipe", "anonymous", kind, Wait::Block);
    let mut open = row(&pipe(Kind::OpenLoop), 6e4, NOISE);
    open.rate_per_s = Some(10_000);
    open.service_ns.clone_from(&open.rtt_ns);
    let mut closed = row(&pipe(Kind::RoundTrip), 5e4, NOISE);
    closed.one_way_ns.clone_from(&closed.rtt_ns);
    closed.cost = Some(costs(2e4));
    let wild = [0.5, 1.5, 0.6, 1.4, 0.7, 1.3, 0.8, 1.2];
    let mut clients = row(&case("msgq", "sysv", Kind::Clients, Wait::Block), 4e3, NOISE);
    clients.clients = 10;
    clients.fairness = Some(Fairness { min: 90, median: 100, max: 120, index: 0.97 });
    let strange = Row {
        mechanism: "a, \"b\"".into(),
        variant: "c | *d*\ne".into(),
        ..row(&pipe(Kind::Throughput), 1e3, NOISE)
    };
    let rows = vec![
        closed,
        row(&case("fifo", "fifo", Kind::RoundTrip, Wait::Block), 5e4, wild),
        open,
        clients,
        strange,
    ];
    let mut document = document(rows);
    document.notes.push("energy is not told here".into());
    let reason = "message of 64 bytes is too large: this link carries at most 10 bytes".into();
    document.skipped.push(NotMeasured::new(&case("shm", "ring", Kind::Throughput, Wait::Spin), reason));
    document
}

fn check(format: Format, name: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots").join(name);
    let expected = Data::read_from(&path, None).raw();
    let assert = Assert::new().action_env("SNAPSHOTS").action(Action::Verify);
    let assert = if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        assert.action(Action::Overwrite)
    } else {
        assert
    };
    assert.eq(Data::text(format.text(&results())).raw(), expected);
}

#[test]
fn as_tables() {
    check(Format::Table, "results.txt");
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

/// What was written can be read back: JSON as the same document, CSV cell by cell, commas, quotes and all.
#[test]
fn what_was_written_is_read_back() {
    let document = results();
    let back: Document = serde_json::from_str(&Format::Json.text(&document)).unwrap();
    assert_eq!(back, document);
    let text = Format::Csv.text(&document);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let names = reader.headers().unwrap().clone();
    let lines: Vec<_> =
        reader.records().collect::<Result<_, _>>().expect("as many cells in each line as names");
    assert_eq!(lines.len(), document.results.len());
    let cell = |line: usize, name: &str| &lines[line][names.iter().position(|one| one == name).unwrap()];
    assert_eq!((cell(4, "mechanism"), cell(4, "variant")), ("a, \"b\"", "c | *d*\ne"));
    assert_eq!(
        (cell(0, "rtt_p50_ns"), cell(4, "rtt_p50_ns")),
        (&*document.results[0].rtt_ns.as_ref().unwrap().p50.to_string(), "")
    );
    assert_eq!(
        (cell(0, "ping_user_ns"), cell(1, "agree"), cell(2, "rate_per_s")),
        ("5000", "false", "10000")
    );
}
