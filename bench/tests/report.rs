//! The page of charts, made from results of which the numbers are invented.

use ipc_bench::{Case, Document, Kind, NotMeasured, Placement, Row, SIX, report};
use ipc_core::cpus::Cpus;
use ipc_core::{Wait, play};
use std::time::Duration;

/// A document with a row for every way at three sizes.
fn sample() -> Document {
    let mut document = Document::empty();
    let placement = Placement { cpus: Cpus::Split, ping: 0, pong: 1 };
    for kind in Kind::USUAL {
        for size in [64, 4096, 65536] {
            for (at, member) in (1..).zip(&SIX) {
                for variant in member.profile.variants {
                    let (variant, wait) = (variant.name, Wait::Block);
                    let case = Case { member, variant, kind, size, wait, placement, rate: None };
                    let mut times = play::histogram();
                    times.record(at * 1000 + size as u64).unwrap();
                    document.results.push(Row::new(&case, 1, Duration::from_micros(at), &times));
                }
            }
        }
    }
    document
}

/// The inside of each `<svg>` of the page that is a chart, not a piece of a legend.
fn charts(page: &str) -> Vec<&str> {
    let drawings = page.split("<svg ").skip(1).map(|rest| rest.split_once("</svg>").expect("closed").0);
    drawings.filter(|drawing| drawing.contains("<title>")).collect()
}

/// Both charts are there, each with a line of its own colour for every mechanism and a name for every variant.
#[test]
fn both_charts_have_a_series_for_every_mechanism() {
    let page = report::page(&sample());
    let charts = charts(&page);
    assert_eq!(charts.len(), 2);
    assert!(charts[0].contains("Latency") && charts[0].contains(">microseconds"));
    assert!(charts[1].contains("Throughput") && charts[1].contains(">megabytes per second"));
    for chart in charts {
        let lines = chart.split("<polyline ").skip(1);
        let stroke =
            |line: &str| line.split("stroke=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let mut colours: Vec<_> = lines.map(stroke).filter(|colour| colour != "currentColor").collect();
        let variants: usize = SIX.iter().map(|member| member.profile.variants.len()).sum();
        assert_eq!(colours.len(), variants, "a line for every variant");
        colours.dedup();
        assert_eq!(colours.len(), SIX.len(), "a colour for every mechanism: {colours:?}");
        for member in &SIX {
            for variant in member.profile.variants {
                assert!(
                    chart.contains(&format!("{} ({})", member.profile.name, variant.name)),
                    "{}",
                    variant.name
                );
            }
        }
    }
}

/// Nothing is fetched from anywhere: the page has no script, and no address but the name of the SVG format.
#[test]
fn the_page_is_complete_in_itself() {
    let page = report::page(&sample()).replace("http://www.w3.org/2000/svg", "");
    for outside in ["http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link", "{{"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

/// Wait strategy, placement, sizes, the figures and the environment are all named.
#[test]
fn the_page_says_under_which_conditions_it_was_measured() {
    let document = sample();
    let page = report::page(&document);
    assert!(page.contains("wait block, cpus split (ping on CPU 0, pong on CPU 1)"));
    for heading in ["Round trip, 64 bytes, wait block", "Round trip, 4 KiB", "Throughput, 64 KiB, wait block"]
    {
        assert!(page.contains(heading), "{heading}");
    }
    for (name, _) in document.environment.lines() {
        assert!(page.contains(&format!("<dt>{name}</dt>")), "{name}");
    }
}

/// Text from outside, as a command line is, cannot become markup; what was skipped is listed with its reason.
#[test]
fn text_stays_text() {
    let mut document = sample();
    document.environment.command_line = "ipc-bench <b>&".into();
    let placement = Placement { cpus: Cpus::Same, ping: 0, pong: 0 };
    let (member, variant) = (&SIX[2], SIX[2].profile.variants[0].name);
    let case = Case {
        member,
        variant,
        kind: Kind::Throughput,
        size: 65536,
        wait: Wait::Spin,
        placement,
        rate: None,
    };
    document.skipped.push(NotMeasured::new(&case, "65536 > 8192".into()));
    let page = report::page(&document);
    assert!(page.contains("ipc-bench &lt;b&gt;&amp;"));
    assert!(page.contains("throughput 64K spin: 65536 &gt; 8192"));
}
