//! A peer that is killed, and one that is only silent.

use std::time::{Duration, Instant};

use ipc_conformance::watchdog::over_this_test;
use ipc_core::{Error, Mechanism, Receiver, Sender, Setup};
use ipc_nats::{File, Memory, Nats};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::tools::{PATIENCE, PROMISE, check, fresh, is_over, join, pair, with_process};

/// The server saw the connection close: all that was sent is received first.
#[test]
fn a_killed_peer_is_noticed_within_a_second() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let mut times = Vec::new();
    for _ in 0..5 {
        let (mut link, mut other) = with_process::<File>(&server, "send 3");
        other.kill();
        let killed = Instant::now();
        check(&mut link, 0..3);
        is_over(&link.recv(&mut [0; 4]));
        times.push(killed.elapsed());
        is_over(&link.send(b"still there?"));
    }
    times.sort_unstable();
    println!("a killed peer was noticed after {times:?}");
    assert!(times[2] < PROMISE, "{times:?}"); // the others may have met a busy machine
}

/// No answer, from a process that was stopped, is no end: it may go on.
#[test]
fn a_peer_that_is_stopped_for_a_while_is_not_taken_for_dead() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let (mut link, other) = with_process::<File>(&server, "send 1");
    check(&mut link, 0..1);
    let pid = Pid::from_raw(other.pid().cast_signed());
    kill(pid, Signal::SIGSTOP).unwrap();
    assert!(link.recv_timeout(&mut [0; 4], Duration::from_secs(3)).unwrap().is_none());
    link.send(b"go on").unwrap();
    kill(pid, Signal::SIGCONT).unwrap();
    assert!(link.recv_timeout(&mut [0; 4], Duration::from_secs(1)).unwrap().is_none());
}

#[test]
fn a_server_restart_takes_what_was_in_memory() {
    over_this_test();
    let Some(mut server) = testserver::for_this_test() else { return };
    let (mut link, mut peer) = pair::<Memory>(&server);
    link.send(b"1234").unwrap();
    server.restart().unwrap();
    let lost = |error: Error| {
        assert!(matches!(&error, Error::Refused(text) if text.starts_with("the stream is gone")), "{error}");
    };
    lost(link.recv(&mut [0; 4]).unwrap_err());
    let mut buffer = [0; 4];
    if let Ok(len) = peer.recv(&mut buffer) {
        assert_eq!(buffer[..len], *b"1234"); // it had arrived before
        lost(peer.recv(&mut buffer).unwrap_err());
    }
}

#[test]
fn a_name_is_for_two_sides() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let address = fresh(&server).to_string();
    let mut meeting = Nats::<Memory>::create(Some(&address), &Setup::default()).unwrap();
    let second = Nats::<Memory>::create(Some(&address), &Setup::default()).unwrap_err();
    assert!(second.to_string().contains("EEXIST"), "{second}");
    let joiner = std::thread::spawn({
        let address = address.clone();
        move || join::<Memory>(&address)
    });
    let mut link = meeting.accept(PATIENCE).unwrap();
    let mut peer = joiner.join().unwrap();
    let third = Nats::<Memory>::join(&address, &Setup::default(), PATIENCE).unwrap_err();
    assert!(third.to_string().ends_with("has two sides already"), "{third}");
    link.send(b"a").unwrap();
    assert_eq!(peer.recv(&mut [0; 1]).unwrap(), 1);
}
