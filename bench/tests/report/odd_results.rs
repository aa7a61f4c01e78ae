//! Results that are missing, doubtful or hostile.

use std::time::Duration;

use ipc_bench::present::report;
use ipc_bench::results::case::Kind;
use ipc_bench::results::document::{Document, NotMeasured};
use ipc_bench::results::row::Row;
use ipc_demo::exchange;

use super::{FULL, TREE, case, classed, drawn, figure, half, has_class, text, with_tree};

/// The times of a row that could not keep up with its rate are those of a growing queue: they are shown nowhere.
#[test]
fn a_row_that_fell_behind_has_no_times() {
    let tree = &*TREE;
    let waits =
        |key| drawn(tree, "streams", key).into_iter().map(|row| classed(row, "mark").count()).sum::<usize>();
    assert_eq!([waits("shm-ring"), waits("socket-tcp")], [2, 1], "block and hybrid, or hybrid alone");
    let section = tree.descendants().find(|node| node.attribute("id") == Some("paced")).unwrap();
    assert_eq!(text(section).matches("1,234––––could not keep up").count(), 1);
}

/// Rows whose rounds do not agree are marked in the chart, in the tables, in a list and at the top.
#[test]
fn unstable_rows_are_marked() {
    let document = &*FULL;
    let unstable = document.results.iter().filter(|row| row.is_unstable()).count();
    assert!(unstable > 0);
    let tree = &*TREE;
    let wide = classed(figure(tree, "latency"), "at-wide");
    assert_eq!(wide.flat_map(|plot| classed(plot, "open")).count(), unstable);
    let list = tree.descendants().find(|node| node.attribute("id") == Some("unstable")).unwrap();
    assert_eq!(list.descendants().filter(|node| node.has_tag_name("li")).count(), unstable);
    let warning = classed(tree.root(), "disturbed").next().map(text);
    assert!(warning.is_some_and(|text| text.contains(&format!("{unstable} of "))));
    let signs = classed(figure(tree, "round-trip"), "sign").count();
    assert_eq!(
        signs, 2,
        "one fifo that spins in each placement: on a screen only, where figures stand beside the dots"
    );
    assert!(
        tree.descendants().any(|node| node.attribute("id") == Some("sign")),
        "a sentence says what it means"
    );
}

/// Text from outside, such as a command line, cannot become markup, wherever it is shown.
#[test]
fn text_stays_text() {
    const EVIL: &str = "\"'><script>alert(1)</script>&\u{1}{{sections}}";
    let mut document = half();
    document.environment.command_line = EVIL.into();
    document.environment.cpu_model = Some(EVIL.into());
    document.profile = EVIL.into();
    document.notes.push(EVIL.into());
    document.skipped.push(NotMeasured {
        reason: EVIL.into(),
        ..NotMeasured::new(&case(Kind::Throughput, 65536), String::new())
    });
    for row in &mut document.results {
        if row.mechanism == "pipe" {
            (row.mechanism, row.wait) = (EVIL.into(), EVIL.into());
            (row.variant, row.cpus) = (EVIL.into(), EVIL.into());
        }
    }
    let page = report::page(&document);
    assert!(!page.contains("<script>alert"));
    assert!(
        with_tree(&page, |tree| text(tree.root())).contains("<script>alert(1)</script>&\u{fffd}{{sections}}")
    );
    assert_eq!(page.matches("<script>").count(), 2, "the page's own");
}

/// Missing data is left out; the rest is there.
#[test]
fn a_page_of_little_is_still_a_page() {
    let little = [
        ("nothing", Vec::new()),
        (
            "round trips of one mechanism",
            vec![Row::new(&case(Kind::RoundTrip, 64), 1, Duration::ZERO, &one())],
        ),
        (
            "throughput only",
            vec![Row::new(&case(Kind::Throughput, 1 << 20), 10, Duration::from_millis(1), &one())],
        ),
        (
            "a row without a figure",
            vec![Row::empty(&case(Kind::OpenLoop, 64)), Row::empty(&case(Kind::Clients, 0))],
        ),
        (
            "an unknown mechanism",
            vec![Row {
                mechanism: "carrier pigeon".into(),
                ..Row::new(&case(Kind::RoundTrip, 0), 1, Duration::ZERO, &one())
            }],
        ),
    ];
    for (name, results) in little {
        let document = Document { results, ..Document::empty() };
        let page = report::page(&document);
        with_tree(&page, |tree| {
            for plot in tree.descendants().filter(|node| has_class(node, "plot")) {
                assert!(
                    plot.descendants().any(|node| has_class(&node, "mark")),
                    "{name}: a chart of nothing"
                );
            }
        });
        assert!(!page.contains("NaN") && !page.contains("inf "), "{name}");
        assert!(page.contains("Measured on"), "{name}");
    }
}

/// An unreadable histogram costs only its curve, not the page.
#[test]
fn a_broken_histogram_is_no_harm() {
    let mut document = half();
    for row in &mut document.results {
        if let Some(times) = &mut row.rtt_ns {
            times.histogram = "!".into();
        }
    }
    let page = report::page(&document);
    with_tree(&page, |tree| {
        assert!(tree.descendants().all(|node| node.attribute("id") != Some("percentiles")));
        figure(tree, "latency");
    });
}

fn one() -> hdrhistogram::Histogram<u64> {
    let mut times = exchange::histogram();
    times.record(1000).expect("within the range");
    times
}
