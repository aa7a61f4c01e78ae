//! Tests of the page of charts, from results with invented numbers.

mod charts;
#[path = "../common/mod.rs"]
mod common;
#[path = "../markup/mod.rs"]
mod markup;
mod odd_results;
mod others;
mod page;
#[path = "../sample/mod.rs"]
mod sample;

use std::sync::LazyLock;

use ipc_bench::present::report;
use ipc_bench::results::case::{Case, Kind, Placement};
use ipc_bench::results::document::Document;
use ipc_bench::results::registry::SIX;
use ipc_core::Wait;
use ipc_demo::cpus::Cpus;
use markup::without_scripts;
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

fn tree(text: &str) -> Tree<'_> {
    let options = ParsingOptions { nodes_limit: 1_000_000, ..ParsingOptions::default() };
    Tree::parse_with_options(text, options).unwrap_or_else(|error| panic!("not well-formed: {error}"))
}

fn with_tree<T>(page: &str, look: impl FnOnce(&Tree) -> T) -> T {
    look(&tree(&without_scripts(page)))
}

/// The text of the page of all results.
static TEXT: LazyLock<String> = LazyLock::new(|| without_scripts(&PAGE));
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

fn case(kind: Kind, size: usize) -> Case {
    let placement = Placement { cpus: Cpus::Same, ping: 0, pong: 0 };
    let variant = SIX[2].variants().next().expect("each has one").name;
    Case::of(&SIX[2], variant, kind, size, Wait::Spin, placement)
}
