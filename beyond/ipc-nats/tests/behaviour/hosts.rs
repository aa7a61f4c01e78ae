//! Two hosts, a and b, with the server on b.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use ipc_conformance::watchdog::over_this_test;
use ipc_core::{Error, Mechanism, Receiver, Sender, Setup};
use ipc_nats::{Connection, File, Nats, ServerOptions, list};
use tempfile::TempDir;
use testserver::{Authority, Config, Server};
use wire::{Conditions, Hosts};

use crate::tools::{PATIENCE, credentials, fresh, join, number, options, user};

/// A server on host b.
fn server(hosts: &Hosts, config: Config) -> Server {
    let listen = Some(hosts.b().address());
    hosts.b().enter(|| Server::with(Config { listen, ..config })).unwrap()
}

/// Two hosts, and files for the programs that run there.
struct Place {
    hosts: Hosts,
    authority: Authority,
    folder: TempDir,
}

impl Place {
    /// `None`: the test is skipped.
    fn new() -> Option<Self> {
        if !testserver::is_there() {
            return None;
        }
        let hosts = wire::for_this_test(&Conditions::default())?;
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        Some(Self { hosts, authority: Authority::new().unwrap(), folder })
    }

    /// Starts a server that uses TLS, with a certificate for `name`, and lets in `me` with the password `secret`.
    fn guarded(&self, name: &str) -> Server {
        let certificate = Some(self.authority.certificate(&[name]).unwrap());
        server(&self.hosts, Config { certificate, user: Some(user()), ..Config::default() })
    }

    fn credentials(&self, password: &str) -> PathBuf {
        let place = self.folder.path().join(password);
        fs::create_dir(&place).unwrap();
        credentials(&place, &format!("me\n{password}\n"), 0o600)
    }

    fn tmp(&self) -> PathBuf {
        self.folder.path().join("tmp")
    }

    /// The program, with its own directory for temporary files.
    fn program(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-nats"));
        command.args(words).env("TMPDIR", self.tmp()).stderr(Stdio::piped());
        command
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn two_hosts_meet_over_tls_with_a_password() {
    over_this_test();
    let Some(place) = Place::new() else { return };
    let server = place.guarded(&place.hosts.b().address().to_string());
    let (url, credentials, ca) = (server.url(), place.credentials("secret"), place.authority.file());
    let guarded =
        ["--server", &url, "--credentials", credentials.to_str().unwrap(), "--ca", ca.to_str().unwrap()];
    let mut pong = place.program(&[&["pong"], &guarded[..]].concat());
    let mut pong = place.hosts.b().spawn(pong.stdout(Stdio::piped())).unwrap();
    let mut stdout = BufReader::new(pong.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(!line.contains("secret\n"), "no password is shown: {line}");
    let words: Vec<_> = line.trim().split(' ').skip(1).chain(["--count", "20"]).collect();
    let ping = place.hosts.a().output(&mut place.program(&words)).unwrap();
    assert!(ping.status.success(), "{line}{ping:?}");
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert!(pong.wait().unwrap().success() && rest.contains("answered 40 messages"), "{rest}");
}

#[test]
fn each_refusal_is_one_line_and_leaves_nothing() {
    over_this_test();
    let Some(place) = Place::new() else { return };
    let server = place.guarded(&place.hosts.b().address().to_string());
    let misnamed = place.guarded("elsewhere.example");
    let (right, wrong) = (place.credentials("secret"), place.credentials("wrong"));
    let (ca, foreign) = (place.authority.file(), Authority::new().unwrap());
    let plain = server.url().replace("tls://", "nats://");
    let refused = |url: &str, credentials: Option<&Path>, ca: Option<&Path>, told: &str| {
        let mut program = place.program(&["pong", "--server", url]);
        let files = [("--credentials", credentials), ("--ca", ca)];
        for (flag, file) in files.into_iter().filter_map(|(flag, file)| Some((flag, file?))) {
            program.arg(flag).arg(file);
        }
        let output = place.hosts.a().output(&mut program).unwrap();
        let (out, err) = (text(output.stdout), text(output.stderr));
        println!("{err}");
        assert_eq!((output.status.code(), out.as_str(), err.lines().count()), (Some(1), "", 1), "{err}");
        assert!(err.starts_with("error: ") && err.contains(told) && err.contains(url), "{err}");
        assert!(!err.contains("secret"), "{err}");
    };
    let url = server.url();
    refused(&url, Some(&wrong), Some(&ca), "does not accept the credentials in");
    refused(&url, None, Some(&ca), "wants to know who you are: name a file with --credentials");
    refused(&url, Some(&right), Some(&foreign.file()), "is not to be trusted");
    refused(&plain, Some(&right), None, "is not to be trusted");
    refused(&misnamed.url(), Some(&right), Some(&ca), "elsewhere.example");
    assert_eq!(fs::read_dir(place.tmp()).unwrap().count(), 0, "a note is left");
    let credentials = Some(right);
    let options = ServerOptions { credentials, ca: Some(ca), ..options(&server) };
    let connection = place.hosts.a().enter(|| Connection::open(&options)).unwrap();
    assert!(list(&connection).unwrap().is_empty());
}

/// A link from host a to host b, over the server on b, of which a wire is cut for three seconds while a sends. Returns how
/// far b got, and what came then.
fn cut_for_three_seconds(hosts: &Hosts, server: &Server) -> (u32, Error) {
    /// What a sends: long enough for the cut to fall in between.
    const COUNT: u32 = 4000;
    let (a, b) = (hosts.a(), hosts.b());
    let address = fresh(server).to_string();
    let mut meeting = b.enter(|| Nats::<File>::create(Some(&address), &Setup::default())).unwrap();
    thread::scope(|scope| {
        let joiner = scope.spawn(|| a.enter(|| join::<File>(&address)));
        let mut peer = b.enter(|| meeting.accept(PATIENCE)).unwrap();
        let mut link = joiner.join().unwrap();
        let sending = scope.spawn(move || {
            // On its host to the end: what is left at the server is removed from there.
            a.enter(move || {
                for number in 0..COUNT {
                    link.feed(&number.to_le_bytes())?;
                    if number % 20 == 0 {
                        thread::sleep(Duration::from_millis(10));
                    }
                }
                link.flush()
            })
        });
        thread::sleep(Duration::from_millis(500));
        hosts.cut().unwrap();
        thread::sleep(Duration::from_secs(3));
        hosts.mend().unwrap();
        let mended = Instant::now();
        let mut next = 0;
        let end = loop {
            let mut message = [0; 4];
            match peer.recv_timeout(&mut message, PATIENCE) {
                Ok(received) => assert!(received.is_some(), "{next} messages, and then nothing"),
                Err(end) => break end,
            }
            assert_eq!(number(&message), next, "each once and in order");
            next += 1;
        };
        println!(
            "{next} of {COUNT} messages, and the end {:.1?} after the wire was mended",
            mended.elapsed()
        );
        // Also while b holds its side still.
        let sent = sending.join().unwrap();
        assert_eq!(sent.is_ok(), next == COUNT, "a learns the same: {sent:?}");
        b.enter(move || drop((peer, meeting)));
        (COUNT - next, end)
    })
}

/// The server does not notice: TCP sends again what was lost.
#[test]
fn a_cut_of_three_seconds_loses_and_doubles_nothing() {
    over_this_test();
    if !testserver::is_there() {
        return;
    }
    let Some(hosts) = wire::for_this_test(&Conditions::default()) else { return };
    let (missing, end) = cut_for_three_seconds(&hosts, &server(&hosts, Config::default()));
    assert!(missing == 0 && matches!(end, Error::Disconnected), "{missing} missing: {end}");
}

/// A server that pings its clients often gives the connection up. To the other side that is as if the process had been
/// killed: it gets what is in the stream, each once and in order, and then learns of the end.
#[test]
fn a_cut_that_the_server_notices_ends_the_link() {
    over_this_test();
    if !testserver::is_there() {
        return;
    }
    let Some(hosts) = wire::for_this_test(&Conditions::default()) else { return };
    let ping_interval = Some(Duration::from_millis(400));
    let (missing, end) =
        cut_for_three_seconds(&hosts, &server(&hosts, Config { ping_interval, ..Config::default() }));
    assert!(missing > 0 && matches!(end, Error::Disconnected), "{missing} missing: {end}");
}

/// A plain subscription, without a stream, is made again by the client after such a cut. What was published meanwhile is
/// lost.
#[test]
fn a_subscription_goes_on_after_a_cut_and_has_lost_what_came_meanwhile() {
    over_this_test();
    if !testserver::is_there() {
        return;
    }
    let Some(hosts) = wire::for_this_test(&Conditions::default()) else { return };
    let ping_interval = Some(Duration::from_millis(400));
    let server = server(&hosts, Config { ping_interval, ..Config::default() });
    let listener = hosts.a().enter(|| Connection::open(&options(&server))).unwrap();
    let publisher = hosts.b().enter(|| Connection::open(&options(&server))).unwrap();
    let mut news = listener.wait(listener.client().subscribe("news")).unwrap();
    listener.settle();
    let publish = |text: &'static str| {
        publisher.wait(publisher.client().publish("news", text.into())).unwrap();
        publisher.settle();
    };
    let mut hear = || listener.wait(news.next()).expect("the subscription goes on").payload;
    publish("before");
    assert_eq!(hear(), "before");
    hosts.cut().unwrap();
    thread::sleep(Duration::from_secs(3)); // the server gives up after two unanswered pings
    publish("meanwhile");
    hosts.mend().unwrap();
    while listener.reconnected() == 0 {
        thread::sleep(Duration::from_millis(20)); // or the watchdog
    }
    listener.settle();
    publish("after");
    assert_eq!(hear(), "after");
}
