//! Tests of the text of the page of charts: each table, each sentence, each point with its place on the axes, and the
//! data to download; from a few rows in which every figure has a value of its own. To accept a change:
//! `SNAPSHOTS=overwrite cargo test -p ipc-bench --test page_figures`.

mod invented;
mod markup;

use std::fmt::Write as _;
use std::path::Path;

use invented::{NOISE, case, different_costs, document, row, ten_thousand};
use ipc_bench::present::report;
use ipc_bench::results::case::Kind;
use ipc_bench::results::cost::Costs;
use ipc_bench::results::document::{Document, NotMeasured, Verified};
use ipc_bench::results::fairness::Fairness;
use ipc_bench::results::growth::Growth;
use ipc_bench::results::limits::{Copying, MachineLimits};
use ipc_bench::results::pacing::Pacing;
use ipc_bench::results::quartiles::Quartiles;
use ipc_bench::results::row::{Rounds, Row};
use ipc_core::Wait;
use markup::without_scripts;
use roxmltree::{Document as Tree, Node};
use snapbox::assert::Action;
use snapbox::{Assert, Data};

const WILD: [f64; 8] = [0.5, 1.5, 0.6, 1.4, 0.7, 1.3, 0.8, 1.2];

fn costs(by: f64) -> Costs {
    let mut costs = different_costs();
    for side in [&mut costs.ping, &mut costs.pong] {
        (side.user_ns, side.system_ns) = (side.user_ns * by, side.system_ns * by);
    }
    costs
}

fn trips() -> Vec<Row> {
    let of = |mechanism, variant, wait, unit| Row {
        rtt_ns: Some(ten_thousand(unit)),
        ..row(&case(mechanism, variant, Kind::RoundTrip, wait), 1000.0 * unit as f64, NOISE)
    };
    let pipe = Row {
        one_way_ns: Some(ten_thousand(3)),
        batch: Some(4),
        cost: Some(costs(1.0)),
        energy_nj: Some(77.5),
        beside_floor: Some(Rounds::of(11, &[51e3, 52e3, 53e3, 54e3, 56e3])),
        floor_ratio: Some(1.25),
        floor_ratio_spread: Some([1.125, 1.375]),
        ..of("pipe", "anonymous", Wait::Block, 10)
    };
    let floor = Row {
        implementation: "floor".into(),
        rounds: Some(Rounds::of(12, &[41e3, 42e3, 43e3, 44e3, 46e3])),
        ..Row::empty(&case("pipe", "anonymous", Kind::RoundTrip, Wait::Block))
    };
    let longer = Row { size: 4096, rounds: Some(Rounds::of(12, &[71e3, 72e3, 73e3])), ..floor.clone() };
    vec![
        pipe,
        longer,
        floor,
        Row { size: 4096, ..of("pipe", "anonymous", Wait::Block, 13) },
        Row { cost: Some(costs(2.0)), ..of("msgq", "sysv", Wait::Block, 17) },
        Row {
            rounds: Some(Rounds::of(9, &WILD.map(|factor| 40e3 * factor))),
            cost: Some(costs(3.0)),
            ..of("fifo", "fifo", Wait::Block, 40)
        },
        Row { cost: Some(costs(0.5)), ..of("pipe", "anonymous", Wait::Hybrid, 2) },
        Row { cpus: "same".into(), pong_cpu: 0, ..of("pipe", "anonymous", Wait::Block, 6) },
    ]
}

fn streams() -> Vec<Row> {
    let of = |mechanism, variant, size, ns| {
        let mut row =
            Row { size, ..row(&case(mechanism, variant, Kind::Throughput, Wait::Block), ns, NOISE) };
        row.in_time(std::time::Duration::from_nanos(ns as u64 * row.count));
        row
    };
    let beside = |implementation: &str, times: &[f64]| Row {
        implementation: implementation.into(),
        rounds: Some(Rounds::of(13, times)),
        ..of("pipe", "anonymous", 65536, 1.0)
    };
    vec![
        Row {
            cost: Some(costs(7.0)),
            beside_floor: Some(Rounds::of(11, &[31e3, 32e3, 33e3])),
            floor_ratio: Some(1.5),
            floor_ratio_spread: Some([1.4375, 1.625]),
            ..of("pipe", "anonymous", 65536, 2e4)
        },
        Row { piece: Some(16384), ..beside("floor", &[21e3, 22e3, 23e3]) },
        Row {
            suite_ratio: Some(0.8),
            suite_ratio_spread: Some([0.75, 0.875]),
            ..beside("in_place", &[61e3, 62e3, 63e3])
        },
        of("msgq", "sysv", 4096, 5e3),
        of("fifo", "fifo", 65536, 4e4),
    ]
}

fn results() -> Document {
    let open = Row {
        rtt_ns: Some(ten_thousand(20)),
        service_ns: Some(ten_thousand(11)),
        rate_per_s: Some(10_000),
        ..row(&case("pipe", "anonymous", Kind::OpenLoop, Wait::Block), 6e4, NOISE)
    };
    let stream = |mechanism, variant, kept_up, achieved_per_s| Row {
        one_way_ns: Some(ten_thousand(7)),
        rate_per_s: Some(3_000),
        pacing: Some(Pacing { achieved_per_s, kept_up, late: 16 }),
        ..row(&case(mechanism, variant, Kind::Stream, Wait::Block), 5e4, NOISE)
    };
    let clients = |clients, unit, [min, median, max]: [u64; 3]| Row {
        clients,
        client_processes: Some(4),
        rtt_ns: Some(ten_thousand(unit)),
        fairness: Some(Fairness { min, median, max, index: 0.9 + unit as f64 / 1e3 }),
        ..row(&case("msgq", "sysv", Kind::Clients, Wait::Block), 100.0 * unit as f64, NOISE)
    };
    let mut rows = [trips(), streams()].concat();
    rows.extend([open, stream("pipe", "anonymous", true, 3e3), stream("fifo", "fifo", false, 1.5e3)]);
    rows.extend([clients(10, 30, [90, 100, 120]), clients(100, 50, [7, 9, 13])]);
    let mut document = document(rows);
    let case = case("pipe", "anonymous", Kind::RoundTrip, Wait::Block);
    let not = |reason: &str| vec![NotMeasured::new(&case, reason.into())];
    (document.skipped, document.failed) = (not("too long"), not("it broke"));
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
    document.verified = Some(vec![checked(1000, None), checked(230, Some("a message out of sequence"))]);
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
    let memcpy = vec![copying(true, 65536, 20e9), copying(false, 64 << 20, 7e9)];
    document.limits = Some(MachineLimits { handover_ns: Some(about(90.0)), memcpy });
    document
}

fn has_class(node: &Node, class: &str) -> bool {
    node.attribute("class").is_some_and(|classes| classes.split(' ').any(|one| one == class))
}

/// Returns the text of a node, without line breaks.
fn words(node: Node) -> String {
    let text: String = node.descendants().filter_map(|node| node.text().filter(|_| node.is_text())).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A scale that gives the value at a place along an axis, from two of its labels.
struct Ruler {
    ends: [(f64, f64); 2],
    /// True if equal factors take equal space; else equal differences do.
    is_logarithmic: bool,
}

impl Ruler {
    fn new(plot: Node, class: &str, attribute: &str, name: &str) -> Option<Self> {
        if name.starts_with("percentile") {
            return None; // neither
        }
        let ticks = plot.children().filter(|node| has_class(node, "tick") && has_class(node, class));
        let marks = ticks.filter_map(|tick| {
            let label = words(tick).replace(',', "");
            let (digits, unit) = match label.split_once(' ') {
                Some((digits, _)) => (digits, 1024.0),
                None => label.strip_suffix('k').map_or((label.as_str(), 1.0), |digits| (digits, 1e3)),
            };
            let place: f64 = tick.attribute(attribute)?.parse().ok()?;
            Some((place, digits.parse::<f64>().ok()? * unit))
        });
        let marks: Vec<_> = marks.collect();
        let ends = [*marks.first()?, *marks.last()?];
        let is_logarithmic =
            name.ends_with("logarithmic") || ["message size in bytes", "clients"].contains(&name);
        (marks.len() > 1).then_some(Self { ends, is_logarithmic })
    }

    fn read(&self, place: f64) -> f64 {
        let [(from, low), (to, high)] = self.ends;
        let part = (place - from) / (to - from);
        if self.is_logarithmic { low * (high / low).powf(part) } else { low + (high - low) * part }
    }
}

/// Writes down the points of a drawing: their places, by the labels of the axes, and their tooltips.
fn points(plot: Node, text: &mut String) {
    let names: Vec<_> = plot.children().filter(|node| has_class(node, "name")).map(words).collect();
    let right = Ruler::new(plot, "mid", "x", &names[0]);
    let up = names.get(1).and_then(|name| Ruler::new(plot, "end", "y", name)); // rows have no scale
    let read = |ruler: &Option<Ruler>, place: f64| {
        ruler.as_ref().map_or_else(|| "-".into(), |ruler| format!("{:.2e}", ruler.read(place)))
    };
    let _ = writeln!(text, "  axes: {}", names.join(" / "));
    for mark in plot.descendants().filter(|node| has_class(node, "mark")) {
        let place =
            mark.attribute("transform").and_then(|it| it.strip_prefix("translate(")?.strip_suffix(')'));
        let place = place.expect("it has a place").split(' ').map(|number| number.parse::<f64>().unwrap());
        let at: Vec<_> = place.zip([&right, &up]).map(|(place, ruler)| read(ruler, place)).collect();
        let _ = writeln!(text, "  at {}: {}", at.join(", "), words(mark));
    }
    for interval in plot.descendants().filter(|node| has_class(node, "interval")) {
        let ends = interval.attribute("d").unwrap().replace(['M', 'H'], " ");
        let ends: Vec<f64> = ends.split_whitespace().map(|number| number.parse().unwrap()).collect();
        let _ = writeln!(text, "  interval {} to {}", read(&right, ends[0]), read(&right, ends[2]));
    }
    for limit in plot.descendants().filter(|node| has_class(node, "limit")) {
        let y = limit.attribute("d").unwrap().split([' ', 'H']).nth(1).unwrap().parse().unwrap();
        let _ = writeln!(text, "  limit at {}", read(&up, y));
    }
    let lines = plot.descendants().filter(|node| has_class(node, "line")).count();
    if lines > 0 {
        let _ = writeln!(text, "  lines: {lines}");
    }
}

/// Writes down the contents of a section, in reading order.
fn read(node: Node, text: &mut String) {
    match node.tag_name().name() {
        "h2" | "h3" => {
            let _ = writeln!(text, "\n== {}", words(node)); // writing to a String cannot fail
        }
        "summary" | "p" | "li" | "dt" | "dd" if !node.ancestors().any(|one| has_class(&one, "legend")) => {
            let _ = writeln!(text, "{}", words(node));
            for link in node.descendants().filter_map(|node| node.attribute("href")) {
                let data = link.split_once(',').map_or("", |(_, data)| data).split_terminator("%0D%0A");
                let few = if data.clone().count() > 50 { 10 } else { 1 }; // a curve has many points
                for line in data.step_by(few) {
                    let _ = writeln!(text, "  {line}");
                }
            }
        }
        "tr" => {
            let cells = node.children().filter(Node::is_element).map(words);
            let _ = writeln!(text, "  {}", cells.collect::<Vec<_>>().join(" | "));
        }
        "svg" if has_class(&node, "at-wide") => points(node, text),
        "svg" => {} // the same for a phone
        _ => node.children().for_each(|child| read(child, text)),
    }
}

/// Returns the sections of the page, as text.
fn shown(page: &str) -> String {
    let markup = without_scripts(page);
    let tree = Tree::parse(&markup).unwrap();
    let mut text = String::new();
    for warning in tree.descendants().filter(|node| has_class(node, "disturbed")) {
        read(warning, &mut text);
    }
    for section in tree.descendants().filter(|node| node.has_tag_name("section")) {
        read(section, &mut text);
    }
    text
}

#[test]
fn the_page_says_what_was_measured() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/page.txt");
    let expected = Data::read_from(&path, None).raw();
    let overwrite = std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite");
    let action = if overwrite { Action::Overwrite } else { Action::Verify };
    Assert::new().action(action).eq(Data::text(shown(&report::page(&results()))).raw(), expected);
}
