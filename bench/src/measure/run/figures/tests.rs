//! Tests of rows from invented rounds, whose numbers are all known.

use ipc_core::Wait;

use super::*;
use crate::invented::case;

/// Returns a histogram of the given numbers of times, in nanoseconds.
fn times(all: &[(u64, u64)]) -> Histogram<u64> {
    let mut times = exchange::histogram();
    for &(time, count) in all {
        times.record_n(time, count).unwrap();
    }
    times
}

/// Returns CPU time in nanoseconds, all of it in the program, and as many switches.
fn usage(by: u64) -> Usage {
    Usage { cpu: Duration::from_nanos(by), voluntary_switches: by, ..Usage::default() }
}

/// Returns a task that took `elapsed` nanoseconds.
fn played(elapsed: u64, times: Histogram<u64>, ping: u64, pong: u64) -> TaskResult {
    let elapsed = Duration::from_nanos(elapsed);
    TaskResult { times, ping: usage(ping), pong: usage(pong), ..TaskResult::in_time(elapsed) }
}

/// Returns a round of two tasks of two messages each, all about `by` nanoseconds, with a fifth message that is not
/// timed.
fn round(by: u64) -> Figures {
    let mut round = Figures::default();
    let first =
        TaskResult { service: Some(times(&[(by / 2, 2)])), ..played(3 * by, times(&[(by, 2)]), by, 2 * by) };
    round.add(2, 3, first);
    round.use_energy(Some(1));
    let more = times(&[(by, 1), (1900, 1)]);
    round.add(2, 2, TaskResult { service: Some(times(&[(by / 5, 2)])), ..played(5 * by, more, by, 2 * by) });
    round.use_energy(Some(2));
    round.one_way = Some(times(&[(by / 10, 4)]));
    round
}

fn rounds(kind: Kind) -> Row {
    let mut figures = Figures::default();
    for by in [100, 300, 200] {
        figures.add_round(kind, round(by));
    }
    assert_eq!(figures.each(), Duration::from_nanos(8 * 600 / 12));
    figures.row(&case("pipe", "anonymous", kind, Wait::Block), 7).expect("something was played")
}

/// Returns the confidence interval of the mean of some means.
fn interval(means: &[f64]) -> Option<[f64; 2]> {
    statistics::mean(means).map(|interval| [interval.low.max(0.0), interval.high])
}

/// Adds the other figures of each round: of its four times the longest, the median one-way time, and a fifth of the CPU
/// time, `6 * by`, for each of the five messages.
fn of_each(rounds: Rounds) -> Rounds {
    let (p99, one_way) = (vec![1900.0; 3], vec![10.0, 30.0, 20.0]);
    Rounds { p99, one_way, cpu: vec![120.0, 360.0, 240.0], ..rounds }
}

#[test]
fn round_trips_are_those_of_all_rounds() {
    for kind in [Kind::RoundTrip, Kind::OpenLoop] {
        let row = rounds(kind);
        assert_eq!((row.count, row.batch), (12, Some(7)));
        // The median of each round, not its longest time.
        assert_eq!(row.rounds, Some(of_each(Rounds::of(4, &[100.0, 300.0, 200.0]))));
        let all = |scale: u64| [(100 / scale, 3), (300 / scale, 3), (200 / scale, 3)];
        let means = [100, 300, 200].map(|by| f64::from(3 * by + 1900) / 4.0);
        let mut expected = times(&all(1));
        expected.record_n(1900, 3).unwrap();
        assert_eq!(row.rtt_ns, Latency::of(&expected, interval(&means)));
        let halves = [(50, 2), (20, 2), (150, 2), (60, 2), (100, 2), (40, 2)];
        assert_eq!(row.service_ns, Latency::of(&times(&halves), interval(&[35.0, 105.0, 70.0])));
        let tenths = times(&[(10, 4), (30, 4), (20, 4)]);
        assert_eq!(row.one_way_ns, Latency::of(&tenths, interval(&[10.0, 30.0, 20.0])));
        assert_eq!((row.messages_per_s, row.bytes_per_s, row.fairness), (None, None, None));
    }
}

/// The cost is shared by all messages, including those that were not timed: 15.
#[test]
fn costs_are_those_of_all_messages() {
    let row = rounds(Kind::RoundTrip);
    let Costs { ping, pong } = row.cost.unwrap();
    assert_eq!([ping.user_ns, pong.user_ns], [1200.0 / 15.0, 2400.0 / 15.0]);
    assert_eq!([ping.voluntary_switches, pong.voluntary_switches], [1200.0 / 15.0, 2400.0 / 15.0]);
    assert_eq!(row.energy_nj, Some(9e3 / 15.0), "nine microjoules");
}

#[test]
fn throughput_is_that_of_the_whole_time() {
    let row = rounds(Kind::Throughput);
    // 12 messages of 64 bytes in 4.8 microseconds; the rounds: four messages in 0.8, 2.4, 1.6.
    assert!((row.messages_per_s.unwrap() - 2.5e6).abs() < 1e-3, "{row:?}");
    assert!((row.bytes_per_s.unwrap() - 160e6).abs() < 1e-1, "{row:?}");
    assert_eq!(row.rounds, Some(of_each(Rounds::of(4, &[200.0, 600.0, 400.0]))));
    assert_eq!((row.rtt_ns, row.batch), (None, None));
}

/// Returns a turn of three clients; the answers after the window count as work only.
fn turn(counts: [u64; 3], elapsed: u64) -> TurnResult {
    let in_window = counts.iter().sum();
    let played = played(elapsed, times(&[(500, in_window)]), 11, 22);
    TurnResult { counts: counts.into(), all: in_window + 1, played }
}

#[test]
fn many_clients_are_counted_each_by_itself() {
    let mut figures = Figures::default();
    for (counts, elapsed) in [([1, 2, 3], 1000), ([9, 2, 3], 7000)] {
        let mut round = Figures::default();
        round.add_served(turn(counts, elapsed));
        figures.add_round(Kind::Clients, round);
    }
    let mut idle = Figures::default();
    idle.add_served(TurnResult {
        counts: vec![0; 3],
        all: 0,
        played: TaskResult::in_time(Duration::from_micros(2)),
    });
    figures.add_idle(&idle);
    assert!(!figures.only_waited());
    let case = Case { clients: 6, ..case("fifo", "fifo", Kind::Clients, Wait::Block) };
    let row = figures.row(&case, 1).unwrap();
    assert_eq!((row.count, row.fairness), (20, Fairness::of(&[10, 4, 6])));
    assert_eq!((row.batch, row.client_processes), (Some(1), Some(4)));
    assert!((row.messages_per_s.unwrap() - 2e6).abs() < 1e-3, "20 in 10 microseconds: {row:?}");
    let rounds = Rounds::of(14, &[1000.0 / 6.0, 500.0]);
    let (p99, cpu) = (vec![500.0, 500.0], vec![33.0 / 7.0, 33.0 / 15.0]);
    assert_eq!(row.rounds, Some(Rounds { p99, cpu, ..rounds }));
    assert_eq!(row.rtt_ns, Latency::of(&times(&[(500, 20)]), interval(&[500.0, 500.0])));
    let Costs { ping, pong } = row.cost.unwrap();
    assert_eq!([ping.user_ns, pong.user_ns], [1.0, 2.0], "22 and 44 nanoseconds, 22 answers in all");
}

#[test]
fn time_without_a_message_is_no_row() {
    let case = case("pipe", "anonymous", Kind::Clients, Wait::Block);
    assert!(!Figures::default().only_waited());
    assert_eq!(Figures::default().row(&case, 1), None);
    let mut idle = Figures::default();
    idle.add_served(TurnResult {
        counts: vec![0; 3],
        all: 0,
        played: TaskResult::in_time(Duration::from_micros(2)),
    });
    assert!(idle.only_waited());
}

/// A stream has the times of each message from when it was meant to be sent, and the rate of the middle round.
#[test]
fn a_stream_has_one_way_times_and_a_rate() {
    let mut figures = Figures::default();
    for by in [100, 300, 200] {
        let mut round = Figures::default();
        let one_way = Some(times(&[(by, 3), (1900, 1)]));
        round.add(4, 4, TaskResult { one_way, ..played(10 * by, times(&[]), by, by) });
        figures.add_round(Kind::Stream, round);
    }
    let case = Case { rate: Some(5_000_000), ..case("pipe", "anonymous", Kind::Stream, Wait::Block) };
    let row = figures.row(&case, 1).unwrap();
    let all = times(&[(100, 3), (300, 3), (200, 3), (1900, 3)]);
    let means = [100, 300, 200].map(|by| f64::from(3 * by + 1900) / 4.0);
    assert_eq!(row.one_way_ns, Latency::of(&all, interval(&means)));
    assert_eq!((row.rtt_ns, row.messages_per_s, row.batch), (None, None, None));
    // Four messages in 2 microseconds in the middle round; after 200 ns the next one was due.
    assert_eq!(row.pacing, Some(Pacing { achieved_per_s: 2_000_000.0, kept_up: false, late: 6 }));
    let rounds = row.rounds.unwrap();
    assert_eq!((rounds.values, rounds.p99), (vec![100.0, 300.0, 200.0], vec![1900.0; 3]));
}
