//! Tests of the figure by which `choose` ranks, and of its description: by exact values, without a process.

mod invented;

use std::time::Duration;

use invented::{NOISE, case, costs, different_costs, document, row, ten_thousand};
use ipc_bench::present::choose::enough::{has_clients, is_enough};
use ipc_bench::present::choose::purpose::{
    Answer as _, Burn, Common, Outlive, Partners, Priority, Purpose, Shape, Ways,
};
use ipc_bench::present::choose::{Choice, doubts, text};
use ipc_bench::results::case::{Case, Kind};
use ipc_bench::results::document::{Document, NotMeasured};
use ipc_bench::results::pacing::Pacing;
use ipc_bench::results::registry::SIX;
use ipc_bench::results::row::{Rounds, Row};
use ipc_core::{Clients, Wait};

const PURPOSE: Purpose = Purpose {
    partners: Partners::Any,
    common: Common::ALL,
    ways: Ways::TwoWay,
    shape: Shape::Message,
    size: 64,
    clients: 1,
    outlive: Outlive::No,
    rate_per_s: None,
    deadline: None,
    priority: Priority::Latency,
    burn_cores: Burn::No,
};

fn choice(purpose: Purpose, results: Vec<Row>) -> Choice {
    Choice::of(&purpose, &document(results), |_, _| None)
}

/// Returns the ranking, each variant with its figure.
fn ranking(choice: &Choice) -> Vec<(&'static str, u64)> {
    choice.ranking.iter().map(|one| (one.variant, one.figure.ns.round() as u64)).collect()
}

/// Returns the names of the ranking, each with its wait strategy.
fn order(choice: &Choice) -> Vec<(&'static str, &str)> {
    choice.ranking.iter().map(|one| (one.variant, &*one.wait)).collect()
}

fn reason(choice: &Choice, variant: &str) -> String {
    let one = choice.excluded.iter().find(|one| one.variant == variant);
    one.unwrap_or_else(|| panic!("{variant} is not excluded: {choice:#?}")).reason.clone()
}

fn because(choice: &Choice) -> &str {
    &choice.recommendation.as_ref().expect("something is recommended").because
}

fn figure_text<'a>(choice: &'a Choice, variant: &str) -> &'a str {
    &choice.ranking.iter().find(|one| one.variant == variant).expect("it is ranked").figure_text
}

/// Returns a row of round trips of `ns`; 99 of 100 take twice as long.
fn trips(mechanism: &str, variant: &'static str, wait: Wait, ns: f64) -> Row {
    let mut row = row(&case(mechanism, variant, Kind::RoundTrip, wait), ns, NOISE);
    let times = row.rtt_ns.as_mut().expect("it has times");
    (times.p99, times.mean) = ((2.0 * ns) as u64, ns);
    row
}

/// Returns a row of a stream with `ns` for each message.
fn stream(mechanism: &str, variant: &'static str, ns: f64) -> Row {
    row(&case(mechanism, variant, Kind::Throughput, Wait::Block), ns, NOISE)
}

/// Returns rows of round trips of sockets and of memory: the packets of a socket are the simplest, and the ring is the
/// fastest by the given factor.
fn sockets_and_ring(factor: f64) -> Vec<Row> {
    vec![
        trips("shm", "ring", Wait::Block, 1e4),
        trips("socket", "unix-seqpacket", Wait::Block, 1e4 * factor),
        trips("socket", "unix-stream", Wait::Block, 3e4),
    ]
}

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

/// Figures that cannot be told apart are equal: the simplest of them comes first, and the reason is said. The others
/// follow by their figures.
#[test]
fn equals_are_told_and_the_simplest_is_taken() {
    let equal = choice(PURPOSE, sockets_and_ring(1.03));
    assert_eq!(ranking(&equal).map_names(), ["unix-seqpacket", "ring", "unix-stream"]);
    assert_eq!(equal.ranking.iter().map(|one| one.equals_best).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(because(&equal), "2 of 3 are the fastest and cannot be told apart: take the simplest.");
    let second = equal.runner_up.as_ref().unwrap();
    assert_eq!(second.why_not, "as good, but more parts: a protocol in the memory and sleeping and waking");
    let apart = choice(PURPOSE, sockets_and_ring(1.3));
    assert_eq!(ranking(&apart).map_names(), ["ring", "unix-seqpacket", "unix-stream"]);
    assert_eq!(because(&apart), "It is the fastest of 3: the next one takes 1.30 times the time.");
    assert_eq!(apart.runner_up.as_ref().unwrap().why_not, "1.30 times as much");
    let simple = choice(Purpose { priority: Priority::Simplicity, ..PURPOSE }, sockets_and_ring(9.0));
    assert_eq!(ranking(&simple).map_names(), ["unix-seqpacket", "unix-stream", "ring"]);
    assert_eq!(because(&simple), "Nothing was said about speed. Of 3 that can do this, take the simplest.");
}

trait Names {
    fn map_names(&self) -> Vec<&'static str>;
}

impl Names for Vec<(&'static str, u64)> {
    fn map_names(&self) -> Vec<&'static str> {
        self.iter().map(|(name, _)| *name).collect()
    }
}

/// If what is needed is far below what was measured, the simplest is taken, and that is said.
#[test]
fn where_all_are_fast_enough_the_simplest_is_taken() {
    // 100,000, 50,000 and 33,333 round trips in a second.
    let needs =
        |rate, ms| Purpose { rate_per_s: rate, deadline: ms, priority: Priority::Simplicity, ..PURPOSE };
    let of = |rate, deadline| choice(needs(rate, deadline), sockets_and_ring(2.0));
    let all = of(Some(1000), None);
    assert_eq!(ranking(&all).map_names(), ["unix-seqpacket", "unix-stream", "ring"]);
    assert_eq!(
        because(&all),
        "All 3 that can do this are fast enough for 1,000 messages a second: take the simplest."
    );
    // 60,000 for a margin of 2 is more than two of them have.
    let some = of(Some(40_000), None);
    assert_eq!(ranking(&some).map_names(), ["ring", "unix-seqpacket"]);
    let expected = "1 of 3 that can do this are fast enough for 40,000 messages a second: take the simplest.";
    assert_eq!(because(&some), expected);
    let barely = "only just fast enough: 50,000 messages a second were measured at most";
    assert_eq!(some.runner_up.as_ref().unwrap().why_not, barely);
    assert_eq!(reason(&some, "unix-stream"), "too slow: 33,300 messages a second were measured at most");
    // 99 of 100 take 20, 40 and 60 µs.
    let within = |micros| Some(Duration::from_micros(micros));
    assert_eq!(ranking(&of(None, within(120))).map_names(), ["unix-seqpacket", "unix-stream", "ring"]);
    let tight = of(None, within(50));
    assert_eq!(ranking(&tight).map_names(), ["ring", "unix-seqpacket"]);
    assert_eq!(reason(&tight, "unix-stream"), "too slow: 99 of 100 took up to 60.0 µs");
    assert!(of(None, within(1)).recommendation.is_none(), "none is fast enough");
    let both = of(Some(1000), within(1000));
    let expected = "All 3 that can do this are fast enough for 1,000 messages a second and a p99 of 1.00 ms: take \
        the simplest.";
    assert_eq!(because(&both), expected);
}

/// Another priority is ranked among those that are fast enough.
#[test]
fn a_priority_counts_among_those_that_are_fast_enough() {
    let purpose = Purpose { rate_per_s: Some(1000), ..PURPOSE };
    let there = choice(purpose, sockets_and_ring(2.0));
    assert_eq!(ranking(&there).map_names(), ["ring", "unix-seqpacket", "unix-stream"]);
    let expected = "All 3 that can do this are fast enough for 1,000 messages a second. It is the fastest of 3: the next \
        one takes 2.00 times the time.";
    assert_eq!(because(&there), expected);
}

/// A stream's rate is held against throughput, and questions against round trips.
#[test]
fn a_rate_is_held_against_what_was_measured() {
    let rows = || vec![trips("fifo", "fifo", Wait::Block, 1e5), stream("fifo", "fifo", 1e3)];
    let enough = |ways, rate| {
        let purpose = Purpose { ways, rate_per_s: Some(rate), priority: Priority::Simplicity, ..PURPOSE };
        let choice = choice(purpose, rows());
        choice.ranking.first().map(|first| first.barely.is_none())
    };
    // 10,000 round trips, or a million messages.
    let two_way = [5_000, 9_000, 11_000].map(|rate| enough(Ways::TwoWay, rate));
    assert_eq!(two_way, [Some(true), Some(false), None]);
    let one_way = [500_000, 900_000, 1_100_000].map(|rate| enough(Ways::OneWay, rate));
    assert_eq!(one_way, [Some(true), Some(false), None]);
}

/// Rows at the rate itself count, if all variants were measured at it; one that fell behind is too slow, whatever was
/// measured of one message after the other.
#[test]
fn what_was_measured_at_the_rate_counts() {
    let needs = Purpose { rate_per_s: Some(20_000), priority: Priority::Simplicity, ..PURPOSE };
    for (ways, kind, each) in
        [(Ways::TwoWay, Kind::OpenLoop, "an answer"), (Ways::OneWay, Kind::Stream, "one way")]
    {
        let purpose = Purpose { ways, ..needs };
        let paced = |mechanism, variant| {
            let case = Case { rate: Some(20_000), ..case(mechanism, variant, kind, Wait::Block) };
            let kept_up = variant != "unix-stream";
            let pacing =
                Some(Pacing { achieved_per_s: if kept_up { 2e4 } else { 12_345.0 }, kept_up, late: 0 });
            let times = kept_up.then(|| ten_thousand(10));
            Row { pacing, rtt_ns: times.clone(), one_way_ns: times, ..row(&case, 5e4, NOISE) }
        };
        let ways = SIX.iter().flat_map(|member| member.variants().map(|one| (member.profile.name, one.name)));
        let mut rows: Vec<_> = ways.map(|(mechanism, variant)| paced(mechanism, variant)).collect();
        rows.extend([trips("fifo", "fifo", Wait::Block, 1e4), stream("fifo", "fifo", 1e4)]);
        let there = choice(purpose, rows.clone());
        let text = figure_text(&there, "fifo");
        assert!(text.starts_with('5') && text.ends_with(each), "{text}");
        assert_eq!(reason(&there, "unix-stream"), "too slow: it sent 12,300 messages a second");
        let expected =
            "10 of 11 that can do this are fast enough for 20,000 messages a second: take the simplest.";
        assert_eq!((because(&there), there.is_close), (expected, false));
        // One variant is missing.
        rows.remove(0);
        let without = choice(purpose, rows);
        assert_eq!(without.ranking.iter().map(|one| one.variant).collect::<Vec<_>>(), ["fifo"]);
        assert!(without.is_close, "100,000 were measured");
    }
    let far = Purpose { rate_per_s: Some(9_000), ..needs };
    assert!(!choice(far, vec![trips("fifo", "fifo", Wait::Block, 1e4)]).is_close);
}

/// What is too slow is told by the fastest way to wait that may be recommended.
#[test]
fn what_is_too_slow_is_told_at_its_best() {
    let rows = || {
        [(Wait::Block, 5e4), (Wait::Hybrid, 2e3), (Wait::Spin, 2e2)]
            .map(|(wait, ns)| trips("shm", "ring", wait, ns))
            .into()
    };
    let of = |rate, burn_cores| {
        let purpose =
            Purpose { rate_per_s: Some(rate), burn_cores, priority: Priority::Simplicity, ..PURPOSE };
        reason(&choice(purpose, rows()), "ring")
    };
    let too_slow = "too slow: 500,000 messages a second were measured at most";
    assert_eq!(of(600_000, Burn::No), too_slow);
    assert_eq!(of(10_000_000, Burn::Yes), too_slow.replace("500,000", "5,000,000"));
}

/// A longer message than those measured is not taken to be as fast as they are.
#[test]
fn figures_of_shorter_messages_are_scaled_for_speed() {
    let enough = |size, needs: Purpose| {
        let purpose = Purpose { size, priority: Priority::Simplicity, ..needs };
        let document = document(vec![trips("fifo", "fifo", Wait::Block, 1e4)]);
        !Choice::of(&purpose, &document, |_, _| Some(size)).ranking.is_empty()
    };
    // 100,000 round trips in a second, 99 of 100 in 20 µs.
    let rate = Purpose { rate_per_s: Some(20_000), ..PURPOSE };
    assert_eq!([64, 256, 512].map(|size| enough(size, rate)), [true, true, false]);
    let deadline = Purpose { deadline: Some(Duration::from_micros(100)), ..PURPOSE };
    assert_eq!([1, 256, 512].map(|size| enough(size, deadline)), [true, true, false]);
}

/// The times of all rounds count for a deadline: a median would hide the rounds that were disturbed.
#[test]
fn a_deadline_is_held_against_all_rounds() {
    let mut disturbed = trips("fifo", "fifo", Wait::Block, 1e4);
    disturbed.rounds.as_mut().expect("it has rounds").p99 = vec![1e4, 1e4, 1e4, 9e6, 9e6];
    disturbed.rtt_ns.as_mut().expect("it has times").p99 = 9_000_000;
    let purpose =
        Purpose { deadline: Some(Duration::from_millis(1)), priority: Priority::Simplicity, ..PURPOSE };
    assert_eq!(reason(&choice(purpose, vec![disturbed]), "fifo"), "too slow: 99 of 100 took up to 9.00 ms");
}

/// One client waits for each answer: a hundred of them reach another rate, and no core is burnt for each.
#[test]
fn many_clients_are_not_judged_by_one() {
    let purpose = Purpose { clients: 100, rate_per_s: Some(1_000_000), burn_cores: Burn::Yes, ..PURPOSE };
    let rows = [Wait::Block, Wait::Hybrid, Wait::Spin].map(|wait| trips("socket", "unix-stream", wait, 1e4));
    for priority in [Priority::Latency, Priority::Simplicity] {
        let there = choice(Purpose { priority, ..purpose }, rows.to_vec());
        assert_eq!(order(&there), [("unix-stream", "block")]);
        assert_eq!(because(&there), "Figures of one client say nothing about many: take the simplest.");
        let no = choice(Purpose { priority, burn_cores: Burn::No, ..purpose }, rows.to_vec());
        assert_eq!(no.notes.iter().filter(|note| note.contains("--burn-cores")).count(), 0);
    }
}

/// The simplest that is fast enough is recommended although another has a better figure, and that is said.
#[test]
fn a_better_figure_is_told() {
    let needs = Purpose { rate_per_s: Some(100), priority: Priority::Simplicity, ..PURPOSE };
    let rows = vec![
        trips("socket", "unix-seqpacket", Wait::Block, 5e4),
        trips("socket", "unix-stream", Wait::Block, 1e4),
    ];
    let second = choice(needs, rows).runner_up.expect("there are two");
    assert_eq!(second.why_not, "a better figure, but more parts: frames around messages");
}

/// Spinning is recommended only if two cores may be burnt, and there are two. Polling for a moment is recommended only
/// where messages come so fast that it helps.
#[test]
fn spinning_is_asked_for() {
    let rows = || {
        let [block, hybrid, spin] = [(Wait::Block, 5e4), (Wait::Hybrid, 2e3), (Wait::Spin, 2e2)]
            .map(|(wait, ns)| Row { cost: Some(costs(ns)), ..trips("shm", "ring", wait, ns) });
        vec![block, hybrid, spin]
    };
    let waits = |purpose| {
        let choice = choice(purpose, rows());
        choice.ranking.first().map(|first| first.wait.clone()).unwrap_or_default()
    };
    let burn = Purpose { burn_cores: Burn::Yes, ..PURPOSE };
    assert_eq!((waits(PURPOSE), waits(burn)), ("hybrid".into(), "spin".into()));
    let notes = choice(PURPOSE, rows()).notes;
    assert_eq!(
        notes,
        [
            "`hybrid` polls up to 100 µs, then sleeps: for rare messages as `block`",
            "with `--burn-cores`: shm (ring), spin, 200 ns ± 2 % a round trip",
        ]
    );
    let cpu = Purpose { priority: Priority::Cpu, ..burn };
    assert_eq!(waits(cpu), "block", "for messages that come alone");
    assert_eq!(waits(Purpose { rate_per_s: Some(10_000), ..cpu }), "hybrid", "100 µs apart");
    assert_eq!(waits(Purpose { rate_per_s: Some(9_000), ..PURPOSE }), "block", "further apart");
    let simple = Purpose { priority: Priority::Simplicity, ..burn };
    assert_eq!(waits(simple), "block");
    let deadline = |micros| Some(Duration::from_micros(micros));
    assert_eq!(waits(Purpose { deadline: deadline(10), ..simple }), "hybrid", "99 of 100 in 4 µs");
    assert_eq!(waits(Purpose { deadline: deadline(1), ..simple }), "spin");
    let none = choice(Purpose { deadline: deadline(1), burn_cores: Burn::No, ..simple }, rows());
    assert_eq!(none.notes, ["with `--burn-cores`: shm (ring), spin, p99 400 ns a round trip"]);
    let fast = choice(Purpose { rate_per_s: Some(10_000), ..PURPOSE }, rows());
    let busy = "`hybrid` polls up to 100 µs: at this rate it hardly sleeps and keeps two cores busy";
    assert_eq!(fast.notes[0], busy);
    let too_long = Choice::of(&Purpose { size: 1 << 20, ..PURPOSE }, &document(rows()), |_, _| Some(64));
    assert!(!too_long.notes.concat().contains("--burn-cores"), "{:?}", too_long.notes);
    // On one core the peer cannot run while this side polls.
    let on_one = rows().into_iter().map(|row| Row { pong_cpu: 0, cpus: "same".into(), ..row }).collect();
    let on_one = choice(burn, on_one);
    assert_eq!(order(&on_one), [("ring", "hybrid")]);
    assert!(on_one.notes.contains(&"on one core nothing spins: the peer could not run meanwhile".into()));
}

/// A way to wait that burns more must gain something.
#[test]
fn polling_must_gain_something() {
    let rows =
        |hybrid| vec![trips("shm", "ring", Wait::Block, 1e4), trips("shm", "ring", Wait::Hybrid, hybrid)];
    assert_eq!(order(&choice(PURPOSE, rows(9.7e3))), [("ring", "block")]);
    assert_eq!(order(&choice(PURPOSE, rows(9e3))), [("ring", "hybrid")]);
}

/// The nearest size is that of the smallest factor: 600 bytes are nearer to 4096 than to 64.
#[test]
fn the_nearest_size_is_that_of_the_smallest_factor() {
    let of = |size| Row { size, ..row(&case("fifo", "fifo", Kind::RoundTrip, Wait::Block), 1e4, NOISE) };
    for (wanted, measured) in [(64, 64), (500, 64), (600, 4096), (1 << 20, 4096), (1, 64)] {
        let document = document(vec![of(4096), of(64)]);
        let choice = Choice::of(&Purpose { size: wanted, ..PURPOSE }, &document, |_, _| Some(wanted));
        assert_eq!(choice.measured_size, measured, "{wanted}");
        let note = choice.notes.iter().any(|note| note.starts_with("no messages of "));
        assert_eq!(note, wanted != measured, "{:?}", choice.notes);
    }
}

/// What is longer than a link carries is sent in pieces, and takes as many times as long; not in more than 64.
#[test]
fn a_long_message_is_sent_in_pieces() {
    let simple = |document: &Document| {
        let needs =
            Purpose { size: 6 << 20, rate_per_s: Some(500), priority: Priority::Simplicity, ..PURPOSE };
        Choice::of(&needs, document, |_, _| None)
    };
    let of = |mechanism, variant, size, ns| Row { size, ..trips(mechanism, variant, Wait::Block, ns) };
    let rows = vec![
        of("shm", "ring", 1 << 20, 1e5),
        of("socket", "unix-stream", 6 << 20, 9e5),
        of("msgq", "sysv", 8192, 1e4),
    ];
    let mut document = document(rows);
    for (mechanism, variant) in [("shm", "ring"), ("msgq", "sysv")] {
        let case = Case { size: 6 << 20, ..case(mechanism, variant, Kind::RoundTrip, Wait::Block) };
        document.skipped.push(NotMeasured::new(&case, "too long".into()));
    }
    let choose = |document: &Document, shape| {
        Choice::of(&Purpose { size: 6 << 20, shape, ..PURPOSE }, document, |_, _| None)
    };
    let socket = simple(&document);
    assert_eq!(socket.notes, ["socket copies each message; in shm it can be used in place"]);
    assert!(!socket.is_close, "pieces are not sent at fixed times");
    let there = choose(&document, Shape::Message);
    assert_eq!(ranking(&there), [("ring", 599_400), ("unix-stream", 899_100)]);
    assert_eq!(there.ranking[0].work, ["cutting each message into 6 pieces"]);
    assert_eq!(there.ranking[0].beside.last().unwrap(), "in 6 pieces");
    assert_eq!(reason(&there, "sysv"), "too long");
    assert_eq!(choose(&document, Shape::Stream).ranking[0].work, [""; 0], "a stream has no messages");
    document.skipped.clear();
    assert_eq!(reason(&choose(&document, Shape::Message), "ring"), "it was not measured");
}

/// Two processes on two CPUs are the default; if that was not measured, another placement is used. A case skipped in
/// another placement is no reason here.
#[test]
fn figures_are_of_one_placement() {
    let of = |cpus: &str, ns| Row {
        cpus: cpus.into(),
        ..row(&case("fifo", "fifo", Kind::RoundTrip, Wait::Block), ns, NOISE)
    };
    let of_floor = Row { implementation: "floor".into(), ..of("split", 1.0) };
    let mut document = document(vec![of("same", 1e3), of("split", 5e4), of_floor]);
    let skip = |cpus: &str| NotMeasured {
        cpus: cpus.into(),
        ..NotMeasured::new(&case("msgq", "sysv", Kind::RoundTrip, Wait::Block), format!("no room on {cpus}"))
    };
    document.skipped = vec![skip("same")];
    let choose = |document: &Document| Choice::of(&PURPOSE, document, |_, _| None);
    let both = choose(&document);
    assert_eq!((both.cpus.as_str(), ranking(&both)), ("split", vec![("fifo", 49_950)]));
    assert_eq!(reason(&both, "sysv"), "it was not measured");
    document.skipped.push(skip("split"));
    assert_eq!(reason(&choose(&document), "sysv"), "no room on split");
    document.results.remove(1);
    document.results.remove(1);
    let same = choose(&document);
    assert_eq!((same.cpus.as_str(), ranking(&same)), ("same", vec![("fifo", 999)]));
}

/// The reasons to doubt the figures are warnings.
#[test]
fn doubts_are_told() {
    let wild = [0.5, 1.5, 0.6, 1.4, 0.7, 1.3, 0.8, 1.2];
    let of = |noise| row(&case("fifo", "fifo", Kind::RoundTrip, Wait::Block), 1e4, noise);
    let warnings = |noise: &[[f64; 8]], change: fn(&mut Document)| {
        let mut document = document(noise.iter().map(|noise| of(*noise)).collect());
        change(&mut document);
        Choice::of(&PURPOSE, &document, |_, _| None).warnings
    };
    assert_eq!(warnings(&[NOISE; 4], |_| ()), [""; 0]);
    assert_eq!(warnings(&[wild, NOISE, NOISE, NOISE], |_| ()), [""; 0], "a quarter");
    let busy = "the machine was busy (1 of 3 rows unstable): see `ipc-bench doctor`";
    assert_eq!(warnings(&[wild, NOISE, NOISE], |_| ()), [busy]);
    let debug = "the figures are of a debug build: not for decisions";
    assert_eq!(warnings(&[NOISE], |document| document.environment.debug_build = true), [debug]);
    let early = "the run was ended early: it has fewer rounds, or rows are missing";
    assert_eq!(warnings(&[NOISE], |document| document.complete = false), [early]);
    let disturb = |document: &mut Document| {
        document.disturbances = Some(vec!["other load: 43 %".into(), "governor powersave".into()]);
    };
    let disturbed = "the machine was disturbed: other load: 43 %; governor powersave";
    assert_eq!(warnings(&[NOISE], disturb), [disturbed]);
    assert_eq!(warnings(&[NOISE], |document| document.disturbances = Some(Vec::new())), [""; 0]);
    let unsure = "not all rows were measured in rounds: how reliable they are is not known";
    assert_eq!(warnings(&[NOISE], |document| document.results[0].rounds = None), [unsure]);
    let one = choice(PURPOSE, vec![of(wild)]);
    assert_eq!(one.ranking[0].beside, ["p99 15.0 µs", "unstable"]);
}

/// Figures of another machine, or of long ago, are doubtful here and now.
#[test]
fn other_machines_and_old_figures_are_told() {
    let document = document(Vec::new()); // of 2026-01-02, with a kernel 6.1
    let mut here = document.environment.clone();
    let then = humantime::parse_rfc3339(&here.timestamp).unwrap();
    let days = |days: u64| then + Duration::from_secs(days * 24 * 60 * 60 + 1);
    let doubts = |here: &_, days_later| doubts::of_elsewhere(&document, here, days(days_later));
    assert_eq!(doubts(&here, 29), [""; 0]);
    assert_eq!(doubts(&here, 30), ["the figures are 30 days old"]);
    here.kernel = Some("Linux 6.9".into());
    let other = "measured on another machine or build: kernel: Linux 6.1, then Linux 6.9";
    assert_eq!(doubts(&here, 0), [other]);
    assert_eq!(
        doubts::of_elsewhere(&document, &here, then - Duration::from_secs(60)),
        [other],
        "a clock was set"
    );
}

/// For many clients the nearest number counts, and is named.
#[test]
fn figures_of_other_clients_are_told() {
    let of = |clients, ns| {
        let case = Case { clients, ..case("msgq", "sysv", Kind::Clients, Wait::Block) };
        Row { rtt_ns: Some(ten_thousand(ns)), ..row(&case, 1e4, NOISE) }
    };
    for (wanted, ns, note) in [
        (10, 100_031, None),
        (20, 100_031, Some("the figures are of 10 clients")),
        (900, 200_063, Some("the figures are of 1,000 clients")),
    ] {
        let choice =
            choice(Purpose { clients: wanted, ..PURPOSE }, vec![of(1, 10), of(10, 20), of(1000, 40)]);
        assert_eq!(ranking(&choice), [("sysv", ns)]);
        assert_eq!(figure_text(&choice, "sysv"), format!("{} µs ± 2 % an answer", ns / 1000));
        assert_eq!(choice.notes, note.into_iter().collect::<Vec<_>>());
    }
}

/// What the crates have is not to be written: a server of many clients only where a crate has one.
#[test]
fn what_a_crate_has_is_not_to_be_written() {
    let of = |mechanism, variant| {
        let case = Case { clients: 100, ..case(mechanism, variant, Kind::Clients, Wait::Block) };
        Row { rtt_ns: Some(ten_thousand(10)), ..row(&case, 1e4, NOISE) }
    };
    let purpose = Purpose { clients: 100, priority: Priority::Simplicity, ..PURPOSE };
    let many = choice(purpose, vec![of("msgq", "sysv"), of("socket", "unix-seqpacket")]);
    let queue = many.recommendation.as_ref().unwrap();
    assert_eq!(
        (queue.candidate.variant, &*queue.candidate.work),
        ("sysv", &["removal after a crash".into()][..])
    );
    let provided = ["a second channel", "a way to tell the clients apart"];
    assert_eq!(queue.candidate.provided, provided);
    assert!(queue.lines.code.as_ref().unwrap().contains("ipc_msgq::server::Server::start"));
    let fast = choice(
        Purpose { clients: 100, ..PURPOSE },
        vec![of("msgq", "sysv"), {
            let mut packets = of("socket", "unix-seqpacket");
            packets.rtt_ns = Some(ten_thousand(1));
            packets
        }],
    );
    assert_eq!(fast.recommendation.as_ref().unwrap().candidate.variant, "unix-seqpacket");
    assert_eq!(fast.notes, ["for msgq (sysv), the server is written: `ipc_msgq::server::Server`"]);
    let socket = many.runner_up.as_ref().unwrap();
    assert_eq!(socket.candidate.work, ["a connection for each client", "removal after a crash"]);
    assert_eq!(socket.why_not, "as good, but more to write: a connection for each client");
    // Between two processes the crates have it all.
    let pair = choice(PURPOSE, sockets_and_ring(2.0));
    assert!(pair.ranking.iter().all(|one| one.work.is_empty()), "{pair:#?}");
    let provided = ["a protocol in the memory", "sleeping and waking", "removal after a crash"];
    assert_eq!(pair.ranking[0].provided, provided);
}

/// What is shown by default fits a terminal of 80 columns and 24 lines, with what is printed before and the next prompt;
/// only a path of a dependency may be longer than a line.
#[test]
fn the_recommendation_fits_a_terminal() {
    let everything = || {
        let ways = SIX.iter().flat_map(|member| member.variants().map(|one| (member.profile.name, one.name)));
        let of_wait = |(mechanism, variant)| {
            let waits = [(Wait::Block, 5e4), (Wait::Hybrid, 2e3), (Wait::Spin, 2e2)];
            waits.map(|(wait, ns)| trips(mechanism, variant, wait, ns))
        };
        ways.flat_map(of_wait).collect()
    };
    for (partners, ..) in Partners::ALL {
        for (priority, ..) in Priority::ALL {
            for (burn_cores, ..) in Burn::ALL {
                let purpose =
                    Purpose { partners: *partners, priority: *priority, burn_cores: *burn_cores, ..PURPOSE };
                let mut choice = choice(purpose, everything());
                choice.warnings =
                    vec!["the machine was disturbed: other load: 43.1 % of the CPUs during 500 ms".into()];
                let text = text::text(&choice, false, Some(80));
                assert!(text.lines().count() <= 22, "{}\n{text}", text.lines().count());
                let code = text.lines().filter(|line| !line.contains("{ path = "));
                assert!(code.map(|line| line.chars().count()).max() <= Some(80), "{text}");
            }
        }
    }
}

/// The longest message is asked for only where no figure shows it; the longest itself is not too long.
#[test]
fn the_longest_message_is_not_too_long() {
    let rows = || vec![row(&case("fifo", "fifo", Kind::RoundTrip, Wait::Block), 1e4, NOISE)];
    let excluded = |size, max| {
        let choice = Choice::of(&Purpose { size, ..PURPOSE }, &document(rows()), |_, _| Some(max));
        choice.ranking.is_empty().then(|| reason(&choice, "fifo"))
    };
    assert_eq!((excluded(100, 100), excluded(64, 10)), (None, None), "messages of 64 bytes were measured");
    let reason = "message of 101 bytes is too large: this link carries at most 100 bytes";
    assert_eq!(excluded(101, 100).as_deref(), Some(reason));
}

/// Returns each variant of each mechanism, in both kinds, with two wait strategies, measured for eight rounds of a
/// thousand messages of `median` nanoseconds.
fn everything(median: f64) -> Document {
    let mut rows = Vec::new();
    for member in SIX.iter() {
        for variant in member.variants() {
            for kind in Kind::USUAL {
                for wait in [Wait::Block, Wait::Spin] {
                    let row = Row::empty(&case(member.profile.name, variant.name, kind, wait));
                    rows.push(Row { rounds: Some(Rounds::of(1000, &[median; 8])), ..row });
                }
            }
        }
    }
    document(rows)
}

/// Half a millisecond behind each figure is enough, and less is not.
#[test]
fn enough_was_measured_of_everything() {
    assert!(is_enough(&everything(62.5), &PURPOSE) && !is_enough(&everything(62.4), &PURPOSE));
    assert!(!is_enough(&everything(1e3), &Purpose { size: 128, ..PURPOSE }), "no such size");
    let without = |is_gone: fn(&Row) -> bool| {
        let mut document = everything(1e3);
        document.results.retain(|row| !is_gone(row));
        document
    };
    assert!(!is_enough(&without(|row| row.variant == "tcp"), &PURPOSE));
    assert!(
        !is_enough(&without(|row| row.variant == "tcp" && row.wait == "spin"), &PURPOSE),
        "one way to wait"
    );
    let burn = Purpose { burn_cores: Burn::Yes, ..PURPOSE };
    let without_spin = |is_it: fn(&Row) -> bool| {
        let mut document = everything(1e3);
        let rows = document.results.iter_mut().filter(|row| row.wait == "spin" && is_it(row));
        rows.for_each(|row| row.wait = "hybrid".into());
        document
    };
    let [trips, streams, all]: [fn(&Row) -> bool; 3] =
        [|row| row.kind == Kind::RoundTrip, |row| row.kind == Kind::Throughput, |_| true];
    assert!(is_enough(&without_spin(all), &PURPOSE));
    assert!(is_enough(&without_spin(streams), &burn), "round trips are compared");
    assert!(!is_enough(&without_spin(trips), &burn), "no spinning, where it may be recommended");
    let mut twice = without(|row| row.wait == "spin");
    let elsewhere = twice.results.clone().into_iter().map(|row| Row { cpus: "same".into(), ..row });
    twice.results.extend(elsewhere);
    assert!(!is_enough(&twice, &PURPOSE), "one way to wait, in two places");
    let mut tried = without(|row| row.variant == "tcp" && row.kind == Kind::Throughput);
    assert!(!is_enough(&tried, &PURPOSE));
    let failed = |kind, size| {
        NotMeasured::new(&Case { size, ..case("socket", "tcp", kind, Wait::Block) }, "no".into())
    };
    tried.failed = vec![failed(Kind::Throughput, 65), failed(Kind::RoundTrip, 64)];
    assert!(!is_enough(&tried, &PURPOSE), "something else was tried");
    tried.failed.push(failed(Kind::Throughput, 64));
    assert!(is_enough(&tried, &PURPOSE));
}

#[test]
fn so_many_clients_were_measured() {
    let mut rows = Vec::new();
    for member in SIX.iter() {
        for variant in member.variants().filter(|variant| variant.clients == Clients::Many) {
            let case =
                Case { clients: 10, ..case(member.profile.name, variant.name, Kind::Clients, Wait::Block) };
            rows.push(Row::empty(&case));
        }
    }
    let mut document = document(rows);
    assert!(has_clients(&document, 64, 10));
    assert!(!has_clients(&document, 64, 11) && !has_clients(&document, 65, 10));
    document.results.pop();
    assert!(!has_clients(&document, 64, 10));
}
