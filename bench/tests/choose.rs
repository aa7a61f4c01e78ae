//! Tests of `ipc-bench choose`: facts exclude, figures rank. The figures are invented, so that the order is known.

#[allow(dead_code)] // shared with the other tests
mod common;
mod invented;

use std::fs::File;
use std::io::Write as _;
use std::process::Stdio;

use common::{Output, Running, bench, run};
use invented::{NOISE, Saved, case, costs, document, row, ten_thousand};
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

/// Figures determine the order, by the measure of each priority.
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
    let wait = |args: &[&str]| choose(&figures, args)["recommendation"]["wait"].clone();
    assert_eq!(wait(&[]), "block", "spinning takes a tenth of the time, but also two cores");
    assert_eq!([wait(&["--burn-cores"]), wait(&["--burn-cores", "yes"])], ["spin", "spin"]);
    assert_eq!(wait(&["--burn-cores", "no"]), "block");
}

/// The code that a message or a stream requires follows from the result of one read.
#[test]
fn the_shape_decides_what_is_to_be_written() {
    let parts = |name: &str, unit: &str| {
        let choice = choose(&figures(), &["--unit", unit]);
        let at = names(&choice["ranking"]).iter().position(|one| one == name).unwrap();
        ["work", "provided"].map(|whose| choice["ranking"][at][whose].to_string())
    };
    assert!(parts("socket/tcp", "message")[1].contains("frames"), "the crate has them");
    assert!(!parts("socket/tcp", "stream").concat().contains("frames"));
    assert!(parts("msgq/sysv", "stream")[0].contains("cutting the stream"));
    assert!(!parts("msgq/sysv", "message").concat().contains("cutting"));
}

/// The order of simplicity is the course's: for a parent and its child a pipe, then what meets at a path; TCP comes after
/// them.
#[test]
fn a_port_is_not_simpler_than_a_path() {
    let simple = ["--between", "parent-child", "--priority", "simplicity", "--unit", "stream"];
    for direction in ["one-way", "two-way"] {
        let all = ranking(&figures(), &[&simple[..], &["--direction", direction]].concat());
        assert_eq!(all[0], "pipe/anonymous", "{direction}");
        let place = |name: &str| all.iter().position(|one| one == name);
        for path in ["fifo/fifo", "socket/unix-stream"] {
            assert!(place(path) < place("socket/tcp"), "{direction}: {all:?}");
        }
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
    assert_eq!(all[..2], ["msgq/sysv", "socket/unix-seqpacket"], "its crate has a server");
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

/// The first line is the variant, its waiting, the figure and the crate; then come the lines to write, and the runner-up.
#[test]
fn the_recommendation_comes_first() {
    let saved = Saved::of(&figures());
    let choose = |args: &[&str]| {
        let output =
            run(bench().args(["choose", "--results", &saved.path(), "--direction", "two-way"]).args(args));
        assert_eq!(output.status, Some(0), "{}", output.stderr);
        output
    };
    let output = choose(&["--between", "any"]);
    let assumed =
        "assumed: --unit message --size 64 --clients 1 --outlive no --priority latency --burn-cores no\n";
    assert!(
        output.stderr == assumed || output.stderr == assumed.replace(" --burn-cores no", ""),
        "{}",
        output.stderr
    );
    let lines: Vec<_> = output.stdout.lines().collect();
    assert_eq!(
        lines[0], "fifo (fifo), block: 20.0 µs ± 2 % a round trip, crate ipc-fifo",
        "{}",
        output.stdout
    );
    assert!(
        lines.contains(&"    [dependencies]")
            && lines.contains(&"    let mut meeting = Fifo::create(None, &Setup::default())?;")
    );
    let expected = "Runner-up: msgq (sysv), block: 30.0 µs ± 2 % a round trip: 1.50 times as much.";
    assert!(lines.contains(&expected), "{}", output.stdout);
    assert_eq!(*lines.last().unwrap(), "Also ranked: 9; excluded: 1; see `--all`.");
    let all = choose(&["--between", "other-host", "--all"]).stdout;
    let ranked =
        "\n 1. socket (tcp), block: 120 µs ± 2 % a round trip; p99 122 µs; CPU time 6.00 µs + 6.00 µs\n";
    assert!(all.contains(ranked), "{all}");
    assert!(
        all.contains("To write: keeping strangers off the port; the crate has frames around messages"),
        "{all}"
    );
    assert!(all.contains("   shm (ring): it reaches the same host only\n"), "{all}");
    let none = choose(&["--between", "other-host", "--outlive", "restart"]).stdout;
    assert!(
        none.starts_with("None of the six does this.\n\nNot for this:\n   pipe (anonymous): "),
        "no figure decides, so none is doubted: {none}"
    );
    let fast = choose(&["--between", "any", "--rate", "1G"]).stdout;
    assert!(fast.starts_with("None of the six is fast enough for this.\n"), "{fast}");
}

/// "None" is an answer only if all were measured.
#[test]
fn without_figures_there_is_no_answer() {
    let mut document = figures();
    document.results.retain(|row| row.kind == Kind::Throughput);
    let saved = Saved::of(&document);
    let output = run(bench().args(["choose", "--results", &saved.path()]));
    assert_eq!(output.status, Some(1), "{}", output.stdout);
    let said = "Not enough was measured: of what was, nothing does this.\n";
    assert!(output.stdout.starts_with(said), "{}", output.stdout);
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
    let output = run(bench().args(["choose", "--size", "64", "--all"]).env("XDG_DATA_HOME", home.path()));
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    assert!(output.stderr.contains("a-newer\n"), "{}", output.stderr);
    assert!(output.stdout.contains("fifo (fifo): no room"), "{}", output.stdout);
}

/// For many clients the newest run with that many is used, although there is nothing else in it; if there is none, they
/// are measured.
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
        Row { rtt_ns: Some(ten_thousand(10)), ..row(&case, 1e4, NOISE) }
    };
    save("ten-clients", variants.filter(|(_, one)| one.clients == Clients::Many).map(of_clients).collect());
    std::thread::sleep(std::time::Duration::from_millis(20));
    save("newer", figures().results);
    let measured = "no figures of this size with 2 clients on this machine: starting a quick run\n";
    for (clients, expected) in [("10", "ten-clients\n"), ("1", "newer\n"), ("2", measured)] {
        let args = ["choose", "--size", "64", "--json", "--clients", clients, "--duration", "50ms"];
        let output = run(bench().args(args).env("XDG_DATA_HOME", home.path()));
        assert_eq!(output.status, Some(0), "{}", output.stderr);
        assert!(output.stderr.contains(expected), "{clients}: {}", output.stderr);
        let choice: Value = serde_json::from_str(&output.stdout).unwrap();
        assert!(!choice["notes"].to_string().contains("clients"), "{choice:#}");
        let ranked = choice["ranking"].as_array().unwrap();
        assert!(
            clients != "2" || ranked.iter().all(|one| one["figure_text"].to_string().contains("an answer"))
        );
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
    let output = asked(b"other-planet\nother-host\n1/min\n60fps\n\n\n");
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    let first = "Who talks to whom?\n  any           any two processes of this host\n";
    assert!(output.stderr.starts_with(first), "{}", output.stderr);
    for expected in [
        "invalid answer 'other-planet': expected any, parent-child, containers or other-host\n",
        "How many messages in a second, from all clients together?\n",
        "[none] > invalid rate '1/min': expected 20000, 20k, ",
        "How long may 99 of 100 messages, or answers, take at most?\n",
        "What counts most?\n",
        "[simplicity] > ",
    ] {
        assert!(output.stderr.contains(expected), "{expected}: {}", output.stderr);
    }
    for absent in ["How many clients", "What do the two processes share?", "May two cores"] {
        assert!(!output.stderr.contains(absent), "{absent}: {}", output.stderr);
    }
    assert!(output.stdout.starts_with("socket (tcp), block: 64.1 MB/s"), "{}", output.stdout);
    assert!(output.stdout.contains("It is fast enough for 0.004 MB/s."), "{}", output.stdout);
    let output = asked(b"containers\nfate\n\n\n\n\x04");
    assert_eq!((output.status, output.stdout.as_str()), (Some(1), ""), "{}", output.stderr);
    assert!(output.stderr.contains("[net] > invalid share 'fate'"), "{}", output.stderr);
    assert!(output.stderr.ends_with("> \nerror: no answer to: What counts most?\n"), "{}", output.stderr);
}

/// Wrong answers on the command line give one clear line and status 2; results that are not there, status 1.
#[test]
fn wrong_answers_are_one_clear_line() {
    let cases: [(&[&str], &str); 11] = [
        (
            &["--rate", "often"],
            "invalid rate 'often': expected 20000, 20k, 20k/s, 20kHz or 60fps; or bytes: 1MiB/s",
        ),
        (&["--deadline", "soon"], "expected a time, such as 5, 0.5, 2s, 100ms"),
        (&["--burn-cores", "all"], "invalid answer 'all': expected no or yes"),
        (&["--share", "ipc,fate"], "invalid share 'fate': expected all, or some of pid,ipc,shm,dir,net"),
        (
            &["--between", "friends"],
            "invalid answer 'friends': expected any, parent-child, containers or other-host",
        ),
        (&["--unit", "page"], "invalid answer 'page': expected message or stream"),
        (
            &["--priority", "beauty"],
            "invalid answer 'beauty': expected latency, p99, throughput, cpu or simplicity",
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
        let status = if args.contains(&"--results") { 1 } else { 2 };
        assert_eq!((output.status, output.stdout.as_str()), (Some(status), ""), "{args:?}");
        let errors: Vec<_> = output.stderr.lines().filter(|line| !line.starts_with("assumed: ")).collect();
        assert!(errors.len() == 1 && errors[0].contains(reason), "{args:?}: {}", output.stderr);
    }
}
