//! [ipc-channel](https://docs.rs/ipc-channel): the channels of `std`, between processes. Underneath is a Unix socket that
//! keeps boundaries, and a channel can be sent through a channel.

use std::process::Command;

use ipc_channel::TryRecvError;
use ipc_channel::ipc::{self, IpcBytesReceiver, IpcBytesSender, IpcOneShotServer, IpcSender};
use ipc_core::{Error, Result};
use ipc_demo::helper_process::HelperProcess;

use super::{any, refused};
use crate::link::{Link, Transfer};
use crate::participants::Participant;
use crate::setup::{Setup, Waiting};

pub const NAME: &str = "ipc-channel";

pub fn participant() -> Participant {
    let implementation = || format!("ipc-channel {}", env!("VERSION_IPC_CHANNEL"));
    Participant::of::<Channels>(NAME, implementation, ("socket", "unix-seqpacket"), any)
}

/// The two ends that one process holds.
type Ends = (IpcBytesSender, IpcBytesReceiver);

struct Channels {
    sender: IpcBytesSender,
    receiver: IpcBytesReceiver,
    waiting: Waiting,
    message: Vec<u8>,
}

impl Channels {
    fn new((sender, receiver): Ends, setup: &Setup) -> Result<Self> {
        Ok(Self { sender, receiver, waiting: setup.waiting()?, message: vec![1; setup.size] })
    }
}

impl Link for Channels {
    type Meeting = (IpcOneShotServer<Ends>, String);

    fn create(_: &Setup) -> Result<Self::Meeting> {
        IpcOneShotServer::new().map_err(refused(NAME))
    }

    fn invite((_, name): &mut Self::Meeting, command: &mut Command) -> Result<()> {
        command.arg(name);
        Ok(())
    }

    /// Receives both channels of this side from the child, which has made them.
    fn accept((server, _): Self::Meeting, _: &mut HelperProcess, setup: &Setup) -> Result<Self> {
        let (_, ends) = server.accept().map_err(refused(NAME))?;
        Self::new(ends, setup)
    }

    fn join(setup: &Setup, address: &str) -> Result<Self> {
        let (to_parent, from_child) = ipc::bytes_channel().map_err(refused(NAME))?;
        let (to_child, from_parent) = ipc::bytes_channel().map_err(refused(NAME))?;
        let server = IpcSender::connect(address.to_owned()).map_err(refused(NAME))?;
        server.send((to_child, from_child)).map_err(refused(NAME))?;
        Self::new((to_parent, from_parent), setup)
    }
}

impl Transfer for Channels {
    #[inline]
    fn send(&mut self, size: usize, write: impl FnOnce(&mut [u8])) -> Result<()> {
        write(&mut self.message[..size]);
        self.sender.send(&self.message[..size]).map_err(refused(NAME))
    }

    #[inline]
    fn receive(&mut self, _: usize, read: impl FnOnce(&[u8]) -> Result<()>) -> Result<()> {
        let message = if self.waiting.polls() {
            self.waiting.until(|| match self.receiver.try_recv() {
                Ok(message) => Ok(Some(message)),
                Err(TryRecvError::Empty) => Ok(None),
                Err(TryRecvError::IpcError(_)) => Err(Error::Disconnected),
            })?
        } else {
            self.receiver.recv().map_err(|_| Error::Disconnected)?
        };
        read(&message)
    }
}
