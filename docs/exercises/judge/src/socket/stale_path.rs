use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::program::{self, Group};

const NAME: &str = "socket_stale_path";
const LIMIT: Duration = Duration::from_secs(30);

/// Starts a server; returns it when it listens, or nothing if it has ended instead.
fn server(path: &Path) -> Option<Group> {
    let mut server = program::command(NAME);
    let mut server =
        Group(server.arg(path).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts"));
    let mut line = String::new();
    BufReader::new(server.0.stdout.as_mut().expect("piped")).read_line(&mut line).expect("text");
    (line == "listening\n").then_some(server)
}

/// The answer of the server at this path.
fn ask(path: &Path, question: &str) -> String {
    let mut caller = UnixStream::connect(path).expect("a server should listen there");
    caller.set_read_timeout(Some(LIMIT)).expect("a limit");
    writeln!(caller, "{question}").expect("sent");
    let mut line = String::new();
    BufReader::new(caller).read_line(&mut line).expect("the server should answer");
    line
}

fn answer_of(server: &Group) -> String {
    format!("process {} is here\n", server.0.id())
}

#[test]
fn a_server_starts_and_leaves_no_path_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("door");
    let mut server = server(&path).expect("A server should start where nothing is.");
    assert_eq!(ask(&path, "hello"), answer_of(&server));
    assert_eq!(ask(&path, "stop"), "");
    assert!(
        server.wait_for(LIMIT).is_some_and(|status| status.success()),
        "Told to stop, the server should end."
    );
    assert!(!path.exists(), "The server ended by itself, and its path is still there.");
}

#[test]
fn a_server_starts_where_a_dead_one_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("door");
    drop(UnixListener::bind(&path).expect("bound")); // as if it had been killed
    let server = server(&path).expect("No process listens at this path any more: the server should take it.");
    assert_eq!(ask(&path, "hello"), answer_of(&server));
}

#[test]
fn a_living_server_keeps_its_path() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("door");
    let first = server(&path).expect("A server should start where nothing is.");
    assert!(server(&path).is_none(), "A server listens at this path: the second one should fail.");
    assert_eq!(
        ask(&path, "hello"),
        answer_of(&first),
        "the first server should still be the one who answers"
    );
}

#[test]
fn a_file_that_is_no_socket_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("thesis.txt");
    fs::write(&path, "three years of work").expect("written");
    assert!(server(&path).is_none(), "This is no socket: the server should fail.");
    let text = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(text, "three years of work", "the server has removed a file that was no socket");
}
