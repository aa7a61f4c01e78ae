//! The plan of a run: every combination of the choices.

use std::time::Duration;

use clap::ArgMatches;
use ipc_bench::measure::clients::refusal;
use ipc_bench::measure::effort::Effort;
use ipc_bench::measure::profile::{Curves, RunProfile};
use ipc_bench::measure::run::plan::RunPlan;
use ipc_bench::results::case::{Case, ClientsRun, Kind, Placement};
use ipc_bench::results::registry::{Member, SIX};
use ipc_core::{Error, Result, Wait};
use ipc_demo::cpus::Cpus;

use super::choices::{chosen, kinds, sizes};
use crate::cli::printing;

/// Returns the plan of the measurements.
pub(super) fn plan(matches: &ArgMatches) -> Result<RunPlan> {
    let profile = matches.get_one("profile").copied().unwrap_or(RunProfile::Quick);
    let effort = match (matches.get_one("count"), matches.get_one::<Duration>("duration")) {
        (Some(&count), _) => Some(Effort::Count(count)),
        (None, Some(&time)) => Some(Effort::About(time)),
        (None, None) => None,
    };
    let named = chosen::<Vec<usize>>(matches, "size", []);
    let is_range = named.iter().any(|sizes| sizes.len() > 1);
    Ok(RunPlan {
        profile,
        cases: cases(matches, profile)?,
        curves: match (named.is_empty(), is_range) {
            (true, _) => profile.curves(),
            (false, true) => Curves::UpToLimits,
            (false, false) => Curves::AsNamed,
        },
        is_quiet: printing::is_quiet(matches),
        effort,
        baseline: matches.get_flag("floor"),
        verify: matches.get_flag("verify"),
    })
}

/// The batches of messages that are waited for.
const ONE_BY_ONE: [u64; 1] = [1];

/// Returns every combination of the named choices.
fn cases(matches: &ArgMatches, profile: RunProfile) -> Result<Vec<Case>> {
    let placements = chosen(matches, "cpus", [placements(profile)]).concat();
    let placements = placements.into_iter().map(Placement::resolve).collect::<Result<Vec<_>>>()?;
    let ways = ways(matches)?;
    let sizes = sizes(matches, profile.sizes());
    let waits = chosen(matches, "wait", profile.waits().iter().copied());
    let rates: Vec<u64> = chosen(matches, "rate", []);
    let batches: Vec<u64> = chosen(matches, "batch", [1]);
    let mut cases = Vec::new();
    for kind in kinds(matches, &rates, profile)? {
        if kind == Kind::Clients {
            for &placement in &placements {
                cases.extend(many_clients(matches, profile, &ways, placement));
            }
            continue;
        }
        let rates = if kind.is_paced() { rates.iter().copied().map(Some).collect() } else { vec![None] };
        for rate in rates {
            for &placement in &placements {
                for &wait in &waits {
                    for &size in &sizes {
                        for &flush_every in if kind.is_one_way() { &batches } else { &ONE_BY_ONE[..] } {
                            let case = |&(member, variant)| Case {
                                rate,
                                flush_every,
                                ..Case::of(member, variant, kind, size, wait, placement)
                            };
                            cases.extend(ways.iter().map(case));
                        }
                    }
                }
            }
        }
    }
    if !matches.contains_id("kind") && rates.is_empty() {
        cases.extend(open_loop(profile, &cases));
    }
    Ok(cases)
}

/// Returns the open loop for the round trips with the shortest messages, at the rate of the profile.
fn open_loop(profile: RunProfile, closed: &[Case]) -> Vec<Case> {
    let Some(rate) = profile.rate() else { return Vec::new() };
    let shortest = closed.iter().map(|case| case.size).min();
    let beside = closed.iter().filter(|case| case.kind == Kind::RoundTrip && Some(case.size) == shortest);
    beside.map(|case| Case { kind: Kind::OpenLoop, rate: Some(rate), ..*case }).collect()
}

/// Returns the default placements: two CPUs if there are two; for the thorough profile, also one.
fn placements(profile: RunProfile) -> Vec<Cpus> {
    match (profile, Cpus::available()) {
        (RunProfile::Thorough, Cpus::Split) => vec![Cpus::Split, Cpus::Same],
        (_, available) => vec![available],
    }
}

/// Returns the variants of the mechanisms that were named.
fn ways(matches: &ArgMatches) -> Result<Vec<(&'static Member, &'static str)>> {
    let members: Vec<&'static Member> = chosen(matches, "mechanism", SIX.iter());
    let variants: Vec<&'static str> = chosen(matches, "variant", []);
    let all =
        members.into_iter().flat_map(|member| member.variants().map(move |variant| (member, variant.name)));
    let ways: Vec<_> = all.filter(|(_, variant)| variants.is_empty() || variants.contains(variant)).collect();
    if ways.is_empty() {
        return Err(Error::Usage("none of these mechanisms has such a variant: see `ipc-bench list`".into()));
    }
    Ok(ways)
}

/// Returns the cases of many clients. A mechanism that serves only one client gets a case, which reports that, if it
/// was named.
fn many_clients(
    matches: &ArgMatches,
    profile: RunProfile,
    ways: &[(&'static Member, &'static str)],
    placement: Placement,
) -> Vec<Case> {
    const DEFAULT: [u64; 3] = [1, 10, 100];
    let is_asked_for = matches.contains_id("clients") || matches.contains_id("kind");
    let usual = if profile.clients().is_empty() { &DEFAULT } else { profile.clients() };
    let numbers = chosen(matches, "clients", usual.iter().copied());
    let sizes = sizes(matches, &[64]);
    let runs = chosen(matches, "clients-run", [ClientsRun::Threads]);
    let mut cases = Vec::new();
    for &size in &sizes {
        for (nth, &number) in numbers.iter().enumerate() {
            for &clients_run in &runs {
                for &(member, variant) in ways {
                    let case = Case::of(member, variant, Kind::Clients, size, Wait::Block, placement);
                    let case = Case { clients: number as usize, clients_run, ..case };
                    if refusal::serves_many(&case)
                        || (is_asked_for && nth == 0 && size == sizes[0] && clients_run == runs[0])
                    {
                        cases.push(case);
                    }
                }
            }
        }
    }
    cases
}
