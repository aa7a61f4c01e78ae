//! Facts about sockets: each cell of the course's table, then the pitfalls. `two_hosts.rs` shows that a socket reaches
//! another host.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, ErrorKind, IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::conformance::survivor_clears_up;
use ipc_core::conformance::watchdog::{PATIENCE, over_this_test};
use ipc_core::{ByteStream, Error, Mechanism, Mode, Result, Setup, ThreadId, Transport};
use ipc_socket::{Connection, MAX_PACKET, Tcp, UnixSeqpacket, UnixStream};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, SockaddrIn, UnixAddr, bind, connect, getsockname,
    getsockopt, recv, send, setsockopt, socket, socketpair, sockopt,
};
use nix::sys::stat::{SFlag, fstat};
use nix::sys::time::{TimeVal, TimeValLike};
use nix::unistd::geteuid;

/// Long enough to conclude that it is still waiting.
const A_WHILE: Duration = Duration::from_millis(200);
/// A user other than this one, on any Linux.
const NOBODY: u32 = 65534;

fn setup() -> Setup {
    over_this_test();
    Setup::default()
}

/// Starts an action that may block forever; its result comes out of the channel.
fn start<T: Send + 'static>(action: impl FnOnce() -> T + Send + 'static) -> mpsc::Receiver<T> {
    over_this_test();
    let (done, answer) = mpsc::channel();
    thread::spawn(move || {
        let _ = done.send(action()); // the test may have failed meanwhile
    });
    answer
}

/// Returns the owner's link and the other one.
fn meet<M: Mechanism<Link: 'static> + 'static>() -> (M::Link, M::Link) {
    meet_at(M::create(None, &Setup::default()).unwrap())
}

fn meet_at<M: Mechanism<Link: 'static> + 'static>(mut owner: M) -> (M::Link, M::Link) {
    let address = owner.address();
    let joiner = start(move || M::join(&address, &Setup::default(), PATIENCE).unwrap());
    (owner.accept(PATIENCE).unwrap(), joiner.recv_timeout(PATIENCE).unwrap())
}

/// Makes two connected sockets of a UNIX type, as the kernel returns them.
fn raw_pair(kind: SockType) -> (OwnedFd, OwnedFd) {
    socketpair(AddressFamily::Unix, kind, None, SockFlag::SOCK_CLOEXEC).unwrap()
}

fn raw_send(socket: &impl AsFd, bytes: &[u8]) -> nix::Result<usize> {
    send(socket.as_fd().as_raw_fd(), bytes, MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT)
}

fn raw_recv(socket: &impl AsFd, buffer: &mut [u8]) -> nix::Result<usize> {
    recv(socket.as_fd().as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT)
}

/// Waits until the other end is closed everywhere. A process that another test starts at this moment has a copy of
/// every descriptor, until its `exec`.
fn wait_for_hang_up(socket: &impl AsFd) {
    let mut fds = [PollFd::new(socket.as_fd(), PollFlags::empty())];
    while poll(&mut fds, PollTimeout::NONE) == Err(Errno::EINTR) {}
}

fn message<T>(result: Result<T>) -> String {
    result.err().expect("it should have failed").to_string()
}

// ---- the cells of the table ----

/// Between any two: an unrelated program that knows only the port talks to a listener. (Between two hosts:
/// `two_hosts.rs`.)
#[test]
fn between_programs_that_know_only_the_port() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let bash = Command::new("bash").args(["-c", &format!("echo hello >/dev/tcp/127.0.0.1/{port}")]).spawn();
    let Ok(mut bash) = bash else {
        ipc_core::conformance::skipped("no bash to connect with");
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
            ipc_core::conformance::skipped(&format!("this host has no IPv6 loopback: {error}"));
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

// ---- pitfalls: the address ----

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
        assert!(told.contains("--variant tcp") && told.contains(&format!("./{address}")), "{told}");
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

/// An owner without a free descriptor to accept with gets an error, instead of polling until the timeout.
#[test]
fn an_owner_with_too_many_files_open_is_told() {
    if std::env::var_os("FILES_TEST").is_none() {
        // In its own process: the limit belongs to the process.
        let mut this = Command::new(std::env::current_exe().unwrap());
        this.args(["--exact", "an_owner_with_too_many_files_open_is_told", "--nocapture"])
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
    assert!(told.contains("nobody listens"), "{told}");
    assert!(path.exists(), "it is not ours to remove");
}

/// A connection to an address without a listener fails at once; a joiner tries again, and is then told what to start
/// first.
#[test]
fn an_address_nobody_listens_at_is_waited_at() {
    fn check<M: Mechanism<Options = ()>>(address: &str, variant: &str) {
        let (started, timeout) = (Instant::now(), Duration::from_millis(100));
        let told = message(M::join(address, &setup(), timeout));
        assert!(started.elapsed() >= timeout);
        let advice = format!("nobody listens at {address}: start `ipc-socket pong {address}{variant}` first");
        assert!(told.contains(&advice), "{told}");
    }
    // Bound, so that no other process gets the port, but not listening.
    let port = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
    bind(port.as_raw_fd(), &SockaddrIn::new(127, 0, 0, 1, 0)).unwrap();
    let bound: SockaddrIn = getsockname(port.as_raw_fd()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("none").display().to_string();
    check::<UnixStream>(&path, "");
    check::<UnixSeqpacket>(&path, " --variant unix-seqpacket");
    check::<Tcp>(&bound.to_string(), " --variant tcp");
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

/// The path goes with its last user; the owner stops listening once it has accepted a peer.
#[test]
fn the_door_closes_behind_the_one_who_joined() {
    fn check<M: Mechanism<Options = (), Link: 'static> + 'static>() {
        let owner = M::create(None, &setup()).unwrap();
        let address = owner.address();
        let pair = meet_at(owner);
        let told = message(M::join(&address, &setup(), Duration::from_millis(50)));
        assert!(told.contains("nobody listens"), "{told}");
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

/// A port needs no lease; but listening there removes the paths of dead processes, as any `create` does.
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
    ipc_core::conformance::interrupt_on(Signal::SIGUSR2);
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
    let Some(mut ping) = ipc_core::conformance::namespaces::limited(&["--net"], prepare, demo) else {
        return ipc_core::conformance::skipped("a new network namespace needs root or a user namespace");
    };
    // Tried once: a second time the port would still be taken.
    let output =
        ping.args(["ping", "127.0.0.1:40000", "--variant", "tcp", "--timeout", "0.000001"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    if !told.contains("error: ") {
        return ipc_core::conformance::skipped("the port of a connection cannot be set here: no ip(8)?");
    }
    assert!(told.contains("nobody listens at 127.0.0.1:40000"), "{told}");
}

// ---- pitfalls: which peers are accepted ----

/// Strangers that say nothing, or something else, neither block the listener nor end the wait for the right peer.
#[test]
fn strangers_do_not_keep_the_right_one_out() {
    let mut owner = Tcp::create(None, &setup()).unwrap();
    let silent: Vec<_> = (0..40).map(|_| TcpStream::connect(owner.address()).unwrap()).collect();
    let mut browser = TcpStream::connect(owner.address()).unwrap();
    browser.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert!(matches!(owner.accept(A_WHILE), Err(Error::TimedOut { .. })));
    let (mut link, mut joiner) = meet_at(owner);
    joiner.send(b"the right one").unwrap();
    assert_eq!(link.recv(&mut [0; 16]).unwrap(), 13);
    let shown_out = start(move || browser.read(&mut [0; 16]).map_err(|error| error.kind()));
    let answer = shown_out.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(answer, Ok(0) | Err(ErrorKind::ConnectionReset)), "{answer:?}");
    drop(silent);
}

/// Strangers that connect constantly do not prolong the owner's wait.
#[test]
fn restless_strangers_do_not_stretch_the_timeout() {
    let mut owner = UnixStream::create(None, &setup()).unwrap();
    let path = owner.address();
    let strangers = [(); 4].map(|()| {
        let path = path.clone();
        thread::spawn(move || while net::UnixStream::connect(&path).is_ok() {})
    });
    let accepted = start(move || owner.accept(A_WHILE).map(drop));
    let accepted = accepted.recv_timeout(PATIENCE).expect("it still waits");
    assert!(matches!(accepted, Err(Error::TimedOut { .. })), "{accepted:?}");
    for stranger in strangers {
        stranger.join().unwrap(); // the owner has gone, and the path with it
    }
}

/// A wrong program at the address is recognised, whether it is silent, talks, or hangs up.
#[test]
fn a_wrong_listener_is_told_apart() {
    let play = |patience, answer: fn(&mut TcpStream)| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let _other = start(move || answer(&mut listener.accept().unwrap().0));
        Tcp::join(&address, &setup(), patience).map(drop)
    };
    let silent = play(A_WHILE, |caller| drop(caller.read_to_end(&mut Vec::new())));
    assert!(matches!(silent, Err(Error::TimedOut { waited: A_WHILE, .. })), "{silent:?}");
    let talking = play(PATIENCE, |caller| drop(caller.write_all(b"220 mail.example ESMTP\r\n")));
    assert!(matches!(talking, Err(Error::Corrupt(_))), "{talking:?}");
    let hung_up = message(play(PATIENCE, |caller| drop(caller.read(&mut [0; 64]))));
    assert!(hung_up.contains("ECONNRESET") && hung_up.contains("is not `ipc-socket pong`"), "{hung_up}");
}

/// Another user's process at the other end of a path is refused, even where the path's mode would let it in: the kernel
/// reports its user. (The other direction is a trial of the conformance suite.)
#[test]
fn another_user_is_refused_even_if_the_path_lets_them_in() {
    if !geteuid().is_root() {
        ipc_core::conformance::skipped("only root can run a program as another user");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let open_up =
        |path: &std::path::Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    open_up(dir.path(), 0o711);
    let path = dir.path().join("talk");
    let mut owner = UnixStream::create(path.to_str(), &setup()).unwrap();
    open_up(&path, 0o666);

    let script = "import socket, sys\n\
        s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.send(b'ipc-sock/1 join\\n')\n\
        print(s.recv(16))";
    let python = Command::new("python3")
        .args(["-c", script])
        .arg(&path)
        .uid(NOBODY)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(python) = python else {
        ipc_core::conformance::skipped("no python3 that another user could call us with");
        return;
    };
    let accepted = owner.accept(Duration::from_secs(2));
    assert!(matches!(accepted, Err(Error::TimedOut { .. })), "{accepted:?}");
    drop(owner);
    assert_ne!(python.wait_with_output().unwrap().stdout, b"b'ipc-sock/1 here\\n'\n");
}

// ---- pitfalls: talking ----

/// Both ends of a TCP link send short messages at once, instead of collecting them (`TCP_NODELAY`).
#[test]
fn tcp_does_not_delay_short_messages() {
    let (owner, joiner) = meet::<Tcp>();
    assert!(getsockopt(&owner, sockopt::TcpNoDelay).unwrap());
    assert!(getsockopt(&joiner, sockopt::TcpNoDelay).unwrap());
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
        return ipc_core::conformance::skipped("the buffers of TCP are smaller than 256 KiB here");
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
    fn check(owner: &mut impl Transport, stream: &Connection) {
        owner.send(b"hi").unwrap();
        let mut buffer = [0; 16];
        let len = stream.read(&mut buffer, Mode::Block).unwrap();
        assert_eq!(buffer[..len], [2, 0, 0, 0, b'h', b'i']);
        stream.writev(&[IoSlice::new(&[1, 0, 0, 0]), IoSlice::new(b"x")], Mode::Block).unwrap();
        assert_eq!(owner.recv(&mut buffer).unwrap(), 1);
    }
    let (mut owner, joiner) = meet::<UnixStream>();
    check(&mut owner, joiner.stream());
    let (mut owner, joiner) = meet::<Tcp>();
    check(&mut owner, joiner.stream());
}

/// A host without a network reports which route is missing.
#[test]
fn an_unreachable_host_is_told_with_advice() {
    let Some(mut alone) = ipc_core::conformance::namespaces::unshared(&["--net"]) else {
        return ipc_core::conformance::skipped(
            "a new network namespace needs root or a user namespace, and unshare(1)",
        );
    };
    let demo =
        [env!("CARGO_BIN_EXE_ipc-socket"), "ping", "192.0.2.1:9", "--variant", "tcp", "--timeout", "1"];
    let said = alone.args(demo).output().unwrap().stderr;
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("(ENETUNREACH); no route leads to 192.0.2.1:9: see ip route"), "{said}");
}
