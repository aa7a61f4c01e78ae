//! Tests of `ipc-bench compare` on invented runs whose difference is known.

mod common;
mod invented;

use common::{Output, bench, run};
use invented::{NOISE, OTHER_NOISE, Saved, case, document, row};
use ipc_bench::present::compare::{Comparison, Verdict};
use ipc_bench::results::case::Kind;
use ipc_bench::results::document::Document;
use ipc_bench::results::environment::alike::differences;
use ipc_bench::results::pacing::Pacing;
use ipc_bench::results::row::{Rounds, Row};
use ipc_core::Wait;
use serde_json::Value;

const KINDS: [Kind; 2] = [Kind::RoundTrip, Kind::Throughput];

fn pipe(kind: Kind, ns: f64, noise: [f64; 8]) -> Row {
    row(&case("pipe", "anonymous", kind, Wait::Block), ns, noise)
}

/// Returns one row that takes 50 µs, and the same one with its time changed by a factor.
fn shifted(kind: Kind, factor: f64) -> [Document; 2] {
    [pipe(kind, 5e4, NOISE), pipe(kind, 5e4 * factor, OTHER_NOISE)].map(|row| document(vec![row]))
}

fn verdict(kind: Kind, factor: f64, threshold: f64) -> Verdict {
    let [old, new] = shifted(kind, factor);
    let comparison = Comparison::of(&old, &new, threshold);
    assert_eq!(comparison.changes.len(), 1);
    let ratio = comparison.changes[0].ratio.unwrap();
    assert!(ratio.contains(factor), "{factor}: {ratio:?}");
    comparison.changes[0].verdict
}

fn compare(old: &Document, new: &Document, args: &[&str]) -> Output {
    let (old, new) = (Saved::of(old), Saved::of(new));
    run(bench().args(["compare", &old.path(), &new.path()]).args(args))
}

/// A known shift is detected in both directions, and noise is not mistaken for one. Time counts, for latency and
/// throughput alike.
#[test]
fn a_known_shift_is_found_and_noise_is_not() {
    for kind in KINDS {
        assert_eq!(verdict(kind, 1.0, 0.05), Verdict::Unchanged, "{kind:?}");
        assert_eq!(verdict(kind, 1.2, 0.05), Verdict::Slower, "{kind:?}");
        assert_eq!(verdict(kind, 1.0 / 1.2, 0.05), Verdict::Faster, "{kind:?}");
    }
}

/// Exceeding the threshold is not enough: the shift has to be beyond doubt.
#[test]
fn a_shift_near_the_threshold_is_unclear() {
    for factor in [1.06, 1.05, 1.045, 1.0 / 1.06] {
        assert_eq!(verdict(Kind::RoundTrip, factor, 0.05), Verdict::Unclear, "{factor}");
    }
    assert_eq!(verdict(Kind::RoundTrip, 1.06, 0.03), Verdict::Slower);
    assert_eq!(verdict(Kind::RoundTrip, 1.2, 0.5), Verdict::Unchanged);
}

/// Among a hundred rows it takes more to be beyond doubt: a difference that would be significant alone is luck there. A
/// real change is still detected, and nothing else with it.
#[test]
fn among_many_rows_it_takes_more() {
    let many = |factor: f64, noise: [f64; 8]| {
        let rows = (1..=100).map(|size| {
            let ns = if size == 7 { 5e4 * factor } else { 5e4 };
            ipc_bench::results::row::Row { size, ..pipe(Kind::RoundTrip, ns, noise) }
        });
        document(rows.collect())
    };
    assert_eq!(verdict(Kind::RoundTrip, 1.08, 0.05), Verdict::Slower, "alone");
    for (factor, slower) in [(1.08, 0), (1.2, 1)] {
        let comparison = Comparison::of(&many(1.0, NOISE), &many(factor, OTHER_NOISE), 0.05);
        assert_eq!(
            (comparison.count(Verdict::Slower), comparison.count(Verdict::Unchanged)),
            (slower, 99),
            "{factor}"
        );
        assert_eq!(comparison.has_regression(), slower == 1);
        let back = Comparison::of(&many(factor, OTHER_NOISE), &many(1.0, NOISE), 0.05);
        assert_eq!((back.count(Verdict::Faster), back.has_regression()), (slower, false));
    }
}

/// Rounds that disagree widely.
const WILD: [f64; 8] = [0.4, 2.9, 0.5, 3.1, 0.45, 2.7, 0.6, 3.3];

/// Each figure belongs to its own run, and the factor is the new time divided by the old one.
#[test]
fn old_and_new_keep_their_figures() {
    let steps = [1.0, 1.1, 0.9, 0.9, 1.1, 1.0, 0.8, 1.25];
    let [old, new] = [(5e4, steps), (1e5, steps.map(|step| 1.01 * step))]
        .map(|(ns, noise)| document(vec![pipe(Kind::RoundTrip, ns, noise)]));
    for (old, new, old_ns, new_ns, ratio, text) in [
        (&old, &new, 5e4, 1.01e5, 2.02, "pipe anonymous 50.000 101.000 × 2.020"),
        (&new, &old, 1.01e5, 5e4, 1.0 / 2.02, "pipe anonymous 101.000 50.000 × 0.495"),
    ] {
        let output = compare(old, new, &["--json"]);
        let document: Value = serde_json::from_str(&output.stdout).unwrap();
        let change = &document["changes"][0];
        let near = |value: &Value, expected: f64| (value.as_f64().unwrap() / expected - 1.0).abs() < 1e-9;
        assert!(near(&change["old_ns"], old_ns) && near(&change["new_ns"], new_ns), "{change}");
        assert!(near(&change["ratio"]["estimate"], ratio), "{change}");
        let [low, high] = ["low", "high"].map(|end| change["ratio"][end].as_f64().unwrap());
        assert!(near(&(low * high).sqrt().into(), ratio) && low < ratio && ratio < high, "{change}");
        let shown = compare(old, new, &[]).stdout;
        let line = shown.lines().find(|line| line.starts_with(" pipe")).unwrap();
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
        let interval = format!("{low:.3} to {high:.3}");
        assert!(words(line).starts_with(text) && words(line).contains(&interval), "{line}");
    }
}

/// The median of the rounds counts: not the first of them, nor their mean.
#[test]
fn the_figure_of_a_row_is_the_median_of_its_rounds() {
    let rows = [900.0, 100.0, 300.0, 200.0, 5000.0];
    let row =
        |rounds: [f64; 5]| Row { rounds: Some(Rounds::of(1, &rounds)), ..pipe(Kind::RoundTrip, 1.0, NOISE) };
    let [old, new] = [1.0, 2.0].map(|factor| document(vec![row(rows.map(|ns| ns * factor))]));
    let change = &Comparison::of(&old, &new, 0.05).changes[0];
    assert_eq!((change.old_ns, change.new_ns), (Some(300.0), Some(600.0)));
}

/// A disturbed run is reported, whether old or new: if more than a quarter of its rows are unstable.
#[test]
fn a_disturbed_run_is_told_whichever_it_was() {
    let run = |unstable: usize, all: usize| {
        let rows = (0..all).map(|nth| {
            let noise = if nth < unstable { WILD } else { NOISE };
            Row { size: 1 + nth, ..pipe(Kind::RoundTrip, 5e4, noise) }
        });
        document(rows.collect())
    };
    for (unstable, told) in [(0, false), (1, false), (2, true)] {
        for (name, old, new) in [("old", run(unstable, 4), run(0, 4)), ("new", run(0, 4), run(unstable, 4))] {
            let comparison = Comparison::of(&old, &new, 0.05);
            let note = format!("{unstable} of 4 rows of the {name} run are unstable");
            assert_eq!(
                comparison.notes.iter().any(|line| line.starts_with(&note)),
                told,
                "{name} {unstable}"
            );
            assert_eq!(comparison.notes.len(), usize::from(told), "{:?}", comparison.notes);
            let marked: Vec<_> = comparison.changes.iter().map(|change| change.unstable).collect();
            assert_eq!(marked, (0..4).map(|nth| nth < unstable).collect::<Vec<_>>());
            let shown = ipc_bench::present::compare::text::text(&comparison, None);
            assert_eq!(shown.matches("(unstable)").count(), unstable, "{shown}");
        }
    }
    for (name, old, new) in [("old", false, true), ("new", true, false)] {
        let [old, new] = [old, new].map(|complete| Document { complete, ..run(0, 4) });
        let said = format!("the {name} run was ended early: it has fewer rounds, or rows are missing");
        assert_eq!(Comparison::of(&old, &new, 0.05).notes, [said]);
    }
}

/// Half the time is as far as twice the time: the threshold is a factor in both directions.
#[test]
fn the_threshold_is_a_factor_in_both_directions() {
    assert_eq!(verdict(Kind::RoundTrip, 1.0 / 1.45, 0.5), Verdict::Unchanged);
    assert_eq!(verdict(Kind::RoundTrip, 1.0 / 1.5, 0.5), Verdict::Unclear);
    assert_eq!(verdict(Kind::RoundTrip, 1.0 / 1.55, 0.5), Verdict::Faster);
    assert_eq!(verdict(Kind::RoundTrip, 1.45, 0.5), Verdict::Unchanged);
    assert_eq!(verdict(Kind::RoundTrip, 1.5, 0.5), Verdict::Unclear);
    assert_eq!(verdict(Kind::RoundTrip, 1.55, 0.5), Verdict::Slower);
}

/// Widely scattered rounds are no regression, however far off their median is.
#[test]
fn wild_rounds_prove_nothing() {
    let old = document(vec![pipe(Kind::RoundTrip, 5e4, NOISE)]);
    let new = document(vec![pipe(Kind::RoundTrip, 5e4, WILD)]);
    let comparison = Comparison::of(&old, &new, 0.05);
    assert_eq!(comparison.changes[0].verdict, Verdict::Unclear);
    assert!(comparison.changes[0].unstable && !comparison.has_regression());
    let warned = |note: &String| note.starts_with("1 of 1 rows of the new run are unstable");
    assert!(comparison.notes.iter().any(warned), "{:?}", comparison.notes);
}

/// Rows are matched by their keys, whatever their order; one without a counterpart is reported as such.
#[test]
fn rows_are_matched_by_their_keys() {
    let fifo = |wait, ns| row(&case("fifo", "fifo", Kind::RoundTrip, wait), ns, NOISE);
    let old =
        document(vec![fifo(Wait::Block, 5e4), fifo(Wait::Spin, 2e3), pipe(Kind::RoundTrip, 5e4, NOISE)]);
    let lonely = Row { rounds: None, ..pipe(Kind::RoundTrip, 5e4, NOISE) };
    let new = document(vec![lonely, fifo(Wait::Hybrid, 2e3), fifo(Wait::Block, 5e4)]);
    let comparison = Comparison::of(&old, &new, 0.05);
    let said: Vec<_> = comparison
        .changes
        .iter()
        .map(|change| (change.key.mechanism.as_str(), change.key.wait.as_str(), change.verdict))
        .collect();
    let expected = [
        ("fifo", "block", Verdict::Unchanged),
        ("fifo", "hybrid", Verdict::OnlyNew),
        ("fifo", "spin", Verdict::OnlyOld),
        ("pipe", "block", Verdict::TooFewRounds),
    ];
    assert_eq!(said, expected);
}

/// The times of a queue that grew are compared with nothing: they would follow from how long it was measured.
#[test]
fn a_row_that_could_not_keep_up_has_no_times_to_compare() {
    let paced = |ns, kept_up| {
        let pacing = Some(Pacing { achieved_per_s: 1e4, kept_up, late: 5 });
        document(vec![Row { pacing, rate_per_s: Some(10_000), ..pipe(Kind::OpenLoop, ns, NOISE) }])
    };
    for (old, new, verdict) in [
        (paced(5e4, true), paced(9e4, true), Verdict::Slower),
        (paced(5e4, true), paced(9e4, false), Verdict::FellBehind),
        (paced(9e4, false), paced(5e4, true), Verdict::FellBehind),
    ] {
        let comparison = Comparison::of(&old, &new, 0.05);
        assert_eq!(comparison.changes[0].verdict, verdict);
        assert_eq!(comparison.changes[0].ratio.is_some(), verdict == Verdict::Slower);
    }
    let output = compare(&paced(5e4, true), &paced(9e4, false), &[]);
    assert_eq!(output.status, Some(0), "{}", output.stdout);
    assert!(output.stdout.contains("1 rows: 1 could not keep up."), "{}", output.stdout);
}

/// The exit status is 3 for a regression only: 1 would be a failure to compare. Data goes to standard output, and nothing anywhere else.
#[test]
fn a_regression_is_an_exit_status_of_3() {
    for kind in KINDS {
        for (factor, status, word) in [(1.0, 0, "unchanged"), (1.2, 3, "SLOWER"), (0.8, 0, "faster")] {
            let [old, new] = shifted(kind, factor);
            let output = compare(&old, &new, &[]);
            assert_eq!((output.status, output.stderr.as_str()), (Some(status), ""), "{kind:?} {factor}");
            assert!(output.stdout.contains(word), "{}", output.stdout);
            let sum = format!("\n1 rows: 1 {}.\n", word.to_lowercase());
            assert!(output.stdout.contains(&sum), "{}", output.stdout);
            assert!(output.stdout.contains("95 % interval") && output.stdout.contains("more than 5 %"));
        }
    }
    let [old, new] = shifted(Kind::RoundTrip, 1.2);
    assert_eq!(compare(&old, &new, &["--threshold", "30%"]).status, Some(0));
    assert_eq!(compare(&old, &new, &["--threshold", "2.5"]).status, Some(3));
}

/// The document has the contents of the table.
#[test]
fn the_comparison_is_a_json_document_too() {
    let [old, new] = shifted(Kind::Throughput, 1.25);
    let output = compare(&old, &new, &["--json"]);
    assert_eq!(output.status, Some(3));
    let document: Value = serde_json::from_str(&output.stdout).unwrap();
    let change = &document["changes"][0];
    assert_eq!(
        (&change["mechanism"], &change["kind"], &change["verdict"]),
        (&"pipe".into(), &"throughput".into(), &"slower".into())
    );
    let number = |name: &str| change["ratio"][name].as_f64().unwrap();
    assert!(number("low") < 1.25 && 1.25 < number("high") && number("low") > 1.05);
    assert_eq!((&document["threshold"], &document["different"]), (&0.05.into(), &Value::Array(Vec::new())));
}

/// Measurements on another machine, or with another build, are not compared unless the user insists.
#[test]
fn unlike_environments_are_refused_by_name() {
    let [old, same] = shifted(Kind::RoundTrip, 1.0);
    let unlike = |change: fn(&mut ipc_bench::results::environment::Environment)| {
        let mut new = same.clone();
        change(&mut new.environment);
        new
    };
    let cases = [
        (unlike(|there| there.cpu_model = Some("Other CPU".into())), "CPU: Invented CPU, then Other CPU"),
        (unlike(|there| there.kernel = Some("Linux 6.2".into())), "kernel: Linux 6.1, then Linux 6.2"),
        (unlike(|there| there.cpus_online = Some("0-3".into())), "number of CPUs: 2, then 4"),
        (unlike(|there| there.virtualised = Some(true)), "machine: no hypervisor seen, then virtual"),
        (unlike(|there| there.debug_build = true), "build: optimised, then debug"),
    ];
    for (new, reason) in &cases {
        let output = compare(&old, new, &[]);
        assert_eq!((output.status, output.stdout.as_str()), (Some(1), ""));
        let line = format!(
            "error: the runs cannot be compared: {reason}; use `--anyway` to compare them nevertheless\n"
        );
        assert_eq!(output.stderr, line);
        let output = compare(&old, new, &["--anyway"]);
        assert_eq!(output.status, Some(0), "{}", output.stderr);
        assert!(output.stdout.contains(&format!("Note: {reason}")), "{}", output.stdout);
    }
    // A value that changes with the code, or from hour to hour, does not make another environment.
    let alike = unlike(|there| {
        there.commit = None;
        there.crate_version = "9.9.9".into();
        there.load_average = Some(2.0);
        there.timestamp = "2027-01-02T03:04:05Z".into();
        there.rustc = Some("rustc 2.0.0".into());
    });
    assert!(differences(&old.environment, &alike.environment).is_empty());
    let output = compare(&old, &alike, &[]);
    assert_eq!(output.status, Some(0));
    assert!(output.stdout.contains("the compilers differ: rustc 1.95.0, then rustc 2.0.0"));
}

/// A file that is not a run is refused with one clear line, and status 1; wrong usage has status 2.
#[test]
fn bad_input_is_one_clear_line() {
    let [document, _] = shifted(Kind::RoundTrip, 1.0);
    let good = Saved::of(&document);
    let spoilt = |spoil: fn(&mut Value)| {
        let saved = Saved::of(&document);
        let mut value = serde_json::to_value(&document).unwrap();
        spoil(&mut value);
        std::fs::write(saved.file(), value.to_string()).unwrap();
        saved
    };
    let newer = spoilt(|value| value["schema_version"] = 4.into());
    let older = spoilt(|value| *value = serde_json::json!({ "schema_version": 1, "results": [] }));
    let other = spoilt(|value| *value = serde_json::json!({ "hello": 1 }));
    let nasty = spoilt(|value| value["results"][0]["variant"] = "\u{1b}[2J".into());
    let broken = Saved::of(&document);
    std::fs::write(broken.file(), "{\n\n").unwrap();
    let cases = [
        (newer.path(), "results have version 4, but this program reads version 3"),
        (older.path(), "results have version 1, but this program reads version 3"),
        (other.path(), "not results of ipc-bench"),
        (nasty.path(), "a name that cannot be printed"),
        (broken.path(), "not results of ipc-bench"),
        ("/nowhere/at/all".into(), "No such file or directory"),
    ];
    for (path, reason) in cases {
        for args in [[&path, &good.path()], [&good.path(), &path]] {
            let output = run(bench().arg("compare").args(args));
            assert_eq!((output.status, output.stdout.as_str()), (Some(1), ""), "{reason}: {}", output.stderr);
            assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
            assert!(
                output.stderr.starts_with("error: ") && output.stderr.contains(reason),
                "{}",
                output.stderr
            );
        }
    }
    for (args, status, reason) in [
        (&["compare"][..], 2, "OLD"),
        (&["compare", "one"], 1, "no saved run 'one': expected a directory, latest, or a name or number"),
        (&["compare", "a", "b", "--threshold", "much"], 2, "for '--threshold <PERCENT>': expected 0 to 1000"),
        (&["compare", "a", "b", "--threshold", "-1"], 2, "for '--threshold <PERCENT>': expected 0 to 1000"),
        (&["compare", "a", "b", "--threshold", "NaN"], 2, "for '--threshold <PERCENT>': expected 0 to 1000"),
    ] {
        let output = run(bench().args(args));
        assert_eq!(
            (output.status, output.stderr.lines().count()),
            (Some(status), 1),
            "{args:?} {}",
            output.stderr
        );
        assert!(output.stderr.contains(reason), "{}", output.stderr);
    }
}
