//! The orders to the processes that play: they travel over a socket of their own, which is silent during a
//! measurement. So a process with nothing to play sleeps, and the mechanism carries nothing but the exchange.

use std::io::{IoSlice, IoSliceMut};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use ipc_core::{Call, Error, Result, wait_readable};
use ipc_demo::exchange::Workload;
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg, sendmsg,
    socketpair,
};

use super::ends::BareEnds;

/// One end of the socket.
#[derive(Debug)]
pub(super) struct OrderSocket(OwnedFd);

/// The descriptors that one message can carry.
type Descriptors = [i32; 4];

impl AsFd for OrderSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl OrderSocket {
    /// Returns two connected ends; the second one is for the child's standard input.
    pub(super) fn pair() -> Result<(Self, OwnedFd)> {
        let kind = (AddressFamily::Unix, SockType::SeqPacket);
        let pair = socketpair(kind.0, kind.1, None, SockFlag::SOCK_CLOEXEC).call("socketpair");
        pair.map(|(ours, theirs)| (Self(ours), theirs))
    }

    /// Returns the end that a child has as its standard input.
    pub(super) fn inherited() -> Result<Self> {
        std::io::stdin().as_fd().try_clone_to_owned().call("fcntl").map(Self)
    }

    /// Hands a process its ends. The descriptors travel with the message: no other process inherits them.
    pub(super) fn send_ends(&self, ends: &BareEnds) -> Result<()> {
        let fds: Vec<_> = ends.descriptors.iter().map(AsRawFd::as_raw_fd).collect();
        let rights = [ControlMessage::ScmRights(&fds)];
        let rights = if fds.is_empty() { &rights[..0] } else { &rights[..] };
        self.send_with(&ends.number.to_le_bytes(), rights)
    }

    pub(super) fn receive_ends(&self) -> Result<BareEnds> {
        let mut number = [0; size_of::<i32>()];
        let descriptors = self.receive_with(&mut number, MsgFlags::empty())?;
        Ok(BareEnds { descriptors, number: i32::from_le_bytes(number) })
    }

    pub(super) fn send_order(&self, order: &Workload) -> Result<()> {
        self.send_with(&order.encode(), &[])
    }

    pub(super) fn receive_order(&self) -> Result<Workload> {
        let mut bytes = [0; Workload::LEN];
        self.receive_with(&mut bytes, MsgFlags::empty())?;
        Workload::decode(&bytes)
    }

    /// Sends a time, or just reports that this side is ready.
    pub(super) fn send_time(&self, time: Duration) -> Result<()> {
        self.send_with(&(time.as_nanos() as u64).to_le_bytes(), &[])
    }

    pub(super) fn receive_time(&self) -> Result<Duration> {
        loop {
            wait_readable([self.0.as_fd()], Duration::MAX)?;
            if let Some(time) = self.try_receive_time()? {
                return Ok(time);
            }
        }
    }

    /// Receives a time if there is one now.
    pub(super) fn try_receive_time(&self) -> Result<Option<Duration>> {
        let mut bytes = [0; size_of::<u64>()];
        match self.receive_with(&mut bytes, MsgFlags::MSG_DONTWAIT) {
            Err(error) if error.errno() == Some(Errno::EAGAIN) => Ok(None),
            received => received.map(|_| Some(Duration::from_nanos(u64::from_le_bytes(bytes)))),
        }
    }

    fn send_with(&self, bytes: &[u8], with: &[ControlMessage<'_>]) -> Result<()> {
        let (fd, flags) = (self.0.as_raw_fd(), MsgFlags::MSG_NOSIGNAL);
        loop {
            match sendmsg::<()>(fd, &[IoSlice::new(bytes)], with, flags, None) {
                Err(Errno::EINTR) => {}
                Err(Errno::EPIPE | Errno::ECONNRESET) => return Err(Error::Disconnected),
                sent => return sent.map(drop).call("sendmsg"),
            }
        }
    }

    fn receive_with(&self, bytes: &mut [u8], flags: MsgFlags) -> Result<Vec<OwnedFd>> {
        let len = bytes.len();
        let mut space = nix::cmsg_space!(Descriptors);
        loop {
            let mut room = [IoSliceMut::new(bytes)];
            let (fd, flags) = (self.0.as_raw_fd(), MsgFlags::MSG_CMSG_CLOEXEC | flags);
            match recvmsg::<()>(fd, &mut room, Some(&mut space), flags) {
                Err(Errno::EINTR) => {}
                Ok(received) if received.bytes == 0 => return Err(Error::Disconnected),
                Err(Errno::ECONNRESET) => return Err(Error::Disconnected),
                Err(errno) => return Err(errno).call("recvmsg"),
                Ok(received) => {
                    let mut descriptors = Vec::new();
                    for message in received.cmsgs().call("recvmsg")? {
                        if let ControlMessageOwned::ScmRights(fds) = message {
                            descriptors.extend(fds.into_iter().map(super::sys::own));
                        }
                    }
                    let whole = received.bytes == len;
                    return if whole { Ok(descriptors) } else { Err(Error::Corrupt("half a message")) };
                }
            }
        }
    }
}
