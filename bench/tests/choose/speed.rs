//! What is fast enough, and what is too slow.

use std::time::Duration;

use ipc_bench::present::choose::Choice;
use ipc_bench::present::choose::purpose::{Burn, Priority, Purpose, Ways};
use ipc_bench::results::case::{Case, Kind};
use ipc_bench::results::pacing::Pacing;
use ipc_bench::results::registry;
use ipc_bench::results::row::Row;
use ipc_core::Wait;

use crate::invented::{NOISE, case, document, row, ten_thousand};
use crate::purposes::{
    PURPOSE, because, choice, figure_text, order, reason, sockets_and_ring, stream, trips, variants,
};

/// If what is needed is far below what was measured, the simplest is taken, and that is said.
#[test]
fn where_all_are_fast_enough_the_simplest_is_taken() {
    // 100,000, 50,000 and 33,333 round trips in a second.
    let needs =
        |rate, ms| Purpose { rate_per_s: rate, deadline: ms, priority: Priority::Simplicity, ..PURPOSE };
    let of = |rate, deadline| choice(needs(rate, deadline), sockets_and_ring(2.0));
    let all = of(Some(1000), None);
    assert_eq!(variants(&all), ["unix-seqpacket", "unix-stream", "ring"]);
    assert_eq!(
        because(&all),
        "All 3 that can do this are fast enough for 1,000 messages a second: take the simplest."
    );
    // 60,000 for a margin of 2 is more than two of them have.
    let some = of(Some(40_000), None);
    assert_eq!(variants(&some), ["ring", "unix-seqpacket"]);
    let expected = "1 of 3 that can do this are fast enough for 40,000 messages a second: take the simplest.";
    assert_eq!(because(&some), expected);
    let barely = "only just fast enough: 50,000 messages a second were measured at most";
    assert_eq!(some.runner_up.as_ref().unwrap().why_not, barely);
    assert_eq!(reason(&some, "unix-stream"), "too slow: 33,300 messages a second were measured at most");
    // 99 of 100 take 20, 40 and 60 µs.
    let within = |micros| Some(Duration::from_micros(micros));
    assert_eq!(variants(&of(None, within(120))), ["unix-seqpacket", "unix-stream", "ring"]);
    let tight = of(None, within(50));
    assert_eq!(variants(&tight), ["ring", "unix-seqpacket"]);
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
    assert_eq!(variants(&there), ["ring", "unix-seqpacket", "unix-stream"]);
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
        let ways = registry::all().map(|(member, variant)| (member.profile.name, variant.name));
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
        assert_eq!(variants(&without), ["fifo"]);
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
