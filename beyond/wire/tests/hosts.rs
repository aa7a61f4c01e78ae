//! What the wire does to real packets between two hosts.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::net::UdpSocket;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ipc_conformance::watchdog::{self, Killed, PATIENCE};
use wire::{Conditions, Host, Hosts, Kind};

const DELAY: Duration = Duration::from_millis(10);
/// The number of datagrams, and how many are sent before they are received, which fits any receive buffer.
const DATAGRAMS: usize = 5_000;
const BURST: usize = 50;

/// Makes hosts for this test, or says that it is skipped.
fn over(kind: Kind, conditions: &Conditions) -> Option<Hosts> {
    watchdog::over_this_test();
    Hosts::over(kind, conditions).inspect_err(|error| ipc_conformance::skipped(&error.to_string())).ok()
}

/// Returns a socket on this host whose receives end soon.
fn socket(host: &Host) -> UdpSocket {
    let socket = host.enter(|| UdpSocket::bind((host.address(), 0))).expect("a port");
    socket.set_read_timeout(Some(Duration::from_millis(200))).expect("a time-out");
    socket
}

/// Returns two sockets, the first of which is connected to the second.
fn sockets(hosts: &Hosts) -> (UdpSocket, UdpSocket) {
    let (a, b) = (socket(hosts.a()), socket(hosts.b()));
    a.connect(b.local_addr().expect("it is bound")).expect("UDP");
    (a, b)
}

/// Returns how long a datagram takes to b and back, if it comes back.
fn round_trip((a, b): &(UdpSocket, UdpSocket)) -> Option<Duration> {
    let (start, mut buffer) = (Instant::now(), [0; 8]);
    a.send(b"there").ok()?; // no route, if it is unplugged
    let (length, from) = b.recv_from(&mut buffer).ok()?;
    b.send_to(&buffer[..length], from).ok()?;
    a.recv(&mut buffer).ok()?;
    Some(start.elapsed())
}

#[test]
fn a_round_trip_takes_twice_the_delay() {
    let Some(hosts) = over(Kind::Userspace, &Conditions::default()) else { return };
    let sockets = sockets(&hosts);
    assert!(round_trip(&sockets).is_some());
    hosts.set(&Conditions { one_way_delay: DELAY, ..Conditions::default() }).expect("it can delay");
    for _ in 0..10 {
        let took = round_trip(&sockets).expect("nothing is lost");
        assert!(took >= 2 * DELAY, "{took:?}");
    }
}

#[test]
fn the_seed_says_which_datagrams_are_lost() {
    let conditions = Conditions { loss: 0.01, seed: 7, ..Conditions::default() };
    let Some(hosts) = over(Kind::Userspace, &conditions) else { return };
    let expected: BTreeSet<usize> = (0..DATAGRAMS)
        .zip(conditions.losses_from_a())
        .filter_map(|(number, lost)| (!lost).then_some(number))
        .collect();
    let (a, b) = sockets(&hosts);
    let mut received = BTreeSet::new();
    for first in (0..DATAGRAMS).step_by(BURST) {
        for number in first..first + BURST {
            a.send(&number.to_ne_bytes()).expect("there is a route");
        }
        let arriving = expected.range(first..first + BURST).count();
        for _ in 0..arriving {
            let mut bytes = [0; 8];
            b.recv(&mut bytes).expect("what is not lost arrives");
            received.insert(usize::from_ne_bytes(bytes));
        }
    }
    assert_eq!(received, expected);
    let [from_a, from_b] = hosts.counts().expect("it counts");
    assert_eq!((from_a.lost, from_a.delivered), ((DATAGRAMS - expected.len()) as u64, expected.len() as u64));
    assert_eq!((from_a.dropped, from_b.delivered), (0, 0));
    assert!((30..70).contains(&from_a.lost), "about 50 in 5,000: {}", from_a.lost);
}

fn cut_and_mend(kind: Kind) {
    let Some(hosts) = over(kind, &Conditions::default()) else { return };
    let sockets = sockets(&hosts);
    for _ in 0..2 {
        assert!(round_trip(&sockets).is_some());
        hosts.cut().expect("it can be cut");
        assert_eq!(round_trip(&sockets), None);
        hosts.mend().expect("it can be mended");
        let until = Instant::now() + PATIENCE; // veth: until both kernels have noticed
        while round_trip(&sockets).is_none() {
            assert!(Instant::now() < until, "it stays cut");
        }
    }
}

#[test]
fn a_cut_loses_everything_until_it_is_mended() {
    cut_and_mend(Kind::Userspace);
}

#[test]
fn a_veth_pair_can_be_unplugged() {
    cut_and_mend(Kind::Veth);
}

#[test]
fn netem_delays_loses_and_cuts_too_where_there_is_one() {
    let Some(hosts) = over(Kind::Netem, &Conditions { one_way_delay: DELAY, ..Conditions::default() }) else {
        return;
    };
    let took = round_trip(&sockets(&hosts)).expect("nothing is lost");
    assert!(took >= 2 * DELAY, "{took:?}");
    drop(hosts);
    cut_and_mend(Kind::Netem);
}

#[test]
fn a_veth_pair_alone_refuses_a_delay_and_no_wire_loses_more_than_everything() {
    let conditions = Conditions { one_way_delay: DELAY, ..Conditions::default() };
    let error = Hosts::over(Kind::Veth, &conditions).expect_err("it cannot");
    assert_eq!(error.to_string(), "a veth pair alone neither delays nor loses: use Hosts::new");
    let error = Hosts::new(&Conditions { loss: 1.5, ..Conditions::default() }).expect_err("it cannot");
    assert_eq!(error.to_string(), "a loss of 1.5 is no share: expected 0 to 1");
}

#[test]
fn each_host_has_its_own_loopback_and_this_process_stays_where_it_is() {
    let Some(hosts) = over(Kind::Veth, &Conditions::default()) else { return };
    let port = 7; // of no server here
    let listen = |host: &Host| host.enter(|| std::net::TcpListener::bind(("127.0.0.1", port)));
    let (_a, _b) = (listen(hosts.a()).expect("its own port"), listen(hosts.b()).expect("its own port"));
    let names = hosts.a().output(Command::new("ls").arg("/proc/self/ns")).expect("ls runs");
    assert!(names.status.success());
    let namespace = |path: &Path| std::fs::read_link(path).expect("a link of /proc");
    let mine = namespace(Path::new("/proc/self/ns/net"));
    assert_ne!(hosts.a().enter(|| namespace(Path::new("/proc/thread-self/ns/net"))), mine);
    assert_eq!(namespace(Path::new("/proc/thread-self/ns/net")), mine);
}

/// Waits until the process has ended, and was waited for.
fn wait_for_the_end(pid: &str) {
    let until = Instant::now() + PATIENCE;
    let is_alive = || {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
    };
    while is_alive() {
        assert!(Instant::now() < until, "process {pid} is left");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn commands_end_when_the_hosts_are_dropped() {
    let Some(hosts) = over(Kind::Userspace, &Conditions::default()) else { return };
    let mut sleep = hosts.b().spawn(Command::new("sleep").arg("60")).expect("sleep starts");
    drop(hosts);
    assert!(!sleep.wait().expect("a child").success());
}

/// A program for the next test, not a test: it says what it has started, and waits.
#[test]
#[ignore = "it waits"]
fn waits() {
    let hosts = Hosts::new(&Conditions::default()).expect("the other test has tried");
    let child = Killed(hosts.b().spawn(Command::new("sleep").arg("60")).expect("sleep starts"));
    let link = hosts.a().enter(|| std::fs::read_link("/proc/thread-self/ns/net")).expect("a link of /proc");
    println!("\nhosts {} {}", child.id(), link.display());
    thread::sleep(Duration::from_secs(60));
}

#[test]
fn nothing_is_left_after_sigkill() {
    let Some(hosts) = over(Kind::Userspace, &Conditions::default()) else { return };
    drop(hosts);
    let program = std::env::current_exe().expect("a program has a path");
    let mut command = Command::new(program);
    command
        .args(["--exact", "waits", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut other = Killed(command.spawn().expect("a test can start itself"));
    let lines = BufReader::new(other.stdout.take().expect("it is piped")).lines();
    let line = lines.map_while(Result::ok).find(|line| line.starts_with("hosts ")).expect("it makes hosts");
    let words: Vec<_> = line.split(' ').collect();
    let [_, pid, namespace] = words[..] else { panic!("it says {line}") };
    other.kill().expect("it runs");
    other.wait().expect("a child");
    wait_for_the_end(pid);
    // No process is in that namespace any more, and no name leads to it: the kernel has removed it.
    for entry in std::fs::read_dir("/proc").expect("/proc").flatten() {
        let link = std::fs::read_link(entry.path().join("ns/net"));
        let is_it = link.is_ok_and(|link| link.to_string_lossy() == namespace);
        assert!(!is_it, "{} is still there", entry.path().display());
    }
    let mounts = std::fs::read_to_string("/proc/self/mounts").expect("/proc");
    let number = namespace.trim_matches(|char: char| !char.is_ascii_digit());
    assert!(!mounts.contains(number), "it has a name");
}

#[test]
fn a_command_that_does_not_exist_is_an_error() {
    let Some(hosts) = over(Kind::Veth, &Conditions::default()) else { return };
    let error = hosts.a().spawn(&mut Command::new("/no/such/program")).expect_err("there is none");
    assert!(error.to_string().contains("ENOENT"), "{error}");
    let timed_out = socket(hosts.a()).recv(&mut [0]).expect_err("nothing was sent");
    assert_eq!(timed_out.kind(), ErrorKind::WouldBlock);
}
