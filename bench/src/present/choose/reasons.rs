//! Why the first is the first, and why the second is not.

use ipc_core::POLL_LIMIT;

use super::candidate::{Candidate, Excluded, by_figures};
use super::evidence::Evidence;
use super::facts::in_words;
use super::figure::time;
use super::purpose::{Burn, Outlive, Partners, Priority, Purpose, Shape, Ways};
use super::speed::Speed;
use crate::results::registry;
use crate::results::units::{self, bytes, grouped, size_name};

/// Returns why the first of the ranking is recommended.
///
/// # Panics
/// The ranking is empty.
pub(super) fn because(
    purpose: &Purpose,
    ranking: &[Candidate],
    excluded: &[Excluded],
    by_work: bool,
    of_those_clients: bool,
) -> String {
    let first = &ranking[0];
    let slow = excluded.iter().filter(|one| one.too_slow).count();
    let enough = ranking.iter().filter(|one| one.barely.is_none()).count();
    let all = ranking.len() + slow;
    if let Some(barely) = &first.barely {
        return format!("None has a margin for {}. This one is {barely}.", needs(purpose));
    }
    if !of_those_clients {
        return "Figures of one client say nothing about many: take the simplest.".into();
    }
    let fast = match (purpose.has_needs(), enough == all) {
        (false, _) => String::new(),
        (true, _) if all == 1 => format!("It is fast enough for {}. ", needs(purpose)),
        (true, true) => format!("All {all} that can do this are fast enough for {}", needs(purpose)),
        (true, false) => {
            format!("{enough} of {all} that can do this are fast enough for {}", needs(purpose))
        }
    };
    match (by_work, purpose.has_needs()) {
        _ if all == 1 => format!("{fast}Nothing else of the six can do this."),
        (true, true) => format!("{fast}: take the simplest."),
        (true, false) => {
            format!("Nothing was said about speed. Of {all} that can do this, take the simplest.")
        }
        (false, true) => format!("{fast}. {}", by_figure(purpose.priority, ranking, enough)),
        (false, false) => by_figure(purpose.priority, ranking, enough),
    }
}

/// Returns what the figures say of the first.
fn by_figure(priority: Priority, ranking: &[Candidate], enough: usize) -> String {
    let (one, several) = match priority {
        Priority::Cpu => ("takes the least CPU time", "take the least CPU time"),
        Priority::P99 => ("has the shortest p99", "have the shortest p99"),
        Priority::Throughput => ("has the highest throughput", "have the highest throughput"),
        Priority::Latency | Priority::Simplicity => ("is the fastest", "are the fastest"),
    };
    let equal = ranking.iter().filter(|one| one.equals_best).count();
    match (equal, ranking.get(1)) {
        (0 | 1, Some(second)) => {
            let factor = second.figure.ns / ranking[0].figure.ns;
            let what = if priority == Priority::Cpu { "CPU time" } else { "time" };
            format!("It {one} of {enough}: the next one takes {factor:.2} times the {what}.")
        }
        (0 | 1, None) => format!("It {one}."),
        _ => {
            let these = if equal == enough { format!("All {equal}") } else { format!("{equal} of {enough}") };
            format!("{these} {several} and cannot be told apart: take the simplest.")
        }
    }
}

/// Returns what has to be met.
fn needs(purpose: &Purpose) -> String {
    let rate = purpose.rate_per_s.map(|rate| match purpose.shape {
        Shape::Message => format!("{} messages a second", grouped(rate)),
        Shape::Stream => format!("{} MB/s", units::figure(rate as f64 * purpose.size as f64 / 1e6)),
    });
    let deadline = purpose.deadline.map(|deadline| format!("a p99 of {}", time(deadline.as_nanos() as f64)));
    rate.into_iter().chain(deadline).collect::<Vec<_>>().join(" and ")
}

/// Returns why the second is not the first.
pub(super) fn why_not(first: &Candidate, second: &Candidate, by_work: bool) -> String {
    if let (Some(barely), None) = (&second.barely, &first.barely) {
        return barely.clone();
    }
    if !by_work && !second.equals_best {
        return format!("{:.2} times as much", second.figure.ns / first.figure.ns);
    }
    let beside = |theirs: &[String], ours: &[String]| {
        let more: Vec<_> = theirs.iter().filter(|part| !ours.contains(part)).cloned().collect();
        in_words(&more)
    };
    let (work, parts, is_memory, outlasts, _) = second.simplicity;
    let (less_work, fewer_parts, was_memory, goes, _) = first.simplicity;
    let but = match (first.equals_best, second.equals_best) {
        (true, true) => "as good, but ",
        (false, true) => "a better figure, but ",
        _ => "",
    };
    if work > less_work {
        format!("{but}more to write: {}", beside(&second.work, &first.work))
    } else if parts > fewer_parts {
        let all = |one: &Candidate| [&one.work[..], &one.provided[..]].concat();
        format!("{but}more parts: {}", beside(&all(second), &all(first)))
    } else if is_memory && !was_memory {
        format!("{but}either side can change the memory at any time")
    } else if outlasts > goes {
        format!("{but}its data stays when both processes have ended")
    } else {
        format!("{}as many parts", but.replace("but", "with"))
    }
}

/// Returns the notes to show beside the figures.
pub(super) fn notes(
    purpose: &Purpose,
    evidence: &Evidence,
    ranking: &[Candidate],
    excluded: &[Excluded],
) -> Vec<String> {
    let by_figures = by_figures(ranking, excluded);
    let mut notes = if by_figures { about_figures(purpose, evidence) } else { Vec::new() };
    if ranking.first().is_some_and(|first| first.wait == "hybrid") {
        let limit = time(POLL_LIMIT.as_nanos() as f64);
        notes.push(match purpose.rate_per_s {
            // It is recommended only where messages come closer together than it polls.
            Some(_) => format!(
                "`hybrid` polls up to {limit}: at this rate it hardly sleeps and keeps two cores busy"
            ),
            None => format!("`hybrid` polls up to {limit}, then sleeps: for rare messages as `block`"),
        });
    }
    if ranking.first().is_some_and(|first| first.wait == "spin") {
        notes.push("`spin` keeps a core busy on each side at all times: give each its own".into());
    }
    notes.extend(spinning(purpose, evidence, ranking, excluded));
    // Where this length was measured, those that can carry it in pieces are ranked, and others need too many.
    let was_not_measured = purpose.shape == Shape::Message && purpose.size > evidence.size();
    if was_not_measured && excluded.iter().any(|one| one.reason.contains("is too large: this link carries")) {
        notes.push("what is longer than a link carries can be sent in pieces: `--unit stream`".into());
    }
    if purpose.outlive != Outlive::No && by_figures {
        notes.push("the figure is of a link, which is removed with its owner: what stays is yours".into());
    }
    notes.extend(server(purpose, ranking));
    notes.extend(in_place(purpose, ranking));
    notes
}

/// Returns the server that a crate has, if it is not that of the first.
fn server(purpose: &Purpose, ranking: &[Candidate]) -> Option<String> {
    let server = |one: &Candidate| {
        let path = one.facts().server?.type_path;
        Some(format!("for {} ({}), the server is written: `{path}`", one.mechanism, one.variant))
    };
    let first = ranking.first().filter(|_| purpose.clients > 1)?;
    if server(first).is_some() { None } else { ranking.iter().find_map(server) }
}

/// Returns where long messages need no copy, if not with the first.
fn in_place(purpose: &Purpose, ranking: &[Candidate]) -> Option<String> {
    /// Copying so many bytes takes a tenth of a millisecond.
    const LONG: usize = 1 << 20;
    let is_memory = |one: &&Candidate| one.simplicity.2;
    let first = ranking.first().filter(|first| purpose.size >= LONG && !is_memory(first))?;
    let mut names: Vec<_> = ranking.iter().filter(is_memory).map(|one| one.mechanism).collect();
    names.sort_unstable();
    names.dedup();
    let copied = format!(
        "{} copies each message; in {} it can be used in place",
        first.mechanism,
        names.join(" and ")
    );
    (!names.is_empty()).then_some(copied)
}

/// Returns the ways in which the figures are not about the purpose.
fn about_figures(purpose: &Purpose, evidence: &Evidence) -> Vec<String> {
    let mut notes = Vec::new();
    if evidence.size() != purpose.size {
        let (wanted, measured) = (bytes(purpose.size), bytes(evidence.size()));
        notes.push(format!("no messages of {wanted} were measured: the figures are of {measured}"));
    }
    if !evidence.are_of_those_clients() {
        let (clients, size) = (purpose.clients, size_name(purpose.size));
        notes.push(format!(
            "many clients were not measured: the figures are of one, so the ranking is by the code left to write; \
             `ipc-bench run --clients {clients} --size {size}` measures them"
        ));
    } else if evidence.clients() != purpose.clients {
        notes.push(format!("the figures are of {}", units::clients(evidence.clients())));
    }
    if purpose.partners == Partners::OtherHost {
        notes.push("measured on this host: the network between two adds its own time".into());
        notes.push(
            "a queue between hosts that keeps messages for a receiver that is down takes a broker: see beyond/ipc-nats"
                .into(),
        );
    }
    if purpose.clients > 1 && purpose.ways == Ways::OneWay {
        notes.push("many clients were measured with an answer to each message".into());
    }
    notes
}

/// Returns what spinning would gain where it is not allowed.
fn spinning(
    purpose: &Purpose,
    evidence: &Evidence,
    ranking: &[Candidate],
    excluded: &[Excluded],
) -> Option<String> {
    // Polling gains little where the way through a network takes longer.
    let is_far = purpose.partners == Partners::OtherHost;
    if purpose.priority == Priority::Cpu || is_far || purpose.clients > 1 {
        return None;
    }
    let is_in = |way: (&str, &str)| {
        ranking.iter().any(|one| (one.mechanism, one.variant) == way)
            || excluded.iter().any(|one| one.too_slow && (one.mechanism, one.variant) == way)
    };
    let possible = registry::all().filter(|(member, variant)| is_in((member.profile.name, variant.name)));
    let measured = possible
        .filter_map(|(member, variant)| evidence.measured(member.profile.name, variant.name).ok())
        .flatten()
        .filter(|one| one.row.wait == "spin");
    let fast = measured.filter(|one| !matches!(Speed::of(one, evidence, purpose), Speed::TooSlow(..)));
    let best = fast.min_by(|a, b| a.figure.ns.total_cmp(&b.figure.ns))?;
    if best.row.ping_cpu == best.row.pong_cpu {
        let asked = purpose.burn_cores == Burn::Yes;
        return asked.then(|| "on one core nothing spins: the peer could not run meanwhile".into());
    }
    let gains = match ranking.first() {
        None => true,
        Some(first) => purpose.priority != Priority::Simplicity && best.figure.ns * 1.1 < first.figure.ns,
    };
    (gains && purpose.burn_cores == Burn::No).then(|| {
        let name = format!("{} ({})", best.row.mechanism, best.row.variant);
        let words = evidence.measure().words(best.figure, evidence.size());
        format!("with `--burn-cores`: {name}, spin, {words}")
    })
}
