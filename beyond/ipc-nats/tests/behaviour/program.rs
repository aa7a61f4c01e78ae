//! The program.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};

use ipc_conformance::watchdog::over_this_test;
use serde_json::Value;
use testserver::{Config, Server};

use crate::tools::{credentials, user};

pub fn program(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-nats"));
    command.args(words);
    command
}

/// Runs it to its end; returns status, standard output and standard error.
pub fn run(words: &[&str]) -> (i32, String, String) {
    let output = program(words).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A process that is killed at the end of its test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it and returns it with the first line that it prints.
fn start(words: &[&str]) -> (Running, String) {
    first_line(&mut program(words))
}

fn first_line(command: &mut Command) -> (Running, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    child.stdout = Some(stdout.into_inner());
    (Running(child), line.trim().to_owned())
}

#[test]
fn without_a_server_each_command_fails_with_one_line() {
    over_this_test();
    let server = ["--server", "nats://127.0.0.1:1"];
    for command in [
        &[][..],
        &["ping", "x"],
        &["pong"],
        &["serve"],
        &["client", "x", "y"],
        &["ls"],
        &["clean"],
        &["scenario", "orphan"],
    ] {
        let (status, out, err) = run(&[command, &server].concat());
        let errors: Vec<_> = err.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!((status, out.as_str(), errors.len()), (1, "", 1), "{command:?}: {err}");
        assert!(errors[0].contains("start one with `nats-server -a 127.0.0.1 -js`"), "{err}");
    }
}

#[test]
fn wrong_options_are_told_with_what_would_be_right() {
    over_this_test();
    for (words, told) in [
        (&["--server", "localhost"][..], "invalid server 'localhost': expected nats://HOST:PORT"),
        (&["ls", "--server", "nats://me:secret@localhost"], "name it with --credentials"),
        (&["pong", "a.b"], "invalid name 'a.b': expected up to 100 letters"),
        (&["client"], "<NAME>"),
        (&["client", "a b"], "expected up to 100 letters"),
        (&["cleen"], "'clean'"),
        (&["--size", "x"], "--size"),
    ] {
        let (status, out, err) = run(words);
        assert_eq!((status, out.as_str(), err.lines().count()), (2, "", 1), "{words:?}: {err}");
        assert!(err.contains(told) && !err.contains("secret"), "{words:?}: {err}");
    }
}

#[test]
fn the_document_names_engine_version_storage_and_sync_policy() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    for (variant, sync) in [("memory", "never"), ("file", "every 2 min unless")] {
        let url = server.url();
        let (status, out, err) = run(&["--server", &url, "--variant", variant, "--count", "20", "--json"]);
        assert_eq!(status, 0, "{err}");
        let document: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(document["engine"], "NATS JetStream");
        assert_eq!(document["storage"], variant);
        assert!(document["sync"].as_str().unwrap().starts_with(sync), "{document}");
        assert!(document["server_version"].as_str().unwrap().starts_with("2."), "{document}");
        let (_, out, err) = run(&["--server", &url, "--variant", variant, "--count", "20"]);
        assert!(
            err.contains(": NATS JetStream 2.") && out.contains(&format!("  storage: {variant}\n")),
            "{out}{err}"
        );
    }
}

/// The command that `pong` prints has all that the other terminal needs.
#[test]
fn two_terminals_meet_with_credentials() {
    over_this_test();
    if !testserver::is_there() {
        return;
    }
    let server = Server::with(Config { user: Some(user()), ..Config::default() }).unwrap();
    let place = tempfile::tempdir().unwrap();
    let file = credentials(place.path(), "me\nsecret\n", 0o600);
    let url = server.url();
    let (mut pong, line) = start(&["pong", "--server", &url, "--credentials", file.to_str().unwrap()]);
    let words: Vec<_> = line.split(' ').skip(1).chain(["--count", "20"]).collect();
    let (status, _, err) = run(&words);
    assert_eq!(status, 0, "{line}: {err}");
    let mut rest = String::new();
    pong.0.stdout.take().unwrap().read_to_string(&mut rest).unwrap();
    assert!(pong.0.wait().unwrap().success() && rest.contains("answered 40 messages"), "{rest}");
}

#[test]
fn a_server_of_clients_answers_and_a_dead_one_is_told_at_once() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let (url, place) = (server.url(), tempfile::tempdir().unwrap());
    let (mut serve, name) = start(&["serve", "--server", &url]);
    let (second, same) = start(&["serve", &name, "--server", &url]);
    assert_eq!(name, same);
    let ask = |text: &str| run(&["client", &name, text, "--server", &url]);
    for text in ["hello", "", "two words"] {
        assert_eq!(ask(text), (0, format!("{text}\n"), String::new()));
    }
    let questions = place.path().join("questions");
    fs::write(&questions, "1\n2\n3\n").unwrap();
    let mut many = program(&["client", &name, "--server", &url]);
    let output = many.stdin(fs::File::open(&questions).unwrap()).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "1\n2\n3\n");
    serve.0.kill().unwrap();
    serve.0.wait().unwrap();
    assert_eq!(ask("still").1, "still\n", "the second serves, too");
    drop(second);
    let (status, _, err) = ask("and now?");
    assert_eq!((status, err.lines().count()), (1, 1), "{err}");
    assert!(err.starts_with(&format!("error: no responders: nothing serves {name}")), "{err}");
}

#[test]
fn ls_and_clean_show_and_remove_what_is_left() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let url = server.url();
    let place = tempfile::tempdir().unwrap(); // so that no other process removes it, by its note
    let mut pong = program(&["pong", "left", "--server", &url]);
    let (mut pong, _) = first_line(pong.env("TMPDIR", place.path()));
    let used = || {
        let (_, out, _) = run(&["ls", "--json", "--server", &url]);
        let rows: Vec<Value> = serde_json::from_str(&out).unwrap();
        rows.iter()
            .map(|row| (row["stream"].as_str().unwrap().to_owned(), row["used"].as_bool()))
            .collect::<Vec<_>>()
    };
    let rows = |used| vec![("ipc-left-joiner".to_owned(), used), ("ipc-left-owner".to_owned(), used)];
    assert_eq!(used(), rows(Some(true)));
    assert_eq!(run(&["clean", "--server", &url]), (0, String::new(), String::new()));
    pong.0.kill().unwrap();
    pong.0.wait().unwrap();
    assert_eq!(used(), rows(Some(false)));
    let table = run(&["ls", "--server", &url]).1;
    assert!(table.contains("STREAM") && table.contains("ipc-left-owner") && table.contains("no"), "{table}");
    let (status, out, _) = run(&["clean", "--server", &url]);
    assert_eq!((status, out.as_str()), (0, "removed ipc-left-joiner\nremoved ipc-left-owner\n"));
    assert_eq!(used(), []);
}
