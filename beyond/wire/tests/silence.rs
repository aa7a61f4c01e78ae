//! A socket over a wire that goes silent: neither kernel is told, and nothing tells a cut from a peer that has nothing to
//! say. Only time does.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use ipc_conformance::watchdog::Watchdog;
use ipc_core::{Error, Mechanism, Receiver, Sender, Setup};
use ipc_socket::Tcp;
use wire::{Conditions, Hosts, Kind};

const PATIENCE: Duration = Duration::from_secs(60);

/// Longer than the suite's link takes to give up.
const LONG: Duration = Duration::from_secs(12);

#[test]
fn a_silent_wire_holds_up_a_bare_socket_forever_and_a_link_for_eight_seconds() {
    let _watchdog = Watchdog::over("a silent wire", PATIENCE);
    let hosts = match Hosts::over(Kind::Userspace, &Conditions::default()) {
        Ok(hosts) => hosts,
        Err(error) => return ipc_conformance::skipped(&error.to_string()),
    };
    let (a, b) = (hosts.a(), hosts.b());

    // A bare connection, and a link of the suite, both from a to b.
    let listener = b.enter(|| TcpListener::bind((b.address(), 0))).unwrap();
    let mut bare = a.enter(|| TcpStream::connect(listener.local_addr().unwrap())).unwrap();
    let peer = listener.accept().unwrap().0;
    let setup = Setup::default();
    let mut meeting = b.enter(|| Tcp::create(Some(&format!("{}:0", b.address())), &setup)).unwrap();
    let address = meeting.address();
    let joining = thread::scope(|scope| {
        let joining = scope.spawn(|| a.enter(|| Tcp::join(&address, &setup, PATIENCE)).unwrap());
        let owner = meeting.accept(PATIENCE).unwrap();
        (joining.join().unwrap(), owner)
    });
    let (mut link, mut owner) = joining;
    owner.send(b"hello").unwrap();
    assert_eq!(link.recv(&mut [0; 8]).unwrap(), 5);

    let (ended, end) = mpsc::channel();
    thread::spawn(move || {
        let _ = ended.send(format!("{:?}", bare.read(&mut [0]))); // the test may be over
    });
    hosts.cut().unwrap();

    let started = Instant::now();
    let in_time = link.recv_timeout(&mut [0; 8], Duration::from_millis(500)).unwrap();
    assert_eq!(in_time, None, "a deadline is kept, whatever the wire does");
    assert!(started.elapsed() >= Duration::from_millis(500));
    let error = link.recv(&mut [0; 8]).unwrap_err();
    let gave_up = started.elapsed();
    assert!(matches!(error, Error::Os(_)) && error.to_string().contains("no answer for 8 s"), "{error}");
    println!("after the cut, a link without a deadline gave up after {:.1} s", gave_up.as_secs_f64());

    let still = end.recv_timeout(LONG.saturating_sub(gave_up));
    assert!(still.is_err(), "the bare socket was told of the cut: {still:?}");
    println!("a bare socket was still asleep in read(2) after {} s", LONG.as_secs());
    drop(peer);
}
