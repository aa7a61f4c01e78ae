//! Tests of the page of charts, from results with invented numbers.

mod common;
mod sample;

use std::fs;
use std::sync::LazyLock;
use std::time::Duration;

use common::{bench, run};

use ipc_bench::present::report;
use ipc_bench::present::summary::Summary;
use ipc_bench::results::case::{Case, Kind, Placement};
use ipc_bench::results::document::{Document, NotMeasured, Verified};
use ipc_bench::results::growth::Growth;
use ipc_bench::results::registry::{self, SIX};
use ipc_bench::results::row::Row;
use ipc_core::Wait;
use ipc_demo::cpus::Cpus;
use ipc_demo::exchange;
use roxmltree::{Document as Tree, Node, ParsingOptions};

/// Results of every kind, which take long to generate.
static FULL: LazyLock<Document> = LazyLock::new(sample::full);

/// The page of all these results.
static PAGE: LazyLock<String> = LazyLock::new(|| report::page(&FULL));

/// Returns the results that were measured on two CPUs.
fn half() -> Document {
    let mut document = FULL.clone();
    document.results.retain(|row| row.cpus == "split");
    document
}

/// Returns the page from its body on, without scripts: XML, so that any unclosed element is detected.
fn parsed(page: &str) -> String {
    assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\"><head>"), "an HTML page");
    let mut rest = &page[page.find("<body>").expect("after the head")..];
    rest = rest.strip_suffix("</html>").expect("closed");
    let mut kept = String::new();
    while let Some((before, script)) = rest.split_once("<script>") {
        kept += before;
        rest = script.split_once("</script>").expect("closed").1;
    }
    kept + rest
}

fn tree(text: &str) -> Tree<'_> {
    let options = ParsingOptions { nodes_limit: 1_000_000, ..ParsingOptions::default() };
    Tree::parse_with_options(text, options).unwrap_or_else(|error| panic!("not well-formed: {error}"))
}

fn with_tree<T>(page: &str, look: impl FnOnce(&Tree) -> T) -> T {
    look(&tree(&parsed(page)))
}

/// The text of the page of all results.
static TEXT: LazyLock<String> = LazyLock::new(|| parsed(&PAGE));
static TREE: LazyLock<Tree> = LazyLock::new(|| tree(&TEXT));

fn has_class(node: &Node, class: &str) -> bool {
    node.attribute("class").is_some_and(|classes| classes.split(' ').any(|one| one == class))
}

fn figure<'a>(tree: &'a Tree, id: &str) -> Node<'a, 'a> {
    let found =
        tree.descendants().find(|node| node.has_tag_name("figure") && node.attribute("id") == Some(id));
    found.unwrap_or_else(|| panic!("no figure {id}"))
}

fn text(node: Node) -> String {
    node.descendants().filter(Node::is_text).filter_map(|node| node.text().map(str::to_owned)).collect()
}

fn classed<'a>(node: Node<'a, 'a>, class: &'a str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.descendants().filter(move |node| has_class(node, class))
}

/// Returns the drawings of a series in a chart for screens, one for each setting.
fn drawn<'a>(tree: &'a Tree, id: &str, key: &'a str) -> Vec<Node<'a, 'a>> {
    let series = classed(figure(tree, id), "at-wide").flat_map(|plot| classed(plot, "series"));
    series.filter(|node| node.attribute("data-series") == Some(key)).collect()
}

/// Every chart is there, for a screen and for a phone, and has every series in every setting, with its name and a mark;
/// one legend names them all.
#[test]
fn every_chart_has_every_series_under_every_setting() {
    let tree = &*TREE;
    let lines = [("latency", 6), ("throughput", 6), ("percentiles", 6), ("percentiles-long", 6)];
    let dots = [("round-trip", 2), ("rate", 2), ("cpu-time", 2), ("floor", 2)];
    for (id, settings) in lines.into_iter().chain(dots) {
        let views: Vec<_> = classed(figure(tree, id), "view").collect();
        assert_eq!(views.len(), settings, "{id}");
        for plot in views.iter().flat_map(|view| classed(*view, "plot")) {
            let keys: Vec<_> =
                classed(plot, "series").filter_map(|node| node.attribute("data-series")).collect();
            assert_eq!(keys.len(), registry::all().count(), "{id}: {keys:?}");
            for series in classed(plot, "series") {
                let has = |class| classed(series, class).count();
                assert!(has("mark") > 0 && has("label") == 1, "{id}");
                assert_eq!(has("line"), usize::from(lines.iter().any(|(line, _)| *line == id)), "{id}");
            }
        }
        let layouts = |class| views.iter().flat_map(|view| classed(*view, class)).count();
        assert_eq!([layouts("at-wide"), layouts("at-narrow")], [settings; 2], "{id}");
    }
    for id in ["clients", "open-loop", "streams"] {
        assert!(classed(figure(tree, id), "mark").count() > 20, "{id}");
    }
    let legends: Vec<_> = classed(tree.root(), "legend").collect();
    assert_eq!(legends.len(), 1);
    for (member, variant) in registry::all() {
        let key = format!("{}-{}", member.profile.name, variant.name);
        let button = legends[0].descendants().find(|node| node.attribute("data-series") == Some(&key));
        assert_eq!(button.and_then(|button| button.attribute("aria-pressed")), Some("true"), "{key}");
    }
}

/// The first chart has all ways to wait in one picture, each with a look of its own, and its interval; the fastest is on
/// top, and the figures stand beside it.
#[test]
fn the_first_chart_compares_all_ways_to_wait() {
    let tree = &*TREE;
    let first = tree.descendants().find(|node| node.has_tag_name("figure")).unwrap();
    assert_eq!(first.attribute("id"), Some("round-trip"));
    let plot = classed(first, "at-wide").next().unwrap();
    let mut best = 0.0;
    for row in classed(plot, "series") {
        let looks: Vec<_> = classed(row, "mark").filter_map(|mark| mark.attribute("class")).collect();
        assert_eq!(looks, ["mark w0", "mark w1", "mark w2"]);
        assert_eq!(classed(row, "interval").count(), 3);
        let figures: Vec<f64> = classed(row, "figure").map(|cell| text(cell).parse().unwrap()).collect();
        let least = figures.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(figures.len() == 3 && least >= best, "{figures:?} after {best}");
        best = least;
    }
    let heads: Vec<_> =
        plot.children().filter(|node| has_class(node, "tick") && has_class(node, "end")).map(text).collect();
    assert_eq!(heads, ["block", "hybrid", "spin"]);
}

/// With one size there is nothing to join by lines: dots show it, and no chart by size.
#[test]
fn one_size_is_shown_by_dots() {
    let mut document = half();
    document.results.retain(|row| row.size == 64 && row.kind != Kind::Clients);
    with_tree(&report::page(&document), |tree| {
        let ids: Vec<_> = tree
            .descendants()
            .filter(|node| node.has_tag_name("figure"))
            .filter_map(|node| node.attribute("id"))
            .collect();
        assert_eq!(ids, ["round-trip", "rate", "percentiles", "cpu-time", "open-loop", "streams", "floor"]);
    });
    document.results =
        vec![Row { clients: 10, messages_per_s: Some(5e4), ..Row::empty(&case(Kind::Clients, 64)) }];
    with_tree(&report::page(&document), |tree| {
        assert_eq!(classed(figure(tree, "clients"), "row").count(), 2, "one number of clients, drawn twice");
    });
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
    let Row { mechanism, variant, kind, wait, cpus, .. } = ours;
    let (suite, floor, ratio) = (7.77, 3.7, 2.1);
    document.growth =
        vec![Growth { mechanism, variant, kind, wait, cpus, from: 64, to: 1024, suite, floor, ratio }];
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

/// A drawing has a description for readers who do not see it, and each value has an explanation.
#[test]
fn drawings_and_values_are_described() {
    let tree = &*TREE;
    let plots: Vec<_> = tree.descendants().filter(|node| has_class(node, "plot")).collect();
    assert!(plots.len() > 30);
    for plot in plots {
        let child = |name: &str| plot.children().find(|node| node.tag_name().name() == name).map(text);
        assert!(child("title").is_some_and(|title| !title.is_empty()));
        assert!(
            child("desc").is_some_and(|says| says.contains("To the right: ") && says.contains("Series: "))
        );
        assert_eq!((plot.attribute("role"), plot.attribute("tabindex")), (Some("img"), Some("0")));
        for mark in plot.descendants().filter(|node| has_class(node, "mark")) {
            assert!(!text(mark).is_empty());
        }
    }
}

/// A mechanism has a colour, its variants a marker and a dash pattern each: no two series look alike.
#[test]
fn no_two_series_look_alike() {
    let look = |swatch: Node| {
        let paths: Vec<_> =
            swatch.children().map(|path| (path.attribute("class"), path.attribute("d"))).collect();
        format!("{:?} {paths:?}", swatch.attribute("class"))
    };
    let mut looks: Vec<_> = classed(TREE.root(), "swatch").map(look).collect();
    looks.sort();
    looks.dedup();
    assert_eq!(looks.len(), registry::all().count());
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

/// The data of a chart can be downloaded: a line for each row that has a value.
#[test]
fn the_data_of_a_chart_is_complete() {
    let document = &*FULL;
    let rows = document.results.iter().filter(|row| row.kind == Kind::RoundTrip).count();
    let tree = &*TREE;
    let link = figure(tree, "latency").descendants().find_map(|node| node.attribute("href")).unwrap();
    let lines: Vec<_> =
        link.split_once(',').unwrap().1.split("%0D%0A").filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.len(), rows + 1);
    assert!(lines[0].starts_with("mechanism,variant,wait,cpus,size_bytes,p50_ns"));
    assert!(lines[1].starts_with("pipe,anonymous,block,split,64,"));
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

/// A size that one series lacks and most have breaks its line: that size was not measured. One that few have, the longest
/// message of a queue, breaks none.
#[test]
fn a_missing_size_breaks_the_line() {
    let mut document = half();
    document.results.retain(|row| (row.mechanism.as_str(), row.size) != ("pipe", 8 << 10));
    let is_longest = |row: &&Row| row.mechanism == "msgq" && row.size == 64 << 10;
    let longest: Vec<_> =
        document.results.iter().filter(is_longest).map(|row| Row { size: 60_000, ..row.clone() }).collect();
    document.results.extend(longest);
    with_tree(&report::page(&document), |tree| {
        for id in ["latency", "throughput"] {
            for (key, pieces) in [("pipe-anonymous", 2), ("msgq-sysv", 1), ("shm-ring", 1)] {
                let line = classed(drawn(tree, id, key)[0], "line").next().unwrap();
                assert_eq!(line.attribute("d").unwrap().matches('M').count(), pieces, "{id} {key}");
            }
        }
    });
}

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

fn case(kind: Kind, size: usize) -> Case {
    let placement = Placement { cpus: Cpus::Same, ping: 0, pong: 0 };
    let variant = SIX[2].variants().next().expect("each has one").name;
    Case::of(&SIX[2], variant, kind, size, Wait::Spin, placement)
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

fn one() -> hdrhistogram::Histogram<u64> {
    let mut times = exchange::histogram();
    times.record(1000).expect("within the range");
    times
}
