//! [ZeroMQ](https://docs.rs/zmq) over `ipc://`, a Unix stream socket: two sockets of the kind PAIR. A thread of the library
//! in each process moves the messages, several at once where there are several.

use ipc_core::Result;
use ipc_demo::helper_process::HelperProcess;
use zmq::{Context, Message, PAIR, Socket};

use super::refused;
use crate::link::{Link, Transfer};
use crate::participants::{Exchange, Participant};
use crate::setup::Setup;

const NAME: &str = "zeromq";

pub fn participant() -> Participant {
    let implementation = || {
        let (major, minor, patch) = zmq::version();
        format!("zmq {} (libzmq {major}.{minor}.{patch})", env!("VERSION_ZMQ"))
    };
    Participant::of::<Pair>(NAME, implementation, ("socket", "unix-stream"), no_poll)
}

struct Pair(Socket);

/// With both on one CPU, the thread gets a turn once in some milliseconds.
fn no_poll(exchange: &Exchange) -> Option<&'static str> {
    exchange.polls().then_some("a thread of its own moves the messages, on the CPU that polling would take")
}

fn endpoint(setup: &Setup) -> String {
    format!("ipc://{}", setup.dir.join("zmq").display())
}

fn socket() -> Result<Socket> {
    let socket = Context::new().socket(PAIR).map_err(refused(NAME))?;
    socket.set_linger(0).map_err(refused(NAME))?; // all has been received when it is closed
    Ok(socket)
}

impl Link for Pair {
    type Meeting = Socket;

    fn create(setup: &Setup) -> Result<Socket> {
        let socket = socket()?;
        socket.bind(&endpoint(setup)).map_err(refused(NAME))?;
        Ok(socket)
    }

    fn accept(socket: Socket, _: &mut HelperProcess, _: &Setup) -> Result<Self> {
        Ok(Self(socket))
    }

    fn join(setup: &Setup, _: &str) -> Result<Self> {
        let socket = socket()?;
        socket.connect(&endpoint(setup)).map_err(refused(NAME))?;
        Ok(Self(socket))
    }
}

impl Transfer for Pair {
    #[inline]
    fn send(&mut self, size: usize, write: impl FnOnce(&mut [u8])) -> Result<()> {
        let mut message = Message::with_size(size);
        write(&mut message);
        // It sleeps only while as many messages wait as its high-water mark allows.
        self.0.send(message, 0).map_err(refused(NAME))
    }

    #[inline]
    fn receive(&mut self, _: usize, read: impl FnOnce(&[u8]) -> Result<()>) -> Result<()> {
        read(&self.0.recv_msg(0).map_err(refused(NAME))?)
    }
}
