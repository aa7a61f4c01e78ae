//! The parts that most readers want first: the course's table with figures beside it, and a few sentences that sum them
//! up.

use std::ptr;

use super::data::{Data, Setting, cpu_ns, figure, micro, p50, way};
use super::html::{Cell, HtmlTable};
use crate::results::case::Kind;
use crate::results::registry::SIX;
use crate::results::row::Row;
use crate::results::statistics;
use crate::results::units::{bytes, grouped};

type Value = fn(&Row) -> Option<f64>;

fn rate(row: &Row) -> Option<f64> {
    row.bytes_per_s
}

/// A column of figures: its rows, and the quantity.
struct FigureColumn {
    /// The heading that it shares with the columns beside it.
    group: String,
    name: String,
    kind: Kind,
    setting: Setting,
    size: usize,
    value: Value,
    text: fn(f64) -> String,
}

impl FigureColumn {
    fn find<'a>(&self, data: &Data<'a>, way: (&str, &str)) -> Option<(&'a Row, f64)> {
        let row = data.row(way, self.kind, &self.setting, self.size)?;
        Some((row, (self.value)(row)?))
    }

    fn has_figures(&self, data: &Data) -> bool {
        data.under(self.kind, &self.setting).any(|row| row.size == self.size && (self.value)(row).is_some())
    }

    fn cell(&self, data: &Data, way: (&str, &str)) -> Cell {
        match self.find(data, way) {
            Some((row, value)) => Cell { aside: unstable(row), ..Cell::from((self.text)(value)) },
            None => "–".into(),
        }
    }
}

/// Returns the columns beside the course's table that have any figures.
fn measured(data: &Data) -> Vec<FigureColumn> {
    let (usual, hybrid) = (&data.usual, &data.usual.waiting("hybrid"));
    let (short, long) = (bytes(data.short), bytes(data.long));
    let column = |group, kind, setting: &Setting, size, value, text| {
        let (name, setting) = (setting.name().replacen(' ', "\u{a0}", 1), setting.clone());
        FigureColumn { group, name, kind, setting, size, value, text }
    };
    let trip = format!("round trip of {short}: median, µs");
    let mut columns = vec![column(trip.clone(), Kind::RoundTrip, usual, data.short, p50 as Value, micro)];
    if hybrid != usual {
        columns.push(column(trip, Kind::RoundTrip, hybrid, data.short, p50, micro));
    }
    let stream = format!("throughput, {long}: MB/s");
    columns.push(column(stream, Kind::Throughput, usual, data.long, rate, |rate| figure(rate / 1e6)));
    let cpu = format!("CPU time of both sides, {short}: µs");
    columns.push(column(cpu, Kind::RoundTrip, usual, data.short, cpu_ns, micro));
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

/// Returns the note beside a figure whose rounds do not agree: their spread. Empty if they agree.
pub(super) fn unstable(row: &Row) -> String {
    match &row.rounds {
        Some(rounds) if !rounds.agree => format!("unstable,\u{a0}{:.0}\u{a0}%", rounds.spread * 100.0),
        _ => String::new(),
    }
}

/// Returns a few sentences. Each only states measurements.
pub(super) fn sentences(data: &Data) -> Vec<String> {
    let usual = &data.usual;
    let mut said = Vec::new();
    let trips: Vec<_> = data.under(Kind::RoundTrip, usual).filter(|row| row.size == data.short).collect();
    let streams: Vec<_> = data.under(Kind::Throughput, usual).filter(|row| row.size == data.long).collect();
    let under = format!("({})", usual.name());
    if let Some((best, value, near)) = best(&trips, p50, 1.0) {
        let (size, best, time) = (bytes(data.short), named(best), micro(value));
        said.push(format!("Fastest round trip of {size} {under}: {best}, median {time} µs{near}."));
    }
    if let Some((best, value, near)) = best(&streams, rate, -1.0) {
        let (size, best, rate) = (bytes(data.long), named(best), figure(value / 1e6));
        said.push(format!("Most throughput with messages of {size} {under}: {best}, {rate} MB/s{near}."));
    }
    if let Some((best, value, near)) = best(&trips, cpu_ns, 1.0) {
        let (size, best, time) = (bytes(data.short), named(best), micro(value));
        said.push(format!(
            "Least CPU time for a round trip of {size} {under}: {best}, {time} µs of both sides{near}."
        ));
    }
    said.extend(waiting(data));
    said
}

/// Describes the effect of another wait strategy on the mechanism that gains most from it.
fn waiting(data: &Data) -> Option<String> {
    let other = ["hybrid", "spin"].into_iter().find(|wait| {
        *wait != data.usual.wait && data.under(Kind::RoundTrip, &data.usual.waiting(wait)).next().is_some()
    })?;
    let setting = data.usual.waiting(other);
    let rows = data.under(Kind::RoundTrip, &setting).filter(|row| row.size == data.short);
    let pairs = rows.filter_map(|row| {
        let before = data.row((&row.mechanism, &row.variant), Kind::RoundTrip, &data.usual, data.short)?;
        Some((before, row, p50(before)? / p50(row)?))
    });
    let pairs: Vec<_> = pairs.collect();
    let &(before, after, gain) = pairs.iter().max_by(|a, b| a.2.total_cmp(&b.2))?;
    let near =
        pairs.iter().filter(|(_, row, other)| !ptr::eq(*row, after) && alike((row, *other), (after, gain)));
    let near: Vec<_> = near.map(|(_, row, _)| named(row)).collect();
    let near =
        if near.is_empty() { String::new() } else { format!(", and about as much for {}", near.join(", ")) };
    let cost = match (cpu_ns(before), cpu_ns(after)) {
        (Some(old), Some(new)) => {
            format!("; CPU time of both sides for each: {} to {} µs", micro(old), micro(new))
        }
        _ => String::new(),
    };
    let time =
        |row| Some(format!("{} µs{}", micro(p50(row)?), if row.is_unstable() { " (unstable)" } else { "" }));
    let (old, new, gain) = (time(before)?, time(after)?, factor(gain));
    Some(format!(
        "Waiting by {other} instead of {} does most for {}{near}: its median round trip goes from {old} to {new}, about \
         {gain} times as fast{cost}.",
        data.usual.wait,
        way(after)
    ))
}

/// Returns a mechanism and its variant, and a mark if its rounds disagree.
fn named(row: &Row) -> String {
    if row.is_unstable() { format!("{} ({}, unstable)", row.mechanism, row.variant) } else { way(row) }
}

/// Returns true if two rows differ by less than the rounds of either do among themselves: another run might reverse
/// their order.
fn alike((row, value): (&Row, f64), (other_row, other): (&Row, f64)) -> bool {
    let spread = |row: &Row| row.rounds.as_ref().map_or(0.0, |rounds| rounds.spread);
    let width = statistics::AGREEMENT.max(spread(row)).max(spread(other_row));
    (value / other).ln().abs() <= width.ln_1p()
}

/// Formats a factor with two significant digits; more would be more precise than the figures behind it.
fn factor(value: f64) -> String {
    if value < 9.95 {
        return format!("{value:.1}");
    }
    let unit = 10f64.powf(value.log10().floor() - 1.0);
    grouped(((value / unit).round() * unit).round() as u64)
}

/// Returns the row with the least value (`sign` 1) or the greatest (-1), the value, and the rows that cannot be told
/// from it.
fn best<'a>(rows: &[&'a Row], value: Value, sign: f64) -> Option<(&'a Row, f64, String)> {
    let of = |row: &&'a Row| Some((*row, value(row).filter(|value| value.is_finite() && *value > 0.0)?));
    let valued: Vec<_> = rows.iter().filter_map(of).collect();
    let &(best, least) = valued.iter().min_by(|a, b| (a.1 * sign).total_cmp(&(b.1 * sign)))?;
    let near =
        valued.iter().filter(|(row, other)| !ptr::eq(*row, best) && alike((row, *other), (best, least)));
    let near: Vec<_> = near.map(|(row, _)| named(row)).collect();
    let story = match near.len() {
        0 => String::new(),
        n if n + 1 == valued.len() => {
            format!("; the others lie within the spread of the rounds: {}", near.join(", "))
        }
        _ => format!("; within the spread of the rounds: {}", near.join(", ")),
    };
    Some((best, least, story))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_keeps_two_digits() {
        assert_eq!([1.04, 9.94, 9.97, 12.4, 174.4, 1_234.0].map(factor).join(" "), "1.0 9.9 10 12 170 1,200");
    }
}
