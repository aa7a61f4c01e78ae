//! The reasons not to trust the figures.

use std::time::Duration;

use ipc_bench::present::choose::{Choice, doubts};
use ipc_bench::results::case::Kind;
use ipc_bench::results::document::Document;
use ipc_core::Wait;

use crate::invented::{NOISE, case, document, row};
use crate::purposes::{PURPOSE, choice};

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
