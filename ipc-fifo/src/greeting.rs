//! What the two sides say first, so that each knows the other is there and is of its kind.

use std::fs::TryLockError;
use std::io::IoSlice;
use std::os::fd::AsFd;
use std::path::Path;
use std::time::{Duration, Instant};

use ipc_core::{Advise, ByteStream, Call, Error, Mode, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::ends::{End, Ends, Side};
use crate::{TO_JOINER, TO_OWNER};

/// What the one who joins says. Shorter than `PIPE_BUF`, so it arrives whole.
const HELLO: [u8; 16] = *b"ipc-fifo/1 join\n";
/// What the owner answers.
const WELCOME: [u8; 16] = *b"ipc-fifo/1 here\n";

/// Opens both ends of the side that joins, claims that side, and says hello.
pub(crate) fn come_in(dir: &Path) -> Result<Ends> {
    let free = |locked: std::result::Result<(), TryLockError>| {
        let locked = locked.map_err(|error| match error {
            TryLockError::WouldBlock => Errno::EWOULDBLOCK.into(),
            TryLockError::Error(error) => error,
        });
        let in_use = || format!("{} is in use: another process has joined it", dir.display());
        locked.call("flock").advise(Errno::EWOULDBLOCK, in_use)
    };
    // A lock on a FIFO is a lock on its inode: it keeps other joiners out, and ends with this process.
    let read = End::open(&dir.join(TO_JOINER), Side::Read)?;
    free(read.polling.try_lock())?;
    let write = End::open(&dir.join(TO_OWNER), Side::Write)?;
    // The owner holds this one from the moment that it accepted somebody, who may be gone by now.
    free(write.polling.try_lock_shared())?;
    write.polling.unlock().call("flock")?;
    let ends = Ends { read, write, lease: None };
    ends.write(&[IoSlice::new(&HELLO)], Mode::Try).call(Ends::WRITE)?;
    Ok(ends)
}

/// Reads what those who joined said; `false` if the last of them has left without a word.
///
/// There can be more than one greeting, if somebody gave up waiting for us; the last one is from who is there now.
pub(crate) fn read_hello(read: &End) -> Result<bool> {
    let mut said = [0; 16 * HELLO.len()];
    match nix::unistd::read(&read.polling, &mut said) {
        Ok(0) => Ok(false),
        Ok(len) if said[..len].chunks(HELLO.len()).all(|greeting| greeting == HELLO) => Ok(true),
        Ok(_) => Err(Error::Corrupt("somebody wrote into the FIFO who is not ipc-fifo")),
        Err(errno) => Err(errno).call("read"),
    }
}

/// Opens the owner's write end, for which there must be a reader, and answers.
pub(crate) fn answer(path: &Path) -> Result<End> {
    let write = End::open(path, Side::Write)?;
    nix::unistd::write(&write.polling, &WELCOME).call("write")?;
    Ok(write)
}

/// Reads the owner's answer.
pub(crate) fn read_answer(ends: &Ends) -> Result<()> {
    let mut answer = [0; WELCOME.len()]; // and no more: what follows are frames
    match ends.read(&mut answer, Mode::Try).call(Ends::READ)? {
        0 => Err(Error::Disconnected),
        _ if answer == WELCOME => Ok(()),
        _ => Err(Error::Corrupt("the answer in the FIFO is not that of ipc-fifo")),
    }
}

/// Waits until there is something to read, or the last writer has gone; `false` if the time is over before.
pub(crate) fn wait_readable(fd: &impl AsFd, timeout: Duration) -> Result<bool> {
    let started = Instant::now();
    loop {
        let left = timeout.saturating_sub(started.elapsed());
        let mut fds = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
        // Rounded up, so as not to come back before the time is over and poll in circles.
        let milliseconds = left.as_micros().div_ceil(1000);
        match poll(&mut fds, PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX)) {
            Ok(0) if left.is_zero() => return Ok(false),
            Ok(0) | Err(Errno::EINTR) => {}
            polled => return polled.call("poll").map(|_| true),
        }
    }
}
