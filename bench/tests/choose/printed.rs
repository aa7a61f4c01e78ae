//! What the program prints.

use ipc_bench::results::case::Kind;
use ipc_bench::results::document::NotMeasured;
use ipc_core::Wait;

use crate::common::{bench, run};
use crate::invented::{Saved, case};
use crate::program::{choose, figures};

/// The first line is the variant, its waiting, the figure and the crate; then come the lines to write, and the runner-up.
#[test]
fn the_recommendation_comes_first() {
    let saved = Saved::of(&figures());
    let choose = |args: &[&str]| {
        let output =
            run(bench().args(["choose", "--results", &saved.path(), "--direction", "two-way"]).args(args));
        assert_eq!(output.status, Some(0), "{}", output.stderr);
        output
    };
    let output = choose(&["--between", "any"]);
    let assumed =
        "assumed: --unit message --size 64 --clients 1 --outlive no --priority latency --burn-cores no\n";
    assert!(
        output.stderr == assumed || output.stderr == assumed.replace(" --burn-cores no", ""),
        "{}",
        output.stderr
    );
    let lines: Vec<_> = output.stdout.lines().collect();
    assert_eq!(
        lines[0], "fifo (fifo), block: 20.0 µs ± 2 % a round trip, crate ipc-fifo",
        "{}",
        output.stdout
    );
    assert!(
        lines.contains(&"    [dependencies]")
            && lines.contains(&"    let mut meeting = Fifo::create(None, &Setup::default())?;")
    );
    let expected = "Runner-up: msgq (sysv), block: 30.0 µs ± 2 % a round trip: 1.50 times as much.";
    assert!(lines.contains(&expected), "{}", output.stdout);
    assert_eq!(*lines.last().unwrap(), "Also ranked: 9; excluded: 1; see `--all`.");
    let all = choose(&["--between", "other-host", "--all"]).stdout;
    let ranked =
        "\n 1. socket (tcp), block: 120 µs ± 2 % a round trip; p99 122 µs; CPU time 6.00 µs + 6.00 µs\n";
    assert!(all.contains(ranked), "{all}");
    assert!(
        all.contains("To write: keeping strangers off the port; the crate has frames around messages"),
        "{all}"
    );
    assert!(all.contains("   shm (ring): it reaches the same host only\n"), "{all}");
    let none = choose(&["--between", "other-host", "--outlive", "restart"]).stdout;
    assert!(
        none.starts_with("None of the six does this.\n\nNot for this:\n   pipe (anonymous): "),
        "no figure decides, so none is doubted: {none}"
    );
    let fast = choose(&["--between", "any", "--rate", "1G"]).stdout;
    assert!(fast.starts_with("None of the six is fast enough for this.\n"), "{fast}");
}

/// "None" is an answer only if all were measured.
#[test]
fn without_figures_there_is_no_answer() {
    let mut document = figures();
    document.results.retain(|row| row.kind == Kind::Throughput);
    let saved = Saved::of(&document);
    let output = run(bench().args(["choose", "--results", &saved.path()]));
    assert_eq!(output.status, Some(1), "{}", output.stdout);
    let said = "Not enough was measured: of what was, nothing does this.\n";
    assert!(output.stdout.starts_with(said), "{}", output.stdout);
}

/// Variants that the run skipped, or that failed in it, are excluded with that reason; those missing from the run are
/// reported as missing.
#[test]
fn what_was_not_measured_is_not_ranked() {
    let mut document = figures();
    document.results.retain(|row| row.mechanism != "msgq" && row.mechanism != "fifo");
    let reason = "message of 64 bytes is too large";
    document
        .skipped
        .push(NotMeasured::new(&case("msgq", "sysv", Kind::RoundTrip, Wait::Block), reason.into()));
    let choice = choose(&document, &["--size", "128"]);
    let excluded = choice["excluded"].to_string();
    assert!(excluded.contains(reason) && excluded.contains("it was not measured"), "{excluded}");
    let notes = choice["notes"].to_string();
    assert!(notes.contains("of 128 bytes were measured: the figures are of 64 bytes\""), "{notes}");
    let shorter = choose(&document, &["--size", "32"])["notes"].to_string();
    assert!(shorter.contains("of 32 bytes were measured: the figures are of 64 bytes\""), "{shorter}");
}
