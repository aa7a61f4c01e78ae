//! `serve` and `client`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Child;

use ipc_conformance::first_process;
use ipc_conformance::other::{PATIENCE, watched};
use ipc_msgq::server::Client;
use ipc_msgq::{Key, MessageType, Queue, Settings};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use tempfile::TempDir;

use ipc_conformance::other::ctrl_c;

use crate::children::end;
use crate::tools::{Scratch, command, ended, run, run_with, soon};

/// A server, ended at the end of its test.
struct Server {
    key: Key,
    child: Child,
    /// A directory of its own, where no other test cleans up after it.
    _place: TempDir,
}

impl Server {
    fn start() -> Self {
        let key = Key::fresh();
        let place = tempfile::tempdir().unwrap();
        let mut serve = command(&["serve", &key.to_string()]);
        let mut child = serve.env("TMPDIR", place.path()).spawn().unwrap();
        let mut id = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut id).unwrap();
        assert_eq!(id.trim_end(), Queue::open(key).unwrap().id().to_string());
        Self { key, child, _place: place }
    }

    fn queue(&self) -> Queue {
        Queue::open(self.key).unwrap()
    }

    /// Ends the server, and returns its output.
    fn end(&mut self, signal: Signal) -> String {
        end(&mut self.child, signal);
        soon("the queue is removed", || Queue::open(self.key).is_err());
        let mut told = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        told
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In a container with the host's queues, the end of the server ends every process that could clean up.
#[test]
fn as_process_1_of_a_container_it_ends_and_removes_its_queue() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        let key = Key::fresh();
        let serve = command(&["serve", &key.to_string()]);
        first_process::ends_by(&serve, "from another terminal", signal).unwrap();
        assert!(Queue::open(key).is_err(), "{signal}");
        let queue = Scratch::new();
        first_process::ends_by(&command(&["watch"]), &format!("queue {} appeared", queue.id()), signal)
            .unwrap();
    }
}

/// One request, or one for each line, is answered; the queue is removed with its server, by Ctrl-C and by `kill -9`.
#[test]
fn a_server_answers_and_removes_its_queue() {
    for signal in [ctrl_c(), Signal::SIGKILL] {
        let mut server = Server::start();
        let key = server.key.to_string();
        assert_eq!(run(&["client", &key, "hello"]).text(), "hello\n");
        assert_eq!(run_with(&["client", &key], b"one\n\ntwo\n").text(), "one\n\ntwo\n");
        let told = server.end(signal);
        assert_eq!(told.matches(" joined\n").count(), 2, "{told}");
        assert!(!told.contains("without leaving"), "{told}"); // "left" may not have been printed
        assert!(run(&["client", &key, "hello"]).error(1).contains("no queue has key"));
    }
}

/// A server that is killed while it has further queues leaves none of them either.
#[test]
fn the_queues_of_many_clients_go_with_the_server() {
    for signal in [ctrl_c(), Signal::SIGKILL] {
        let mut server = Server::start();
        let join = || Client::join(server.queue(), PATIENCE).unwrap();
        let clients: Vec<_> = (0..65).map(|_| join()).collect();
        let queues = [32, 64].map(|at| clients[at].queue());
        server.end(signal);
        soon("the others are removed", || queues.iter().all(|queue| queue.stat().is_err()));
    }
}

/// Many clients share a queue with room for two requests: each gets its own answers, in order, and none hangs.
#[test]
fn many_clients_share_a_small_queue() {
    let server = Server::start();
    server.queue().set(&Settings { capacity: Some(80), ..Settings::default() }).unwrap();
    let key = server.key.to_string();
    let said = |client: u32| {
        (0..50).map(|line| format!("client {client}, line {line}\n")).collect::<Vec<_>>().concat()
    };
    std::thread::scope(|scope| {
        for client in 0..8 {
            let (key, text) = (&key, said(client));
            scope.spawn(move || assert_eq!(run_with(&["client", key], text.as_bytes()).text(), text));
        }
    });
    soon("the last leave messages are received", || server.queue().stat().unwrap().messages == 0);
}

/// A killed client is noticed, and the answer that it has not taken does not stay.
#[test]
fn a_killed_client_leaves_nothing() {
    let mut server = Server::start();
    let key = server.key.to_string();
    // The server is stopped, so that the client is gone before there is an answer.
    let pid = Pid::from_raw(server.child.id() as i32);
    let signal = |signal| kill(pid, signal).unwrap();
    signal(Signal::SIGSTOP);
    let stopped = waitpid(pid, Some(WaitPidFlag::WUNTRACED)).unwrap(); // until then it could still read the client
    assert_eq!(stopped, WaitStatus::Stopped(pid, Signal::SIGSTOP));
    let mut client = command(&["client", &key, "hello"]).spawn().unwrap();
    soon("it has asked", || server.queue().stat().unwrap().messages == 1);
    client.kill().unwrap();
    client.wait().unwrap();
    signal(Signal::SIGCONT);
    soon("the server has answered", || server.queue().stat().unwrap().last_sender == Some(server.child.id()));
    soon("its answer is gone", || server.queue().stat().unwrap().messages == 0);
    let told = BufReader::new(server.child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let wanted = format!("client {} ended without leaving", client.id());
    assert!(watched(move || { told }.any(|line| line == wanted)), "it ended without that line");
}

/// A message that is no request does not disturb it.
#[test]
fn garbage_is_reported_and_ignored() {
    let mut server = Server::start();
    let key = server.key.to_string();
    // The first is not garbage: it says that a client lacks room.
    for garbage in [&b""[..], b"short", &[0; 20], &[0xff; 100]] {
        server.queue().send(&ipc_msgq::Message::new(MessageType::ONE, garbage)).unwrap();
    }
    assert_eq!(run(&["client", &key, "hello"]).text(), "hello\n");
    assert_eq!(server.end(Signal::SIGTERM).matches("not a request to join").count(), 3);
}

/// A key in use is refused and its queue left alone; a queue without a server is reported.
#[test]
fn a_server_needs_a_queue_of_its_own_and_a_client_a_server() {
    let queue = Scratch::new();
    let error = run(&["serve", &queue.key.to_string()]).error(1);
    assert!(error.contains("(EEXIST); a queue with key"), "{error}");
    let error = run(&["client", &queue.id(), "--timeout", "0.1", "hello"]).error(1);
    assert!(error.contains("no answer at queue") && error.contains("waited 0.1 s"), "{error}");
    assert!(queue.take().is_some(), "the request waits for a server");
    let long = ended(command(&["client", &queue.id(), &"x".repeat(9000)]).spawn().unwrap()).error(1);
    assert!(long.contains("a request has"), "{long}");
}

/// A client of another pid namespace is told so by its `serve`, which goes on for others.
#[test]
fn a_client_of_another_pid_namespace_is_rejected() {
    let mut server = Server::start();
    let Some(mut there) = ipc_conformance::namespaces::unshared(&["--pid", "--fork", "--mount-proc"]) else {
        return ipc_conformance::skipped("a pid namespace of its own is not permitted here");
    };
    let key = server.key.to_string();
    let output = there.args([crate::tools::BINARY, "client", &key, "hello"]).output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.lines().count() == 1 && error.contains("pid:["), "{error}");
    assert_eq!(run(&["client", &key, "hello"]).text(), "hello\n");
    server.end(Signal::SIGTERM);
}
