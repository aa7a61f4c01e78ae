//! A link of which the test is one side, and another process or thread the other; and the parts of the other process.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipc_conformance::other::{self, Other};
use ipc_core::{Error, Mechanism, Receiver, Sender, Setup};
use ipc_nats::{Address, File, Link, LinkName, Memory, Nats, ServerOptions, Storage};
use testserver::Server;

pub const PATIENCE: Duration = Duration::from_secs(20);

/// The time within which a killed peer is noticed.
pub const PROMISE: Duration = Duration::from_secs(1);

pub fn options(server: &Server) -> ServerOptions {
    ServerOptions::of(server.url())
}

/// Returns the only user of a server that has one, and the password.
pub fn user() -> (String, String) {
    ("me".into(), "secret".into())
}

/// Writes a file of credentials.
pub fn credentials(folder: &Path, text: &str, mode: u32) -> PathBuf {
    let file = folder.join("credentials");
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
    file
}

/// Returns an address that no other link has.
pub fn fresh(server: &Server) -> Address {
    Address { server: options(server), name: LinkName::fresh() }
}

/// Makes a meeting point at the server.
pub fn create<S: Storage>(server: &Server) -> Nats<S> {
    Nats::create(Some(&fresh(server).to_string()), &Setup::default()).unwrap()
}

/// Returns both sides of a link, for two threads.
pub fn pair<S: Storage>(server: &Server) -> (Link, Link) {
    let mut meeting = create::<S>(server);
    let address = meeting.address();
    let joined = std::thread::spawn(move || join::<S>(&address));
    (meeting.accept(PATIENCE).unwrap(), joined.join().unwrap())
}

pub fn join<S: Storage>(address: &str) -> Link {
    Nats::<S>::join(address, &Setup::default(), PATIENCE).unwrap()
}

/// Returns a link whose other side is a process that plays `part` and stays.
pub fn with_process<S: Storage>(server: &Server, part: &str) -> (Link, Other) {
    let mut meeting = create::<S>(server);
    let address = meeting.address();
    let part = part.to_owned();
    let other = std::thread::spawn(move || other::playing(&format!("{part} {address}")));
    (meeting.accept(PATIENCE).unwrap(), other.join().unwrap())
}

pub fn number(message: &[u8]) -> u32 {
    u32::from_le_bytes(message.try_into().expect("it has four bytes"))
}

/// Receives the messages `numbers`, in this order.
pub fn check(receiver: &mut impl Receiver, numbers: std::ops::Range<u32>) {
    for expected in numbers {
        let mut message = [0; 4];
        let len = receiver.recv_timeout(&mut message, PATIENCE).unwrap().expect("the next message comes");
        assert_eq!(number(&message[..len]), expected);
    }
}

/// Not a test: the other process of the tests.
#[test]
#[ignore = "the other process of the tests"]
fn other_process_main() {
    other::main(play);
}

fn play(part: &[&str]) -> String {
    match *part {
        // Joins, sends so many messages, and waits until it is killed. Leaking the link keeps it.
        ["send", count, address] => {
            let mut link = join::<File>(address);
            (0..count.parse().unwrap()).for_each(|number: u32| link.send(&number.to_le_bytes()).unwrap());
            std::mem::forget(link);
            "sent".into()
        }
        ["stay", address] => {
            std::mem::forget(join::<Memory>(address));
            "joined".into()
        }
        ["flooded", url] => crate::limits::flooded(url),
        _ => panic!("{part:?}"),
    }
}

/// Asserts that the link is over, since the peer is gone.
pub fn is_over<T: std::fmt::Debug>(end: &ipc_core::Result<T>) {
    assert!(matches!(end, Err(Error::Disconnected)), "{end:?}");
}
