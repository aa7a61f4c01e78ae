//! The conclusions of a run, in a few lines: the fastest round trip, the most throughput and the least CPU time, for each
//! way of waiting; before them, what disturbed the measurement.
//!
//! A figure is the median over the rounds, with the interval that holds it with 95 % confidence
//! ([`median_interval`]). Where the interval of the best overlaps with those of others, another run might reverse their
//! order: none of them is called the best.
//!
//! | file | contents |
//! |---|---|
//! | `summary.rs` | [`Summary`], and each [`Ranking`] in it |
//! | `names.rs` | a group of variants in few words |
//! | `text.rs` | the summary for people |

mod names;
mod text;

use ipc_core::Wait;

pub use crate::present::summary::names::Way;
use crate::results::case::Kind;
use crate::results::document::Document;
use crate::results::row::{Rounds, Row, nearest_size};
use crate::results::statistics::{Interval, median_interval};
use crate::results::units::figure;

/// The quantity by which the variants are ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// The time of a round trip of short messages.
    RoundTrip,
    /// The bytes per second of a stream of long messages.
    Throughput,
    /// The CPU time of both sides for a round trip of short messages.
    Cpu,
}

impl Quantity {
    /// All quantities, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::RoundTrip, Self::Throughput, Self::Cpu];

    /// Returns its name as the beginning of a line.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::RoundTrip => "Round trip",
            Self::Throughput => "Throughput",
            Self::Cpu => "CPU time",
        }
    }

    /// Returns the kind of the rows that have it.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::RoundTrip | Self::Cpu => Kind::RoundTrip,
            Self::Throughput => Kind::Throughput,
        }
    }

    /// The length of messages to rank by, in bytes.
    const fn size(self) -> usize {
        match self {
            Self::RoundTrip | Self::Cpu => 64,
            Self::Throughput => 64 << 10,
        }
    }

    /// The figures that the ranking is about, one for each round, in nanoseconds for a message.
    fn values(self, rounds: &Rounds) -> &[f64] {
        match self {
            Self::RoundTrip | Self::Throughput => &rounds.values,
            Self::Cpu => &rounds.cpu,
        }
    }

    /// Returns false for a ranking that would mislead: a side that spins burns a core while no message arrives, and the
    /// CPU time of a message that arrives at once does not show that.
    fn is_ranked(self, wait: Wait) -> bool {
        (self, wait) != (Self::Cpu, Wait::Spin)
    }
}

/// A variant in a ranking, and its figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Contender {
    /// The mechanism and the variant.
    pub way: Way,
    /// The time for a message, in nanoseconds: the median over the rounds, and its interval.
    pub ns: Interval,
}

/// The variants with one quantity, one size and one way of waiting.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// The quantity.
    pub quantity: Quantity,
    /// Length of the messages, in bytes.
    pub size: usize,
    /// The wait strategy of both sides.
    pub wait: &'static str,
    /// At least two, in the order of the results.
    pub contenders: Vec<Contender>,
}

impl Ranking {
    /// Ranks the variants in `rows`; `None` if there are not two with enough rounds.
    fn of(quantity: Quantity, size: usize, wait: &'static str, rows: &[&Row]) -> Option<Self> {
        let contender = |row: &&Row| {
            let ns = median_interval(quantity.values(row.rounds.as_ref()?))?;
            (ns.low > 0.0).then(|| Contender { way: (row.mechanism.clone(), row.variant.clone()), ns })
        };
        let of_these = |row: &&&Row| (row.kind, row.size, row.wait.as_str()) == (quantity.kind(), size, wait);
        let contenders: Vec<_> = rows.iter().filter(of_these).filter_map(contender).collect();
        (contenders.len() >= 2).then_some(Self { quantity, size, wait, contenders })
    }

    /// Returns the one with the least median.
    fn first(&self) -> &Contender {
        let first = self.contenders.iter().min_by(|a, b| a.ns.estimate.total_cmp(&b.ns.estimate));
        first.expect("at least two")
    }

    /// Returns the best, and those that cannot be told from it: their intervals overlap with that of the best. Their order
    /// is that of the results, and says nothing.
    #[must_use]
    pub fn best(&self) -> Vec<&Contender> {
        let first = self.first().ns;
        self.contenders.iter().filter(|contender| contender.ns.overlaps(&first)).collect()
    }

    /// Returns the names of the best, in few words: `shm ring`, or `all but socket`.
    #[must_use]
    pub fn names(&self) -> String {
        let best: Vec<_> = self.best().into_iter().map(|contender| &contender.way).collect();
        names::group(&best, &self.contenders.iter().map(|contender| &contender.way).collect::<Vec<_>>())
    }

    /// Returns the figure of the best with its interval: `5.12 µs (5.01–5.30)`. If several cannot be told apart, the
    /// interval that spans those of all: `5.01–5.60 µs`.
    #[must_use]
    pub fn figure(&self) -> String {
        let best = self.best();
        let low = best.iter().map(|contender| contender.ns.low).fold(f64::INFINITY, f64::min);
        let high = best.iter().map(|contender| contender.ns.high).fold(0.0, f64::max);
        let estimate = self.first().ns.estimate;
        // Bytes in a nanosecond are 1,000 megabytes a second.
        let rate = |ns: f64| self.size as f64 * 1e3 / ns;
        let (estimate, low, high, unit) = match self.quantity {
            Quantity::Throughput => (rate(estimate), rate(high), rate(low), "MB/s"),
            Quantity::RoundTrip | Quantity::Cpu if estimate < 1e3 => (estimate, low, high, "ns"),
            Quantity::RoundTrip | Quantity::Cpu => (estimate / 1e3, low / 1e3, high / 1e3, "µs"),
        };
        let [estimate, low, high] = [estimate, low, high].map(figure);
        match best.len() {
            1 => format!("{estimate} {unit} ({low}–{high})"),
            _ => format!("{low}–{high} {unit}"),
        }
    }
}

/// The conclusions of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// What disturbed the measurement; `None` if nothing looked.
    pub disturbed: Option<Vec<String>>,
    /// By quantity and way of waiting. Empty without rounds: then there is no ranking.
    pub rankings: Vec<Ranking>,
}

impl Summary {
    /// Draws the conclusions of a run. Only the suite's own rows of one placement are ranked, split if that was measured, and
    /// only messages that leave by themselves: a batch is another way to use a link, not another link.
    #[must_use]
    pub fn of(document: &Document) -> Self {
        let suite = || document.suite().filter(|row| row.flush_every == 1);
        let cpus = suite().map(|row| row.cpus.as_str()).min_by_key(|cpus| *cpus != "split");
        let rows: Vec<&Row> = suite().filter(|row| Some(row.cpus.as_str()) == cpus).collect();
        let mut rankings = Vec::new();
        for quantity in Quantity::ALL {
            let size = nearest_size(rows.iter().copied(), quantity.kind(), quantity.size());
            let waits = Wait::ALL.into_iter().filter(|wait| quantity.is_ranked(*wait));
            rankings.extend(waits.filter_map(|wait| Ranking::of(quantity, size, wait.name(), &rows)));
        }
        Self { disturbed: disturbed(document), rankings }
    }
}

/// Returns what disturbed the measurement: what was noticed during it, and what its rows show.
fn disturbed(document: &Document) -> Option<Vec<String>> {
    let rows = document.results.len();
    let unstable = document.results.iter().filter(|row| row.is_unstable()).count();
    let failed = match document.failed.len() {
        0 => None,
        1 => Some("a case failed".to_owned()),
        cases => Some(format!("{cases} cases failed")),
    };
    let noticed = [
        document.environment.debug_build.then(|| "a debug build, whose figures mean nothing".to_owned()),
        (!document.complete).then(|| "the run was ended early".to_owned()),
        failed,
        (unstable > 0).then(|| format!("the rounds of {unstable} of {rows} rows do not agree")),
    ];
    let noticed: Vec<_> = noticed.into_iter().flatten().collect();
    match &document.disturbances {
        None if noticed.is_empty() => None,
        before => Some(before.iter().flatten().cloned().chain(noticed).collect()),
    }
}

#[cfg(test)]
mod tests;
