//! Why the first is the first, what is left to write, and how it is said.

use ipc_bench::present::choose::purpose::{Answer as _, Burn, Partners, Priority, Purpose};
use ipc_bench::present::choose::text;
use ipc_bench::results::case::{Case, Kind};
use ipc_bench::results::registry;
use ipc_bench::results::row::Row;
use ipc_core::Wait;

use crate::invented::{NOISE, case, row, ten_thousand};
use crate::purposes::{PURPOSE, because, choice, sockets_and_ring, trips, variants};

/// Figures that cannot be told apart are equal: the simplest of them comes first, and the reason is said. The others
/// follow by their figures.
#[test]
fn equals_are_told_and_the_simplest_is_taken() {
    let equal = choice(PURPOSE, sockets_and_ring(1.03));
    assert_eq!(variants(&equal), ["unix-seqpacket", "ring", "unix-stream"]);
    assert_eq!(equal.ranking.iter().map(|one| one.equals_best).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(because(&equal), "2 of 3 are the fastest and cannot be told apart: take the simplest.");
    let second = equal.runner_up.as_ref().unwrap();
    assert_eq!(second.why_not, "as good, but more parts: a protocol in the memory and sleeping and waking");
    let apart = choice(PURPOSE, sockets_and_ring(1.3));
    assert_eq!(variants(&apart), ["ring", "unix-seqpacket", "unix-stream"]);
    assert_eq!(because(&apart), "It is the fastest of 3: the next one takes 1.30 times the time.");
    assert_eq!(apart.runner_up.as_ref().unwrap().why_not, "1.30 times as much");
    let simple = choice(Purpose { priority: Priority::Simplicity, ..PURPOSE }, sockets_and_ring(9.0));
    assert_eq!(variants(&simple), ["unix-seqpacket", "unix-stream", "ring"]);
    assert_eq!(because(&simple), "Nothing was said about speed. Of 3 that can do this, take the simplest.");
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
        let ways = registry::all().map(|(member, variant)| (member.profile.name, variant.name));
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
