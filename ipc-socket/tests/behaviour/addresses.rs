//! Pitfalls of addresses.

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net;
use std::time::{Duration, Instant};

use ipc_conformance::watchdog::PATIENCE;
use ipc_core::{Error, Mechanism, Setup};
use ipc_socket::{Tcp, UnixSeqpacket, UnixStream};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, getsockname, socket};

use crate::tools::{meet_at, message, setup, start};

/// TCP listens for this host alone unless an address is named: neither `0.0.0.0` nor `::`.
#[test]
fn a_port_is_open_to_this_host_only_by_default() {
    let owner = Tcp::create(None, &setup()).unwrap();
    assert!(owner.address().starts_with("127.0.0.1:"), "{}", owner.address());
    let port: u16 = owner.address().rsplit(':').next().unwrap().parse().unwrap();
    // The kernel's own list: local address and port in hexadecimal, 0A for listening.
    let listening = fs::read_to_string("/proc/net/tcp").unwrap();
    let line =
        listening.lines().find(|line| line.contains(&format!(":{port:04X} 00000000:0000 0A"))).unwrap();
    assert!(line.contains(&format!("{:08X}:", u32::from_ne_bytes([127, 0, 0, 1]))), "{line}");
}

/// A host name works as an address does: `localhost` may mean several addresses, each of which is tried.
#[test]
fn a_host_can_be_named() {
    let mut owner = Tcp::create(None, &setup()).unwrap();
    let address = owner.address().replace("127.0.0.1", "localhost");
    let joiner = start(move || Tcp::join(&address, &setup(), PATIENCE).map(drop));
    owner.accept(PATIENCE).unwrap();
    joiner.recv_timeout(PATIENCE).unwrap().unwrap();
}

/// An invalid address is refused in one line that describes a valid one.
#[test]
fn what_is_no_address_is_refused() {
    for address in ["", "5000", "localhost", "localhost:", "localhost:70000", "::1:5000:x", "/tmp/talk"] {
        let told = Tcp::create(Some(address), &setup()).map(drop);
        assert!(matches!(told, Err(Error::Usage(_))), "'{address}': {told:?}");
        assert!(message(told).contains("HOST:PORT"));
    }
    let long = format!("/tmp/{}", "x".repeat(103)); // one byte over
    let told = UnixStream::create(Some(&long), &setup()).map(drop);
    assert!(matches!(told, Err(Error::Usage(_))), "{told:?}");
    assert!(message(told).contains("at most 107 bytes"));
    assert!(matches!(UnixStream::create(Some(""), &setup()), Err(Error::Usage(_))));
}

/// An address that names a port means TCP: a file of that name needs an explicit path.
#[test]
fn a_port_is_no_path() {
    fn check<M: Mechanism<Options = ()>>(address: &str) {
        let told = M::create(Some(address), &setup()).map(drop);
        assert!(matches!(told, Err(Error::Usage(_))), "{told:?}");
        let told = message(told);
        assert!(told.contains("variant tcp") && told.contains(&format!("./{address}")), "{told}");
        assert!(matches!(M::join(address, &setup(), PATIENCE), Err(Error::Usage(_))));
    }
    for address in ["127.0.0.1:5000", "[::1]:5000", "localhost:5000"] {
        check::<UnixStream>(address);
        check::<UnixSeqpacket>(address);
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("127.0.0.1:5000");
    meet_at(UnixStream::create(path.to_str(), &setup()).unwrap());
}

/// A path where nothing can be made is an error with advice.
#[test]
fn a_path_in_no_directory_is_refused_with_advice() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("none/talk");
    let told = message(UnixStream::create(path.to_str(), &setup()));
    assert!(told.contains("(ENOENT)") && told.contains("/none must be a directory"), "{told}");
}

/// An address in use is an error with advice, and its user is not disturbed.
#[test]
fn an_address_in_use_is_refused() {
    fn check<M: Mechanism<Options = (), Link: 'static> + 'static>(address: &str) {
        let owner = M::create(Some(address), &setup()).unwrap();
        let again = M::create(Some(&owner.address()), &setup()).map(drop);
        assert!(message(again).starts_with("bind: Address already in use (EADDRINUSE); "), "{address}");
        meet_at(owner);
    }
    let dir = tempfile::tempdir().unwrap();
    check::<UnixStream>(&dir.path().join("talk").display().to_string());
    check::<Tcp>("127.0.0.1:0");
}

/// A path outlives its listener. A path that a dead program left is refused on both sides, with advice.
#[test]
fn an_abandoned_path_is_refused_with_advice() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("abandoned");
    drop(net::UnixListener::bind(&path).unwrap());
    // A process that another test starts at this moment may listen there until its `exec`.
    while net::UnixStream::connect(&path).is_ok() {}
    assert!(path.exists());
    let address = path.to_str().unwrap();
    let told = message(UnixStream::create(Some(address), &setup()));
    assert!(told.contains("EADDRINUSE") && told.contains("remove it"), "{told}");
    let told = message(UnixStream::join(address, &setup(), Duration::from_millis(10)));
    assert!(told.contains("no peer is listening"), "{told}");
    assert!(path.exists(), "it is not ours to remove");
}

/// A connection to an address without a listener fails at once; a joiner tries again, and is then told where no process
/// listens.
#[test]
fn an_address_without_a_listener_is_waited_at() {
    fn check<M: Mechanism<Options = ()>>(address: &str) {
        let (started, timeout) = (Instant::now(), Duration::from_millis(100));
        let told = message(M::join(address, &setup(), timeout));
        assert!(started.elapsed() >= timeout);
        assert_eq!(told, format!("no peer is listening at {address} (waited 0.1 s)"));
    }
    // Bound, so that no other process gets the port, but not listening.
    let port = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
    bind(port.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
    let bound: SockaddrIn = getsockname(port.as_raw_fd()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("none").display().to_string();
    check::<UnixStream>(&path);
    check::<UnixSeqpacket>(&path);
    check::<Tcp>(&bound.to_string());
}

/// A stream does not talk to packets: the kernel refuses, and the error says why.
#[test]
fn another_variant_is_told_apart() {
    let owner = UnixStream::create(None, &setup()).unwrap();
    let told = message(UnixSeqpacket::join(&owner.address(), &setup(), PATIENCE));
    assert!(told.contains("EPROTOTYPE") && told.contains("another variant"), "{told}");
}

/// A path is made for its owner alone, 0600. A wider mode is exact, despite the umask.
#[test]
fn the_mode_of_a_path_is_the_one_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    for mode in [0o600, 0o666, 0o620] {
        let path = dir.path().join(format!("{mode:o}"));
        let _owner = UnixStream::create(path.to_str(), &Setup { mode, ..setup() }).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, mode);
    }
    let fresh = UnixStream::create(None, &setup()).unwrap();
    assert_eq!(fs::metadata(fresh.address()).unwrap().permissions().mode() & 0o7777, 0o600);
}
