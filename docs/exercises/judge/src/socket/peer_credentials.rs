use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::program::{self, Group};
use crate::sys;

const NAME: &str = "socket_peer_credentials";
const LIMIT: Duration = Duration::from_secs(30);

/// Starts a server, and waits until it listens.
fn server(path: &Path, only: &[&str]) -> Group {
    let mut server = program::command(NAME);
    server.arg("server").arg(path).args(only).stdout(Stdio::piped());
    let mut server = Group(server.spawn().expect("it starts"));
    let mut line = String::new();
    BufReader::new(server.0.stdout.as_mut().expect("piped")).read_line(&mut line).expect("text");
    assert_eq!(line, "listening\n", "the server should listen");
    server
}

/// The server's answer to this claim of ours.
fn told(path: &Path, claim: &str) -> String {
    let mut stream = UnixStream::connect(path).expect("the server should listen");
    stream.set_read_timeout(Some(LIMIT)).expect("a limit");
    writeln!(stream, "{claim}").expect("sent");
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).expect("the server should answer");
    answer
}

fn us() -> String {
    format!("you are process {} of user {}\n", std::process::id(), nix::unistd::geteuid())
}

#[test]
fn the_server_knows_who_we_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("door");
    let _server = server(&path, &[]);
    assert_eq!(told(&path, "hello"), us(), "the test itself has connected");
}

#[test]
fn a_claim_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("door");
    let _server = server(&path, &[]);
    assert_eq!(told(&path, "you are process 1 of user 4711"), us(), "the test has lied, and was believed");
}

#[test]
fn another_process_is_another_peer() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("door");
    let _server = server(&path, &[]);
    let mut client = program::command(NAME);
    client.arg("client").arg(&path).arg("I am root").stdout(Stdio::piped());
    let mut client = Group(client.spawn().expect("it starts"));
    let mut answer = String::new();
    BufReader::new(client.0.stdout.as_mut().expect("piped")).read_line(&mut answer).expect("text");
    let expected = format!("you are process {} of user {}\n", client.0.id(), nix::unistd::geteuid());
    assert_eq!(answer, expected, "a client that is another process");
}

/// Another user, whose group has another number. Only root can start a process of another user.
#[test]
fn another_user_is_another_peer() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("door");
    fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).expect("our folder");
    for (only, expected) in [("4711", "of user 4711\n"), ("0", "not for you\n"), ("4712", "not for you\n")] {
        let _ = fs::remove_file(&path);
        let _server = server(&path, &[only]);
        fs::set_permissions(&path, Permissions::from_mode(0o777)).expect("the server's path");
        let answer = told_by(4711, 4712, &path);
        assert!(
            answer.ends_with(expected),
            "the peer has user 4711 and group 4712, the server is for {only}: {answer}"
        );
    }
}

/// The server's answer to a thread of this user and group.
fn told_by(user: u32, group: u32, path: &Path) -> String {
    let path = path.to_owned();
    let told = std::thread::spawn(move || {
        sys::become_user(user, group).expect("root may become any user");
        told(&path, "hello")
    });
    told.join().expect("an answer")
}

#[test]
fn only_one_user_comes_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let ours = nix::unistd::geteuid().as_raw();
    for (name, user, expected) in [("ours", ours, us()), ("theirs", ours + 1, "not for you\n".to_owned())] {
        let path = folder.path().join(name);
        let _server = server(&path, &[&user.to_string()]);
        assert_eq!(
            told(&path, "hello"),
            expected,
            "we are user {ours}, and the server is for user {user} only"
        );
    }
}
