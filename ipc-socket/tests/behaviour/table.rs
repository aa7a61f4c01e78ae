//! The cells of the table.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::os::unix::fs::FileTypeExt;
use std::process::Command;

use ipc_conformance::watchdog::PATIENCE;
use ipc_core::{Mechanism, Receiver, Sender, Transport};
use ipc_socket::{Tcp, UnixSeqpacket, UnixStream};
use nix::errno::Errno;
use nix::sys::socket::SockType;
use nix::sys::stat::{SFlag, fstat};

use crate::tools::{meet, meet_at, raw_pair, raw_recv, raw_send, setup, start};

/// Between any two: an unrelated program that knows only the port talks to a listener. (Between two hosts:
/// `two_hosts.rs`.)
#[test]
fn between_programs_that_know_only_the_port() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let bash = Command::new("bash").args(["-c", &format!("echo hello >/dev/tcp/127.0.0.1/{port}")]).spawn();
    let Ok(mut bash) = bash else {
        ipc_conformance::skipped("no bash to connect with");
        return;
    };
    let heard = start(move || {
        let mut said = String::new();
        listener.accept().unwrap().0.read_to_string(&mut said).unwrap();
        said
    });
    assert_eq!(heard.recv_timeout(PATIENCE).unwrap(), "hello\n");
    assert!(bash.wait().unwrap().success());
}

/// Medium: socket. A link's descriptor is of that type, and so is the path that leads to it.
#[test]
fn medium_is_a_socket() {
    fn check<M: Mechanism<Options = (), Link: AsFd + 'static> + 'static>() {
        let owner = M::create(None, &setup()).unwrap();
        if M::VARIANT.remains {
            assert!(fs::symlink_metadata(owner.address()).unwrap().file_type().is_socket());
        }
        let (link, _other) = meet_at(owner);
        let kind = SFlag::from_bits_truncate(fstat(&link).unwrap().st_mode) & SFlag::S_IFMT;
        assert_eq!(kind, SFlag::S_IFSOCK, "{}", M::VARIANT.name);
    }
    check::<UnixStream>();
    check::<UnixSeqpacket>();
    check::<Tcp>();
}

/// Unit: byte stream. Two writes come out of one read, with no boundary between them.
#[test]
fn unit_is_a_stream_that_loses_boundaries() {
    let (one, other) = raw_pair(SockType::Stream);
    raw_send(&one, b"first").unwrap();
    raw_send(&one, b"second").unwrap();
    let mut buffer = [0; 64];
    let len = raw_recv(&other, &mut buffer).unwrap();
    assert_eq!(&buffer[..len], b"firstsecond");
}

/// Unit, the exception: a sequenced packet keeps its boundaries, and loses the part that does not fit the buffer.
#[test]
fn unit_of_seqpacket_is_a_whole_message() {
    let (one, other) = raw_pair(SockType::SeqPacket);
    for packet in [&b"first"[..], b"second", b"third"] {
        raw_send(&one, packet).unwrap();
    }
    let mut buffer = [0; 64];
    let len = raw_recv(&other, &mut buffer).unwrap();
    assert_eq!(&buffer[..len], b"first");
    assert_eq!(raw_recv(&other, &mut buffer[..3]).unwrap(), 3);
    assert_eq!(&buffer[..3], b"sec");
    let len = raw_recv(&other, &mut buffer).unwrap();
    assert_eq!(&buffer[..len], b"third", "the rest of the second is gone");
}

/// Direction: two-way. One descriptor on each side carries both ways at once.
#[test]
fn direction_is_two_way_on_one_descriptor() {
    fn check((mut owner, mut joiner): (impl Transport, impl Transport)) {
        owner.send(b"down").unwrap();
        joiner.send(b"up").unwrap();
        let mut buffer = [0; 8];
        assert_eq!(owner.recv(&mut buffer).unwrap(), 2);
        assert_eq!(joiner.recv(&mut buffer).unwrap(), 4);
    }
    check(meet::<UnixStream>());
    check(meet::<UnixSeqpacket>());
    check(meet::<Tcp>());
}

/// Reach: same host, by each variant, IPv4 and IPv6. (And beyond: `two_hosts.rs`.)
#[test]
fn reach_is_the_same_host_by_path_ipv4_and_ipv6() {
    fn check((mut owner, mut joiner): (impl Transport, impl Transport)) {
        owner.send(b"here").unwrap();
        assert_eq!(joiner.recv(&mut [0; 8]).unwrap(), 4);
    }
    check(meet::<UnixStream>());
    check(meet::<UnixSeqpacket>());
    check(meet::<Tcp>());
    match Tcp::create(Some("[::1]:0"), &setup()) {
        Err(error) if matches!(error.errno(), Some(Errno::EADDRNOTAVAIL | Errno::EAFNOSUPPORT)) => {
            ipc_conformance::skipped(&format!("this host has no IPv6 loopback: {error}"));
        }
        owner => {
            let owner = owner.unwrap();
            assert!(owner.address().starts_with("[::1]:"));
            let (mut owner, mut joiner) = meet_at(owner);
            owner.send(b"six").unwrap();
            assert_eq!(joiner.recv(&mut [0; 8]).unwrap(), 3);
        }
    }
}
