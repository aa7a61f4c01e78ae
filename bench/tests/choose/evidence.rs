//! The rows that count for a purpose: of which size, placement and number of clients.

use ipc_bench::present::choose::Choice;
use ipc_bench::present::choose::purpose::{Priority, Purpose, Shape};
use ipc_bench::results::case::{Case, Kind};
use ipc_bench::results::document::{Document, NotMeasured};
use ipc_bench::results::row::Row;
use ipc_core::Wait;

use crate::invented::{NOISE, case, document, row, ten_thousand};
use crate::purposes::{PURPOSE, choice, figure_text, ranking, reason, trips};

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
    let too_long = "message of 6291456 bytes is too large: this link carries at most 1048576 bytes";
    for (mechanism, variant) in [("shm", "ring"), ("msgq", "sysv")] {
        let case = Case { size: 6 << 20, ..case(mechanism, variant, Kind::RoundTrip, Wait::Block) };
        document.skipped.push(NotMeasured::new(&case, too_long.into()));
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
    assert_eq!(reason(&there, "sysv"), too_long);
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
