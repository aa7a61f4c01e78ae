//! The conclusions, and the course's table with figures beside it.

use maud::{Markup, html};

use super::charts::quantity::look;
use super::data::{self, Data, Measured, Setting, figure, nth_wait, sign};
use super::html::{Cell, HtmlTable};
use crate::present::summary::{Ranking, Summary};
use crate::results::case::Kind;
use crate::results::registry::SIX;
use crate::results::row::Row;
use crate::results::units::bytes;

/// A column of figures: its rows, and the quantity.
struct FigureColumn {
    /// The heading that it shares with the columns beside it.
    group: String,
    name: String,
    kind: Kind,
    setting: Setting,
    size: usize,
    value: fn(&Row) -> Option<Measured>,
}

impl FigureColumn {
    fn find<'a>(&self, data: &Data<'a>, way: (&str, &str)) -> Option<(&'a Row, f64)> {
        let row = data.row(way, self.kind, &self.setting, self.size)?;
        Some((row, (self.value)(row)?.0))
    }

    fn has_figures(&self, data: &Data) -> bool {
        data.under(self.kind, &self.setting).any(|row| row.size == self.size && (self.value)(row).is_some())
    }

    fn cell(&self, data: &Data, way: (&str, &str)) -> Cell {
        match self.find(data, way) {
            Some((row, value)) => {
                Cell { aside: sign(row).into(), class: "doubt", ..Cell::from(figure(value)) }
            }
            None => "–".into(),
        }
    }
}

/// Returns the columns beside the course's table that have any figures.
fn measured(data: &Data) -> Vec<FigureColumn> {
    let (usual, hybrid) = (&data.usual, &data.usual.waiting("hybrid"));
    let (short, long) = (bytes(data.short), bytes(data.long));
    let column = |group, kind, setting: &Setting, size, value| {
        let (name, setting) = (setting.name().replacen(' ', "\u{a0}", 1), setting.clone());
        FigureColumn { group, name, kind, setting, size, value }
    };
    let trip = format!("round trip of {short}: median, µs");
    let mut columns =
        vec![column(trip.clone(), Kind::RoundTrip, usual, data.short, data::round_trip as fn(&Row) -> _)];
    if hybrid != usual {
        columns.push(column(trip, Kind::RoundTrip, hybrid, data.short, data::round_trip));
    }
    let stream = format!("throughput, {long}: MB/s");
    columns.push(column(stream, Kind::Throughput, usual, data.long, data::throughput));
    let cpu = format!("CPU time of both sides, {short}: µs");
    columns.push(column(cpu, Kind::RoundTrip, usual, data.short, data::cpu_time));
    columns.retain(|column| column.has_figures(data));
    columns
}

/// Returns the course's table; each variant that was measured has a row of figures. They come before the facts: a phone
/// shows the left of the table.
pub(super) fn course(data: &Data) -> HtmlTable {
    let measured = measured(data);
    let mut rows = Vec::new();
    for member in SIX.iter() {
        let profile = &member.profile;
        let has =
            |name: &str| data.rows.iter().any(|row| row.mechanism == profile.name && row.variant == name);
        let names = member.variants().map(|variant| variant.name);
        let mut variants: Vec<_> = names.filter(|name| has(name)).collect();
        if variants.is_empty() {
            variants.push(""); // a mechanism that was not measured still belongs to the six
        }
        for (at, variant) in variants.iter().enumerate() {
            let high = if at == 0 { variants.len() } else { 0 };
            let fact = |text: String| Cell { rows: high, ..Cell::from(text) };
            let mut row = vec![
                Cell { aside: format!("ipc-{}", profile.name), ..fact(profile.title.into()) },
                Cell::from(*variant),
            ];
            row.extend(measured.iter().map(|column| column.cell(data, (profile.name, variant))));
            row.extend([
                fact(profile.between.to_string()),
                fact(profile.medium.to_string()),
                fact(profile.unit.to_string()),
                fact(profile.direction.to_string()),
                fact(profile.reach.to_string()),
            ]);
            rows.push(row);
        }
    }
    let names = ["mechanism", "variant"];
    let facts = ["used between", "medium", "unit", "direction", "reach"];
    let mut columns: Vec<String> = names.map(str::to_owned).into();
    let mut groups = vec![(String::new(), names.len())];
    for column in measured {
        match groups.last_mut() {
            Some((name, count)) if *name == column.group => *count += 1,
            _ => groups.push((column.group, 1)),
        }
        columns.push(column.name);
    }
    groups.push((String::new(), facts.len()));
    columns.extend(facts.map(str::to_owned));
    let label = "The six, with measured figures".into();
    HtmlTable { label, groups, columns, labels: names.len(), notes: facts.len(), rows, class: "facts" }
}

/// Returns the conclusions: for each quantity and each way to wait the best.
pub(super) fn conclusions(summary: &Summary) -> Markup {
    let groups = summary.rankings.chunk_by(|a, b| a.quantity == b.quantity);
    html! {
        @if !summary.rankings.is_empty() {
            div.cards {
                @for group in groups {
                    div {
                        h3 { (group[0].quantity.title()) ", " (bytes(group[0].size)) }
                        dl {
                            @for ranking in in_order(group) {
                                @let look = look(ranking.wait);
                                dt { (look.swatch()) " " (look.name) }
                                dd { b { (ranking.figure()) } " " (ranking.names()) }
                            }
                        }
                    }
                }
            }
            p.quiet { "The best median of the rounds, with its 95 % interval. Several names: they cannot be told apart." }
        }
    }
}

/// Returns the rankings in the order of the ways to wait.
fn in_order(rankings: &[Ranking]) -> Vec<&Ranking> {
    let mut rankings: Vec<_> = rankings.iter().collect();
    rankings.sort_by_key(|ranking| nth_wait(ranking.wait));
    rankings
}
