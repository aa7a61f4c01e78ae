//! Results with invented numbers: everything that a run can measure, on a machine that does not exist.

use std::time::Duration;

use ipc_bench::results::case::{Case, Kind, Placement};
use ipc_bench::results::cost::{Cost, Costs};
use ipc_bench::results::document::Document;
use ipc_bench::results::fairness::Fairness;
use ipc_bench::results::latency::Latency;
use ipc_bench::results::limits::{Copying, MachineLimits};
use ipc_bench::results::pacing::Pacing;
use ipc_bench::results::quartiles::Quartiles;
use ipc_bench::results::registry::SIX;
use ipc_bench::results::row::{Rounds, Row};
use ipc_core::Wait;
use ipc_demo::cpus::Cpus;
use ipc_demo::exchange;

const SIZES: [usize; 5] = [64, 1 << 10, 8 << 10, 64 << 10, 1 << 20];
const SPLIT: Placement = Placement { cpus: Cpus::Split, ping: 0, pong: 1 };
const SAME: Placement = Placement { cpus: Cpus::Same, ping: 0, pong: 0 };

/// Invented numbers that look like measured ones, the same in each run.
struct Dice(u64);

impl Dice {
    /// Returns a number between 0 and 1.
    fn throw(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Returns a time near `middle`, sometimes far above.
    fn time(&mut self, middle: f64) -> u64 {
        let tail = self.throw().max(1e-5).powf(-0.18);
        (middle * (0.8 + 0.2 * self.throw()) * tail).max(1.0) as u64
    }

    fn latency(&mut self, middle: f64, count: usize) -> Latency {
        let mut times = exchange::histogram();
        for _ in 0..count {
            times.record(self.time(middle)).expect("within the range");
        }
        let mean = times.mean();
        Latency::of(&times, Some([mean * 0.97, mean * 1.03])).expect("not empty")
    }
}

/// Returns results of all kinds.
pub fn full() -> Document {
    let mut document = Document::empty();
    let mut dice = Dice(1);
    for placement in [SPLIT, SAME] {
        for wait in [Wait::Block, Wait::Hybrid, Wait::Spin] {
            for (rank, member) in (0..).zip(SIX.iter()) {
                for (nth, variant) in (0..).zip(member.variants()) {
                    for size in SIZES {
                        if (member.profile.name, size) == ("msgq", 1 << 20) {
                            continue;
                        }
                        let case = |kind, rate| Case {
                            rate,
                            ..Case::of(member, variant.name, kind, size, wait, placement)
                        };
                        let start = if wait == Wait::Block { 9e3 } else { 4e2 };
                        let middle =
                            start * (1.0 + 0.3 * f64::from(rank) + 0.2 * f64::from(nth)) + size as f64 * 0.12;
                        document.results.push(round_trip(&case(Kind::RoundTrip, None), middle, &mut dice));
                        document.results.push(throughput(&case(Kind::Throughput, None), middle / 5.0));
                        if size == 64 && wait != Wait::Spin && placement == SPLIT {
                            document.results.push(open_loop(
                                &case(Kind::OpenLoop, Some(10_000)),
                                middle,
                                &mut dice,
                            ));
                            document.results.push(stream(
                                &case(Kind::Stream, Some(2_000)),
                                middle,
                                &mut dice,
                            ));
                        }
                        if size == 64
                            && wait == Wait::Block
                            && ["fifo", "msgq", "socket"].contains(&member.profile.name)
                        {
                            for clients in [1, 10, 100, 1000] {
                                document.results.push(many(&case(Kind::Clients, None), clients, middle));
                            }
                        }
                    }
                }
            }
        }
    }
    document.limits = Some(limits());
    document.complete = true;
    document.profile = "standard".into();
    document.took_s = 170.0;
    document.environment.debug_build = false;
    document.notes.push("system calls were not counted: perf_event_open(2) is not permitted".into());
    document
}

fn round_trip(case: &Case, middle: f64, dice: &mut Dice) -> Row {
    let latency = dice.latency(middle, 1000);
    let wild = case.member.profile.name == "fifo" && case.wait == Wait::Spin;
    let spread = if wild { 0.3 } else { 0.02 };
    let values: Vec<_> = (0..7).map(|nth| latency.p50 as f64 * (1.0 + spread * f64::from(nth % 3))).collect();
    let busy = if case.wait == Wait::Block { 0.5 } else { 1.0 };
    let side = |system: f64| Cost {
        user_ns: middle * busy * 0.2,
        system_ns: middle * busy * system,
        voluntary_switches: if case.wait == Wait::Block { 1.0 } else { 0.0 },
        involuntary_switches: 0.001,
        syscalls: Some(2.0),
        ..Cost::default()
    };
    Row {
        count: 300_000,
        batch: Some(4),
        one_way_ns: Some(dice.latency(middle / 2.0, 100)),
        rtt_ns: Some(latency),
        rounds: Some(Rounds::of(1000, &values)),
        beside_floor: Some(Rounds::of(1000, &values)),
        floor_ratio: Some(1.0 + 0.1 * case.size as f64 / 1e6),
        floor_ratio_spread: Some([0.98, 1.05]),
        cost: Some(Costs { ping: side(0.5), pong: side(0.6) }),
        ..Row::empty(case)
    }
}

fn throughput(case: &Case, each_ns: f64) -> Row {
    let mut row = Row { count: 10_000, ..Row::empty(case) };
    row.in_time(Duration::from_secs_f64(each_ns * 1e-9 * 10_000.0));
    row.rounds = Some(Rounds::of(1000, &[each_ns, each_ns * 1.01, each_ns * 1.02]));
    row
}

fn open_loop(case: &Case, middle: f64, dice: &mut Dice) -> Row {
    Row {
        rtt_ns: Some(dice.latency(middle * 1.6e3, 1000)), // a queue that grew and shrank again
        service_ns: Some(dice.latency(middle * 1.05, 1000)),
        count: 1000,
        ..Row::empty(case)
    }
}

/// The last of the twelve does not keep up when it sleeps.
fn stream(case: &Case, middle: f64, dice: &mut Dice) -> Row {
    let kept_up = (case.variant, case.wait) != ("tcp", Wait::Block);
    let achieved_per_s = if kept_up { 2_000.0 } else { 1_234.0 };
    Row {
        one_way_ns: Some(dice.latency(middle / 2.0, 1000)),
        pacing: Some(Pacing { achieved_per_s, kept_up, late: 50 }),
        count: 1000,
        ..Row::empty(case)
    }
}

fn many(case: &Case, clients: usize, middle: f64) -> Row {
    let each = middle / 5.0 * (1.0 + clients as f64 / 700.0);
    let fairness = Some(Fairness { min: 800, median: 1000, max: 1300, index: 0.97 });
    Row { clients, fairness, ..throughput(case, each) }
}

/// Returns the limits of the machine.
fn limits() -> MachineLimits {
    let about = |median: f64| Quartiles { p25: median * 0.9, median, p75: median * 1.1 };
    let copying = Copying { in_cache: true, buffer: 64 << 10, bytes_per_s: about(9e9) };
    MachineLimits { handover_ns: Some(about(90.0)), memcpy: vec![copying] }
}
