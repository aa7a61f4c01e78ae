//! What is around the charts, and the page as a whole.

use std::fs;

use ipc_bench::present::report;
use ipc_bench::present::summary::Summary;
use ipc_bench::results::case::Kind;
use ipc_bench::results::document::{Document, NotMeasured, Verified};
use ipc_bench::results::growth::Growth;
use ipc_bench::results::registry::SIX;
use ipc_bench::results::row::Row;

use super::{FULL, PAGE, TREE, case, classed, figure, half, has_class, text, tree, with_tree};
use crate::common::{bench, run};

/// The conclusions of the summary are there, before the first chart.
#[test]
fn the_conclusions_come_first() {
    let tree = &*TREE;
    let cards = classed(tree.root(), "cards").next().unwrap();
    let said = text(cards);
    for ranking in Summary::of(&FULL).rankings {
        for part in
            [ranking.quantity.title().to_owned(), ranking.wait.into(), ranking.figure(), ranking.names()]
        {
            assert!(said.contains(&part), "{part}");
        }
    }
    let waits: Vec<_> = cards.descendants().filter(|node| node.has_tag_name("dt")).map(text).collect();
    assert_eq!(waits[..3].iter().map(|wait| wait.trim()).collect::<Vec<_>>(), ["block", "hybrid", "spin"]);
    assert!(cards.range().end < figure(tree, "round-trip").range().start);
}

/// The page speaks in words: no names of the program, and no quotation marks of Markdown.
#[test]
fn the_page_speaks_in_words() {
    let mut document = FULL.clone();
    let case = case(Kind::RoundTrip, 64);
    let not = |reason: &str| vec![NotMeasured::new(&case, reason.into())];
    (document.skipped, document.failed) = (not("it needs `--rate`"), not("round trip broke"));
    document.notes.push("see `ipc-bench doctor`".into());
    document.verified = Some(vec![Verified {
        mechanism: "pipe".into(),
        variant: "anonymous".into(),
        kind: Kind::OpenLoop,
        size: 64,
        wait: "block".into(),
        cpus: "split".into(),
        messages: 1,
        error: Some("lost".into()),
    }]);
    document.results.push(Row {
        implementation: "in_place".into(),
        suite_ratio: Some(2.0),
        ..document.results[0].clone()
    });
    with_tree(&report::page(&document), |tree| {
        let all = text(tree.root());
        for raw in ["`", "round_trip", "open_loop", "in_place", "many_slots"] {
            assert!(!all.contains(raw), "{raw}");
        }
        assert!(tree.descendants().any(|node| node.has_tag_name("code") && text(node) == "ipc-bench doctor"));
        assert!(all.contains("msgq sysv, round trip, 64 bytes, spin · same: it needs --rate"));
    });
}

/// Wait strategy, placement, sizes, the figures and the environment are all named.
#[test]
fn the_page_says_under_which_conditions_it_was_measured() {
    let (document, page) = (&*FULL, &*PAGE);
    assert!(page.contains("Round trip, block · split (ping on CPU 0, pong on CPU 1); microseconds"));
    assert!(page.contains("Throughput, spin · same (ping on CPU 0, pong on CPU 0)"));
    for (name, _) in document.environment.lines() {
        assert!(page.contains(&format!("<dt>{name}</dt>")), "{name}");
    }
    for heading in ["How to read this", "At a glance", "a cache line from core to core", "perf_event_open(2)"]
    {
        assert!(page.contains(heading), "{heading}");
    }
}

/// The other implementations beside the suite, and the growth of times, are in the section about the floor.
#[test]
fn others_beside_the_suite_and_growth_are_shown() {
    let mut document = half();
    let ring = |row: &&Row| row.kind == Kind::Throughput && row.variant == "ring" && row.size == 64;
    let ours = document.results.iter().find(ring).expect("in the sample").clone();
    for (implementation, ratio) in [("many_slots", 1.25), ("in_place", 2.5), ("rtrb", 0.75)] {
        document.results.push(Row {
            implementation: implementation.into(),
            suite_ratio: Some(ratio),
            suite_ratio_spread: Some([ratio - 0.03, ratio + 0.04]),
            ..ours.clone()
        });
    }
    let Row { mechanism, variant, kind, wait, cpus, flush_every, .. } = ours;
    let (suite, floor, ratio) = (7.77, 3.7, 2.1);
    document.growth = vec![Growth {
        mechanism,
        variant,
        kind,
        wait,
        cpus,
        flush_every,
        from: 64,
        to: 1024,
        suite,
        floor,
        ratio,
    }];
    let words = |document: &Document| {
        with_tree(&report::page(document), |tree| {
            tree.descendants().find(|node| node.attribute("id") == Some("floors")).map(text).unwrap()
        })
    };
    let shown = words(&document);
    for word in ["many slots", "in place", "rtrb", "suite / this", "2.50", "0.72 to 0.79", "Growth: ", "7.77"]
    {
        assert!(shown.contains(word), "{word}");
    }
    let without = words(&half());
    assert!(!without.contains("Growth: ") && !without.contains("suite / this"), "no heading of nothing");
}

/// The course's table has all six, with measured figures beside each variant.
#[test]
fn the_course_table_has_figures_beside_it() {
    let tree = &*TREE;
    let section = tree.descendants().find(|node| node.attribute("id") == Some("six")).unwrap();
    let all = text(section);
    for member in SIX.iter() {
        assert!(all.contains(member.profile.title), "{}", member.profile.title);
    }
    for column in [
        "round trip of 64 bytes: median, µs",
        "block\u{a0}· split",
        "hybrid\u{a0}· split",
        "throughput, 64 KiB: MB/s",
    ] {
        assert!(all.contains(column), "{column}");
    }
    assert!(!all.contains('–'), "every variant was measured");
}

/// `ipc-bench report DIR` makes the same page from the saved results, beside them or in the given place, and prints its
/// path.
#[test]
fn the_command_makes_the_page_of_saved_results() {
    let dir = tempfile::tempdir().expect("a directory");
    let document = half();
    let page = report::page(&document);
    fs::write(dir.path().join("results.json"), serde_json::to_vec(&document).expect("plain data"))
        .expect("written");
    let (usual, other) = (dir.path().join("report.html"), dir.path().join("other.html"));
    for (args, path) in [(vec![], &usual), (vec!["--output".as_ref(), other.as_os_str()], &other)] {
        let output = run(bench().arg("report").arg(dir.path()).args(args));
        assert_eq!(
            (output.status, output.stdout),
            (Some(0), format!("{}\n", path.display())),
            "{}",
            output.stderr
        );
        assert!(fs::read_to_string(path).expect("there") == page, "another page");
    }
    fs::write(dir.path().join("results.json"), "{\"schema_version\": 1}").expect("written");
    let nowhere = dir.path().join("nowhere");
    for missing in [dir.path(), &nowhere] {
        let output = run(bench().arg("report").arg(missing));
        assert_eq!((output.status, output.stdout.as_str()), (Some(1), ""), "{}", output.stderr);
        assert_eq!(output.stderr.lines().count(), 1, "one line says why: {}", output.stderr);
    }
}

/// `ipc-bench report DIR --charts DIR` writes each chart as a file that is complete in itself; names and figures have
/// the class `code`, so that a translator is shown only words.
#[test]
fn the_command_writes_each_chart_as_a_file() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::write(dir.path().join("results.json"), serde_json::to_vec(&half()).expect("plain data"))
        .expect("written");
    let charts = dir.path().join("a/charts");
    let arguments = ["--mechanism", "pipe", "--charts"];
    let output = run(bench().arg("report").arg(dir.path()).args(arguments).arg(&charts));
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    let printed: Vec<_> = output.stdout.lines().collect();
    assert_eq!(printed.len(), fs::read_dir(&charts).expect("there").count());
    for name in ["round-trip-split", "latency-spin-split-narrow", "throughput-block-split"] {
        assert!(printed.contains(&&*format!("{}/{name}.svg", charts.display())), "{name}: {printed:?}");
    }
    for path in printed {
        let svg = fs::read_to_string(path).expect("a file");
        let tree = tree(&svg);
        let root = tree.root_element();
        assert_eq!(
            (root.attribute("role"), root.attribute("data-of")),
            (Some("img"), Some("pipe")),
            "{path}"
        );
        for (name, count) in [("style", 1), ("desc", 1)] {
            assert_eq!(
                root.children().filter(|node| node.has_tag_name(name)).count(),
                count,
                "{path}: {name}"
            );
        }
        let style = text(root.children().find(|node| node.has_tag_name("style")).expect("a style"));
        assert!(!style.contains(":root") && style.contains(".plot[data-of=pipe]"), "{path}: {style}");
        let words = root.descendants().filter(|node| {
            (node.has_tag_name("text") || node.has_tag_name("title")) && !has_class(node, "code")
        });
        let words: Vec<_> = words.map(text).filter(|text| text.chars().any(char::is_alphabetic)).collect();
        assert!((1..=6).contains(&words.len()), "{path}: {words:?}");
    }
}

/// Nothing is fetched from anywhere: the only addresses are names of formats, links within the page, and embedded
/// files.
#[test]
fn the_page_is_complete_in_itself() {
    let page = PAGE.replace("http://www.w3.org/2000/svg", "");
    for outside in
        ["http:", "https:", "//cdn", " src=", "url(", "@import", "<link", "import ", "fetch(", "{{", "NaN"]
    {
        assert!(!page.contains(outside), "{outside}");
    }
    with_tree(&page, |tree| {
        for link in tree.descendants().filter_map(|node| node.attribute("href")) {
            let inside = link
                .strip_prefix('#')
                .is_some_and(|id| tree.descendants().any(|n| n.attribute("id") == Some(id)));
            assert!(inside || link.starts_with("data:text/csv;charset=utf-8,"), "{link}");
        }
        let mut ids: Vec<_> = tree.descendants().filter_map(|node| node.attribute("id")).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count, "each id once");
    });
}
