//! The row that counts for a purpose, and its figure.

use std::collections::BTreeSet;

use super::purpose::{Priority, Purpose, Ways};
use crate::results::case::Kind;
use crate::results::document::{Document, NotMeasured};
use crate::results::row::Row;
use crate::results::statistics;
use crate::results::units::{bytes, grouped, size_name};

/// The figures of a document that concern a purpose.
pub(super) struct Evidence<'a> {
    document: &'a Document,
    purpose: &'a Purpose,
    kind: Kind,
    /// True if one-way times count. Only if all rows have them: otherwise some would be compared with round trips.
    one_way: bool,
    size: usize,
    clients: usize,
    cpus: &'a str,
}

/// A row, with the figure that ranks it.
pub(super) struct BestRow<'a> {
    pub row: &'a Row,
    pub figure_ns: f64,
    /// The figure in words.
    pub said: String,
}

impl<'a> Evidence<'a> {
    pub(super) fn of(purpose: &'a Purpose, document: &'a Document) -> Self {
        let suite = || document.results.iter().filter(|row| row.implementation == "suite");
        let has_many = suite().any(|row| row.kind == Kind::Clients && row.clients > 1);
        let kind = match (purpose.priority, purpose.ways) {
            _ if purpose.clients > 1 && has_many => Kind::Clients,
            (Priority::Throughput, _) | (Priority::Cpu, Ways::OneWay) => Kind::Throughput,
            _ => Kind::RoundTrip,
        };
        let rows = || suite().filter(|row| row.kind == kind);
        let nearest = |wanted: usize, of: fn(&Row) -> usize| {
            let all: BTreeSet<usize> = rows().map(of).collect();
            let distance = |value: &usize| {
                let factor = (*value).max(1) as f64 / wanted.max(1) as f64;
                (factor.ln().abs() * 1e6) as u64
            };
            all.into_iter().min_by_key(distance).unwrap_or(wanted)
        };
        let cpus = rows().map(|row| row.cpus.as_str());
        Self {
            document,
            purpose,
            kind,
            one_way: purpose.ways == Ways::OneWay && rows().all(|row| row.one_way_ns.is_some()),
            size: nearest(purpose.size, |row| row.size),
            clients: nearest(purpose.clients, |row| row.clients),
            cpus: cpus.min_by_key(|cpus| *cpus != "split").unwrap_or("split"),
        }
    }

    /// Returns the length of messages that the figures are about.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Returns the placement of the two processes.
    pub(super) fn cpus(&self) -> &str {
        self.cpus
    }

    /// Returns true if the figures are of the requested number of clients, or at least of many. Figures of one client
    /// say little about many.
    pub(super) fn are_of_those_clients(&self) -> bool {
        self.purpose.clients == 1 || self.kind == Kind::Clients
    }

    /// Returns the notes to show beside the figures.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.size != self.purpose.size {
            let (wanted, measured) = (bytes(self.purpose.size), bytes(self.size));
            notes.push(format!("no messages of {wanted} were measured: the figures are of {measured}"));
        }
        if !self.are_of_those_clients() {
            let (clients, size) = (self.purpose.clients, size_name(self.purpose.size));
            notes.push(format!(
                "many clients were not measured: the figures are of one, so the ranking is by the code left to write; \
                 `ipc-bench run --clients {clients} --size {size}` measures them"
            ));
        } else if self.clients != self.purpose.clients {
            let clients = match self.clients {
                1 => "one client".into(),
                n => format!("{} clients", grouped(n as u64)),
            };
            notes.push(format!("the figures are of {clients}"));
        }
        if self.purpose.priority == Priority::Cpu {
            notes.push(
                "CPU time was measured with messages back to back; for one that comes alone, `hybrid` sleeps \
                 as `block` does, and costs about as much"
                    .into(),
            );
        }
        if self.document.environment.debug_build {
            notes.push("the figures are of a debug build: not for decisions".into());
        }
        notes
    }

    /// Returns the row of this variant to rank, or the reason why there is none. The row with the best figure, but of
    /// those within [`statistics::AGREEMENT`] of it the one that burns the least CPU; where simplicity counts, no
    /// strategy that polls for no benefit.
    pub(super) fn find(&self, mechanism: &str, variant: &str) -> Result<BestRow<'a>, String> {
        let of_this = |row: &&Row| {
            row.mechanism == mechanism
                && row.variant == variant
                && row.implementation == "suite"
                && (row.kind, row.size, row.clients) == (self.kind, self.size, self.clients)
                && row.cpus == self.cpus
        };
        let rows: Vec<&Row> = self.document.results.iter().filter(of_this).collect();
        let mut ranked: Vec<_> = rows.iter().filter_map(|row| Some((*row, self.figure(row)?))).collect();
        // Spinning burns a whole CPU while no message arrives, and the CPU time of a message does not show that.
        if self.purpose.priority == Priority::Cpu && ranked.iter().any(|(row, _)| row.wait != "spin") {
            ranked.retain(|(row, _)| row.wait != "spin");
        }
        let least = ranked.iter().map(|(_, figure)| *figure).min_by(f64::total_cmp).unwrap_or_default();
        let limit = match self.purpose.priority {
            Priority::Simplicity => f64::INFINITY,
            Priority::Latency | Priority::Throughput | Priority::Cpu => least * (1.0 + statistics::AGREEMENT),
        };
        let good = ranked.into_iter().filter(|(_, figure)| *figure <= limit);
        let best = good.min_by(|a, b| burns(a.0).cmp(&burns(b.0)).then(a.1.total_cmp(&b.1)));
        let Some((row, figure_ns)) = best else {
            return Err(self.why_not(mechanism, variant, rows.is_empty()));
        };
        let instead = |wait: &str| {
            let other = rows.iter().find(|other| other.wait == wait && row.wait != wait)?;
            self.figure(other).map(time)
        };
        let mut said = self.words(row);
        if let Some(figure) = instead("block") {
            said = format!("{said}, where sleeping takes {figure}");
        }
        if let (Priority::Cpu, Some(figure)) = (self.purpose.priority, instead("spin")) {
            said = format!("{said}, and polling without end {figure}, but that burns a core while it waits");
        }
        match (row.wait.as_str(), row.cost) {
            ("spin", _) => said += ", and each side that waits keeps a CPU busy",
            ("hybrid", None) => said += ", and what polling costs in CPU time was not measured",
            _ => {}
        }
        if row.is_unstable() {
            said += " (unstable)";
        }
        Ok(BestRow { row, figure_ns, said })
    }

    /// Returns the figure that ranks a row, in nanoseconds; `None` if that was not measured.
    fn figure(&self, row: &Row) -> Option<f64> {
        match self.purpose.priority {
            Priority::Cpu => row.cost.map(|cost| {
                cost.ping.user_ns + cost.ping.system_ns + cost.pong.user_ns + cost.pong.system_ns
            }),
            Priority::Throughput => row.messages_per_s.filter(|rate| *rate > 0.0).map(|rate| 1e9 / rate),
            Priority::Latency | Priority::Simplicity => {
                let times = if self.one_way { row.one_way_ns.as_ref() } else { row.rtt_ns.as_ref() };
                times.map(|times| times.p50 as f64)
            }
        }
    }

    /// Returns the figure in words.
    fn words(&self, row: &Row) -> String {
        let wait = match row.wait.as_str() {
            "block" => "sleeping",
            "spin" => "polling",
            _ => "polling for a moment, then sleeping",
        };
        let cpu = row.cost.map(|cost| {
            let [ping, pong] = [cost.ping, cost.pong].map(|cost| time(cost.user_ns + cost.system_ns));
            (ping, pong)
        });
        let beside =
            cpu.as_ref().map(|(ping, pong)| format!(", for {ping} + {pong} of CPU time")).unwrap_or_default();
        match self.purpose.priority {
            Priority::Throughput => format!(
                "{} messages, {:.1} megabytes, a second when {wait}{beside}{each}",
                grouped(row.messages_per_s.unwrap_or_default().round() as u64),
                row.bytes_per_s.unwrap_or_default() / 1e6,
                each = if beside.is_empty() { "" } else { " each" },
            ),
            Priority::Cpu => {
                let each = if self.kind == Kind::RoundTrip { "round trip" } else { "message" };
                let (ping, pong) = cpu.unwrap_or_default();
                format!("{ping} + {pong} of CPU time for a {each} when {wait}")
            }
            Priority::Latency | Priority::Simplicity => {
                let (each, times) = if self.one_way {
                    ("to the other side", &row.one_way_ns)
                } else {
                    ("for a round trip", &row.rtt_ns)
                };
                let times = times.as_ref();
                let (p50, p99) = times.map(|times| (times.p50 as f64, times.p99 as f64)).unwrap_or_default();
                format!("{} {each} when {wait} (p50; p99 {}){beside}", time(p50), time(p99))
            }
        }
    }

    /// Returns the reason why a variant has no figure.
    fn why_not(&self, mechanism: &str, variant: &str, no_row: bool) -> String {
        let is_this = |case: &&NotMeasured| {
            (case.mechanism.as_str(), case.variant.as_str()) == (mechanism, variant)
                && (case.kind, case.size) == (self.kind, self.size)
                && case.cpus == self.cpus
        };
        let found = self.document.skipped.iter().chain(&self.document.failed).find(is_this);
        match found {
            Some(case) => case.reason.clone(),
            None if no_row => "it was not measured".into(),
            None => "what counts here was not measured".into(),
        }
    }
}

/// Returns how much of a CPU is burnt by waiting: nothing, a little, all of it.
fn burns(row: &Row) -> u8 {
    match row.wait.as_str() {
        "block" => 0,
        "hybrid" => 1,
        _ => 2,
    }
}

/// Formats a time for people, with its unit.
fn time(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e5 => format!("{:.2} µs", ns / 1e3),
        ns if ns < 1e6 => format!("{:.0} µs", ns / 1e3),
        ns => format!("{:.2} ms", ns / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_the_digits_that_count() {
        let times = [7.0, 999.4, 1e3, 12_345.0, 99_994.0, 1e5, 345_678.0, 1e6, 2.5e7].map(time);
        let expected = "7 ns|999 ns|1.00 µs|12.35 µs|99.99 µs|100 µs|346 µs|1.00 ms|25.00 ms";
        assert_eq!(times.join("|"), expected);
    }
}
