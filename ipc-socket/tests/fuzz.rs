//! Fuzzes the listener with any bytes in place of a hello.

use std::io::Write;
use std::net::TcpStream;
use std::os::unix::net;
use std::time::Duration;

use ipc_conformance::fuzz;
use ipc_core::{Error, Mechanism, Setup};
use ipc_socket::{Tcp, UnixStream};
use proptest::prelude::*;

const HELLO: &[u8] = b"ipc-sock/1 join\n";

fn any_hello<M: Mechanism<Options = ()>>(visit: impl Fn(&str) -> Box<dyn Write>) {
    let damaged = (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| {
        let mut hello = HELLO.to_vec();
        hello[at.index(HELLO.len())] = byte;
        hello
    });
    let short = (0..HELLO.len()).prop_map(|len| HELLO[..len].to_vec());
    let said = prop_oneof![damaged, short, prop::collection::vec(any::<u8>(), 0..40), Just(HELLO.to_vec())];
    fuzz(&prop::collection::vec((said, any::<bool>()), 1..20), |visits| {
        let mut meeting = M::create(None, &Setup::default()).unwrap();
        let mut staying = Vec::new();
        for (said, stays) in visits {
            let mut visitor = visit(&meeting.address());
            let _ = visitor.write_all(&said); // it may have been disconnected
            if stays {
                staying.push(visitor);
            }
            for _ in 0..2 {
                match meeting.accept(Duration::ZERO) {
                    Ok(_) => {
                        prop_assert!(said.starts_with(HELLO), "let in for {said:?}");
                        return Ok(());
                    }
                    Err(Error::TimedOut { .. }) => {}
                    Err(error) => prop_assert!(false, "{error}"),
                }
            }
        }
        Ok(())
    });
}

#[test]
fn fuzz_hello_to_a_unix_socket() {
    any_hello::<UnixStream>(|path| Box::new(net::UnixStream::connect(path).unwrap()));
}

#[test]
fn fuzz_hello_to_a_port() {
    any_hello::<Tcp>(|address| Box::new(TcpStream::connect(address).unwrap()));
}
