//! What dead processes leave at the server, and what removes it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use async_nats::jetstream::stream::Config;
use ipc_conformance::watchdog::{children, over_this_test};
use ipc_nats::{Connection, File, clean, list};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use testserver::Server;

use crate::tools::{create, fresh, options, pair};

fn streams(connection: &Connection) -> usize {
    list(connection).unwrap().len()
}

/// Runs the demo with its own directory for temporary files, where its notes are.
fn demo(server: &Server, place: &TempDir, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-nats"));
    command.args(words).args(["--variant", "file", "--server", &server.url()]).env("TMPDIR", place.path());
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn until_it_measures(demo: &mut Child) {
    let story = BufReader::new(demo.stderr.take().unwrap()).lines();
    assert!(story.map(Result::unwrap).any(|line| line.contains("now ")), "it never began");
}

/// Kills both sides of a link.
fn two_killed(server: &Server, place: &TempDir) {
    let mut owner = demo(server, place, &["--count", "1000000000"]).spawn().unwrap();
    until_it_measures(&mut owner);
    let joiner = children(owner.id());
    owner.kill().unwrap();
    for pid in joiner {
        kill(Pid::from_raw(pid.cast_signed()), Signal::SIGKILL).unwrap();
    }
    owner.wait().unwrap();
}

/// Lets the demo create a meeting point, for which no peer comes.
fn next_create(server: &Server, place: &TempDir) {
    let output = demo(server, place, &["pong", "--timeout", "0.01"]).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("no ping joined"), "{output:?}");
}

#[test]
fn the_last_side_to_leave_removes_the_streams() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let connection = Connection::open(&options(&server)).unwrap();
    let (link, peer) = pair::<File>(&server);
    drop(link);
    assert_eq!(streams(&connection), 2, "the other side may still want to receive");
    drop(peer);
    assert_eq!(streams(&connection), 0);
    drop(create::<File>(&server));
    assert_eq!(streams(&connection), 0, "of a meeting where no peer came");
}

/// The note of the streams is on the host of the owner, which is gone. Another directory stands for another host.
#[test]
fn a_survivor_on_another_host_removes_the_streams() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let [here, there] = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let address = fresh(&server).to_string();
    let mut owner = demo(&server, &here, &["pong", &address]).spawn().unwrap();
    let mut survivor = demo(&server, &there, &["ping", &address, "--count", "1000000000"]).spawn().unwrap();
    until_it_measures(&mut survivor);
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert_eq!(survivor.wait().unwrap().code(), Some(1), "the end of the exchange is a failure");
    assert_eq!(streams(&Connection::open(&options(&server)).unwrap()), 0);
}

#[test]
fn the_next_create_removes_what_two_killed_sides_left() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let connection = Connection::open(&options(&server)).unwrap();
    let place = tempfile::tempdir().unwrap();
    two_killed(&server, &place);
    assert_eq!(streams(&connection), 2);
    next_create(&server, &place);
    assert_eq!(streams(&connection), 0);
}

/// From any host: it needs no note of this one. What others have made is left alone.
#[test]
fn clean_removes_what_no_process_uses_and_nothing_else() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let connection = Connection::open(&options(&server)).unwrap();
    let foreign =
        Config { name: "ipc-foreign-owner".into(), subjects: vec!["foreign".into()], ..Config::default() };
    connection.wait(connection.jetstream().create_stream(foreign)).unwrap();
    let live = create::<File>(&server);
    two_killed(&server, &tempfile::tempdir().unwrap());
    assert_eq!(streams(&connection), 4);
    assert_eq!(clean(&connection).unwrap().len(), 2);
    assert_eq!(streams(&connection), 2, "those of the live one");
    let kept = connection.wait(connection.jetstream().get_stream("ipc-foreign-owner"));
    assert!(kept.is_ok(), "it does not carry the mark");
    drop(live);
    assert!(clean(&connection).unwrap().is_empty());
}

/// A note whose server is away is kept, and does not stand in the way.
#[test]
fn a_server_that_is_away_hinders_no_other() {
    over_this_test();
    let Some(mut away) = testserver::for_this_test() else { return };
    let server = Server::start().unwrap();
    let place = tempfile::tempdir().unwrap();
    two_killed(&away, &place);
    away.kill();
    next_create(&server, &place);
    away.restart().unwrap();
    next_create(&server, &place); // this one can remove it
    assert_eq!(streams(&Connection::open(&options(&away)).unwrap()), 0);
}
