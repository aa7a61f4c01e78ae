//! Fuzzing: random inputs, for as long as there is time.

use std::fmt::Debug;
use std::thread;
use std::time::{Duration, Instant};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::watchdog::{PATIENCE, Watchdog};

/// The number of inputs between two checks of the clock. Under Miri, which is slow, the total.
const BATCH: u32 = if cfg!(miri) { 3 } else { 32 };

/// Passes one input after another to `check` for half a second. Each run has the same inputs, so a failure in one run
/// recurs in the next. An input that fails, or panics, is shrunk and printed; one that hangs ends the test program.
///
/// To search longer, and elsewhere: `FUZZ_SECONDS=3600 FUZZ_SEED=7 cargo test fuzz`.
///
/// # Panics
/// An input fails.
pub fn fuzz<S: Strategy<Value: Debug>>(
    inputs: &S,
    check: impl Fn(S::Value) -> std::result::Result<(), TestCaseError>,
) {
    let number = |variable| std::env::var(variable).ok().and_then(|value| value.parse::<u64>().ok());
    let time = number("FUZZ_SECONDS").map_or(Duration::from_millis(500), Duration::from_secs);
    let (seed, started) = (number("FUZZ_SEED").unwrap_or(0), Instant::now());
    // Beyond the time: one input, with all the smaller ones that are tried when it fails.
    let _watchdog = Watchdog::over(thread::current().name().unwrap_or("a fuzz target"), time + 2 * PATIENCE);
    for batch in 0_u64.. {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&batch.to_le_bytes());
        let config = Config { cases: BATCH, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
        match runner.run(inputs, &check) {
            Ok(()) => {}
            Err(TestError::Fail(reason, input)) => {
                panic!("{reason}\nof seed {seed}, batch {batch}: {input:?}")
            }
            Err(abort) => panic!("{abort}"),
        }
        if cfg!(miri) || started.elapsed() >= time {
            break;
        }
    }
}
