//! A look into the sockets of another process that takes nothing out of them.

use std::fs;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd, RawFd};

use ipc_core::copy_from_process;
use ipc_demo::scenario::{bytes_to_read, shortened};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, SockType, getsockopt, recv, sockopt};

use super::sys;

/// The number of bytes up to which the contents are looked at.
const SHOWN: usize = 40;

/// What waits in sockets.
#[derive(Debug, Default)]
pub struct Waiting {
    /// The bytes to be received.
    pub bytes: usize,
    /// What they are, and what else waits.
    pub contents: Vec<String>,
}

/// Returns the descriptors of a process that are sockets, without the standard three; none if it has ended.
pub fn sockets_of(pid: u32) -> Vec<RawFd> {
    let numbers = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let mut numbers: Vec<RawFd> =
        numbers.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    numbers.retain(|&number| number > 2 && is_socket(pid, number));
    numbers.sort_unstable();
    numbers
}

/// Returns whether a descriptor of a process is a socket.
pub fn is_socket(pid: u32, number: RawFd) -> bool {
    let file = fs::read_link(format!("/proc/{pid}/fd/{number}"));
    file.is_ok_and(|file| file.to_string_lossy().starts_with("socket:["))
}

impl Waiting {
    /// Looks into all sockets of these processes; `None` where the system lets no process copy the descriptor of
    /// another.
    ///
    /// For this moment each socket has one more descriptor. No process closes one now, so none notices.
    pub fn look(processes: &[u32]) -> Option<Self> {
        let mut waiting = Self::default();
        for &pid in processes {
            for number in sockets_of(pid) {
                let socket = copy_from_process(pid, number).ok()?;
                waiting.add(&socket).ok()?;
            }
        }
        Some(waiting)
    }

    fn add(&mut self, socket: &OwnedFd) -> nix::Result<()> {
        let events = events(socket)?;
        if getsockopt(socket, sockopt::AcceptConn)? {
            if events.contains(PollFlags::POLLIN) {
                self.contents.push("a connection, to be accepted".into());
            }
            return Ok(());
        }
        let has_failed = events.contains(PollFlags::POLLERR);
        self.add_bytes(socket, !has_failed)?; // a look would take the error away, which is for the next call
        if has_failed {
            self.contents.push("an error, for the next call".into());
        }
        Ok(())
    }

    fn add_bytes(&mut self, socket: &OwnedFd, may_look: bool) -> nix::Result<()> {
        let len = bytes_to_read(socket.as_fd())?;
        self.bytes += len;
        if len == 0 {
            return Ok(());
        }
        let is_packets = getsockopt(socket, sockopt::SockType)? == SockType::SeqPacket;
        let pieces = match () {
            () if len > SHOWN || !may_look => vec![format!("{len} bytes")],
            () if is_packets => packets(socket, len)?,
            () => vec![shortened(&peek(socket)?)],
        };
        let kind = if is_packets { "packet" } else { "stream" };
        self.contents.extend(pieces.into_iter().map(|piece| format!("{kind}: {piece}")));
        Ok(())
    }
}

/// Returns what has happened to a socket, without waiting.
fn events(socket: &OwnedFd) -> nix::Result<PollFlags> {
    let mut polled = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
    poll(&mut polled, PollTimeout::ZERO)?;
    Ok(polled[0].revents().unwrap_or(PollFlags::empty()))
}

/// Returns each packet by itself.
fn packets(socket: &OwnedFd, len: usize) -> nix::Result<Vec<String>> {
    sys::peek_from(socket, Some(0))?;
    let (mut packets, mut left) = (Vec::new(), len);
    while left > 0 {
        let packet = peek(socket)?;
        left = left.saturating_sub(packet.len().max(1));
        packets.push(packet);
    }
    sys::peek_from(socket, None)?;
    Ok(packets)
}

fn peek(socket: &OwnedFd) -> nix::Result<String> {
    let mut buffer = [0; SHOWN];
    let len = recv(socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT)?;
    Ok(String::from_utf8_lossy(&buffer[..len]).into_owned())
}
