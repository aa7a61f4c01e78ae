//! Tests of `ipc-bench choose`: facts exclude, figures rank. The figures are invented, so that the order is known.

#[allow(dead_code)] // shared with the other tests
mod common;
mod invented;

use std::fs::File;
use std::io::Write as _;
use std::process::Stdio;

use common::{Output, Running, bench, run};
use invented::{NOISE, Saved, case, costs, document, row};
use ipc_bench::results::case::{Case, Kind};
use ipc_bench::results::document::{Document, NotMeasured};
use ipc_bench::results::registry::SIX;
use ipc_bench::results::row::Row;
use ipc_core::{Clients, Wait};
use serde_json::Value;

/// Returns every variant in both kinds, sleeping and polling. The n-th takes (n + 1) * 10 µs for a round trip when it
/// sleeps, and a tenth of that when it polls; for throughput the order is reversed. In CPU time, sleeping is cheap.
fn figures() -> Document {
    let ways: Vec<_> = SIX
        .iter()
        .flat_map(|member| member.variants().map(|variant| (member.profile.name, variant.name)))
        .collect();
    let mut rows = Vec::new();
    for (nth, (mechanism, variant)) in ways.iter().enumerate() {
        let time = (nth + 1) as f64 * 1e4;
        let back = (ways.len() - nth) as f64 * 1e3;
        for (wait, factor) in [(Wait::Block, 1.0), (Wait::Spin, 0.1)] {
            let cost = Some(costs(if wait == Wait::Block { time / 20.0 } else { time }));
            for (kind, ns) in [(Kind::RoundTrip, time * factor), (Kind::Throughput, back * factor)] {
                let mut one = row(&case(mechanism, variant, kind, wait), ns, NOISE);
                one.cost = cost;
                rows.push(one);
            }
        }
    }
    document(rows)
}

fn choose(document: &Document, args: &[&str]) -> Value {
    let saved = Saved::of(document);
    let output = run(bench().args(["choose", "--json", "--results", &saved.path()]).args(args));
    assert_eq!(output.status, Some(0), "{args:?}: {}", output.stderr);
    serde_json::from_str(&output.stdout).unwrap()
}

/// Returns `mechanism/variant` of each item.
fn names(list: &Value) -> Vec<String> {
    let name =
        |one: &Value| format!("{}/{}", one["mechanism"].as_str().unwrap(), one["variant"].as_str().unwrap());
    list.as_array().unwrap().iter().map(name).collect()
}

fn ranking(document: &Document, args: &[&str]) -> Vec<String> {
    names(&choose(document, args)["ranking"])
}

/// Each variant is either ranked or excluded, never both.
#[test]
fn every_variant_has_its_place() {
    let all: usize = SIX.iter().map(|member| member.variants().count()).sum();
    for between in ["any", "parent-child", "other-host"] {
        for outlive in ["no", "processes", "restart"] {
            let choice = choose(&figures(), &["--between", between, "--outlive", outlive]);
            let mut names: Vec<_> = [names(&choice["ranking"]), names(&choice["excluded"])].concat();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), all, "{choice:#}");
        }
    }
}

/// Each fact excludes the right variants, with the reason.
#[test]
fn facts_exclude() {
    let not_for = |args: &[&str], name: &str| {
        let choice = choose(&figures(), args);
        let at = names(&choice["excluded"]).iter().position(|one| one == name);
        at.map(|at| choice["excluded"][at]["reason"].as_str().unwrap().to_owned())
    };
    assert_eq!(
        not_for(&["--between", "any"], "pipe/anonymous").unwrap(),
        "it is between parent and child only"
    );
    assert_eq!(not_for(&["--between", "parent-child"], "pipe/anonymous"), None);
    assert_eq!(ranking(&figures(), &["--between", "other-host"]), ["socket/tcp"]);
    assert!(not_for(&["--between", "other-host"], "socket/unix-stream").unwrap().contains("same host only"));
    assert_eq!(ranking(&figures(), &["--outlive", "restart"]), ["mmap/file"]);
    assert!(not_for(&["--outlive", "restart"], "msgq/sysv").unwrap().contains("machine restarts"));
    assert!(not_for(&["--outlive", "processes"], "fifo/fifo").unwrap().contains("last process"));
    assert_eq!(not_for(&["--outlive", "processes"], "msgq/sysv"), None);
    assert!(not_for(&["--clients", "10"], "shm/ring").unwrap().contains("it serves one client"));
    assert_eq!(not_for(&["--clients", "10"], "socket/unix-stream"), None);
}

/// A boundary between containers excludes the variants that need to cross it, by the profile of each.
#[test]
fn what_is_shared_excludes() {
    let ranked = |common: &str| {
        let mut ranked = ranking(&figures(), &["--share", common, "--priority", "simplicity"]);
        ranked.sort();
        ranked
    };
    assert_eq!(ranked("net"), ["socket/tcp"]);
    let by_path = ["fifo/fifo", "mmap/file", "socket/unix-seqpacket", "socket/unix-stream"];
    assert_eq!(ranked("dir"), by_path);
    assert_eq!(ranked("ipc,shm"), ["msgq/posix", "shm/posix", "shm/ring", "shm/sem"]);
    assert!(ranked("ipc, pid").contains(&"msgq/sysv".to_owned()));
    assert_eq!(ranked("all"), ranked("pid,ipc,shm,dir,net"));
    let choice = choose(&figures(), &["--share", "ipc,net"]);
    let of = |name: &str| {
        let at = names(&choice["excluded"]).iter().position(|one| one == name).unwrap();
        choice["excluded"][at]["reason"].clone()
    };
    assert_eq!(of("msgq/sysv"), "both sides must share a pid namespace");
    assert_eq!(of("mmap/file"), "both sides must share a directory");
    assert_eq!(choice["purpose"]["common"], serde_json::json!(["ipc", "net"]));
}

/// Figures determine the order, by the measure of each priority; within 10 % the variant with less work comes first.
#[test]
fn figures_rank() {
    let figures = figures();
    let latency = ranking(&figures, &["--between", "parent-child", "--priority", "latency"]);
    assert_eq!(latency[..3], ["pipe/anonymous", "fifo/fifo", "msgq/sysv"]);
    let throughput = ranking(&figures, &["--priority", "throughput"]);
    assert_eq!(throughput[..3], ["socket/tcp", "socket/unix-seqpacket", "socket/unix-stream"]);
    let cpu = choose(&figures, &["--priority", "cpu"]);
    assert_eq!(
        (&cpu["ranking"][0]["mechanism"], &cpu["ranking"][0]["wait"]),
        (&"fifo".into(), &"block".into())
    );
    let simple = choose(&figures, &["--between", "parent-child"]);
    assert_eq!(simple["ranking"][0]["wait"], "spin", "polling is the shorter wait");
}

/// Spinning is never advised for simplicity, or to save CPU time; for latency only as far as it pays. A variant that
/// polls briefly is ranked by its cost.
#[test]
fn polling_is_advised_only_where_it_pays() {
    let advised = |[block, hybrid, spin]: [f64; 3], priority: &str| {
        let times = [(Wait::Block, block), (Wait::Hybrid, hybrid), (Wait::Spin, spin)];
        let of_wait = |(wait, ns)| Row {
            cost: Some(costs(ns)),
            ..row(&case("pipe", "anonymous", Kind::RoundTrip, wait), ns, NOISE)
        };
        let choice = choose(
            &document(times.map(of_wait).into()),
            &["--between", "parent-child", "--priority", priority],
        );
        let first = &choice["ranking"][0];
        (first["wait"].as_str().unwrap().to_owned(), first["reason"].as_str().unwrap().to_owned())
    };
    let (wait, reason) = advised([1e4, 2e3, 1e3], "simplicity");
    assert!(wait == "block" && reason.contains("when sleeping"), "{wait}: {reason}");
    let (wait, reason) = advised([1e4, 2e3, 1e3], "cpu");
    assert!(wait == "hybrid" && reason.starts_with("2.00 µs + 2.00 µs of CPU time"), "{wait}: {reason}");
    assert!(reason.contains("where sleeping takes 20.00 µs"), "{reason}");
    assert!(reason.contains("polling without end 2.00 µs, but that burns a core while it waits"), "{reason}");
    assert_eq!(advised([2.1e3, 2e3, 1e3], "cpu").0, "block", "within a tenth: polling must gain something");
    assert_eq!(advised([2e3, 1e4, 1e3], "cpu").0, "block");
    let (wait, reason) = advised([1e4, 2e3, 1e3], "latency");
    assert!(wait == "spin" && reason.contains("CPU time") && reason.contains("keeps a CPU busy"), "{reason}");
    let (wait, reason) = advised([1e4, 1.05e3, 1e3], "latency");
    assert!(wait == "hybrid" && reason.contains("CPU time"), "{reason}");
    assert_eq!(advised([1.05e3, 1.02e3, 1e3], "latency").0, "block");
}

/// Two figures within 10 % are equal: less work comes first. Beyond that the figure counts.
#[test]
fn equals_are_ranked_by_work() {
    let two = |seqpacket: f64| {
        let ring = row(&case("shm", "ring", Kind::RoundTrip, Wait::Block), 1e4, NOISE);
        let packets = case("socket", "unix-seqpacket", Kind::RoundTrip, Wait::Block);
        document(vec![ring, row(&packets, seqpacket, NOISE)])
    };
    assert_eq!(ranking(&two(1.08e4), &[]), ["socket/unix-seqpacket", "shm/ring"]);
    assert_eq!(ranking(&two(1.3e4), &[]), ["shm/ring", "socket/unix-seqpacket"]);
    let simple = choose(&two(9e9), &["--priority", "simplicity"]);
    assert_eq!(names(&simple["ranking"]), ["socket/unix-seqpacket", "shm/ring"]);
    assert!(
        simple["ranking"][0]["work"].as_array().unwrap().len()
            < simple["ranking"][1]["work"].as_array().unwrap().len()
    );
}

/// The code that a message or a stream requires follows from the result of one read.
#[test]
fn the_shape_decides_what_is_to_be_written() {
    let work = |name: &str, unit: &str| {
        let choice = choose(&figures(), &["--unit", unit]);
        let at = names(&choice["ranking"]).iter().position(|one| one == name).unwrap();
        choice["ranking"][at]["work"].to_string()
    };
    assert!(work("socket/tcp", "message").contains("frames"));
    assert!(!work("socket/tcp", "stream").contains("frames"));
    assert!(work("msgq/sysv", "stream").contains("cutting the stream"));
    assert!(!work("msgq/sysv", "message").contains("cutting"));
}

/// The order of simplicity is the course's: for a parent and its child a pipe, then a pair of sockets; TCP comes after
/// them.
#[test]
fn a_port_is_not_simpler_than_a_path() {
    let simple = ["--between", "parent-child", "--priority", "simplicity", "--unit", "stream"];
    for direction in ["one-way", "two-way"] {
        let all = ranking(&figures(), &[&simple[..], &["--direction", direction]].concat());
        assert_eq!(all[..2], ["pipe/anonymous", "socket/unix-stream"], "{direction}");
        let place = |name: &str| all.iter().position(|one| one == name);
        assert!(place("fifo/fifo") < place("socket/tcp"), "{direction}: {all:?}");
    }
}

/// For many clients the figures of many count; without any, the remaining work counts, and a note says how to get
/// figures.
#[test]
fn many_clients_are_ranked_by_figures_of_many() {
    let mut document = figures();
    let clients = ["--clients", "10"];
    let choice = choose(&document, &clients);
    assert!(choice["notes"].to_string().contains("`ipc-bench run --clients 10 --size 64` measures them"));
    let all = names(&choice["ranking"]);
    assert_eq!(all[0], "socket/unix-seqpacket");
    assert_eq!(all.last().unwrap(), "fifo/fifo", "although it is the fastest with one");
    let ways = [("msgq", "posix", 3e4), ("socket", "tcp", 2e4), ("fifo", "fifo", 9e4)];
    for (number, factor) in [(1, 1.0), (10, 2.0)] {
        for (mechanism, variant, ns) in ways {
            let case = Case { clients: number, ..case(mechanism, variant, Kind::Clients, Wait::Block) };
            let mut many = row(&case, ns * factor, NOISE);
            many.rtt_ns = row(&Case { kind: Kind::RoundTrip, ..case }, ns * factor, NOISE).rtt_ns;
            document.results.push(many);
        }
    }
    for priority in ["latency", "throughput"] {
        let choice = choose(&document, &[&clients[..], &["--priority", priority]].concat());
        assert_eq!(names(&choice["ranking"]), ["socket/tcp", "msgq/posix", "fifo/fifo"], "{priority}");
        assert!(!choice["notes"].to_string().contains("clients"), "{choice:#}");
    }
}

/// A message too long for a link is not ranked by the figures of shorter messages.
#[test]
fn what_is_too_long_is_excluded() {
    let choice = choose(&figures(), &["--size", "2M"]);
    let excluded = choice["excluded"].to_string();
    assert!(excluded.contains("2097152 bytes is too large: this link carries at most 1048576 bytes"));
    assert_eq!(names(&choice["ranking"]), ["fifo/fifo", "socket/unix-stream", "socket/tcp"], "{choice:#}");
    assert!(choice["notes"].to_string().contains("in pieces"));
    let stream = choose(&figures(), &["--size", "2M", "--unit", "stream"]);
    assert!(names(&stream["ranking"]).contains(&"shm/ring".to_owned()), "a stream can be cut");
}

/// The reason is one sentence with the measured figure and the crate to open.
#[test]
fn the_reason_has_the_figure_and_the_crate() {
    let saved = Saved::of(&figures());
    let output = run(bench().args(["choose", "--results", &saved.path(), "--between", "other-host"]));
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
    assert!(output.stderr.starts_with("defaults used: --direction two-way --unit message --size 64 "));
    let expected = "1. socket (tcp), --wait spin\n   \
        11.94 µs for a round trip when polling (p50; p99 12.22 µs), for 120 µs + 120 µs of CPU time, where sleeping takes \
        119 µs, and each side that waits keeps a CPU busy; to write: frames, to keep messages apart, \
        keeping strangers off the port, and TCP_NODELAY, so that short messages are not kept back; open `ipc-socket`.\n";
    assert!(output.stdout.contains(expected), "{}", output.stdout);
    assert!(output.stdout.contains("   shm (ring): it reaches the same host only\n"), "{}", output.stdout);
}

/// Variants that the run skipped, or that failed in it, are excluded with that reason; those missing from the run are
/// reported as missing.
#[test]
fn what_was_not_measured_is_not_ranked() {
    let mut document = figures();
    document.results.retain(|row| row.mechanism != "msgq" && row.mechanism != "fifo");
    let reason = "message of 64 bytes is too large";
    document
        .skipped
        .push(NotMeasured::new(&case("msgq", "sysv", Kind::RoundTrip, Wait::Block), reason.into()));
    let choice = choose(&document, &["--size", "128"]);
    let excluded = choice["excluded"].to_string();
    assert!(excluded.contains(reason) && excluded.contains("it was not measured"), "{excluded}");
    let notes = choice["notes"].to_string();
    assert!(notes.contains("of 128 bytes were measured: the figures are of 64 bytes\""), "{notes}");
    let shorter = choose(&document, &["--size", "32"])["notes"].to_string();
    assert!(shorter.contains("of 32 bytes were measured: the figures are of 64 bytes\""), "{shorter}");
}

/// Without `--results` the newest run of this machine is used and named; one of another machine is not used.
#[test]
fn the_newest_run_of_this_machine_is_taken() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("ipc-bench");
    let save = |name: &str, document: &Document| {
        ipc_bench::results::output::Output::create(place.join(name)).unwrap().save(document).unwrap();
    };
    let here = || Document { environment: ipc_bench::results::environment::Environment::read(), ..figures() };
    let later = || std::thread::sleep(std::time::Duration::from_millis(20));
    let without_fifo = |mut document: Document| {
        document.results.retain(|row| row.mechanism != "fifo");
        document
    };
    let mut skipped = without_fifo(here());
    for kind in Kind::USUAL {
        skipped.skipped.push(NotMeasured::new(&case("fifo", "fifo", kind, Wait::Block), "no room".into()));
    }
    save("b-older", &here());
    later();
    save("a-newer", &skipped);
    later();
    save("elsewhere", &figures());
    save("nobody-tried-fifo", &without_fifo(here()));
    save("ended-early", &Document { complete: false, ..here() });
    std::fs::create_dir(place.join("empty")).unwrap();
    // The binary and this test are of the same build, and thus have the same environment.
    let output = run(bench().args(["choose", "--size", "64"]).env("XDG_DATA_HOME", home.path()));
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains("a-newer, measured at "), "{}", output.stderr);
    assert!(output.stdout.contains("fifo (fifo): no room"), "{}", output.stdout);
}

/// For many clients the newest run with that many is used, although there is nothing else in it.
#[test]
fn a_run_with_so_many_clients_is_taken() {
    let home = tempfile::tempdir().unwrap();
    let save = |name: &str, results: Vec<Row>| {
        let document = Document {
            environment: ipc_bench::results::environment::Environment::read(),
            results,
            ..document(Vec::new())
        };
        let place = home.path().join("ipc-bench").join(name);
        ipc_bench::results::output::Output::create(place).unwrap().save(&document).unwrap();
    };
    let variants =
        SIX.iter().flat_map(|member| member.variants().map(move |variant| (member.profile.name, variant)));
    let of_clients = |(mechanism, variant): (&str, &ipc_core::Variant)| {
        let case = Case { clients: 10, ..case(mechanism, variant.name, Kind::Clients, Wait::Block) };
        row(&case, 1e4, NOISE)
    };
    save("ten-clients", variants.filter(|(_, one)| one.clients == Clients::Many).map(of_clients).collect());
    std::thread::sleep(std::time::Duration::from_millis(20));
    save("newer", figures().results);
    for (clients, expected) in [("10", "ten-clients, measured at "), ("1", "newer, "), ("20", "newer, ")] {
        let args = ["choose", "--size", "64", "--priority", "throughput", "--clients", clients];
        let output = run(bench().args(args).env("XDG_DATA_HOME", home.path()));
        assert_eq!(output.status, Some(0), "{}", output.stderr);
        assert!(output.stderr.contains(expected), "{clients}: {}", output.stderr);
    }
}

/// On a terminal it asks for the missing answers; Ctrl-D gives one clear line.
#[test]
fn on_a_terminal_it_asks() {
    let saved = Saved::of(&figures());
    let asked = |typed: &[u8]| -> Output {
        let terminal = nix::pty::openpty(None, None).unwrap();
        let mut command = bench();
        command.args([
            "choose",
            "--results",
            &saved.path(),
            "--size",
            "64",
            "--clients",
            "1",
            "--unit",
            "stream",
        ]);
        command.args(["--outlive", "no", "--direction", "two-way"]);
        let asking = Running::start(command.stdin(Stdio::from(terminal.slave)));
        drop(command); // closes our copy of the terminal's other side
        File::from(terminal.master.try_clone().unwrap()).write_all(typed).unwrap();
        asking.output()
    };
    let output = asked(b"other-planet\nother-host\n\n");
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    assert!(
        output.stderr.starts_with("Who talks to whom?\n  any           any two processes of this host\n")
    );
    assert!(
        output.stderr.contains("invalid answer 'other-planet': expected any, parent-child or other-host\n")
    );
    assert!(output.stderr.contains("What counts most?\n"), "{}", output.stderr);
    assert!(!output.stderr.contains("How many clients"), "it was said: {}", output.stderr);
    assert!(output.stdout.contains("1. socket (tcp)"), "{}", output.stdout);
    let output = asked(b"any\n\n\x04");
    assert_eq!((output.status, output.stdout.as_str()), (Some(2), ""), "{}", output.stderr);
    assert!(output.stderr.ends_with("> \nerror: no answer to: What counts most?\n"), "{}", output.stderr);
}

/// Wrong answers on the command line give one clear line and status 2.
#[test]
fn wrong_answers_are_one_clear_line() {
    let cases: [(&[&str], &str); 8] = [
        (&["--share", "ipc,fate"], "invalid share 'fate': expected all, or some of pid,ipc,shm,dir,net"),
        (&["--between", "friends"], "invalid answer 'friends': expected any, parent-child or other-host"),
        (&["--unit", "page"], "invalid answer 'page': expected message or stream"),
        (
            &["--priority", "beauty"],
            "invalid answer 'beauty': expected latency, throughput, cpu or simplicity",
        ),
        (&["--outlive", "me"], "invalid answer 'me': expected no, processes or restart"),
        (&["--clients", "0"], "invalid number of clients '0'"),
        (&["--size", "0"], "at least 1 byte"),
        (&["--results", "/nowhere"], "/nowhere: No such file"),
    ];
    for (args, reason) in cases {
        let saved = Saved::of(&figures());
        let mut command = bench();
        command.arg("choose").args(args);
        if !args.contains(&"--results") {
            command.args(["--results", &saved.path()]);
        }
        let output = run(&mut command);
        assert_eq!((output.status, output.stdout.as_str()), (Some(2), ""), "{args:?}");
        let errors: Vec<_> =
            output.stderr.lines().filter(|line| !line.starts_with("defaults used")).collect();
        assert!(errors.len() == 1 && errors[0].contains(reason), "{args:?}: {}", output.stderr);
    }
}
