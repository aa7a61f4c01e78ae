//! Pipes and FIFOs by bare calls: `write` and `read`. A stream has no message boundaries, so both sides know the
//! length.

use std::fs::OpenOptions;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;

use ipc_core::ownership::{self, OwnershipLock};
use ipc_core::{Call, Error, Result};
use ipc_demo::cpus::Role;
use ipc_fifo::Fifo;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::stat::Mode;
use nix::unistd::{mkfifo, pipe2, read, write};

use super::blocks::{in_blocks, play_in_blocks};
use super::ends::{BareEnds, BareSide, BothEnds};
use super::loops::{play, read_all, write_all};
use super::waiting::Waiter;

/// Creates two pipes, one for each direction.
pub(super) fn make() -> Result<BothEnds> {
    let (pong_reads, ping_writes) = pipe2(OFlag::O_CLOEXEC).call("pipe2")?;
    let (ping_reads, pong_writes) = pipe2(OFlag::O_CLOEXEC).call("pipe2")?;
    Ok(BothEnds { ping: ends(ping_reads, ping_writes), pong: ends(pong_reads, pong_writes), ownership: None })
}

/// Creates two FIFOs, opened on both sides; after that their names are no longer needed.
pub(super) fn make_named() -> Result<BothEnds> {
    let _guard = ownership::CreationGuard::new();
    let ownership = OwnershipLock::take::<Fifo>(None)?;
    let fifo = |name| -> Result<(OwnedFd, OwnedFd)> {
        let path = ownership.path(name);
        mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR).call("mkfifo")?;
        // `open` waits for the other side unless `O_NONBLOCK` is set, and then the reader has to open first.
        let read = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(&path).call("open")?;
        let write = OpenOptions::new().write(true).open(&path).call("open")?;
        fcntl(&read, FcntlArg::F_SETFL(OFlag::empty())).call("fcntl")?;
        Ok((read.into(), write.into()))
    };
    let (pong_reads, ping_writes) = fifo("to-pong")?;
    let (ping_reads, pong_writes) = fifo("to-ping")?;
    Ok(BothEnds { ping: ends(ping_reads, ping_writes), pong: ends(pong_reads, pong_writes), ownership: None })
}

fn ends(read: OwnedFd, write: OwnedFd) -> BareEnds {
    BareEnds { descriptors: vec![read, write], number: 0 }
}

/// Returns one side of the exchange.
pub(super) fn side(role: Role, ends: BareEnds, piece: Option<usize>, waiter: Waiter) -> Result<BareSide> {
    let [reads, writes]: [OwnedFd; 2] =
        ends.descriptors.try_into().map_err(|_| Error::Corrupt("not two descriptors"))?;
    if waiter.polls() {
        for fd in [&reads, &writes] {
            fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).call("fcntl")?;
        }
    }
    let piece = piece.unwrap_or(usize::MAX);
    Ok(Box::new(move |order| {
        if in_blocks(order, piece) {
            let write = |bytes: &[u8]| waiter.until(|| write(&writes, bytes));
            return play_in_blocks(role, order, piece, write, |buffer| waiter.until(|| read(&reads, buffer)));
        }
        play(
            role,
            order,
            |message| write_all(message.text(), piece, |bytes| waiter.until(|| write(&writes, bytes))),
            |message| read_all(message.text_mut(), |buffer| waiter.until(|| read(&reads, buffer))),
        )
    }))
}
