//! The lessons of a wait, without a clock: the tests report waits instead of waiting.

use proptest::prelude::*;

use super::*;

const fn micros(n: u64) -> Duration {
    Duration::from_micros(n)
}

/// Returns a budget that has failed until it gave polling up.
fn discouraged() -> SpinBudget {
    let mut budget = SpinBudget::new(true);
    (0..MISSES).for_each(|_| budget.missed());
    assert_eq!(budget.time(), Duration::ZERO);
    budget
}

/// Returns the number of short sleeps of `long` until it polls again.
fn sleeps_until_it_polls(budget: &mut SpinBudget, long: Duration) -> u32 {
    for sleeps in 0..=LAST_PROBE {
        if !budget.time().is_zero() {
            return sleeps;
        }
        budget.slept(long);
    }
    panic!("it never polls again");
}

#[test]
fn a_quick_peer_is_polled_for_and_the_poll_becomes_shorter() {
    let mut budget = SpinBudget::new(true);
    let mut before = budget.time();
    for _ in 0..100 {
        budget.found(micros(1));
        assert!((SHORTEST_TIME..=before).contains(&budget.time()));
        before = budget.time();
    }
    assert_eq!(before, SHORTEST_TIME);
}

#[test]
fn a_slower_peer_is_polled_for_longer() {
    let mut budget = SpinBudget::new(true);
    budget.found(micros(20));
    assert_eq!(budget.time(), micros(80));
    budget.found(micros(60));
    assert_eq!(budget.time(), POLL_LIMIT);
}

#[test]
fn a_pause_now_and_then_does_not_end_the_polling() {
    let mut budget = SpinBudget::new(true);
    for _ in 0..1000 {
        (1..MISSES).for_each(|_| budget.missed());
        assert!(!budget.time().is_zero());
        budget.found(micros(2));
    }
}

#[test]
fn a_slow_peer_is_not_polled_for_however_long_it_stays_slow() {
    let mut budget = discouraged();
    for _ in 0..100_000 {
        budget.slept(micros(1000));
        assert_eq!(budget.time(), Duration::ZERO);
    }
}

#[test]
fn a_peer_that_becomes_quick_again_is_soon_polled_for_again() {
    let mut budget = discouraged();
    (0..100_000).for_each(|_| budget.slept(micros(1000)));
    assert_eq!(sleeps_until_it_polls(&mut budget, micros(40)), FIRST_PROBE);
    assert_eq!(budget.time(), micros(80));
    budget.found(micros(2));
    budget.missed();
    assert!(!budget.time().is_zero(), "it trusts in polling again");
}

#[test]
fn a_chance_in_vain_is_the_last_for_twice_as_long() {
    let mut budget = discouraged();
    for sleeps in [8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024] {
        assert_eq!(sleeps_until_it_polls(&mut budget, micros(6)), sleeps);
        assert_eq!(budget.time(), micros(12)); // twice this sleep, not twice the longest one
        budget.missed();
        assert_eq!(budget.time(), Duration::ZERO);
    }
}

#[test]
fn a_message_that_was_there_already_is_no_short_sleep() {
    let mut budget = discouraged();
    for _ in 0..100_000 {
        budget.slept(Duration::from_nanos(500));
        assert_eq!(budget.time(), Duration::ZERO);
    }
}

/// The peer, or another process, had the core meanwhile: polling did not cause that success.
#[test]
fn what_is_found_too_late_was_polled_for_in_vain() {
    let mut budget = SpinBudget::new(true);
    (0..MISSES).for_each(|_| budget.found(POLL_LIMIT + micros(1)));
    assert_eq!(budget.time(), Duration::ZERO);
}

#[test]
fn with_a_single_cpu_it_never_polls() {
    let mut budget = SpinBudget::new(false);
    for _ in 0..10_000 {
        assert_eq!(budget.time(), Duration::ZERO);
        budget.slept(micros(6));
    }
}

#[test]
fn a_list_of_cpus_is_counted() {
    for (online, several) in [("0\n", false), ("7\n", false), ("0-1\n", true), ("0,2\n", true), ("", true)] {
        assert_eq!(is_several(online), several, "{online:?}");
    }
}

proptest! {
    /// Whatever happens, a poll is limited, and is not too short to be worthwhile.
    #[test]
    fn no_poll_is_ever_longer_than_its_bound(waits in prop::collection::vec((0..3, 0..1_000_000_u64), 0..5000)) {
        let mut budget = SpinBudget::new(true);
        for (kind, nanos) in waits {
            let took = Duration::from_nanos(nanos);
            match kind {
                _ if budget.time().is_zero() => budget.slept(took),
                0 => budget.missed(),
                _ => budget.found(took),
            }
            let time = budget.time();
            prop_assert!(time.is_zero() || (SHORTEST_TIME..=POLL_LIMIT).contains(&time), "{time:?}");
        }
    }
}

/// A simulation of two processes that send a message back and forth; its time is only calculated.
#[derive(Clone, Copy)]
struct World {
    /// True if they can run at the same time.
    split: bool,
    /// The time from the wake-up of a process until it runs.
    wake: Duration,
    /// The time that a side works before it answers.
    think: Duration,
}

/// Simulates `rounds` round trips and returns the mean of their times.
fn play(world: World, sides: &mut [SpinBudget; 2], rounds: u32) -> Duration {
    let mut now = Duration::ZERO;
    let mut since = [now; 2];
    for turn in 0..2 * rounds as usize {
        let (sender, receiver) = (turn % 2, 1 - turn % 2);
        now += world.think;
        let sent = now;
        since[sender] = sent;
        if !world.split {
            now += sides[sender].time(); // the receiver gets the core when the sender's polling has failed
        }
        let budget = &mut sides[receiver];
        let time = budget.time();
        let waited = sent.saturating_sub(since[receiver]);
        if world.split && !time.is_zero() && waited <= time {
            budget.found(waited);
            continue;
        }
        now += world.wake;
        if time.is_zero() { budget.slept(now.saturating_sub(since[receiver])) } else { budget.missed() }
    }
    now / rounds
}

const fn newcomers() -> [SpinBudget; 2] {
    [SpinBudget::new(true), SpinBudget::new(true)]
}

#[test]
fn two_sides_on_two_cores_poll_however_long_a_wake_up_takes() {
    for wake in [5, 20, 40, 60, 80, 95, 1000] {
        let world = World { split: true, wake: micros(wake), think: micros(1) };
        assert_eq!(play(world, &mut newcomers(), 1000), 2 * world.think);
    }
}

#[test]
fn two_sides_on_one_core_stop_polling_and_lose_next_to_nothing() {
    let world = World { split: false, wake: micros(2), think: micros(1) };
    let mut sides = newcomers();
    let asleep = 2 * (world.wake + world.think);
    assert!(play(world, &mut sides, 10_000) < asleep * 11 / 10);
    assert!(play(world, &mut sides, 10_000) < asleep * 102 / 100);
}

#[test]
fn two_sides_that_move_from_one_core_to_two_learn_to_poll() {
    for wake in [5, 20, 40, 60, 80, 95] {
        let mut sides = newcomers();
        play(World { split: false, wake: micros(2), think: micros(1) }, &mut sides, 10_000);
        let world = World { split: true, wake: micros(wake), think: micros(1) };
        play(world, &mut sides, 2 * LAST_PROBE);
        assert_eq!(play(world, &mut sides, 1000), 2 * world.think, "wake-ups of {wake} µs");
    }
}

#[test]
fn two_sides_of_which_one_becomes_slow_sleep_and_recover() {
    let quick = World { split: true, wake: micros(30), think: micros(1) };
    let slow = World { think: micros(1000), ..quick };
    let mut sides = newcomers();
    for _ in 0..10 {
        assert!(play(slow, &mut sides, 100) <= 2 * (slow.wake + slow.think));
        assert!(sides.iter().all(|side| side.time().is_zero()));
        play(quick, &mut sides, 100);
        assert_eq!(play(quick, &mut sides, 100), 2 * quick.think);
    }
}
