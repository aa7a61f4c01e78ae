//! The rows of a document that count for a purpose.

use ipc_core::POLL_LIMIT;

use super::enough;
use super::figure::{Figure, Measure, rate};
use super::purpose::{Burn, Outlive, Partners, Priority, Purpose, Ways};
use crate::results::case::Kind;
use crate::results::document::{Document, NotMeasured};
use crate::results::row::{Row, distance, nearest_size};

/// The most pieces into which a message, or a piece of a stream, is cut: what is sent in more of them is no longer what
/// was measured.
const MOST_PIECES: usize = 64;

/// The rows of a document that concern a purpose.
pub(super) struct Evidence<'a> {
    document: &'a Document,
    purpose: &'a Purpose,
    kind: Kind,
    /// Where messages had fixed times: their rate.
    rate_per_s: Option<u64>,
    measure: Measure,
    size: usize,
    clients: usize,
    cpus: &'a str,
}

/// The reason why a variant is not suitable.
pub(super) enum Unfit {
    /// It cannot do this.
    Not(String),
    /// It may be able to do this, but there is no figure.
    Unmeasured(String),
    /// It could do this if it were faster.
    TooSlow(String),
}

/// A wait strategy of a variant, with its figure.
#[derive(Clone)]
pub(super) struct Contender<'a> {
    pub row: &'a Row,
    /// The number of messages that each of the purpose's messages takes.
    pub pieces: usize,
    pub figure: Figure,
}

impl<'a> Evidence<'a> {
    pub(super) fn of(purpose: &'a Purpose, document: &'a Document) -> Self {
        let suite = || document.suite().filter(|row| row.flush_every == 1);
        let has_many = suite().any(|row| row.kind == Kind::Clients && row.clients > 1);
        let priority = purpose.shown();
        let kind = match priority {
            _ if purpose.clients > 1 && has_many => Kind::Clients,
            Priority::Latency | Priority::P99 | Priority::Simplicity
                if enough::has_rate(document, purpose) =>
            {
                enough::paced(purpose)
            }
            _ => purpose.kind(),
        };
        let rate_per_s = purpose.rate_per_s.filter(|_| kind.is_paced());
        let rows = || suite().filter(|row| (row.kind, row.rate_per_s) == (kind, rate_per_s));
        let clients = rows().map(|row| row.clients).min_by_key(|&clients| distance(clients, purpose.clients));
        let cpus = rows().map(|row| row.cpus.as_str());
        // Only if all rows have one-way times: otherwise some would be compared with round trips.
        let one_way = match kind {
            Kind::Stream => true,
            Kind::RoundTrip => purpose.ways == Ways::OneWay && rows().all(|row| row.one_way_ns.is_some()),
            Kind::Throughput | Kind::OpenLoop | Kind::Clients => false,
        };
        Self {
            document,
            purpose,
            kind,
            rate_per_s,
            measure: Measure { priority, kind, one_way },
            size: nearest_size(rows(), kind, purpose.size),
            clients: clients.unwrap_or(purpose.clients),
            cpus: cpus.min_by_key(|cpus| *cpus != "split").unwrap_or("split"),
        }
    }

    /// Returns true if messages were sent at the rate of the purpose, and not just one after the other.
    pub(super) fn is_at_rate(&self) -> bool {
        self.rate_per_s.is_some()
    }

    /// Returns the length of messages that the figures are about.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Returns the number of clients that the figures are about.
    pub(super) fn clients(&self) -> usize {
        self.clients
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

    /// Returns the wait strategies of a variant that may be recommended, with their figures, or the reason why there
    /// are none.
    pub(super) fn contenders(&self, mechanism: &str, variant: &str) -> Result<Vec<Contender<'a>>, Unfit> {
        let all = self.measured(mechanism, variant)?;
        let allowed: Vec<_> = all.iter().filter(|one| self.may(one.row, &all)).cloned().collect();
        if allowed.is_empty() {
            return Err(Unfit::Not("spinning is not allowed, and nothing else was measured".into()));
        }
        Ok(allowed)
    }

    /// Returns all wait strategies of a variant that were measured.
    pub(super) fn measured(&self, mechanism: &str, variant: &str) -> Result<Vec<Contender<'a>>, Unfit> {
        let of_this = |row: &&Row| {
            row.mechanism == mechanism
                && row.variant == variant
                && (row.kind, row.clients) == (self.kind, self.clients)
                && row.rate_per_s == self.rate_per_s
                && row.flush_every == 1
                && row.cpus == self.cpus
        };
        let of_this = || self.document.suite().filter(of_this);
        let mut size = self.size;
        if !of_this().any(|row| row.size == size) {
            let too_long = self.document.skipped.iter().find(|case| self.is_of(case, mechanism, variant));
            // Cut into pieces of the longest that it carries.
            let shorter = of_this().map(|row| row.size).filter(|&shorter| shorter < size).max();
            let piece = shorter.filter(|piece| too_long.is_some() && size.div_ceil(*piece) <= MOST_PIECES);
            size = piece.ok_or_else(|| self.why_not(mechanism, variant, "it was not measured"))?;
        }
        let pieces = self.size.div_ceil(size);
        let with_figure = |row: &'a Row| {
            let figure = self.measure.figure(row, pieces)?;
            Some(Contender { row, pieces, figure })
        };
        let found: Vec<_> = of_this().filter(|row| row.size == size).filter_map(with_figure).collect();
        if found.is_empty() {
            // What queues up has no times.
            let reached = of_this().filter_map(|row| row.pacing).map(|pacing| pacing.achieved_per_s);
            return Err(reached.max_by(f64::total_cmp).map_or_else(
                || self.why_not(mechanism, variant, "what counts here was not measured"),
                |reached| Unfit::TooSlow(format!("too slow: it sent {} messages a second", rate(reached))),
            ));
        }
        Ok(found)
    }

    /// Returns true if the wait strategy of `row` may be recommended, beside the others of its variant.
    fn may(&self, row: &Row, all: &[Contender]) -> bool {
        let has_block = all.iter().any(|one| one.row.wait == "block");
        match row.wait.as_str() {
            "spin" => {
                let Purpose { burn_cores, priority, .. } = self.purpose;
                let has_two = row.ping_cpu != row.pong_cpu && self.purpose.clients == 1;
                *burn_cores == Burn::Yes && has_two && *priority != Priority::Cpu
            }
            "hybrid" => !has_block || self.polling_pays(),
            _ => true,
        }
    }

    /// Returns whether the messages come so fast that `hybrid` polls. It was measured with messages back to back; for
    /// those that come further apart it sleeps as `block` does. CPU time counts where little comes, unless told
    /// otherwise.
    fn polling_pays(&self) -> bool {
        // The way through a network takes longer than it polls, and a reader that comes later longer still. Of many
        // clients each would poll.
        let Purpose { partners, outlive, clients, .. } = self.purpose;
        if *partners == Partners::OtherHost || *outlive != Outlive::No || *clients > 1 {
            return false;
        }
        match (self.purpose.rate_per_s, self.purpose.priority) {
            (Some(rate), _) => 1.0 / rate as f64 <= POLL_LIMIT.as_secs_f64(),
            (None, Priority::Cpu) => false,
            (None, Priority::Simplicity) => self.purpose.deadline.is_some(),
            (None, _) => true,
        }
    }

    /// Returns how to say the figures of a row.
    pub(super) fn measure(&self) -> Measure {
        self.measure
    }

    /// Returns how many messages of the purpose can be sent in a second over the variant and by the wait strategy of
    /// `one`; `None` if that was not measured. Requests are answered one after the other.
    pub(super) fn capacity(&self, one: &Contender) -> Option<f64> {
        let each = self.messages(one);
        if self.kind == Kind::Clients {
            return one.row.messages_per_s.map(|rate| rate / each);
        }
        let stream = || self.beside(one.row, Kind::Throughput).and_then(|row| row.messages_per_s);
        let in_turns = || {
            let row = self.beside(one.row, Kind::RoundTrip)?;
            row.rtt_ns.as_ref().map(|times| 1e9 / times.mean.max(1.0))
        };
        let rate = match self.purpose.ways {
            Ways::OneWay => stream().or_else(in_turns),
            Ways::TwoWay => in_turns().or_else(stream),
        };
        rate.map(|rate| rate / each)
    }

    /// Returns the time in which 99 of 100 messages, or answers, arrive, in nanoseconds; `None` if that was not
    /// measured.
    pub(super) fn p99_ns(&self, one: &Contender) -> Option<f64> {
        let has_times = self.kind == Kind::Clients || self.kind.is_paced();
        let row = if has_times { one.row } else { self.beside(one.row, Kind::RoundTrip)? };
        let one_way = self.purpose.ways == Ways::OneWay && row.one_way_ns.is_some();
        let measure = Measure { one_way, ..self.measure };
        Some(measure.times(row)?.p99 as f64 * self.messages(one))
    }

    /// Returns how many of the measured messages each of the purpose's messages is worth. One that is longer than those
    /// measured is taken to need as many times the time, which errs on the safe side.
    fn messages(&self, one: &Contender) -> f64 {
        one.pieces as f64 * (self.purpose.size as f64 / self.size as f64).max(1.0)
    }

    /// Returns the row of another kind for the same messages.
    fn beside(&self, row: &Row, kind: Kind) -> Option<&'a Row> {
        let mut key = row.key();
        (key.kind, key.rate_per_s) = (kind, None);
        self.document.results.iter().find(|other| other.key() == key)
    }

    /// Returns the reason why a variant has no figure, or `otherwise`.
    fn why_not(&self, mechanism: &str, variant: &str, otherwise: &str) -> Unfit {
        let reason = |cases: &[NotMeasured]| {
            cases.iter().find(|case| self.is_of(case, mechanism, variant)).map(|case| case.reason.clone())
        };
        match reason(&self.document.skipped) {
            Some(impossible) => Unfit::Not(impossible),
            None => Unfit::Unmeasured(reason(&self.document.failed).unwrap_or_else(|| otherwise.into())),
        }
    }

    /// Returns true if a case that was not measured is one that would count for this variant.
    fn is_of(&self, case: &NotMeasured, mechanism: &str, variant: &str) -> bool {
        (case.mechanism.as_str(), case.variant.as_str()) == (mechanism, variant)
            && (case.kind, case.size) == (self.kind, self.size)
            && case.cpus == self.cpus
    }
}
