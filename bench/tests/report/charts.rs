//! The charts.

use ipc_bench::present::report;
use ipc_bench::results::case::Kind;
use ipc_bench::results::registry;
use ipc_bench::results::row::Row;
use roxmltree::Node;

use super::{FULL, TREE, case, classed, drawn, figure, half, has_class, text, with_tree};

/// Every chart is there, for a screen and for a phone, and has every series in every setting, with its name and a mark;
/// one legend names them all.
#[test]
fn every_chart_has_every_series_under_every_setting() {
    let tree = &*TREE;
    let lines =
        [("latency", 6), ("throughput", 6), ("percentiles", 6), ("percentiles-long", 6), ("floor-sizes", 6)];
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
