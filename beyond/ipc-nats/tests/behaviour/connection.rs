//! Why there is no connection: one clear line each.

use std::thread;
use std::time::Duration;

use ipc_conformance::watchdog::over_this_test;
use ipc_core::{Error, Result};
use ipc_nats::{Connection, ServerOptions};
use testserver::{Authority, Config, Server};

use crate::tools::{credentials, options, user};

/// Fails unless there is an error that is one line with these words.
fn is_told<T>(result: Result<T>, words: &[&str]) {
    let error = result.map(|_| ()).expect_err("there is no connection");
    let line = error.to_string();
    assert!(!line.contains('\n') && words.iter().all(|word| line.contains(word)), "{line}");
}

#[test]
fn no_server_is_told_with_the_command_that_starts_one() {
    over_this_test();
    let error = Connection::open(&ServerOptions::of("nats://127.0.0.1:1")).unwrap_err();
    assert!(matches!(error, Error::Refused(_)));
    is_told(Err::<(), _>(error), &["no NATS server at nats://127.0.0.1:1", "nats-server -a 127.0.0.1 -js"]);
}

#[test]
fn a_server_without_jetstream_is_told() {
    over_this_test();
    if !testserver::is_there() {
        return;
    }
    let server = Server::with(Config { without_jetstream: true, ..Config::default() }).unwrap();
    is_told(Connection::open(&options(&server)), &["has no JetStream", "-js"]);
}

#[test]
fn a_user_is_let_in_with_the_right_password_alone() {
    over_this_test();
    if !testserver::is_there() {
        return;
    }
    let server = Server::with(Config { user: Some(user()), ..Config::default() }).unwrap();
    let place = tempfile::tempdir().unwrap();
    let credentials = |text, mode| credentials(place.path(), text, mode);
    let open = |credentials| Connection::open(&ServerOptions { credentials, ..options(&server) });
    is_told(open(None), &["who you are", "--credentials"]);
    is_told(open(Some(credentials("me\nwrong\n", 0o600))), &["does not accept the credentials in"]);
    is_told(open(Some(credentials("me:secret", 0o600))), &["expected", "two lines"]);
    is_told(open(Some(credentials("me\nsecret\n", 0o640))), &["other users can read", "chmod 600"]);
    is_told(open(Some("/nowhere/me".into())), &["/nowhere/me", "ENOENT"]);
    open(Some(credentials("me\nsecret\n", 0o600))).unwrap();
}

#[test]
fn a_server_is_trusted_by_its_authority_alone() {
    over_this_test();
    if !testserver::is_there() {
        return;
    }
    let authority = Authority::new().unwrap();
    let certificate = Some(authority.certificate(&["127.0.0.1"]).unwrap());
    let server = Server::with(Config { certificate, ..Config::default() }).unwrap();
    let open = |ca| Connection::open(&ServerOptions { ca, ..options(&server) });
    open(Some(authority.file())).unwrap();
    is_told(open(Some(Authority::new().unwrap().file())), &["certificate", "not to be trusted"]);
    is_told(open(None), &["certificate", "not to be trusted", "UnknownIssuer"]);
    is_told(open(Some("/nowhere/ca.pem".into())), &["/nowhere/ca.pem", "ENOENT"]);
    let plain = Server::start().unwrap();
    is_told(Connection::open(&ServerOptions { ca: Some(authority.file()), ..options(&plain) }), &["TLS"]);
}

/// A client that answers the server's pings only while it is asked something would be cut off, and connect again.
#[test]
fn the_connection_lasts_while_nothing_is_called() {
    over_this_test();
    if !testserver::is_there() {
        return;
    }
    let ping_interval = Some(Duration::from_millis(200)); // cut off after two unanswered
    let server = Server::with(Config { ping_interval, ..Config::default() }).unwrap();
    let connection = Connection::open(&options(&server)).unwrap();
    thread::sleep(Duration::from_millis(1500));
    connection.settle();
    assert_eq!(connection.reconnected(), 0);
}
