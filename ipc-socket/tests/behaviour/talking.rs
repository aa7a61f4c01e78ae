//! Pitfalls of talking.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::net;
use std::thread;
use std::time::Duration;

use ipc_conformance::watchdog::PATIENCE;
use ipc_core::{Endpoint, Error, Receiver, Sender, Split, Transport};
use ipc_socket::{MAX_PACKET, Tcp, UnixSeqpacket, UnixStream};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::socket::{MsgFlags, SockType, getsockopt, recv, send, setsockopt, sockopt};

use crate::tools::{meet, raw_pair, raw_recv, raw_send, start, wait_for_hang_up};

/// Both ends of a TCP link send short messages at once, instead of collecting them (`TCP_NODELAY`).
#[test]
fn tcp_does_not_delay_short_messages() {
    let (owner, joiner) = meet::<Tcp>();
    assert!(getsockopt(&owner, sockopt::TcpNoDelay).unwrap());
    assert!(getsockopt(&joiner, sockopt::TcpNoDelay).unwrap());
}

/// A link is one descriptor. Its halves have one each, so that one `epoll` can watch both.
#[test]
fn halves_can_be_watched_by_one_epoll() {
    fn check<L: Split<Sender: AsFd, Receiver: AsFd> + AsFd>((link, _peer): (L, L)) {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).unwrap();
        let only = link.as_fd().as_raw_fd();
        let (sender, receiver) = link.split();
        assert_eq!(sender.as_fd().as_raw_fd(), only);
        epoll.add(&sender, EpollEvent::new(EpollFlags::EPOLLOUT, 1)).unwrap();
        epoll.add(&receiver, EpollEvent::new(EpollFlags::EPOLLIN, 2)).unwrap();
        let mut events = [EpollEvent::empty(); 2];
        assert_eq!(epoll.wait(&mut events, 0_u8).unwrap(), 1, "there is room, and no message");
        assert_eq!(events[0].data(), 1);
    }
    check(meet::<UnixStream>());
    check(meet::<UnixSeqpacket>());
    check(meet::<Tcp>());
}

/// Not waiting is a flag of each call: `MSG_DONTWAIT` leaves the descriptor itself unchanged.
#[test]
fn not_waiting_does_not_change_the_descriptor() {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    fn check<L: Transport + AsFd>((mut owner, _joiner): (L, L)) {
        assert!(owner.try_recv(&mut [0; 8]).unwrap().is_none());
        let flags = OFlag::from_bits_truncate(fcntl(&owner, FcntlArg::F_GETFL).unwrap());
        assert!(!flags.contains(OFlag::O_NONBLOCK));
    }
    check(meet::<UnixStream>());
    check(meet::<UnixSeqpacket>());
    check(meet::<Tcp>());
}

/// Sending to a peer that has gone raises `SIGPIPE`, unless each call prevents it, as ours do.
#[test]
fn a_lost_peer_is_an_error_and_not_a_signal() {
    fn ends<L: Transport>((mut owner, joiner): (L, L)) {
        drop(joiner);
        // The first ones may still be taken, but no buffer has room without end.
        let ended = (0..1_000_000).find_map(|_| owner.send(b"anyone?").err());
        assert!(matches!(ended, Some(Error::Disconnected)), "{ended:?}");
    }
    // Blocked, the signal stays visible as pending, even though Rust programs ignore it.
    let sigpipe = SigSet::from(Signal::SIGPIPE);
    sigpipe.thread_block().unwrap();
    let pending = || {
        let status = fs::read_to_string("/proc/thread-self/status").unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigPnd:")).unwrap();
        u64::from_str_radix(mask.trim(), 16).unwrap() >> (Signal::SIGPIPE as u32 - 1) & 1 == 1
    };
    ends(meet::<UnixStream>());
    ends(meet::<UnixSeqpacket>());
    ends(meet::<Tcp>());
    assert!(!pending());
    let (one, other) = net::UnixStream::pair().unwrap();
    drop(other);
    wait_for_hang_up(&one);
    assert_eq!(send(one.as_raw_fd(), b"anyone?", MsgFlags::empty()), Err(Errno::EPIPE));
    assert!(pending(), "a plain send should have raised it");
    assert_eq!(sigpipe.wait().unwrap(), Signal::SIGPIPE);
}

/// A TCP socket that is closed with unread data resets the connection, and discards what it has sent.
#[test]
fn tcp_closed_with_something_unread_loses_what_it_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut reader = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut closer, _) = listener.accept().unwrap();
    reader.write_all(b"never read").unwrap();
    assert_eq!(closer.peek(&mut [0; 1]).unwrap(), 1); // it has arrived
    closer.set_nonblocking(true).unwrap();
    let (text, mut sent) = (vec![7; 64 << 10], 0);
    while let Ok(bytes) = closer.write(&text) {
        sent += bytes; // until all buffers are full
    }
    drop(closer);
    let mut arrived = Vec::new();
    let end = reader.read_to_end(&mut arrived).unwrap_err();
    assert_eq!(end.kind(), ErrorKind::ConnectionReset);
    assert!(arrived.len() < sent, "all {sent} bytes arrived");
}

/// Our TCP link closes so that all data arrives: it announces the end, and reads and discards what still comes in.
#[test]
fn our_tcp_link_closed_with_something_unread_loses_nothing() {
    let (mut closer, mut reader) = meet::<Tcp>();
    reader.send(b"never read").unwrap();
    let text = vec![7; 64 << 10];
    let mut sent = 0;
    // The last one may be sent in part, and is then completed below.
    while closer.try_send(&text).unwrap().is_some() {
        sent += 1;
    }
    let closed = start(move || {
        closer.send(&text).unwrap();
        drop(closer);
    });
    let mut buffer = vec![0; 64 << 10];
    for _ in 0..=sent {
        assert_eq!(reader.recv(&mut buffer).unwrap(), buffer.len());
    }
    assert!(matches!(reader.recv(&mut buffer), Err(Error::Disconnected)));
    closed.recv_timeout(PATIENCE).unwrap();
}

/// The same holds for data still on its way out, since the other side has not begun to read.
#[test]
fn our_tcp_link_closed_before_its_peer_reads_loses_nothing() {
    let (mut closer, mut reader) = meet::<Tcp>();
    reader.send(b"never read").unwrap();
    let text = vec![7; 32 << 10];
    if !(0..8).all(|_| closer.try_send(&text).unwrap().is_some()) {
        return ipc_conformance::skipped(
            "the buffers of a TCP connection are smaller than 256 KiB here: raise the third number of \
             net.ipv4.tcp_wmem and net.ipv4.tcp_rmem",
        );
    }
    let closed = start(move || drop(closer));
    thread::sleep(Duration::from_millis(50)); // too short only makes the case easier
    let mut buffer = vec![0; text.len()];
    for _ in 0..8 {
        assert_eq!(reader.recv(&mut buffer).unwrap(), text.len());
    }
    assert!(matches!(reader.recv(&mut buffer), Err(Error::Disconnected)));
    closed.recv_timeout(PATIENCE).unwrap();
}

/// Closing does not wait forever for a peer that does not read: after about a second the link closes anyway.
#[test]
fn our_tcp_link_parts_from_a_peer_that_does_not_read() {
    let (mut closer, reader) = meet::<Tcp>();
    while closer.try_send(&vec![7; 64 << 10]).unwrap().is_some() {}
    start(move || drop(closer)).recv_timeout(PATIENCE).expect("it hangs");
    drop(reader);
}

/// An empty packet looks like the end: `recv` returns 0 for both. Hence the byte at the start of ours.
#[test]
fn an_empty_packet_looks_like_the_end() {
    let (one, other) = raw_pair(SockType::SeqPacket);
    raw_send(&one, b"").unwrap();
    assert_eq!(raw_recv(&other, &mut [0; 8]), Ok(0), "an empty packet");
    assert_eq!(raw_recv(&other, &mut [0; 8]), Err(Errno::EAGAIN), "and not the end");
    drop(one);
    wait_for_hang_up(&other);
    assert_eq!(raw_recv(&other, &mut [0; 8]), Ok(0), "the end");

    let (mut owner, mut joiner) = meet::<UnixSeqpacket>();
    owner.send(b"").unwrap();
    assert_eq!(joiner.recv(&mut [0; 8]).unwrap(), 0);
    drop(owner);
    assert!(matches!(joiner.recv(&mut [0; 8]), Err(Error::Disconnected)));
}

/// A seqpacket peer that closes with unread data causes an error *ahead* of what it has sent. Our link skips that
/// error.
#[test]
fn a_reset_comes_ahead_of_the_last_packets() {
    let (one, other) = raw_pair(SockType::SeqPacket);
    raw_send(&other, b"never read").unwrap();
    raw_send(&one, b"last").unwrap();
    drop(one);
    wait_for_hang_up(&other);
    assert_eq!(raw_recv(&other, &mut [0; 8]), Err(Errno::ECONNRESET));
    assert_eq!(raw_recv(&other, &mut [0; 8]), Ok(4), "it was there all the time");

    let (mut owner, mut joiner) = meet::<UnixSeqpacket>();
    joiner.send(b"never read").unwrap();
    owner.send(b"last").unwrap();
    drop(owner);
    assert_eq!(joiner.recv(&mut [0; 8]).unwrap(), 4);
    assert!(matches!(joiner.recv(&mut [0; 8]), Err(Error::Disconnected)));
}

/// The longest promised packet passes, waiting or not; one more byte is refused before it is sent.
#[test]
fn the_longest_packet_really_passes() {
    let (mut owner, mut joiner) = meet::<UnixSeqpacket>();
    let max = owner.max_message();
    assert!((100_000..=MAX_PACKET).contains(&max), "{max}");
    let text: Vec<u8> = (0..=max).map(|byte| byte as u8).collect();
    let mut buffer = vec![0; max];
    owner.try_send(&text[..max]).unwrap().expect("an idle socket takes it at once");
    assert_eq!(joiner.try_recv(&mut buffer).unwrap(), Some(max));
    assert_eq!(buffer, text[..max]);
    owner.send(&text[..max]).unwrap();
    assert!(
        matches!(joiner.recv(&mut buffer[..100]), Err(Error::BufferTooSmall { needed }) if needed == max)
    );
    buffer.fill(0);
    assert_eq!(joiner.recv(&mut buffer).unwrap(), max);
    assert_eq!(buffer, text[..max]);
    assert!(
        matches!(owner.send(&text), Err(Error::TooLarge { len, max: limit }) if (len, limit) == (max + 1, max))
    );
}

/// A packet may be as long as the send buffer less 32 bytes, and an idle socket takes such a packet without waiting.
#[test]
fn a_packet_fits_the_send_buffer_less_32() {
    for size in [16 << 10, 100_000, 200_000] {
        let (one, other) = raw_pair(SockType::SeqPacket);
        setsockopt(&one, sockopt::SndBuf, &size).unwrap();
        let fits = getsockopt(&one, sockopt::SndBuf).unwrap() - 32;
        let mut packet = vec![7; fits + 1];
        assert_eq!(raw_send(&one, &packet), Err(Errno::EMSGSIZE));
        assert_eq!(raw_send(&one, &packet[..fits]), Ok(fits));
        assert_eq!(raw_recv(&other, &mut packet), Ok(fits));
    }
}

/// A frame on the stream is a length and that many bytes: readable by a program that knows nothing of this crate.
#[test]
fn a_frame_is_a_length_and_the_bytes() {
    fn check(owner: &mut impl Transport, socket: &impl AsFd) {
        owner.send(b"hi").unwrap();
        let mut buffer = [0; 16];
        let len = recv(socket.as_fd().as_raw_fd(), &mut buffer, MsgFlags::empty()).unwrap();
        assert_eq!(buffer[..len], [2, 0, 0, 0, b'h', b'i']);
        raw_send(socket, &[1, 0, 0, 0, b'x']).unwrap();
        assert_eq!(owner.recv(&mut buffer).unwrap(), 1);
    }
    let (mut owner, joiner) = meet::<UnixStream>();
    check(&mut owner, &joiner);
    let (mut owner, joiner) = meet::<Tcp>();
    check(&mut owner, &joiner);
}

/// A host without a network reports which route is missing.
#[test]
fn an_unreachable_host_is_told_with_advice() {
    let Some(mut alone) = ipc_conformance::namespaces::unshared(&["--net"]) else {
        return ipc_conformance::skipped(
            "a new network namespace needs root or a user namespace, and unshare(1)",
        );
    };
    let demo =
        [env!("CARGO_BIN_EXE_ipc-socket"), "ping", "192.0.2.1:9", "--variant", "tcp", "--timeout", "1"];
    let said = alone.args(demo).output().unwrap().stderr;
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("(ENETUNREACH); no route leads to 192.0.2.1:9: see ip route"), "{said}");
}
