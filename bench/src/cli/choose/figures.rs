//! The figures: saved ones, or fresh ones.

use std::time::Duration;

use ipc_bench::doctor::watched;
use ipc_bench::measure::effort::Effort;
use ipc_bench::measure::profile::{Curves, RunProfile};
use ipc_bench::measure::run::plan::{self, RunPlan, SHORT};
use ipc_bench::measure::run::stop::Stop;
use ipc_bench::present::choose::enough;
use ipc_bench::present::choose::purpose::{Burn, Purpose};
use ipc_bench::results::case::{Case, Kind, Placement};
use ipc_bench::results::document::Document;
use ipc_bench::results::registry::{self, Member};
use ipc_bench::results::saved;
use ipc_core::{Clients, POLL_LIMIT, Result, Wait};
use ipc_demo::cpus::Cpus;

use crate::cli::saved_run;

/// The highest rate that is measured.
const MOST_PER_SECOND: u64 = 1_000_000;

/// The most clients that a quick run has time for.
const MOST_CLIENTS: usize = 1000;

/// Returns the figures: those named, the newest ones with this size and this number of clients, or fresh ones, for which
/// each row is timed for `each`.
pub(super) fn document(
    named: Option<&String>,
    purpose: &Purpose,
    each: Option<Duration>,
) -> Result<Document> {
    if let Some(path) = named {
        return saved_run::named(path).map(|(_, document)| document);
    }
    let (size, clients) = (purpose.size, purpose.clients.min(MOST_CLIENTS));
    let wanted = |run: &Document| match clients {
        1 => enough::is_enough(run, purpose),
        _ => enough::has_clients(run, size, clients),
    };
    if let Some((_, document)) = saved_run::newest(wanted) {
        return Ok(document);
    }
    let what = if clients == 1 { String::new() } else { format!(" with {clients} clients") };
    let time = if each.is_none() { ", about 20 seconds" } else { "" };
    eprintln!("no figures of this size{what} on this machine: starting a quick run{time}");
    let placement = Placement::resolve(Cpus::available())?;
    let cases = if clients == 1 { of_pairs(size, placement) } else { of_clients(size, clients, placement) };
    measure(cases, each)
}

/// Adds rows in which messages are sent at the rate of the purpose: saved ones, or fresh ones, each of which is timed for
/// `each`.
pub(super) fn add_rate(document: &mut Document, purpose: &Purpose, each: Option<Duration>) -> Result<()> {
    /// Long enough for some dozens of messages at a low rate.
    const EACH: Duration = Duration::from_secs(1);
    let Some(rate) = purpose.rate_per_s.filter(|&rate| rate <= MOST_PER_SECOND) else { return Ok(()) };
    let at_rate = if let Some((_, found)) = saved_run::newest_beside(|run| enough::has_rate(run, purpose)) {
        found
    } else {
        let placement = Placement::resolve(Cpus::available())?;
        let cases = at_rate(purpose, rate, placement);
        let each = each.unwrap_or(EACH);
        let seconds = (each * cases.len() as u32).as_secs().max(1);
        eprintln!("near the limit of some: measuring {rate} messages a second, about {seconds} seconds");
        measure(cases, Some(each))?
    };
    document.results.extend(at_rate.results.into_iter().filter(|row| row.kind.is_paced()));
    document.skipped.extend(at_rate.skipped);
    document.failed.extend(at_rate.failed);
    document.disturbances.get_or_insert_default().extend(at_rate.disturbances.into_iter().flatten());
    Ok(())
}

/// Returns every variant at a rate, waiting in all ways that may be recommended.
fn at_rate(purpose: &Purpose, rate: u64, placement: Placement) -> Vec<Case> {
    let polls = 1.0 / rate as f64 <= POLL_LIMIT.as_secs_f64();
    let is_worth = |wait: &Wait| match wait {
        Wait::Block => true,
        Wait::Hybrid => polls,
        Wait::Spin => purpose.burn_cores == Burn::Yes,
    };
    let waits = Wait::ALL.into_iter().filter(is_worth);
    let cases = waits.flat_map(|wait| Case::of_each(enough::paced(purpose), purpose.size, wait, placement));
    cases.map(|case| Case { rate: Some(rate), ..case }).collect()
}

/// Returns the longest message that a link of this variant carries here; `None` if there is no such link.
pub(super) fn max_message(member: &'static Member, variant: &'static str) -> Option<usize> {
    let placement = Placement::resolve(Cpus::available()).ok()?;
    plan::max_message(&Case::of(member, variant, Kind::RoundTrip, 1, Wait::Block, placement))
}

/// Returns everything that can be measured between two processes with messages of this size; where a link carries only
/// shorter ones, also the longest that it carries.
fn of_pairs(size: usize, placement: Placement) -> Vec<Case> {
    let shorter = |(member, variant): (_, &ipc_core::Variant)| {
        max_message(member, variant.name).filter(|&max| max < size)
    };
    let limits: Vec<_> = if size > SHORT { registry::all().map(shorter).collect() } else { Vec::new() };
    let mut cases = Vec::new();
    for kind in Kind::USUAL {
        for wait in Wait::ALL {
            cases.extend(Case::of_each(kind, size, wait, placement));
            let at_limits = Case::of_each(kind, size, wait, placement).zip(&limits);
            cases.extend(at_limits.filter_map(|(case, limit)| Some(Case { size: (*limit)?, ..case })));
        }
    }
    cases
}

/// Returns every server of that many clients.
fn of_clients(size: usize, clients: usize, placement: Placement) -> Vec<Case> {
    let cases = Case::of_each(Kind::Clients, size, Wait::Block, placement);
    let serve_many = cases.filter(|case| case.variant().clients == Clients::Many);
    serve_many.map(|case| Case { clients, ..case }).collect()
}

/// Measures the cases quickly, and saves the run.
fn measure(cases: Vec<Case>, each: Option<Duration>) -> Result<Document> {
    let stop = Stop::on_signals()?;
    let plan = RunPlan {
        profile: RunProfile::Quick,
        cases,
        curves: Curves::AsNamed,
        effort: each.map(Effort::About),
        baseline: false,
        verify: false,
        is_quiet: false,
    };
    let document = watched::run(&plan, &stop, Duration::ZERO);
    stop.end_as_told();
    match saved::try_place().and_then(|place| saved::keep(&place, &document)) {
        Ok(path) => eprintln!("saved as {}", path.display()),
        Err(error) => eprintln!("not saved: {error}"),
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of one table follow one another: `ipc-bench show` begins another table where they do not.
    #[test]
    fn the_rows_of_a_table_follow_one_another() {
        let placement = Placement::resolve(Cpus::available()).unwrap();
        let mut tables: Vec<_> =
            of_pairs(64, placement).iter().map(|case| (case.kind, case.wait.name())).collect();
        tables.dedup();
        assert_eq!(tables.len(), Kind::USUAL.len() * Wait::ALL.len(), "{tables:?}");
    }
}
