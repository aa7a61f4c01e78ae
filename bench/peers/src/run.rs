//! A run: all participants, in rounds that take turns.

use std::time::{Duration, Instant};

use ipc_bench::measure::alternatives::{Alternative, Measured, in_place, play_in_turns};
use ipc_bench::measure::clock;
use ipc_bench::measure::effort::Effort;
use ipc_bench::measure::run::stop::Stop;
use ipc_bench::results::case::{Case, Kind, Placement};
use ipc_bench::results::document::{Document, NotMeasured};
use ipc_bench::results::implementation::Implementation;
use ipc_bench::results::registry::member;
use ipc_core::Wait;
use ipc_demo::cpus::Cpus;
use ipc_demo::exchange::Pattern;

use crate::participants::{Exchange, Participant};

/// The name of such a run, in place of a profile.
pub const PROFILE: &str = "peers";

/// The contents of a run.
#[derive(Clone)]
pub struct Plan {
    /// Who plays.
    pub participants: Vec<Participant>,
    /// The kinds of exchanges: round trips, throughput, or both.
    pub kinds: Vec<Kind>,
    /// The lengths of the messages, in bytes.
    pub sizes: Vec<usize>,
    /// The wait strategies.
    pub waits: Vec<Wait>,
    /// The placements of the two processes.
    pub placements: Vec<Placement>,
    /// The time for which each is timed.
    pub effort: Effort,
}

/// An exchange that all play in turns.
#[derive(Clone, Copy)]
struct Setting {
    kind: Kind,
    size: usize,
    wait: Wait,
    placement: Placement,
}

impl Plan {
    fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        for &placement in &self.placements {
            for &kind in &self.kinds {
                for &size in &self.sizes {
                    settings.extend(self.waits.iter().map(|&wait| Setting { kind, size, wait, placement }));
                }
            }
        }
        settings
    }
}

/// Measures until it is done or `stop` is set; `tell` is told how far it is.
#[must_use]
pub fn run(plan: &Plan, stop: &Stop, tell: &dyn Fn(String)) -> Document {
    let started = Instant::now();
    let mut document =
        Document { clock_cost_ns: clock::cost(), profile: PROFILE.into(), ..Document::empty() };
    let settings = plan.settings();
    for (nth, setting) in settings.iter().enumerate() {
        let Setting { kind, size, wait, placement } = *setting;
        tell(format!(
            "{} of {}: {}, {size} bytes, {wait}, {placement}",
            nth + 1,
            settings.len(),
            kind.words()
        ));
        let mut all = Vec::new();
        for participant in &plan.participants {
            let case = case(participant, *setting);
            let pattern = if kind == Kind::Throughput { Pattern::Stream } else { Pattern::RoundTrip };
            match (participant.refusal)(&Exchange { pattern, size, wait }) {
                Some(reason) => {
                    let name = (participant.implementation)();
                    if Implementation::is_other(&name) {
                        document.skipped.push(NotMeasured::by(&name, &case, reason.into()));
                    }
                }
                None => all.extend(alternatives(participant, case)),
            }
        }
        let Measured { rows, failed } = play_in_turns(all, plan.effort, &|| stop.is_set());
        document.results.extend(rows);
        document.failed.extend(failed);
        if stop.is_set() {
            break;
        }
    }
    document.complete = !stop.is_set();
    document.took_s = started.elapsed().as_secs_f64();
    document
}

fn case(participant: &Participant, setting: Setting) -> Case {
    let (mechanism, variant) = participant.beside;
    let member = member(mechanism).expect("it is one of the six");
    let variant = member.variant(variant).expect("it is one of the mechanism's").name;
    let Setting { kind, size, wait, placement } = setting;
    let flush_every = if kind.is_one_way() { participant.flush_every } else { 1 };
    Case { flush_every, ..Case::of(member, variant, kind, size, wait, placement) }
}

/// Returns the participant, and behind a ring of the suite the same without copies.
fn alternatives(participant: &Participant, case: Case) -> Vec<Alternative> {
    let (implementation, playing) = ((participant.implementation)(), participant.clone());
    let cpus = Cpus::Pair(case.placement.ping, case.placement.pong);
    let start = move || playing.start(case.size, case.wait, cpus);
    let is_suite = implementation == Implementation::Suite.name();
    let mut all = vec![Alternative { implementation, case, start: Box::new(start) }];
    if is_suite {
        all.extend(in_place(case));
    }
    all
}

/// The time for which each is timed by default.
pub const EACH: Duration = Duration::from_millis(600);
