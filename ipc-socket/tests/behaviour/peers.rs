//! Which peers are accepted.

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ipc_conformance::watchdog::PATIENCE;
use ipc_core::{Error, Mechanism, Receiver, Sender};
use ipc_socket::{Tcp, UnixStream};
use nix::unistd::geteuid;

use crate::tools::{A_WHILE, NOBODY, meet_at, message, setup, start};

/// Strangers that say nothing, or something else, neither block the listener nor end the wait for the right peer.
#[test]
fn strangers_do_not_keep_the_right_one_out() {
    let mut owner = Tcp::create(None, &setup()).unwrap();
    let silent: Vec<_> = (0..40).map(|_| TcpStream::connect(owner.address()).unwrap()).collect();
    let mut browser = TcpStream::connect(owner.address()).unwrap();
    browser.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut other_side = TcpStream::connect(owner.address()).unwrap();
    other_side.write_all(b"ipc-sock/1 here\n").unwrap();
    assert!(matches!(owner.accept(A_WHILE), Err(Error::TimedOut { .. })));
    let (mut link, mut joiner) = meet_at(owner);
    joiner.send(b"the right one").unwrap();
    assert_eq!(link.recv(&mut [0; 16]).unwrap(), 13);
    let shown_out = start(move || browser.read(&mut [0; 16]).map_err(|error| error.kind()));
    let answer = shown_out.recv_timeout(PATIENCE).unwrap();
    assert!(matches!(answer, Ok(0) | Err(ErrorKind::ConnectionReset)), "{answer:?}");
    drop(silent);
}

/// Of the connections that say nothing, the owner keeps sixteen; the next one replaces the oldest.
#[test]
fn the_oldest_silent_stranger_goes_first() {
    let mut owner = UnixStream::create(None, &setup()).unwrap();
    let connect = |_| net::UnixStream::connect(owner.address()).unwrap();
    let strangers: Vec<_> = (0..18).map(connect).collect();
    let is_open = |mut stranger: &net::UnixStream| {
        stranger.set_nonblocking(true).unwrap();
        stranger.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    };
    let open = || strangers.iter().map(is_open).collect::<Vec<_>>();
    let started = Instant::now();
    while open().iter().filter(|open| **open).count() > 16 && started.elapsed() < PATIENCE {
        assert!(matches!(owner.accept(A_WHILE), Err(Error::TimedOut { .. })));
    }
    assert_eq!(open(), [&[false; 2][..], &[true; 16]].concat());
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
    let same_side = play(PATIENCE, |caller| drop(caller.write_all(b"ipc-sock/1 join\n")));
    assert!(matches!(same_side, Err(Error::Corrupt(_))), "{same_side:?}");
    let hung_up = message(play(PATIENCE, |caller| drop(caller.read(&mut [0; 64]))));
    assert!(hung_up.contains("ECONNRESET") && hung_up.contains("does not use ipc-socket"), "{hung_up}");
}

/// Another user's process at the other end of a path is refused, even where the path's mode would let it in: the kernel
/// reports its user. (The other direction is a trial of the conformance suite.)
#[test]
fn another_user_is_refused_even_if_the_path_lets_them_in() {
    if !geteuid().is_root() {
        ipc_conformance::skipped("only root can run a program as another user");
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
        ipc_conformance::skipped("no python3 that another user could call us with");
        return;
    };
    let accepted = owner.accept(Duration::from_secs(2));
    assert!(matches!(accepted, Err(Error::TimedOut { .. })), "{accepted:?}");
    drop(owner);
    assert_ne!(python.wait_with_output().unwrap().stdout, b"b'ipc-sock/1 here\\n'\n");
}
