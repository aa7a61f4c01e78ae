//! The findings of this moment.

use std::thread;
use std::time::Duration;

use ipc_core::{Error, Mechanism as _, Result, Wait};
use ipc_demo::cpus::Cpus;
use ipc_demo::exchange::Summary;

use crate::doctor::finding::Finding;
use crate::doctor::load::Load;
use crate::measure::{clock, handover, sides};
use crate::results::case::{Case, Kind, Placement};
use crate::results::environment::handover::Handover;
use crate::results::registry::member;

/// The time for which the machine is watched.
const WATCH: Duration = Duration::from_millis(500);
/// The round trips with which the cost of a wake-up is measured.
const ROUNDS: u64 = 2_000;

pub(super) fn all() -> Result<Vec<Finding>> {
    let load = Load::watch();
    thread::sleep(WATCH);
    let mut findings: Vec<_> = load.findings().into();
    findings.push(timer());
    findings.push(cores(Cpus::available() == Cpus::Split, waking()?));
    findings.extend(handovers(&handover::between_cores()?));
    Ok(findings)
}

/// Measures the cost of one reading of the clock.
fn timer() -> Finding {
    let cost = clock::cost();
    Finding::good("reading the clock", format!("{cost:.0} ns; short exchanges are timed in batches"))
}

/// Returns median round trips of 64 bytes through a pipe that blocks, in nanoseconds: on one core, and between two.
fn waking() -> Result<[Option<u64>; 2]> {
    let median = |cpus: Cpus| -> Result<Option<u64>> {
        let placement = match Placement::resolve(cpus) {
            Err(Error::Usage(_)) => return Ok(None), // there is only one CPU
            placement => placement?,
        };
        let (member, variant) = (member(ipc_pipe::Pipe::PROFILE.name)?, ipc_pipe::Pipe::VARIANT.name);
        let case = Case::of(member, variant, Kind::RoundTrip, 64, Wait::Block, placement);
        let mut pair = sides::start(case)?;
        pair.play(case.timed(ROUNDS / 10))?; // warms up
        let played = pair.play(case.timed(ROUNDS))?;
        pair.finish()?;
        Ok(Some(Summary::from(&played.times).p50))
    };
    Ok([median(Cpus::Same)?, median(Cpus::Split)?])
}

const CORES: &str = "cores";

/// Returns the finding that there is only one CPU; `None` if there are more.
pub(super) fn one_core() -> Option<Finding> {
    (Cpus::available() != Cpus::Split).then(only_one_core)
}

fn only_one_core() -> Finding {
    Finding::disturbs(
        CORES,
        "only one CPU may be used here",
        "--cpus split is impossible, and polling only keeps the peer from running",
    )
}

fn cores(several: bool, [same, split]: [Option<u64>; 2]) -> Finding {
    let (true, Some(same), Some(split)) = (several, same, split) else { return only_one_core() };
    let [same, split] = [same, split].map(|nanoseconds| nanoseconds as f64 / 1e3);
    let found = format!(
        "a blocking round trip takes {same:.1} µs on one core and {split:.1} µs between two: \
         the price of waking a core"
    );
    if split > 3.0 * same {
        let advice = "Between cores, poll for a while where answers must be fast: --wait hybrid";
        return Finding::note(CORES, found, advice);
    }
    Finding::good(CORES, found)
}

/// Returns the finding about the time of a cache line between cores; `None` if none could be measured.
fn handovers(all: &[Handover]) -> Option<Finding> {
    const WHAT: &str = "hand-over between cores";
    /// Times further apart than by this factor belong to cores that share different things.
    const FAR: f64 = 1.5;
    let ns = |handover: &&Handover| handover.round_trip_ns.median;
    let nearest = all.iter().min_by(|a, b| ns(a).total_cmp(&ns(b)))?;
    let farthest = all.iter().max_by(|a, b| ns(a).total_cmp(&ns(b)))?;
    let each: Vec<_> = all.iter().map(Handover::to_string).collect();
    let found = format!("a cache line there and back, {}", each.join("; "));
    if ns(&farthest) <= FAR * ns(&nearest) {
        return Some(Finding::good(WHAT, found));
    }
    let [one, other] = nearest.cpus;
    let advice = format!("No message between two cores is faster; the nearest two: --cpus {one},{other}");
    Some(Finding::note(WHAT, found, advice))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Effect;
    use crate::results::environment::handover::Share;
    use crate::results::quartiles::Quartiles;

    #[test]
    fn a_look_at_the_clock_takes_time() {
        let found = timer().found;
        let cost: u64 = found.split(' ').next().unwrap().parse().expect(&found);
        assert!(cost > 0, "{found}");
    }

    #[test]
    fn one_cpu_disturbs_and_a_dear_wake_up_is_noted() {
        assert_eq!(cores(false, [Some(5_000), None]).verdict, Effect::Disturbs);
        assert_eq!(cores(true, [Some(5_000), Some(50_000)]).verdict, Effect::Note);
        assert_eq!(cores(true, [Some(5_000), Some(9_000)]).verdict, Effect::Good);
    }

    /// The placement matters where some cores are nearer than others.
    #[test]
    fn the_nearest_cores_are_advised_where_there_are_farther_ones() {
        let of = |cpus, share, median| Handover {
            cpus,
            share,
            round_trip_ns: Quartiles { p25: median - 1.0, median, p75: median + 1.0 },
        };
        let near = of([0, 1], Share::Cache, 60.0);
        assert_eq!(handovers(&[]), None);
        let alike = handovers(&[near.clone(), of([0, 2], Share::Cache, 70.0)]).unwrap();
        assert_eq!(alike.verdict, Effect::Good);
        assert!(alike.found.contains("CPU 0 and 2 (one L3 cache): 70 ns"), "{alike:?}");
        let within = |factor: f64| {
            let farther = of([0, 2], Share::Socket, factor * near.round_trip_ns.median);
            handovers(&[near.clone(), farther]).unwrap().verdict
        };
        assert_eq!([within(1.5), within(1.51)], [Effect::Good, Effect::Note]);
        let far = handovers(&[of([0, 8], Share::Memory, 250.0), near.clone()]).unwrap();
        assert_eq!(far.verdict, Effect::Note);
        assert!(far.found.contains("two sockets") && far.advice.unwrap().ends_with("--cpus 0,1"));
    }
}
