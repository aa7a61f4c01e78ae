//! The figure by which a variant is ranked, its interval, and its words: by exact values.

use ipc_bench::present::choose::purpose::{Priority, Purpose, Ways};
use ipc_bench::results::case::Kind;
use ipc_bench::results::row::{Rounds, Row};
use ipc_core::Wait;

use crate::invented::{NOISE, case, different_costs, row, ten_thousand};
use crate::purposes::{PURPOSE, because, choice, figure_text, ranking, sockets_and_ring, stream, trips};

/// The median of the rounds, and how far its interval reaches: [`NOISE`] scatters by 1.8 % to each side.
#[test]
fn the_figure_is_the_median_of_the_rounds() {
    let choice = choice(PURPOSE, vec![trips("fifo", "fifo", Wait::Block, 1e4)]);
    let one = &choice.ranking[0];
    assert_eq!(ranking(&choice), [("fifo", 9990)], "between 9950 and 10030");
    assert_eq!(one.figure.interval_ns, Some([9820.0, 10180.0]));
    assert_eq!(one.figure_text, "9.99 µs ± 2 % a round trip");
}

/// A FIFO takes 50 µs for the round trip, and 40 for one way; a socket takes 100, and 10 for one way.
fn two() -> Vec<Row> {
    let of = |mechanism, variant, rtt, one_way| Row {
        rtt_ns: Some(ten_thousand(rtt)),
        one_way_ns: Some(ten_thousand(one_way)),
        rounds: None,
        ..row(&case(mechanism, variant, Kind::RoundTrip, Wait::Block), 1.0, NOISE)
    };
    vec![of("fifo", "fifo", 10, 8), of("socket", "unix-stream", 20, 2)]
}

#[test]
fn one_way_needs_are_ranked_by_one_way_times() {
    let one_way = Purpose { ways: Ways::OneWay, ..PURPOSE };
    assert_eq!(ranking(&choice(PURPOSE, two())), [("fifo", 50_015), ("unix-stream", 100_031)]);
    let there = choice(one_way, two());
    assert_eq!(ranking(&there), [("unix-stream", 10_007), ("fifo", 40_031)]);
    assert_eq!(figure_text(&there, "unix-stream"), "10.0 µs one way");
    assert_eq!(there.ranking[0].beside, ["p99 19.8 µs"]);
    // If one row has no one-way time, that of another must not be compared with its round trip.
    let mut rows = two();
    rows[1].one_way_ns = None;
    let there = choice(one_way, rows);
    assert_eq!(ranking(&there), [("fifo", 50_015), ("unix-stream", 100_031)]);
    assert_eq!(figure_text(&there, "fifo"), "50.0 µs a round trip");
}

/// One-way times, 99th percentiles and CPU time have rounds of their own.
#[test]
fn each_figure_has_its_own_rounds() {
    let with_rounds = |mut row: Row, change: fn(&mut Rounds)| {
        change(row.rounds.as_mut().expect("it has rounds"));
        row.one_way_ns = Some(ten_thousand(1));
        row.cost = Some(different_costs());
        row
    };
    let fifo = |change| with_rounds(trips("fifo", "fifo", Wait::Block, 1e4), change);
    let of = |priority, ways, change: fn(&mut Rounds)| {
        choice(Purpose { priority, ways, ..PURPOSE }, vec![fifo(change)]).ranking[0].figure
    };
    let expected = (3e3, Some([1e3, 5e3]));
    let p99 = of(Priority::P99, Ways::TwoWay, |rounds| rounds.p99 = vec![1e3, 5e3, 2e3, 3e3, 3e3, 4e3]);
    let cpu = of(Priority::Cpu, Ways::TwoWay, |rounds| rounds.cpu = vec![1e3, 5e3, 2e3, 3e3, 3e3, 4e3]);
    let one_way =
        of(Priority::Latency, Ways::OneWay, |rounds| rounds.one_way = vec![1e3, 5e3, 2e3, 3e3, 3e3, 4e3]);
    assert_eq!([p99, cpu, one_way].map(|one| (one.ns, one.interval_ns)), [expected; 3]);
    // Of the 99th percentile one way, the rounds only show by which factors it changes: its own value is 9,903.
    let p99 = of(Priority::P99, Ways::OneWay, |rounds| rounds.p99 = vec![1e3, 5e3, 2e3, 3e3, 3e3, 4e3]);
    assert_eq!((p99.ns, p99.interval_ns), (9903.0, Some([3301.0, 16505.0])));
}

/// The CPU time of both sides counts: 1.1 and 1.2 microseconds of one, 2.2 and 2.4 of the other. One way, it is that of
/// a stream.
#[test]
fn cpu_time_is_that_of_both_sides() {
    let of = |kind, factor: f64| {
        let mut costs = different_costs();
        for side in [&mut costs.ping, &mut costs.pong] {
            (side.user_ns, side.system_ns) = (side.user_ns * factor, side.system_ns * factor);
        }
        Row { cost: Some(costs), ..row(&case("fifo", "fifo", kind, Wait::Block), 1e4, NOISE) }
    };
    let rows = || vec![of(Kind::RoundTrip, 1.0), of(Kind::Throughput, 0.1)];
    for (ways, ns, said) in [
        (Ways::TwoWay, 6900, "6.90 µs CPU time a round trip"),
        (Ways::OneWay, 690, "690 ns CPU time a message"),
    ] {
        let choice = choice(Purpose { ways, priority: Priority::Cpu, ..PURPOSE }, rows());
        assert_eq!(ranking(&choice), [("fifo", ns)]);
        assert_eq!(figure_text(&choice, "fifo"), said);
    }
}

#[test]
fn throughput_is_ranked_by_messages() {
    let rows = vec![stream("fifo", "fifo", 500.0), stream("socket", "unix-stream", 250.0)];
    let choice = choice(Purpose { priority: Priority::Throughput, ..PURPOSE }, rows);
    assert_eq!(ranking(&choice), [("unix-stream", 250), ("fifo", 500)]);
    assert_eq!(figure_text(&choice, "unix-stream"), "256 MB/s ± 2 % (4,000,000 messages/s)");
    assert_eq!(
        because(&choice),
        "It has the highest throughput of 2: the next one takes 2.00 times the time."
    );
}

/// The 99th percentile may rank in another order than the median.
#[test]
fn p99_is_ranked_by_p99() {
    let mut rows = sockets_and_ring(1.5);
    rows[0].rtt_ns.as_mut().unwrap().p99 = 9_000_000;
    rows[0].rounds.as_mut().unwrap().p99 = vec![9e6; 8];
    for row in &mut rows[1..] {
        let p99 = row.rtt_ns.as_ref().unwrap().p99 as f64;
        row.rounds.as_mut().unwrap().p99 = vec![p99; 8];
    }
    let there = choice(Purpose { priority: Priority::P99, ..PURPOSE }, rows);
    let expected = [("unix-seqpacket", 30_000), ("unix-stream", 60_000), ("ring", 9_000_000)];
    assert_eq!(ranking(&there), expected);
    assert_eq!(figure_text(&there, "ring"), "p99 9.00 ms ± 0 % a round trip");
}
