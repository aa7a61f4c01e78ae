//! Pitfalls of listening and connecting, and what is left behind.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use ipc_conformance::survivor_clears_up;
use ipc_conformance::watchdog::{PATIENCE, over_this_test};
use ipc_core::{Error, Mechanism, ThreadId};
use ipc_socket::{Tcp, UnixSeqpacket, UnixStream};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, getsockopt, socket, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};

use crate::tools::{A_WHILE, meet, meet_at, message, setup, start};

/// An owner without a free descriptor to accept with gets an error, instead of polling until the timeout.
#[test]
fn an_owner_with_too_many_files_open_is_told() {
    if std::env::var_os("FILES_TEST").is_none() {
        // In its own process: the limit belongs to the process.
        let mut this = Command::new(std::env::current_exe().unwrap());
        this.args(["--exact", "owners::an_owner_with_too_many_files_open_is_told", "--nocapture"])
            .env("FILES_TEST", "1");
        assert!(this.stdout(Stdio::null()).status().unwrap().success());
        return;
    }
    let mut owner = UnixStream::create(None, &setup()).unwrap();
    let _caller = net::UnixStream::connect(owner.address()).unwrap();
    let mut files = Vec::new();
    while let Ok(file) = fs::File::open("/dev/null") {
        files.push(file);
    }
    let started = Instant::now();
    let accepted = owner.accept(PATIENCE);
    drop(files); // or a failure could not be reported
    assert!(started.elapsed() < PATIENCE);
    assert!(matches!(&accepted, Err(error) if error.errno() == Some(Errno::EMFILE)), "{:?}", accepted.err());
}

/// The path goes with its last user; the owner stops listening once it has accepted a peer.
#[test]
fn the_door_closes_behind_the_one_who_joined() {
    fn check<M: Mechanism<Options = (), Link: 'static> + 'static>() {
        let owner = M::create(None, &setup()).unwrap();
        let address = owner.address();
        let pair = meet_at(owner);
        let told = message(M::join(&address, &setup(), Duration::from_millis(50)));
        assert!(told.contains("no peer is listening"), "{told}");
        drop(pair);
        assert!(!fs::exists(&address).unwrap());
    }
    check::<UnixStream>();
    check::<UnixSeqpacket>();
    check::<Tcp>();
}

/// The survivor of a killed owner removes what that left when it ends, before any next `create`.
#[test]
fn the_survivor_removes_what_a_killed_owner_left() {
    over_this_test();
    assert!(survivor_clears_up(env!("CARGO_BIN_EXE_ipc-socket")).unwrap(), "it never does");
}

/// A port needs no ownership lock; but listening there removes the paths of dead processes, as any `create` does.
#[test]
fn listening_at_a_port_sweeps_too() {
    over_this_test();
    let place = tempfile::tempdir().unwrap();
    let demo = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-socket"));
        command.args(args).env("TMPDIR", place.path()).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let mut pong = demo(&["pong"]);
    BufReader::new(pong.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
    pong.kill().unwrap();
    pong.wait().unwrap();
    assert_ne!(fs::read_dir(place.path()).unwrap().count(), 0);
    demo(&["pong", "--variant", "tcp", "--timeout", "0.01"]).wait().unwrap();
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

/// No socket of ours passes to a child that we start: it would keep the other side from ever seeing the end.
#[test]
fn a_child_of_ours_inherits_no_socket() {
    fn check<M: Mechanism<Options = (), Link: 'static> + 'static>() {
        let (link, joined) = meet::<M>();
        let waiting = M::create(None, &setup()).unwrap();
        // All sockets of this process, the listener included.
        for entry in fs::read_dir("/proc/self/fd").unwrap().flatten() {
            let is_socket =
                fs::read_link(entry.path()).is_ok_and(|to| to.to_string_lossy().contains("socket:"));
            let number = entry.file_name().to_string_lossy().parse::<u32>().unwrap();
            if !is_socket || number < 3 {
                continue; // inherited by this process: not ours
            }
            let Ok(info) = fs::read_to_string(format!("/proc/self/fdinfo/{number}")) else { continue };
            let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap().trim();
            assert_ne!(u32::from_str_radix(flags, 8).unwrap() & 0o2_000_000, 0, "not O_CLOEXEC");
        }
        drop((link, joined, waiting));
    }
    check::<UnixStream>();
    check::<UnixSeqpacket>();
    check::<Tcp>();
}

/// The timeout for connecting does not stay: later, a send waits for as long as it takes.
#[test]
fn a_link_has_no_time_limit_of_the_kernels() {
    fn check<L: AsFd>((owner, joiner): (L, L)) {
        for end in [owner, joiner] {
            assert_eq!(getsockopt(&end, sockopt::SendTimeout).unwrap(), TimeVal::seconds(0));
        }
    }
    check(meet::<UnixStream>());
    check(meet::<UnixSeqpacket>());
}

/// A joiner waits while the listener's queue is full; not forever, and not only until a signal comes.
#[test]
fn a_full_queue_of_callers_is_a_timeout() {
    ipc_conformance::interrupt_on(Signal::SIGUSR2);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("busy");
    let _listener = net::UnixListener::bind(&path).unwrap();
    let address = UnixAddr::new(&path).unwrap();
    let mut callers = Vec::new();
    loop {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let caller = socket(AddressFamily::Unix, SockType::Stream, flags, None).unwrap();
        if connect(caller.as_raw_fd(), &address) == Err(Errno::EAGAIN) {
            break;
        }
        callers.push(caller);
    }
    let (tell, told) = mpsc::channel();
    let joined = start(move || {
        tell.send(ThreadId::current()).unwrap();
        UnixStream::join(path.to_str().unwrap(), &setup(), A_WHILE).map(drop)
    });
    let thread = told.recv().unwrap();
    for _ in 0..5 {
        thread::sleep(A_WHILE / 20);
        let _ = thread.signal(Signal::SIGUSR2); // it may have failed already
    }
    let joined = joined.recv_timeout(Duration::from_secs(10)).expect("it still waits");
    assert!(
        matches!(&joined, Err(Error::TimedOut { what, waited: A_WHILE }) if what.contains("queue")),
        "{joined:?}"
    );
}

/// A process that connects to a port of its own host without a listener can by chance get that very port for its own
/// end: TCP then connects it to itself.
#[test]
fn a_port_does_not_answer_itself() {
    over_this_test();
    let prepare = "ip link set lo up && echo 40000 40000 > /proc/sys/net/ipv4/ip_local_port_range";
    let demo = env!("CARGO_BIN_EXE_ipc-socket");
    let Some(mut ping) = ipc_conformance::namespaces::limited(&["--net"], prepare, demo) else {
        return ipc_conformance::skipped("a new network namespace needs root or a user namespace");
    };
    // Tried once: a second time the port would still be taken.
    let output =
        ping.args(["ping", "127.0.0.1:40000", "--variant", "tcp", "--timeout", "0.000001"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    if !told.contains("error: ") {
        return ipc_conformance::skipped("the port of a connection cannot be set here: no ip(8)?");
    }
    assert!(told.contains("no peer is listening at 127.0.0.1:40000"), "{told}");
}
