//! The form in which a document is printed.

use clap::{Arg, ArgMatches};
use ipc_bench::present::export::Format;
use ipc_bench::present::table::{self, Detail};
use ipc_bench::results::document::Document;
use ipc_core::Result;
use ipc_demo::print;

use super::arguments::{flag, one, width};

/// Returns the options.
pub fn arguments() -> [Arg; 4] {
    [
        one("format", "FORMAT", "table (the default), json, csv or markdown")
            .value_parser(|text: &str| text.parse::<Format>()),
        flag("json", "The same as --format json").conflicts_with("format"),
        flag("verbose", "Also print percentiles, costs and the environment")
            .long_help("Also print all percentiles, the costs, the notes and the environment."),
        flag("quiet", "Print the figures alone: no progress, no notes").conflicts_with("verbose"),
    ]
}

/// Prints a document as the options say.
pub fn document(matches: &ArgMatches, document: &Document) -> Result<()> {
    let format = matches.get_one("format").copied();
    let format = format.unwrap_or(if matches.get_flag("json") { Format::Json } else { Format::Table });
    if format != Format::Table {
        return print(&format.text(document));
    }
    let detail = match (is_quiet(matches), matches.get_flag("verbose")) {
        (true, _) => Detail::Figures,
        (_, true) => Detail::All,
        _ => Detail::Notes,
    };
    // What is read from a file later is read on a terminal too.
    let usual = (detail != Detail::All).then_some(80);
    print(&table::text(document, width().or(usual), detail))
}

/// Returns true if nothing but the figures is wanted.
pub fn is_quiet(matches: &ArgMatches) -> bool {
    matches.get_flag("quiet")
}
