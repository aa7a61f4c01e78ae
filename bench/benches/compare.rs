//! `cargo bench`: the same pairs, driven by criterion, one group for each kind and size; then one page of charts.
//!
//! Criterion decides how many messages to time and judges the means; the histogram of the same round trips gives the
//! page its percentiles.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use hdrhistogram::Histogram;
use ipc_bench::measure::effort::too_large;
use ipc_bench::measure::pair::Pair;
use ipc_bench::measure::{clock, sides};
use ipc_bench::present::report;
use ipc_bench::results::case::{Case, Kind, Placement};
use ipc_bench::results::document::{Document, NotMeasured};
use ipc_bench::results::registry::SIX;
use ipc_bench::results::row::Row;
use ipc_bench::results::units::size_name;
use ipc_core::{Result, Wait};
use ipc_demo::cpus::Cpus;
use ipc_demo::{exchange, interrupt};

const SIZES: [usize; 5] = [64, 1 << 10, 4 << 10, 64 << 10, 1 << 20];
/// All cases here sleep while they wait; for other strategies: `ipc-bench --wait`.
const WAIT: Wait = Wait::Block;

/// Twelve variants, two kinds, five sizes: with these times everything takes about two minutes.
const WARM_UP: Duration = Duration::from_millis(200);
const MEASUREMENT: Duration = Duration::from_millis(900);
/// With `--quick`, criterion stops when two samples agree, but after this time at the latest.
const QUICK_MEASUREMENT: Duration = Duration::from_millis(150);
const SAMPLES: usize = 15;
/// The data that the page cannot show, and where to find it.
const NOTE: &str = "Driven by criterion: one way after another, each round trip timed by itself, no costs. Rounds that \
                    take turns, costs, other ways to wait, open loop: `ipc-bench run --output DIR`, then `ipc-bench \
                    report DIR`.";
/// The reason why a case that was played has no row.
const NOTHING_TIMED: &str =
    "all its messages were played to warm up, and none after that; try a longer --measurement-time";
/// The resamplings for criterion's confidence intervals; its default of 100,000 takes longer than the measurement.
const RESAMPLES: usize = 5_000;

fn main() -> ExitCode {
    if let Some(status) = ipc_bench::measure::child::serve_if_invited() {
        return status;
    }
    match interrupt::clean_up_on_signals().and_then(|()| run()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ipc_demo::report(Err(error)),
    }
}

fn run() -> Result<()> {
    let mut criterion =
        Criterion::default().warm_up_time(WARM_UP).measurement_time(MEASUREMENT).sample_size(SAMPLES);
    if has_argument("--quick") {
        criterion = criterion.measurement_time(QUICK_MEASUREMENT).without_plots(); // two samples have no plot
    }
    criterion = criterion.nresamples(RESAMPLES).configure_from_args();
    let started = Instant::now();
    let mut document =
        Document { profile: "cargo bench".into(), clock_cost_ns: clock::cost(), ..Document::empty() };
    document.notes.push(NOTE.into());
    let ways = ways()?;
    for kind in Kind::USUAL {
        for size in SIZES {
            compare(&mut criterion, &ways, kind, size, &mut document);
        }
    }
    criterion.final_summary();
    (document.complete, document.took_s) = (true, started.elapsed().as_secs_f64());
    leave_page(&document)
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
    let mut ways = Vec::new();
    for member in SIX.iter() {
        for variant in member.variants() {
            let (variant, kind, size) = (variant.name, Kind::RoundTrip, SIZES[0]);
            let case = Case { member, variant, kind, size, wait: WAIT, placement, rate: None, clients: 1 };
            let mut pair = sides::start(case)?;
            pair.play(case.verified())?;
            ways.push(Way { case, max_message: pair.max_message() });
            pair.finish()?;
        }
    }
    Ok(ways)
}

/// Plays one group: all suitable variants, at one kind and size.
fn compare(criterion: &mut Criterion, ways: &[Way], kind: Kind, size: usize, document: &mut Document) {
    let mut group = criterion.benchmark_group(format!("{}/{}", kind.name(), size_name(size)));
    if kind == Kind::Throughput {
        group.throughput(Throughput::Bytes(size as u64));
    }
    let (mut rows, mut skipped, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for way in ways {
        let case = Case { kind, size, ..way.case };
        if let Some(reason) = too_large(&case, way.max_message) {
            skipped.push(NotMeasured::new(&case, reason));
            continue;
        }
        let mut record = Record::new(case);
        let name = format!("{}-{}", case.member.profile.name, case.variant);
        group.bench_function(name, |bencher| {
            record.start(); // outside criterion's timing, which would count a slow start as the messages'
            bencher.iter_custom(|count| record.play(count));
        });
        match record.row() {
            Some(row) => rows.push(row),
            None if record.was_played() => failed.push(NotMeasured::new(&case, NOTHING_TIMED.into())),
            None => {} // excluded by the user's filter
        }
    }
    group.finish();
    if !rows.is_empty() || !failed.is_empty() {
        document.skipped.extend(skipped); // otherwise the user's filter has excluded the whole group
    }
    document.results.extend(rows);
    document.failed.extend(failed);
}

/// The messages of one case that criterion has played. The pair lives as long as the record.
struct Record {
    case: Case,
    /// The pair, started when criterion first asks: a case excluded by its filter costs nothing.
    pair: Option<Pair>,
    warm_at: Instant,
    count: u64,
    elapsed: Duration,
    times: Histogram<u64>,
}

impl Record {
    fn new(case: Case) -> Self {
        let times = exchange::histogram();
        Self { case, pair: None, warm_at: Instant::now(), count: 0, elapsed: Duration::ZERO, times }
    }

    /// Starts the pair on criterion's first request.
    fn start(&mut self) {
        let case = self.case;
        self.try_start().unwrap_or_else(|error| panic!("{case}: {error}"));
    }

    fn try_start(&mut self) -> Result<()> {
        if self.pair.is_none() {
            let mut pair = sides::start(self.case)?;
            pair.play(self.case.verified())?;
            self.pair = Some(pair);
            self.warm_at = Instant::now() + warm_up();
        }
        Ok(())
    }

    /// Plays `count` messages and returns the time that they took.
    fn play(&mut self, count: u64) -> Duration {
        let is_warm = Instant::now() >= self.warm_at;
        let case = self.case;
        let pair = self.pair.as_mut().expect("started before");
        let played = pair.play(case.timed(count)).unwrap_or_else(|error| panic!("{case}: {error}"));
        if is_warm {
            self.count += count;
            self.elapsed += played.elapsed;
            self.times.add(played.times).expect("made alike");
        }
        played.elapsed
    }

    /// Returns the row of the measurements, if there are any.
    fn row(&self) -> Option<Row> {
        (self.count > 0 && is_measuring())
            .then(|| Row::new(&self.case, self.count, self.elapsed, &self.times))
    }

    /// Returns true if criterion has requested messages, so that there should be a row.
    fn was_played(&self) -> bool {
        self.pair.is_some() && is_measuring()
    }
}

/// Returns true if criterion measures, as it does under `cargo bench` unless told to do something else.
fn is_measuring() -> bool {
    let other = ["--test", "--list", "--profile-time"];
    has_argument("--bench") && !other.into_iter().any(has_argument)
}

/// Returns criterion's warm-up time, in which nothing is recorded. With `--quick` it does not warm up.
fn warm_up() -> Duration {
    if has_argument("--quick") { Duration::ZERO } else { WARM_UP }
}

/// Returns true if this program was called with an option, as `--name` or `--name=value`.
fn has_argument(name: &str) -> bool {
    let is =
        |arg: String| arg.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('='));
    std::env::args_os().any(|arg| arg.into_string().is_ok_and(is))
}

/// Prints the path of the page as the last line, or the reason why there is none.
fn leave_page(document: &Document) -> Result<()> {
    for failed in &document.failed {
        eprintln!("warning: {failed}");
    }
    if document.results.is_empty() {
        eprintln!("no report: nothing was measured");
        return Ok(());
    }
    println!("{}", report::write(document)?.display());
    Ok(())
}
