//! Facts exclude, figures rank: by the program.

use ipc_bench::results::case::{Case, Kind};
use ipc_bench::results::registry;
use ipc_core::Wait;

use crate::invented::{NOISE, case, row};
use crate::program::{choose, figures, names, ranking};

/// Each variant is either ranked or excluded, never both.
#[test]
fn every_variant_has_its_place() {
    let all = registry::all().count();
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
    for (between, names_a_broker) in [("other-host", true), ("any", false)] {
        let notes = choose(&figures(), &["--between", between])["notes"].to_string();
        assert_eq!(notes.contains("takes a broker: see beyond/ipc-nats"), names_a_broker, "{notes}");
    }
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
