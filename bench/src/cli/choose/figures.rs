//! The figures: saved ones, or fresh ones.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ipc_bench::measure::effort::Effort;
use ipc_bench::measure::profile::RunProfile;
use ipc_bench::measure::run::plan::RunPlan;
use ipc_bench::measure::run::stop::Stop;
use ipc_bench::measure::{run, sides};
use ipc_bench::present::choose::enough;
use ipc_bench::present::choose::purpose::Purpose;
use ipc_bench::results::case::{Case, Kind, Placement};
use ipc_bench::results::document::Document;
use ipc_bench::results::registry::{self, Member};
use ipc_bench::results::saved;
use ipc_core::{Clients, Result, Wait};
use ipc_demo::cpus::Cpus;

/// The most clients that a quick run has time for.
const MOST_CLIENTS: usize = 1000;

/// Returns the figures: those named, the newest ones with this size and this number of clients, or fresh ones, for which
/// each row is timed for `each`.
pub(super) fn document(
    named: Option<&PathBuf>,
    purpose: &Purpose,
    each: Option<Duration>,
) -> Result<Document> {
    if let Some(path) = named {
        return saved::load(path);
    }
    let place = saved::place();
    let (size, clients) = (purpose.size, purpose.clients.min(MOST_CLIENTS));
    let wanted = |run: &Document| match clients {
        1 => enough::is_enough(run, size),
        _ => enough::has_clients(run, size, clients),
    };
    if let Some((path, document)) = place.as_deref().and_then(|place| saved::newest(place, wanted)) {
        eprintln!("figures from {}", path.display());
        return Ok(document);
    }
    let what = if clients == 1 { String::new() } else { format!(" with {clients} clients") };
    let time = if each.is_none() { ", about 20 seconds" } else { "" };
    eprintln!("no figures of this size{what} on this machine: starting a quick run{time}");
    let placement = Placement::resolve(Cpus::available())?;
    let cases = if clients == 1 { of_pairs(size, placement) } else { of_clients(size, clients, placement) };
    measure(cases, each, place.as_deref())
}

/// Returns the longest message that a link of this variant carries here; `None` if there is no such link.
pub(super) fn max_message(member: &'static Member, variant: &'static str) -> Option<usize> {
    let (kind, wait, placement) = (Kind::RoundTrip, Wait::Block, Placement::resolve(Cpus::available()).ok()?);
    let case = Case { member, variant, kind, size: 1, wait, placement, rate: None, clients: 1 };
    let pair = sides::start(case).ok()?;
    let max = pair.max_message();
    pair.finish().ok()?;
    Some(max)
}

/// Returns everything that can be measured between two processes with messages of this size; where a link carries only
/// shorter ones, also the longest that it carries.
fn of_pairs(size: usize, placement: Placement) -> Vec<Case> {
    /// Every variant carries messages of this length.
    const SHORT: usize = 4096;
    let mut cases = Vec::new();
    for (member, variant) in registry::all() {
        let max = (size > SHORT).then(|| max_message(member, variant.name)).flatten();
        let longest = max.filter(|&max| max < size);
        for size in [Some(size), longest].into_iter().flatten() {
            for kind in Kind::USUAL {
                let case = |wait| Case {
                    member,
                    variant: variant.name,
                    kind,
                    size,
                    wait,
                    placement,
                    rate: None,
                    clients: 1,
                };
                cases.extend(Wait::ALL.map(case));
            }
        }
    }
    cases
}

/// Returns every server of that many clients.
fn of_clients(size: usize, clients: usize, placement: Placement) -> Vec<Case> {
    let (kind, wait) = (Kind::Clients, Wait::Block);
    let many = registry::all().filter(|(_, variant)| variant.clients == Clients::Many);
    let case = |(member, variant): (_, &ipc_core::Variant)| Case {
        member,
        variant: variant.name,
        kind,
        size,
        wait,
        placement,
        rate: None,
        clients,
    };
    many.map(case).collect()
}

/// Measures the cases quickly, and saves the run.
fn measure(cases: Vec<Case>, each: Option<Duration>, place: Option<&Path>) -> Result<Document> {
    let stop = Stop::on_signals()?;
    let plan = RunPlan {
        profile: RunProfile::Quick,
        cases,
        effort: each.map(Effort::About),
        baseline: false,
        verify: false,
    };
    let document = run::run(&plan, &stop);
    stop.end_as_told();
    match place.map(|place| saved::keep(place, &document)) {
        Some(Ok(path)) => eprintln!("saved as {}", path.display()),
        Some(Err(error)) => eprintln!("not saved: {error}"),
        None => eprintln!("not saved: there is no home directory"),
    }
    Ok(document)
}
