//! The server is there when it should be, and gone when it should be.

use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs};

use ipc_conformance::watchdog::over_this_test;
use testserver::{Authority, Config, Server};

fn listens(server: &Server) -> bool {
    TcpStream::connect((server.address(), server.port())).is_ok()
}

fn soon(what: &str, holds: impl Fn() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(20), "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn it_is_gone_with_its_store_when_dropped() {
    over_this_test();
    let Some(server) = testserver::for_this_test() else { return };
    let (pid, folder) = (server.pid(), server.folder().to_owned());
    assert!(listens(&server) && folder.join("server.conf").is_file());
    drop(server);
    assert!(!Path::new(&format!("/proc/{pid}")).exists() && !folder.exists());
}

#[test]
fn a_restart_keeps_port_and_store() {
    over_this_test();
    let Some(mut server) = testserver::for_this_test() else { return };
    let (port, pid) = (server.port(), server.pid());
    server.kill();
    assert!(!listens(&server) && server.folder().exists());
    server.restart().unwrap();
    assert!(listens(&server) && server.port() == port && server.pid() != pid);
}

#[test]
fn a_server_that_does_not_start_says_why() {
    over_this_test();
    if !testserver::is_there() {
        return;
    }
    let authority = Authority::new().unwrap();
    let mut certificate = authority.certificate(&["127.0.0.1"]).unwrap();
    certificate.key = "/nowhere".into();
    let error = Server::with(Config { certificate: Some(certificate), ..Config::default() }).unwrap_err();
    assert!(error.to_string().starts_with("nats-server does not start: "), "{error}");
}

/// The starter of a server, as a process of its own: prints the pid and the folder, and waits for its end.
#[test]
#[ignore = "run by the next test"]
fn starter() {
    let server = Server::start().unwrap();
    println!("\nstarted {} {}", server.pid(), server.folder().display());
    thread::sleep(Duration::from_secs(60));
}

/// A test that is killed cannot clean up.
#[test]
fn it_is_gone_with_its_store_when_its_starter_is_killed() {
    use std::io::{BufRead as _, BufReader};
    over_this_test();
    if !testserver::is_there() {
        return;
    }
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "starter", "--nocapture"]).stdout(Stdio::piped());
    let mut starter = command.spawn().unwrap();
    let lines = BufReader::new(starter.stdout.take().unwrap()).lines();
    let line = lines.map(Result::unwrap).find(|line| line.starts_with("started ")).unwrap();
    let [_, pid, folder] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
    assert!(fs::metadata(folder).unwrap().is_dir());
    starter.kill().unwrap();
    starter.wait().unwrap();
    soon("the server is left", || !Path::new(&format!("/proc/{pid}")).exists());
    soon("the store is left", || !Path::new(folder).exists());
}
