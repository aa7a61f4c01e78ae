//! The CPU time that others use while this process watches: other processes, and other guests of the same host.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use nix::unistd::{SysconfVar, sysconf};

use crate::doctor::finding::Finding;

/// A larger share of the CPUs used by other processes affects figures.
const BUSY: f64 = 0.05;
/// A larger share of the time stolen by the hypervisor affects figures.
const STOLEN: f64 = 0.005;

/// The state of the machine when the watch began.
#[derive(Debug)]
pub(super) struct Load {
    since: Instant,
    ticks: Option<Ticks>,
    own: Duration,
}

/// CPU time since the machine was started, in ticks, summed over all CPUs.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ticks {
    total: u64,
    idle: u64,
    stolen: u64,
}

impl Ticks {
    fn now() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    /// Parses the first line of `/proc/stat`: user, nice, system, idle, iowait, irq, softirq, steal.
    fn parse(stat: &str) -> Option<Self> {
        let line = stat.lines().next()?.strip_prefix("cpu ")?;
        let ticks: Vec<u64> = line.split_ascii_whitespace().map_while(|field| field.parse().ok()).collect();
        let &[_, _, _, idle, iowait, _, _, stolen, ..] = &ticks[..] else { return None };
        Some(Self { total: ticks[..8].iter().sum(), idle: idle + iowait, stolen })
    }
}

impl Load {
    /// Begins to watch.
    pub(super) fn watch() -> Self {
        Self { since: Instant::now(), ticks: Ticks::now(), own: own() }
    }

    /// Returns the load by others and the stolen time since then.
    pub(super) fn findings(&self) -> [Finding; 2] {
        let watched = self.ticks.zip(Ticks::now());
        findings(watched, own().saturating_sub(self.own), self.since.elapsed())
    }
}

/// Returns the CPU time of this process and of its children that have ended.
fn own() -> Duration {
    let of = |who| {
        let usage = getrusage(who).ok()?;
        let time = usage.user_time() + usage.system_time();
        Some(Duration::from_micros(time.num_microseconds().unsigned_abs()))
    };
    [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN].into_iter().filter_map(of).sum()
}

/// Returns the share of the CPUs' time that neither was idle nor `own`, and the share that was stolen, between two
/// moments.
fn findings(watched: Option<(Ticks, Ticks)>, own: Duration, time: Duration) -> [Finding; 2] {
    const LOAD: &str = "other load";
    const STEAL: &str = "stolen time";
    let Some((before, after)) = watched else { return [LOAD, STEAL].map(Finding::unknown) };
    let passed = after.total.saturating_sub(before.total).max(1) as f64;
    let share = |part: fn(&Ticks) -> u64| part(&after).saturating_sub(part(&before)) as f64 / passed;
    let stolen = share(|ticks| ticks.stolen);
    let own = own.as_secs_f64() * ticks_per_second() / passed;
    let others = (1.0 - share(|ticks| ticks.idle) - stolen - own).max(0.0);
    let in_words = |share: f64| {
        let time = match time.as_secs() {
            0..3 => format!("{} ms", time.as_millis()),
            seconds => format!("{seconds} s"),
        };
        format!("{:.1} % of the CPUs during {time}", share * 100.0)
    };
    let load = if others > BUSY {
        let advice = "Find the busy process with top, and wait until it has finished";
        Finding::disturbs(LOAD, in_words(others), advice)
    } else {
        Finding::good(LOAD, in_words(others))
    };
    let steal = if stolen > STOLEN {
        let advice =
            "Other guests of the same host used it. Measure more rounds, and trust only rows that agree";
        Finding::disturbs(STEAL, in_words(stolen), advice)
    } else {
        Finding::good(STEAL, in_words(stolen))
    };
    [load, steal]
}

fn ticks_per_second() -> f64 {
    sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Effect::{self, Disturbs, Good};

    fn verdicts(after: &str, own_ticks: u32) -> [Effect; 2] {
        let ticks = |line| Ticks::parse(line).unwrap();
        let own = Duration::from_secs_f64(f64::from(own_ticks) / ticks_per_second());
        let watched = Some((ticks("cpu  10 0 10 80 0 0 0 0 0 0\ncpu0 1"), ticks(after)));
        findings(watched, own, Duration::from_secs(1)).map(|finding| finding.verdict)
    }

    #[test]
    fn load_and_stolen_time_are_told_apart() {
        assert_eq!(
            Ticks::parse("cpu  10 0 10 80 0 0 0 0 0 0\n").unwrap(),
            Ticks { total: 100, idle: 80, stolen: 0 }
        );
        assert_eq!(verdicts("cpu  10 0 10 180 0 0 0 0 0 0", 0), [Good, Good]);
        assert_eq!(verdicts("cpu  60 0 10 130 0 0 0 0 0 0", 0), [Disturbs, Good]);
        assert_eq!(verdicts("cpu  10 0 10 130 0 0 0 50 0 0", 0), [Good, Disturbs]);
        assert!(Ticks::parse("intr 5").is_none());
    }

    /// 50 of 100 ticks were busy: 47 of them with this process and its children, or only 40.
    #[test]
    fn what_the_measurement_itself_uses_is_no_load() {
        assert_eq!(verdicts("cpu  60 0 10 130 0 0 0 0 0 0", 47), [Good, Good]);
        assert_eq!(verdicts("cpu  60 0 10 130 0 0 0 0 0 0", 40), [Disturbs, Good]);
        assert_eq!(verdicts("cpu  60 0 10 130 0 0 0 0 0 0", 60), [Good, Good], "ticks are coarse");
        let [load, steal] = findings(None, Duration::ZERO, Duration::from_secs(7));
        assert_eq!([load.verdict, steal.verdict], [Effect::Unknown; 2]);
    }

    #[test]
    fn the_own_time_includes_this_process() {
        let (started, before) = (Instant::now(), own());
        while started.elapsed() < Duration::from_millis(30) {}
        assert!(own() > before);
    }
}
