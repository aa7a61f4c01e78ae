//! A batch of packets, sent by one system call.
//!
//! `sendmmsg` saves the system calls, and nothing else: the kernel still allocates, queues and hands over each packet by
//! itself. So a batch gains far less here than over a stream, where many messages become one piece of work.

use std::io::IoSlice;
use std::os::fd::{AsFd, AsRawFd};

use ipc_core::{Call, Error, Mode, Result};
use nix::errno::Errno;
use nix::sys::socket::{MultiHeaders, sendmmsg};

use super::{MESSAGE, PacketSender, SHORT};
use crate::WriteEnd;
use crate::stream::flags;

/// The most packets in a batch. With more of them the time of each stays the same: what is left is the work for a packet.
const MOST: usize = 32;

/// Packets that are still to be sent.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// One behind the other, each with its kind.
    bytes: Vec<u8>,
    /// The end of each of them in `bytes`.
    ends: Vec<usize>,
    /// The number of packets at the front that have been sent.
    sent: usize,
}

impl Batch {
    /// Adds a packet if there is room for it.
    fn add(&mut self, message: &[u8]) -> bool {
        let has_room = self.ends.len() < MOST;
        if has_room {
            self.bytes.push(MESSAGE);
            self.bytes.extend_from_slice(message);
            self.ends.push(self.bytes.len());
        }
        has_room
    }

    /// Returns the number of packets that are still to be sent.
    pub(super) const fn unsent(&self) -> usize {
        self.ends.len() - self.sent
    }

    /// Sends some of the packets, at least one.
    fn send_some(&mut self, socket: &WriteEnd, mode: Mode) -> nix::Result<()> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        let packets: Vec<_> = starts
            .zip(&self.ends)
            .skip(self.sent)
            .map(|(start, &end)| [IoSlice::new(&self.bytes[start..end])])
            .collect();
        let mut headers = MultiHeaders::<()>::preallocate(packets.len(), None);
        let no_addresses = [const { None }; MOST];
        self.sent +=
            sendmmsg(socket.as_fd().as_raw_fd(), &mut headers, &packets, no_addresses, [], flags(mode))?
                .count();
        if self.unsent() == 0 {
            self.bytes.clear();
            self.ends.clear();
            self.sent = 0;
        }
        Ok(())
    }
}

impl PacketSender {
    /// Adds a packet to the batch, which is sent first if it is full; a long one is sent at once. `None` means "not now".
    pub(super) fn feed_packet(&mut self, message: &[u8], mode: Mode) -> Result<Option<()>> {
        if message.len() > SHORT.min(self.max) {
            return self.send_packet(message, mode);
        }
        while !self.batch.add(message) {
            let Some(()) = self.send_batch(mode)? else { return Ok(None) };
        }
        Ok(Some(()))
    }

    /// Sends the batch, or the rest of it; `None` means "not now". After an error, the rest is kept.
    pub(super) fn send_batch(&mut self, mode: Mode) -> Result<Option<()>> {
        while self.batch.unsent() > 0 {
            match self.batch.send_some(&self.write, mode) {
                Ok(()) | Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) if mode == Mode::Try => return Ok(None),
                Err(Errno::EPIPE | Errno::ECONNRESET) => return Err(Error::Disconnected),
                Err(errno) => return Err(errno).call("sendmmsg"),
            }
        }
        Ok(Some(()))
    }
}
