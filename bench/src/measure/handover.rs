//! The hand-over between cores: two threads, each on a CPU of its own, poll one word in one cache line and take turns to
//! change it.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::Result;
use ipc_demo::cpus::{self, Cpus, Role};

use crate::results::environment::handover::{Handover, Share};
use crate::results::quartiles::Quartiles;

/// The most pairs of CPUs that share the same: a second one shows whether the first was luck.
const ALIKE: usize = 2;
/// The rounds for a pair, if there is time for them.
const ROUNDS: usize = 101;
/// The round trips in a round: a reading of the clock at each end adds next to nothing.
const TRIPS: u64 = 500;
/// The time for a pair, after which no round begins. On a quiet machine all rounds take 5 ms.
const LONGEST: Duration = Duration::from_millis(50);

/// Two words in one line would disturb each other; processors often fetch lines in pairs.
#[repr(align(128))]
struct Line(AtomicU64);

/// What the line holds until the second thread is on its CPU.
const EMPTY: u64 = 0;
/// The second thread is on its CPU. From then on it leaves only after the first one.
const READY: u64 = 2;
/// One of the two has left, or could not be bound to its CPU.
const OVER: u64 = u64::MAX;

/// Measures the hand-over between the first CPU that this process may use and others: up to two for each thing that they
/// may share, so that it takes less than a second on any machine. Empty where there is one CPU, or where threads cannot be
/// bound to CPUs.
///
/// # Errors
/// The CPUs cannot be read.
pub fn between_cores() -> Result<Vec<Handover>> {
    if !cpus::may_bind()? {
        return Ok(Vec::new());
    }
    let fact =
        |cpu: usize, name: &str| fs::read_to_string(format!("/sys/devices/system/cpu/cpu{cpu}/{name}")).ok();
    let pairs = pairs(&cpus::allowed()?, |cpus| Share::of(cpus, fact));
    let measured = |(cpus, share)| Some(Handover { cpus, share, round_trip_ns: round_trips(cpus)? });
    Ok(pairs.into_iter().filter_map(measured).collect())
}

/// Returns the pairs to measure, in the order of the second CPU.
fn pairs(allowed: &[usize], share: impl Fn([usize; 2]) -> Share) -> Vec<([usize; 2], Share)> {
    let Some((&first, others)) = allowed.split_first() else { return Vec::new() };
    let mut pairs: Vec<([usize; 2], Share)> = Vec::new();
    for &other in others {
        let shared = share([first, other]);
        if pairs.iter().filter(|(_, known)| *known == shared).count() < ALIKE {
            pairs.push(([first, other], shared));
        }
    }
    pairs
}

/// Returns the time of a round trip between two CPUs, in nanoseconds; `None` if a thread could not be bound to its CPU.
fn round_trips([first, second]: [usize; 2]) -> Option<Quartiles> {
    let line = Line(AtomicU64::new(EMPTY));
    let cpus = Cpus::Pair(first, second);
    let bound = |role| matches!(cpus.bind(role), Ok(Some(_)));
    let rounds = thread::scope(|scope| {
        scope.spawn(|| {
            let next = if bound(Role::Pong) { READY } else { OVER };
            // Not over what the first one may have said.
            let is_first = line.0.compare_exchange(EMPTY, next, Ordering::AcqRel, Ordering::Relaxed);
            if is_first == Ok(EMPTY) && next == READY {
                answer(&line.0);
            }
        });
        let asking = scope.spawn(|| {
            let rounds = if bound(Role::Ping) { ask(&line.0) } else { Vec::new() };
            line.0.store(OVER, Ordering::Release);
            rounds
        });
        asking.join().unwrap_or_default()
    });
    // The first round warms up: the second thread may just have been started.
    (rounds.len() > 1).then(|| Quartiles::of(rounds.into_iter().skip(1)))
}

/// Returns the mean time of a round trip in each round, in nanoseconds; none if the other thread could not come.
fn ask(line: &AtomicU64) -> Vec<f64> {
    let mut answer = loop {
        match line.load(Ordering::Acquire) {
            EMPTY => thread::yield_now(),
            OVER => return Vec::new(),
            ready => break ready,
        }
    };
    let (started, mut rounds) = (Instant::now(), Vec::new());
    while rounds.len() <= ROUNDS && (rounds.len() < 2 || started.elapsed() < LONGEST) {
        let began = Instant::now();
        for _ in 0..TRIPS {
            line.store(answer + 1, Ordering::Release);
            answer += 2;
            loop {
                // No pause between two looks: it would be part of the time.
                if line.load(Ordering::Acquire) == answer {
                    break;
                }
            }
        }
        rounds.push(began.elapsed().as_secs_f64() * 1e9 / TRIPS as f64);
    }
    rounds
}

/// Adds one to each odd number, until it is over.
fn answer(line: &AtomicU64) {
    loop {
        match line.load(Ordering::Acquire) {
            OVER => return,
            question if question % 2 == 1 => line.store(question + 1, Ordering::Release),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of 64 CPUs, the first is paired with two for each thing that two CPUs can share.
    #[test]
    fn a_large_machine_has_no_more_pairs_than_there_is_time_for() {
        let share = |[_, cpu]: [usize; 2]| match cpu {
            0..2 => Share::Core,
            2..16 => Share::Cache,
            16..32 => Share::Socket,
            _ => Share::Memory,
        };
        let all: Vec<usize> = (0..64).collect();
        let seconds: Vec<_> =
            pairs(&all, share).iter().map(|([first, second], _)| (*first, *second)).collect();
        assert_eq!(seconds, [(0, 1), (0, 2), (0, 3), (0, 16), (0, 17), (0, 32), (0, 33)]);
        assert_eq!(pairs(&[5, 9], share), [([5, 9], Share::Cache)]);
        assert_eq!((pairs(&[5], share), pairs(&[], share)), (Vec::new(), Vec::new()));
        assert!(LONGEST * (ALIKE * 5) as u32 <= Duration::from_millis(500));
    }

    #[test]
    fn a_line_comes_back_and_a_cpu_that_is_not_there_is_no_endless_wait() {
        let allowed = cpus::allowed().unwrap();
        if let (&[first, second, ..], true) = (&allowed[..], cpus::may_bind().unwrap()) {
            let Quartiles { p25, median, p75 } = round_trips([first, second]).expect("both may be used");
            assert!(0.0 < p25 && p25 <= median && median <= p75, "{p25} {median} {p75}");
            all_trips_together_take_no_longer_than_they_took([first, second]);
        }
        for cpus in [[900, allowed[0]], [allowed[0], 900], [900, 901]] {
            assert_eq!(round_trips(cpus), None);
        }
        assert_eq!(between_cores().unwrap().is_empty(), allowed.len() < 2 || !cpus::may_bind().unwrap());
    }

    fn all_trips_together_take_no_longer_than_they_took([first, second]: [usize; 2]) {
        let line = AtomicU64::new(READY);
        thread::scope(|scope| {
            scope.spawn(|| {
                Cpus::Pair(first, second).bind(Role::Pong).unwrap();
                answer(&line);
            });
            let asking = scope.spawn(|| {
                Cpus::Pair(first, second).bind(Role::Ping).unwrap();
                let began = Instant::now();
                let rounds = ask(&line);
                line.store(OVER, Ordering::Release);
                let trips = rounds.iter().sum::<f64>() * TRIPS as f64;
                (trips, began.elapsed().as_nanos() as f64)
            });
            let (trips, took) = asking.join().unwrap();
            assert!(took / 10.0 < trips && trips <= took, "{trips} of {took} ns");
        });
    }
}
