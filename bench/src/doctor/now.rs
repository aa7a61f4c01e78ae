//! The findings of this moment.

use std::time::Duration;
use std::{fs, thread};

use ipc_core::{Error, Mechanism as _, Result, Wait};
use ipc_demo::cpus::Cpus;
use ipc_demo::exchange::Summary;

use crate::doctor::finding::Finding;
use crate::measure::{clock, sides};
use crate::results::case::{Case, Kind, Placement};
use crate::results::registry::member;

/// The time for which the machine is watched.
const WATCH: Duration = Duration::from_millis(500);
/// A larger share of the CPUs used by other processes affects figures.
const BUSY: f64 = 0.05;
/// A larger share of the time stolen by the hypervisor affects figures.
const STOLEN: f64 = 0.005;
/// The round trips with which the cost of a wake-up is measured.
const ROUNDS: u64 = 2_000;

pub(super) fn all() -> Result<Vec<Finding>> {
    let mut findings = load(watch());
    findings.push(timer());
    findings.push(cores(Cpus::available() == Cpus::Split, waking()?));
    Ok(findings)
}

/// CPU time since the machine was started, in ticks, summed over all CPUs.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ticks {
    total: u64,
    idle: u64,
    stolen: u64,
}

impl Ticks {
    /// Parses the first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal.
    fn parse(stat: &str) -> Option<Self> {
        let line = stat.lines().next()?.strip_prefix("cpu ")?;
        let ticks: Vec<u64> = line.split_ascii_whitespace().map_while(|field| field.parse().ok()).collect();
        let &[_, _, _, idle, iowait, _, _, stolen, ..] = &ticks[..] else { return None };
        Some(Self { total: ticks[..8].iter().sum(), idle: idle + iowait, stolen })
    }
}

fn watch() -> Option<[Ticks; 2]> {
    let read = || Ticks::parse(&fs::read_to_string("/proc/stat").ok()?);
    let before = read()?;
    thread::sleep(WATCH); // this process is idle meanwhile, so all work is that of others
    Some([before, read()?])
}

fn load(watched: Option<[Ticks; 2]>) -> Vec<Finding> {
    const LOAD: &str = "other load";
    const STEAL: &str = "stolen time";
    let Some([before, after]) = watched else { return vec![Finding::unknown(LOAD), Finding::unknown(STEAL)] };
    let share = |part: fn(&Ticks) -> u64| {
        let passed = after.total.saturating_sub(before.total).max(1);
        part(&after).saturating_sub(part(&before)) as f64 / passed as f64
    };
    let stolen = share(|ticks| ticks.stolen);
    let busy = (1.0 - share(|ticks| ticks.idle) - stolen).max(0.0);
    let in_words = |share: f64| format!("{:.1} % of the CPUs during {} ms", share * 100.0, WATCH.as_millis());
    vec![
        if busy > BUSY {
            Finding::disturbs(
                LOAD,
                in_words(busy),
                "Find the busy process with top, and wait until it has finished",
            )
        } else {
            Finding::good(LOAD, in_words(busy))
        },
        if stolen > STOLEN {
            let advice =
                "Other guests of the same host used it. Measure more rounds, and trust only rows that agree";
            Finding::disturbs(STEAL, in_words(stolen), advice)
        } else {
            Finding::good(STEAL, in_words(stolen))
        },
    ]
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
        let (kind, wait) = (Kind::RoundTrip, Wait::Block);
        let case = Case {
            member: member(ipc_pipe::Pipe::PROFILE.name)?,
            variant: ipc_pipe::Pipe::VARIANT.name,
            kind,
            size: 64,
            wait,
            placement,
            rate: None,
            clients: 1,
        };
        let mut pair = sides::start(case)?;
        pair.play(case.timed(ROUNDS / 10))?; // warms up
        let played = pair.play(case.timed(ROUNDS))?;
        pair.finish()?;
        Ok(Some(Summary::from(&played.times).p50))
    };
    Ok([median(Cpus::Same)?, median(Cpus::Split)?])
}

fn cores(several: bool, [same, split]: [Option<u64>; 2]) -> Finding {
    const WHAT: &str = "cores";
    let (true, Some(same), Some(split)) = (several, same, split) else {
        return Finding::disturbs(
            WHAT,
            "only one CPU may be used here",
            "--cpus split is impossible, and polling only keeps the peer from running",
        );
    };
    let [same, split] = [same, split].map(|nanoseconds| nanoseconds as f64 / 1e3);
    let found = format!(
        "a blocking round trip takes {same:.1} µs on one core and {split:.1} µs between two: \
         the price of waking a core"
    );
    if split > 3.0 * same {
        let advice = "Between cores, poll for a while where answers must be fast: --wait hybrid";
        return Finding::note(WHAT, found, advice);
    }
    Finding::good(WHAT, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Effect;

    #[test]
    fn load_and_stolen_time_are_told_apart() {
        let before = Ticks::parse("cpu  10 0 10 80 0 0 0 0 0 0\ncpu0 1").unwrap();
        assert_eq!(before, Ticks { total: 100, idle: 80, stolen: 0 });
        let verdicts = |after: &str| {
            load(Some([before, Ticks::parse(after).unwrap()])).iter().map(|it| it.verdict).collect::<Vec<_>>()
        };
        assert_eq!(verdicts("cpu  10 0 10 180 0 0 0 0 0 0"), [Effect::Good, Effect::Good]);
        assert_eq!(verdicts("cpu  60 0 10 130 0 0 0 0 0 0"), [Effect::Disturbs, Effect::Good]);
        assert_eq!(verdicts("cpu  10 0 10 130 0 0 0 50 0 0"), [Effect::Good, Effect::Disturbs]);
        assert!(Ticks::parse("intr 5").is_none());
    }

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
}
