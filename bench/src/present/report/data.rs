//! The views of the results that the page needs.

use crate::results::case::Kind;
use crate::results::cost::Cost;
use crate::results::document::Document;
use crate::results::registry::SIX;
use crate::results::row::{Row, nearest_size};
use crate::results::statistics::{Interval, median_interval};
pub(super) use crate::results::units::figure;

/// The sign beside a figure whose rounds do not agree: unobtrusive, since on a busy machine many figures have it.
pub(super) const UNSTABLE: &str = "~";

/// The wait strategies, by increasing cost: the order in which they are shown.
pub(super) const WAITS: [&str; 3] = ["block", "hybrid", "spin"];

/// Returns the place of a wait strategy among [`WAITS`]; unknown ones come last.
pub(super) fn nth_wait(wait: &str) -> usize {
    WAITS.iter().position(|known| *known == wait).unwrap_or(WAITS.len())
}

/// The rows of the suite's own mechanisms, by setting, with their shared properties.
#[derive(Debug)]
pub(super) struct Data<'a> {
    pub document: &'a Document,
    pub rows: Vec<&'a Row>,
    /// Those whose messages left in batches, which no chart shows.
    pub batched: Vec<&'a Row>,
    /// All pairs of wait strategy and placement: by placement, `split` first.
    pub settings: Vec<Setting>,
    /// The setting to start from: both sides sleep, on two CPUs, if that was measured.
    pub usual: Setting,
    /// The size for short messages: 64 bytes, or the nearest measured one.
    pub short: usize,
    /// The size for long messages: 64 KiB, or the nearest measured one.
    pub long: usize,
}

/// The wait strategy of both sides, and their placement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Setting {
    pub wait: String,
    pub cpus: String,
}

impl Setting {
    pub(super) fn of(row: &Row) -> Self {
        Self { wait: row.wait.clone(), cpus: row.cpus.clone() }
    }

    /// Returns the name for people.
    pub(super) fn name(&self) -> String {
        format!("{} · {}", self.wait, self.cpus)
    }

    /// Returns the same placement with another wait strategy.
    pub(super) fn waiting(&self, wait: &str) -> Self {
        Self { wait: wait.into(), cpus: self.cpus.clone() }
    }
}

impl<'a> Data<'a> {
    pub(super) fn of(document: &'a Document) -> Self {
        let (mut rows, batched): (Vec<&Row>, Vec<&Row>) =
            document.suite().partition(|row| row.flush_every == 1);
        let mut settings = distinct(rows.iter().map(|row| Setting::of(row)));
        let placements: Vec<_> = settings.iter().map(|setting| setting.cpus.clone()).collect();
        settings.sort_by_key(|Setting { wait, cpus }| {
            (cpus != "split", placements.iter().position(|known| known == cpus), nth_wait(wait))
        });
        rows.sort_by_key(|row| settings.iter().position(|setting| *setting == Setting::of(row)));
        let wanted = |setting: &&Setting| (setting.wait != "block", setting.cpus != "split");
        let usual = settings.iter().min_by_key(wanted).cloned().unwrap_or_default();
        let nearest = |kind, to| nearest_size(rows.iter().copied(), kind, to);
        let (short, long) = (nearest(Kind::RoundTrip, 64), nearest(Kind::Throughput, 64 << 10));
        Self { document, rows, batched, settings, usual, short, long }
    }

    /// Returns the rows of one kind.
    pub(super) fn kind(&self, kind: Kind) -> impl Iterator<Item = &'a Row> + '_ {
        self.rows.iter().copied().filter(move |row| row.kind == kind)
    }

    /// Returns the rows of one kind and size.
    pub(super) fn of_size(&self, kind: Kind, size: usize) -> Vec<&'a Row> {
        self.kind(kind).filter(|row| row.size == size).collect()
    }

    /// Returns the rows of one kind and setting.
    pub(super) fn under<'b>(
        &'b self,
        kind: Kind,
        setting: &'b Setting,
    ) -> impl Iterator<Item = &'a Row> + 'b {
        self.kind(kind).filter(move |row| row.wait == setting.wait && row.cpus == setting.cpus)
    }

    /// Returns the row of a mechanism, variant, kind, setting and size; the first if there are several.
    pub(super) fn row(
        &self,
        (mechanism, variant): (&str, &str),
        kind: Kind,
        setting: &Setting,
        size: usize,
    ) -> Option<&'a Row> {
        self.under(kind, setting)
            .find(|row| row.mechanism == mechanism && row.variant == variant && row.size == size)
    }
}

/// Returns each value once, in the order of their first occurrences.
pub(super) fn distinct<T: PartialEq>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut known = Vec::new();
    for value in values {
        if !known.contains(&value) {
            known.push(value);
        }
    }
    known
}

/// A value and its interval.
pub(super) type Measured = (f64, Option<[f64; 2]>);

/// Returns the median of the figures of the rounds, in thousands, with its interval.
fn median(values: &[f64]) -> Option<Measured> {
    let Interval { estimate, low, high } = median_interval(values)?;
    Some((estimate / 1e3, Some([low / 1e3, high / 1e3])))
}

/// Returns the median round trip in microseconds: that of the rounds, or of all times where there are no rounds.
pub(super) fn round_trip(row: &Row) -> Option<Measured> {
    let times = row.rtt_ns.as_ref()?;
    let rounds = row.rounds.as_ref().and_then(|rounds| median(&rounds.values));
    Some(rounds.unwrap_or((times.p50 as f64 / 1e3, None)))
}

/// Returns the throughput in megabytes per second, by the median of the rounds.
pub(super) fn throughput(row: &Row) -> Option<Measured> {
    let all = row.bytes_per_s? / 1e6;
    let rounds = row.rounds.as_ref().and_then(|rounds| median_interval(&rounds.values));
    let rate = |ns: f64| row.size as f64 * 1e3 / ns;
    Some(rounds.map_or((all, None), |ns| (rate(ns.estimate), Some([rate(ns.high), rate(ns.low)]))))
}

/// Returns the CPU time of both sides for a message or round trip, in microseconds.
pub(super) fn cpu_time(row: &Row) -> Option<Measured> {
    let cost = row.cost.as_ref()?;
    let one = |side: &Cost| side.user_ns + side.system_ns;
    let rounds = row.rounds.as_ref().and_then(|rounds| median(&rounds.cpu));
    Some(rounds.unwrap_or(((one(&cost.ping) + one(&cost.pong)) / 1e3, None)))
}

/// Returns how far the middle half of a row's rounds spreads, in percent of their median, if they do not agree.
pub(super) fn spread(row: &Row) -> Option<f64> {
    row.rounds.as_ref().filter(|rounds| !rounds.agree).map(|rounds| rounds.spread * 100.0)
}

/// Returns the sign beside a figure whose rounds do not agree; empty if they agree.
pub(super) fn sign(row: &Row) -> &'static str {
    if row.is_unstable() { UNSTABLE } else { "" }
}

/// Returns the name of a row's mechanism and variant.
pub(super) fn way(row: &Row) -> String {
    named(&row.mechanism, &row.variant)
}

/// Returns the name of a mechanism and its variant, without the variant where there is only one: `pipe`, `shm ring`.
pub(super) fn named(mechanism: &str, variant: &str) -> String {
    let member = SIX.iter().find(|member| member.profile.name == mechanism);
    let is_only = member.is_some_and(|member| member.variants().count() == 1);
    if is_only { mechanism.into() } else { format!("{mechanism} {variant}") }
}

/// Formats a time in microseconds with three significant digits, without the unit: `0.152`, `12.3`, `1,234`.
pub(super) fn micro(nanoseconds: f64) -> String {
    figure(nanoseconds / 1e3)
}

#[cfg(test)]
mod tests {
    use ipc_core::Wait;

    use super::*;
    use crate::invented::{case, document};

    /// 512 bytes are eight times 64 bytes, and 4 bytes are a sixteenth.
    #[test]
    fn the_nearest_size_is_that_of_the_smallest_factor() {
        let of = |kind, size| Row { size, ..Row::empty(&case("pipe", "anonymous", kind, Wait::Block)) };
        let sizes = [(Kind::RoundTrip, [4, 512]), (Kind::Throughput, [1 << 10, 1 << 20])];
        let rows = sizes.into_iter().flat_map(|(kind, sizes)| sizes.map(|size| of(kind, size)));
        let document = document(rows.collect());
        let data = Data::of(&document);
        assert_eq!((data.short, data.long), (512, 1 << 20));
    }

    #[test]
    fn nothing_measured_is_no_harm() {
        let document = Document::empty();
        let data = Data::of(&document);
        assert_eq!((data.short, data.long, data.settings.len()), (64, 64 << 10, 0));
    }
}
