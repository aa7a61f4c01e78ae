//! The orders from ping to pong: they travel over a socket of their own, which is silent during a measurement. The
//! standard input and output of pong are left to the library: a pipe is inherited there.

use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use ipc_core::{Call as _, Error, Result};
use ipc_demo::exchange::Workload;

use crate::setup::Setup;

fn path(setup: &Setup) -> PathBuf {
    setup.dir.join("orders")
}

/// The place where pong comes for its orders.
#[derive(Debug)]
pub struct OrderDesk(UnixListener);

impl OrderDesk {
    /// Opens it, before pong is started.
    ///
    /// # Errors
    /// `bind`: the directory of the exchange is gone.
    pub fn open(setup: &Setup) -> Result<Self> {
        UnixListener::bind(path(setup)).call("bind").map(Self)
    }

    /// Waits for pong.
    ///
    /// # Errors
    /// `accept`.
    pub fn wait(self) -> Result<Orders> {
        self.0.accept().call("accept").map(|(socket, _)| Orders(socket))
    }
}

/// One end of the socket.
#[derive(Debug)]
pub struct Orders(UnixStream);

impl Orders {
    /// Returns pong's end.
    ///
    /// # Errors
    /// `connect`: ping is gone.
    pub fn fetch(setup: &Setup) -> Result<Self> {
        UnixStream::connect(path(setup)).call("connect").map(Self)
    }

    /// Sends an order.
    ///
    /// # Errors
    /// [`Disconnected`](Error::Disconnected): pong is gone.
    pub fn send(&mut self, order: &Workload) -> Result<()> {
        self.0.write_all(&order.encode()).map_err(|_| Error::Disconnected)
    }

    /// Receives an order; `None` if no more come.
    ///
    /// # Errors
    /// `read`; [`Corrupt`](Error::Corrupt): it is not an order.
    pub fn receive(&mut self) -> Result<Option<Workload>> {
        let mut order = [0; Workload::LEN];
        match self.0.read_exact(&mut order) {
            Ok(()) => Workload::decode(&order).map(Some),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
            error => error.call("read").map(|()| None),
        }
    }

    /// Answers with a time: zero where this only says that pong is ready.
    ///
    /// # Errors
    /// [`Disconnected`](Error::Disconnected): ping is gone.
    pub fn answer(&mut self, time: Duration) -> Result<()> {
        self.0.write_all(&(time.as_nanos() as u64).to_le_bytes()).map_err(|_| Error::Disconnected)
    }

    /// Waits for the answer.
    ///
    /// # Errors
    /// [`Disconnected`](Error::Disconnected): pong is gone.
    pub fn answered(&mut self) -> Result<Duration> {
        let mut time = [0; size_of::<u64>()];
        self.0.read_exact(&mut time).map_err(|_| Error::Disconnected)?;
        Ok(Duration::from_nanos(u64::from_le_bytes(time)))
    }
}
