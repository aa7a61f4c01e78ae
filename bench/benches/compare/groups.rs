//! The same pairs, driven by criterion: one group for each kind and size, one variant after another. Its reports and its
//! baselines are its own; the comparison is made by the rounds.

use std::time::Duration;

use criterion::{Criterion, Throughput};
use ipc_bench::measure::effort::too_large;
use ipc_bench::measure::pair::Pair;
use ipc_bench::measure::sides;
use ipc_bench::results::case::{Case, Kind, Placement};
use ipc_bench::results::registry;
use ipc_bench::results::units::size_name;
use ipc_core::{Result, Wait};
use ipc_demo::cpus::Cpus;

use crate::arguments::Arguments;
use crate::beside;

/// All cases here sleep while they wait.
const WAIT: Wait = Wait::Block;

const WARM_UP: Duration = Duration::from_millis(50);
const MEASUREMENT: Duration = Duration::from_millis(200);
/// With `--quick`, criterion stops when two samples agree, but after this time at the latest.
const QUICK_MEASUREMENT: Duration = Duration::from_millis(50);
/// The fewest that criterion takes.
const SAMPLES: usize = 10;
/// The resamplings for criterion's confidence intervals; its default of 100,000 takes longer than the measurement.
const RESAMPLES: usize = 5_000;
/// The time that criterion takes for a case besides: for judging and drawing.
const BESIDES: Duration = Duration::from_millis(100);

/// Returns the number of cases, including those that turn out to be too large for their link.
pub fn count(arguments: &Arguments) -> u64 {
    (registry::all().count() * Kind::USUAL.len() * arguments.sizes().len()) as u64
}

/// Returns the time that criterion takes for all cases.
pub fn expected(arguments: &Arguments) -> Duration {
    let each = if arguments.quick { QUICK_MEASUREMENT } else { WARM_UP + MEASUREMENT + BESIDES };
    each * count(arguments) as u32
}

/// Runs criterion.
pub fn run(arguments: &Arguments) -> Result<()> {
    let mut criterion =
        Criterion::default().warm_up_time(WARM_UP).measurement_time(MEASUREMENT).sample_size(SAMPLES);
    if arguments.quick {
        criterion = criterion.measurement_time(QUICK_MEASUREMENT).without_plots(); // two samples have no plot
    }
    criterion = criterion.nresamples(RESAMPLES).configure_from_args();
    let ways = ways()?;
    let mut nth = 0;
    for kind in Kind::USUAL {
        for &size in arguments.sizes() {
            let mut group = criterion.benchmark_group(format!("{}/{}", kind.name(), size_name(size)));
            if kind == Kind::Throughput {
                group.throughput(Throughput::Bytes(size as u64));
            }
            for way in &ways {
                nth += 1;
                beside::step(nth, count(arguments));
                let case = Case { kind, size, ..way.case };
                if too_large(&case, way.max_message).is_some() {
                    continue;
                }
                let mut player = Player { case, pair: None };
                group.bench_function(format!("{}-{}", case.member.profile.name, case.variant), |bencher| {
                    player.start(); // outside criterion's timing, which would count a slow start as the messages'
                    bencher.iter_custom(|count| player.play(count));
                });
            }
            group.finish();
        }
    }
    criterion.final_summary();
    Ok(())
}

/// A variant of a mechanism, and the longest message it carries.
struct Way {
    case: Case,
    max_message: usize,
}

/// Returns all variants of all six mechanisms. Each plays a few checked messages, so that a broken one is noticed at
/// once.
fn ways() -> Result<Vec<Way>> {
    let placement = Placement::resolve(Cpus::available())?;
    let way = |case: Case| {
        let mut pair = sides::start(case)?;
        pair.play(case.verified())?;
        let max_message = pair.max_message();
        pair.finish()?;
        Ok(Way { case, max_message })
    };
    Case::of_each(Kind::RoundTrip, 64, WAIT, placement).map(way).collect()
}

/// The two processes of one case.
struct Player {
    case: Case,
    /// Started when criterion first asks: a case excluded by its filter costs nothing.
    pair: Option<Pair>,
}

impl Player {
    fn start(&mut self) {
        let case = self.case;
        self.try_start().unwrap_or_else(|error| panic!("{case}: {error}"));
    }

    fn try_start(&mut self) -> Result<()> {
        if self.pair.is_none() {
            let mut pair = sides::start(self.case)?;
            pair.play(self.case.verified())?;
            self.pair = Some(pair);
        }
        Ok(())
    }

    /// Plays `count` messages and returns the time that they took.
    fn play(&mut self, count: u64) -> Duration {
        let case = self.case;
        let pair = self.pair.as_mut().expect("started before");
        let played = pair.play(case.timed(count)).unwrap_or_else(|error| panic!("{case}: {error}"));
        played.elapsed
    }
}
