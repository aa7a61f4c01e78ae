//! Checks whether a saved run is complete enough to choose by it.

use std::collections::BTreeSet;

use ipc_core::{Clients, Wait};

use super::purpose::{Burn, Purpose, Ways};
use crate::results::case::Kind;
use crate::results::document::{Document, NotMeasured};
use crate::results::registry;
use crate::results::row::Row;

/// The least measured time behind a figure, in nanoseconds: a trial with ten messages is no basis for a choice.
const LEAST: f64 = 5e5;

/// Returns true if every variant of every mechanism was measured with messages of the purpose's size, or at least tried:
/// round trips and throughput, with more than one wait strategy, and what is compared also by spinning if that may be
/// recommended. Otherwise a mechanism would be left out merely for lack of a measurement.
#[must_use]
pub fn is_enough(document: &Document, purpose: &Purpose) -> bool {
    let size = purpose.size;
    let ways = registry::all().map(|(member, variant)| (member.profile.name, variant.name));
    let kinds = |way| Kind::USUAL.map(|kind| (way, kind));
    ways.flat_map(kinds).all(|(way, kind)| {
        let of_way = |row: &&Row| {
            (row.mechanism.as_str(), row.variant.as_str()) == way
                && (row.kind, row.size, row.flush_every) == (kind, size, 1)
        };
        let measured = document.results.iter().filter(of_way).filter(|row| took(row) >= LEAST);
        let waits: BTreeSet<_> = measured.map(|row| row.wait.as_str()).collect();
        let spins = purpose.burn_cores == Burn::Yes && kind == purpose.kind();
        (waits.len() > 1 && (!spins || waits.contains(Wait::Spin.name())))
            || was_tried(document, way, kind, size)
    })
}

/// Returns true if every variant that serves `clients` clients was measured with them, and with messages of `size`, or
/// at least tried.
#[must_use]
pub fn has_clients(document: &Document, size: usize, clients: usize) -> bool {
    let serves_many = registry::all().filter(|(_, variant)| variant.clients == Clients::Many);
    let mut many = serves_many.map(|(member, variant)| (member.profile.name, variant.name));
    many.all(|way| {
        let is_it = |row: &Row| {
            (row.mechanism.as_str(), row.variant.as_str()) == way
                && (row.kind, row.size, row.clients) == (Kind::Clients, size, clients)
        };
        document.results.iter().any(is_it) || was_tried(document, way, Kind::Clients, size)
    })
}

/// Returns the kind of rows in which messages are sent at a rate, as the purpose has them.
#[must_use]
pub const fn paced(purpose: &Purpose) -> Kind {
    match purpose.ways {
        Ways::TwoWay => Kind::OpenLoop,
        Ways::OneWay => Kind::Stream,
    }
}

/// Returns true if every variant was measured with messages of the purpose's size at its rate, or at least tried.
#[must_use]
pub fn has_rate(document: &Document, purpose: &Purpose) -> bool {
    let (kind, size) = (paced(purpose), purpose.size);
    purpose.rate_per_s.is_some()
        && registry::all().all(|(member, variant)| {
            let way = (member.profile.name, variant.name);
            let is_it = |row: &Row| {
                (row.mechanism.as_str(), row.variant.as_str()) == way
                    && (row.kind, row.size, row.rate_per_s) == (kind, size, purpose.rate_per_s)
                    && row.flush_every == 1
            };
            document.results.iter().any(is_it) || was_tried(document, way, kind, size)
        })
}

/// Returns true if this mechanism and variant was tried, but could not be measured.
fn was_tried(document: &Document, way: (&str, &str), kind: Kind, size: usize) -> bool {
    document.skipped.iter().chain(&document.failed).any(|case: &NotMeasured| {
        (case.mechanism.as_str(), case.variant.as_str()) == way && (case.kind, case.size) == (kind, size)
    })
}

/// Returns the time for which a row was measured, in nanoseconds.
fn took(row: &Row) -> f64 {
    row.rounds.as_ref().map_or(0.0, |rounds| rounds.ns.median * rounds.messages as f64 * rounds.count as f64)
}
