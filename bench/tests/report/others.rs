//! The chart and the tables of a run beside other libraries.

use std::path::Path;

use ipc_bench::present::report;
use ipc_bench::present::summary::Summary;
use ipc_bench::present::table::{self, Detail};
use ipc_bench::results::document::Document;
use ipc_bench::results::saved;

use super::{FULL, classed, figure, has_class, text, with_tree};

/// Returns a run of `bench/peers` that was recorded once.
fn recorded() -> Document {
    saved::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report/others.json")).unwrap()
}

/// Every row has its dot in the view of its exchange, and its cells in a table; those that did not play say why.
#[test]
fn each_library_has_its_dot_and_its_row() {
    let document = recorded();
    let played = document.results.iter().filter(|row| row.rounds.is_some());
    with_tree(&report::page(&document), |tree| {
        let marks: Vec<_> = classed(figure(tree, "libraries"), "at-wide")
            .flat_map(|plot| classed(plot, "mark"))
            .map(text)
            .collect();
        assert_eq!(marks.len(), played.clone().count());
        let section = tree.descendants().find(|node| node.attribute("id") == Some("others")).unwrap();
        let lines = section.descendants().filter(|node| node.has_tag_name("tbody"));
        let lines: Vec<_> = lines.flat_map(|body| body.children()).map(text).collect();
        assert_eq!(lines.len(), played.clone().count());
        for row in played.filter(|row| row.implementation.contains(' ')) {
            assert!(marks.iter().any(|mark| mark.starts_with(&row.implementation)), "{}", row.implementation);
            assert!(lines.iter().any(|line| line.starts_with(&row.implementation)), "{}", row.implementation);
        }
        let skipped =
            tree.descendants().find(|node| node.attribute("id") == Some("skipped")).map(text).unwrap();
        for case in &document.skipped {
            let name = case.implementation.as_ref().expect("the suite plays all");
            assert!(skipped.contains(name) && skipped.contains(&case.reason), "{name}");
        }
    });
}

/// The suite's rows stand in the colours of their mechanisms, and all others in grey.
#[test]
fn only_the_suite_is_in_colour() {
    with_tree(&report::page(&recorded()), |tree| {
        let series: Vec<_> = classed(figure(tree, "libraries"), "series").collect();
        assert!(
            series.iter().any(|node| has_class(node, "c6"))
                && series.iter().any(|node| !has_class(node, "c6"))
        );
        for node in series {
            let marks: String = classed(node, "mark").map(text).collect();
            assert_eq!(!has_class(&node, "c6"), marks.contains("this suite"), "{marks}");
        }
    });
}

/// On a terminal there is a table for each exchange, the fastest first, and nothing of it is wider than asked for.
#[test]
fn a_terminal_shows_the_fastest_first() {
    let document = recorded();
    let shown = table::text(&document, Some(80), Detail::Notes);
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    let mut headings = 0;
    for row in &document.results {
        let words = row.implementation.split(' ').next().unwrap();
        assert!(words == "suite" || words == "in_place" || shown.contains(words), "{words}:\n{shown}");
    }
    for table in table::all(&document) {
        headings += 1;
        let medians: Vec<f64> =
            table.rows.iter().map(|cells| cells[2].replace(',', "").parse().unwrap()).collect();
        assert!(medians.is_sorted(), "{medians:?}");
        assert!(table.heading.ends_with("; nanoseconds"), "{}", table.heading);
    }
    assert!(headings >= 2 && shown.contains("suite / this") && shown.contains("Skipped:"));
}

/// Its rows have no histograms: they are no evidence for a choice, and no other section shows half of them.
#[test]
fn such_a_run_is_compared_with_itself_alone() {
    let document = recorded();
    assert!(document.has_others() && document.suite().next().is_none());
    assert!(Summary::of(&document).rankings.is_empty());
    with_tree(&report::page(&document), |tree| {
        let shown = |id| {
            tree.descendants().any(|node| node.has_tag_name("section") && node.attribute("id") == Some(id))
        };
        assert!(shown("others") && shown("environment"));
        assert_eq!(["sizes", "rare", "costs", "floors", "six", "figures"].map(shown), [false; 6]);
    });
    with_tree(&report::page(&FULL), |tree| {
        assert!(!tree.descendants().any(|node| node.attribute("id") == Some("others")), "nothing of nothing");
    });
}
