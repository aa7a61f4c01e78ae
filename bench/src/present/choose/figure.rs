//! The figure that ranks a row, its interval, and its words.

use serde::Serialize;

use super::purpose::Priority;
use crate::results::case::Kind;
use crate::results::latency::Latency;
use crate::results::row::Row;
use crate::results::statistics::{median, median_interval};
use crate::results::units;

/// What is read from a row.
#[derive(Clone, Copy)]
pub(super) struct Measure {
    pub priority: Priority,
    pub kind: Kind,
    /// True if one-way times count.
    pub one_way: bool,
}

/// A figure, and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The time, or the CPU time, of a message, or round trip, in nanoseconds: the median over the rounds.
    pub ns: f64,
    /// The two ends of its interval, which holds the true median with 95 % confidence, in nanoseconds; null with fewer
    /// than six rounds.
    pub interval_ns: Option<[f64; 2]>,
}

impl Measure {
    /// Returns the figure of a row for something that takes `pieces` of its messages; `None` if it was not measured.
    pub(super) fn figure(self, row: &Row, pieces: usize) -> Option<Figure> {
        let rounds = row.rounds.as_ref();
        let (ns, of_rounds) = match self.priority {
            Priority::Cpu => {
                (row.cost.map(|cost| cost.ping.cpu_ns() + cost.pong.cpu_ns())?, rounds.map(|all| &all.cpu))
            }
            Priority::Throughput => {
                (1e9 / row.messages_per_s.filter(|rate| *rate > 0.0)?, rounds.map(|all| &all.values))
            }
            Priority::P99 => (self.times(row)?.p99 as f64, rounds.map(|all| &all.p99)),
            Priority::Latency | Priority::Simplicity => {
                let of_rounds = rounds.map(|all| if self.one_way { &all.one_way } else { &all.values });
                (self.times(row)?.p50 as f64, of_rounds)
            }
        };
        let mut of_rounds = of_rounds.cloned().unwrap_or_default();
        // The rounds have no percentile of just this: they show by which factors it goes up and down.
        let is_other =
            matches!((self.priority, self.kind), (Priority::Latency | Priority::Simplicity, Kind::Clients))
                || (self.priority == Priority::P99 && self.one_way);
        if is_other {
            of_rounds = scaled(&of_rounds, ns);
        }
        let figure = median_interval(&of_rounds).map_or(Figure { ns, interval_ns: None }, |interval| {
            Figure { ns: interval.estimate, interval_ns: Some([interval.low, interval.high]) }
        });
        Some(figure.times(pieces as f64))
    }

    /// Returns the times of a row that count.
    pub(super) fn times(self, row: &Row) -> Option<&Latency> {
        if self.one_way { row.one_way_ns.as_ref() } else { row.rtt_ns.as_ref() }
    }

    /// Returns the figure in words: `2.31 µs ± 4 % a round trip`.
    pub(super) fn words(self, figure: Figure, size: usize) -> String {
        let each = match (self.priority, self.kind) {
            (_, Kind::Clients) => "an answer",
            _ if self.one_way => "one way",
            (_, Kind::OpenLoop) => "an answer",
            (Priority::Cpu, Kind::Throughput) => "a message",
            _ => "a round trip",
        };
        let (ns, about) = (figure.ns, figure.uncertainty());
        match self.priority {
            Priority::Throughput => {
                let per_second = 1e9 / ns;
                let megabytes = units::figure(per_second * size as f64 / 1e6);
                format!("{megabytes} MB/s{about} ({} messages/s)", rate(per_second))
            }
            Priority::Cpu => format!("{}{about} CPU time {each}", time(ns)),
            Priority::P99 => format!("p99 {}{about} {each}", time(ns)),
            Priority::Latency | Priority::Simplicity => format!("{}{about} {each}", time(ns)),
        }
    }

    /// Returns what else a row says, beside its figure: the 99th percentile, and the CPU time of both sides.
    pub(super) fn beside(self, row: &Row) -> Vec<String> {
        let mut said = Vec::new();
        if matches!(self.priority, Priority::Latency | Priority::Simplicity) {
            said.extend(self.times(row).map(|times| format!("p99 {}", time(times.p99 as f64))));
        }
        if let (true, Some(cost)) = (self.priority != Priority::Cpu, row.cost) {
            let [ping, pong] = [cost.ping, cost.pong].map(|side| time(side.cpu_ns()));
            said.push(format!("CPU time {ping} + {pong}"));
        }
        if row.is_unstable() {
            said.push("unstable".into());
        }
        said
    }
}

impl Figure {
    fn times(self, factor: f64) -> Self {
        Self { ns: self.ns * factor, interval_ns: self.interval_ns.map(|ends| ends.map(|end| end * factor)) }
    }

    /// Returns how far the ends of the interval are from the figure: ` ± 4 %`; nothing without an interval.
    fn uncertainty(self) -> String {
        let Some([low, high]) = self.interval_ns else { return String::new() };
        let widest = (high - self.ns).max(self.ns - low) / self.ns;
        if widest > 1.0 { " ± over 100 %".into() } else { format!(" ± {:.0} %", (widest * 100.0).ceil()) }
    }
}

/// Returns the values in the scale of a figure: their median becomes that.
fn scaled(values: &[f64], figure: f64) -> Vec<f64> {
    match median(values) {
        Some(median) if median > 0.0 => values.iter().map(|value| value / median * figure).collect(),
        _ => Vec::new(),
    }
}

/// Formats a time for people, with its unit.
pub(super) fn time(ns: f64) -> String {
    match ns {
        ns if ns < 999.5 => format!("{} ns", units::figure(ns)),
        ns if ns < 999.5e3 => format!("{} µs", units::figure(ns / 1e3)),
        ns => format!("{} ms", units::figure(ns / 1e6)),
    }
}

/// Formats a rate with the digits that count.
pub(super) fn rate(per_second: f64) -> String {
    let unit = 10f64.powi((per_second.max(1.0).log10() as i32 - 2).max(0));
    units::figure((per_second / unit).round() * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_the_digits_that_count() {
        let times = [7.0, 999.4, 1e3, 12_345.0, 99_994.0, 1e5, 345_678.0, 1e6, 2.5e7].map(time);
        assert_eq!(times.join("|"), "7.00 ns|999 ns|1.00 µs|12.3 µs|100 µs|100 µs|346 µs|1.00 ms|25.0 ms");
    }

    #[test]
    fn a_rate_has_three_digits() {
        assert_eq!(
            [7.0, 999.0, 1234.0, 45_678.0, 4e6].map(rate).join(" "),
            "7.00 999 1,230 45,700 4,000,000"
        );
    }

    #[test]
    fn values_in_another_scale_keep_their_factors() {
        assert_eq!(scaled(&[1.0, 2.0, 4.0], 10.0), [5.0, 10.0, 20.0]);
        assert_eq!(scaled(&[], 10.0), [0.0; 0]);
    }
}
