//! The server is there when it should be, and gone when it should be.

use std::env;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use ipc_conformance::watchdog::{children, over_this_test};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
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

/// The starter of a server, as a process of its own: prints what belongs to the server, and waits for its end.
#[test]
#[ignore = "run by the next tests"]
fn starter() {
    let server = Server::start().unwrap();
    println!("\nstarted {} {} {}", server.pid(), server.port(), server.folder().display());
    thread::sleep(Duration::from_secs(60));
}

/// What another process has started.
struct Started {
    starter: Child,
    pid: u32,
    port: u16,
    folder: PathBuf,
}

impl Started {
    fn new() -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "starter", "--nocapture"]).stdout(Stdio::piped());
        let mut starter = command.spawn().unwrap();
        let lines = BufReader::new(starter.stdout.take().unwrap()).lines();
        let line = lines.map(Result::unwrap).find(|line| line.starts_with("started ")).unwrap();
        let [_, pid, port, folder] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        assert!(fs::metadata(folder).unwrap().is_dir());
        Self { starter, pid: pid.parse().unwrap(), port: port.parse().unwrap(), folder: folder.into() }
    }

    fn kill(&mut self) {
        self.starter.kill().unwrap();
        self.starter.wait().unwrap();
    }

    fn is_gone(&self) {
        soon("the server is left", || !Path::new(&format!("/proc/{}", self.pid)).exists());
        soon("the port is left", || TcpStream::connect(("127.0.0.1", self.port)).is_err());
    }
}

/// A test that is killed cannot clean up.
#[test]
fn it_is_gone_with_its_store_when_its_starter_is_killed() {
    over_this_test();
    if !testserver::is_there() {
        return;
    }
    let mut started = Started::new();
    started.kill();
    started.is_gone();
    soon("the store is left", || !started.folder.exists());
}

/// Lets a folder look as if nothing had happened in it for an hour.
fn make_old(folder: &Path) {
    let hour = Duration::from_secs(3600);
    File::open(folder).unwrap().set_modified(SystemTime::now() - hour).unwrap();
}

/// With the shell that would end it, no process is left that could remove the store: the next server does that.
#[test]
fn it_is_gone_when_its_starter_and_its_keeper_are_killed() {
    over_this_test();
    if !testserver::is_there() {
        return;
    }
    let has_setpriv = Command::new("setpriv").args(["--pdeathsig", "KILL", "true"]).status();
    if !has_setpriv.is_ok_and(|status| status.success()) {
        return ipc_conformance::skipped("there is no setpriv (util-linux)");
    }
    let mut started = Started::new();
    for keeper in children(started.starter.id()) {
        kill(Pid::from_raw(keeper.cast_signed()), Signal::SIGKILL).unwrap();
    }
    started.kill();
    started.is_gone();
    assert!(started.folder.exists(), "there is something to remove");
    make_old(&started.folder);
    let next = Server::start().unwrap();
    assert!(!started.folder.exists(), "the store is left");
    make_old(next.folder());
    let _another = Server::start().unwrap();
    assert!(next.folder().exists() && listens(&next), "that of a server that runs stays");
}
