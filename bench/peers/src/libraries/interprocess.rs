//! [interprocess](https://docs.rs/interprocess): a *local socket* is a Unix stream socket on Linux, and a named pipe on
//! Windows. It is a stream of bytes: this side puts messages of one known length into it, without frames.

use std::io::{self, ErrorKind, Read as _, Write as _};

use interprocess::local_socket::traits::{Listener as _, Stream as _};
use interprocess::local_socket::{GenericFilePath, Listener, ListenerOptions, Name, Stream, ToFsName as _};
use ipc_core::{Call as _, Error, Result};
use ipc_demo::helper_process::HelperProcess;

use super::any;
use crate::link::{Link, Transfer};
use crate::participants::Participant;
use crate::setup::{Setup, Waiting};

pub fn participant() -> Participant {
    let implementation = || format!("interprocess {}", env!("VERSION_INTERPROCESS"));
    Participant::of::<LocalSocket>("interprocess", implementation, ("socket", "unix-stream"), any)
}

struct LocalSocket {
    stream: Stream,
    waiting: Waiting,
    message: Vec<u8>,
}

fn name(setup: &Setup) -> Result<Name<'static>> {
    setup.dir.join("local.socket").to_fs_name::<GenericFilePath>().call("bind")
}

impl LocalSocket {
    fn new(stream: Stream, setup: &Setup) -> Result<Self> {
        let waiting = setup.waiting()?;
        stream.set_nonblocking(waiting.polls()).call("fcntl")?;
        Ok(Self { stream, waiting, message: vec![1; setup.size] })
    }

    /// Repeats a call on a part of the message until all of it has been sent or received.
    fn whole(
        &mut self,
        size: usize,
        call: impl Fn(&mut Stream, &mut [u8]) -> io::Result<usize>,
    ) -> Result<()> {
        let Self { stream, waiting, message } = self;
        waiting.until_whole(size, |moved| match call(stream, &mut message[moved..size]) {
            Ok(0) => Err(Error::Disconnected),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(0),
            moved => moved.map_err(|_| Error::Disconnected),
        })
    }
}

impl Link for LocalSocket {
    type Meeting = Listener;

    fn create(setup: &Setup) -> Result<Listener> {
        ListenerOptions::new().name(name(setup)?).create_sync().call("bind")
    }

    fn accept(listener: Listener, _: &mut HelperProcess, setup: &Setup) -> Result<Self> {
        Self::new(listener.accept().call("accept")?, setup)
    }

    fn join(setup: &Setup, _: &str) -> Result<Self> {
        Self::new(Stream::connect(name(setup)?).call("connect")?, setup)
    }
}

impl Transfer for LocalSocket {
    #[inline]
    fn send(&mut self, size: usize, write: impl FnOnce(&mut [u8])) -> Result<()> {
        write(&mut self.message[..size]);
        self.whole(size, |stream, rest| stream.write(rest))
    }

    #[inline]
    fn receive(&mut self, size: usize, read: impl FnOnce(&[u8]) -> Result<()>) -> Result<()> {
        self.whole(size, |stream, rest| stream.read(rest))?;
        read(&self.message[..size])
    }
}
