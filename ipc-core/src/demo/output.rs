//! Standard output: what is printed has been written, or it is an error.

use std::io::{Stdout, Write as _};
use std::os::fd::AsFd as _;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::error::{Advise, Call};
use crate::{Result, sys};

/// Prints `text` as it is, and at once: a reader at the other end of a pipe may be waiting for it.
///
/// # Errors
/// It cannot be written: there is no reader or no room, or this program was started without a standard output (`>&-`).
pub fn print(text: &str) -> Result<()> {
    print_bytes(text.as_bytes())
}

/// The same for any bytes.
///
/// # Errors
/// As [`print()`].
pub fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut stdout = stdout()?.lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).call("write").on(STDOUT)
}

/// An error if what is printed now could reach no reader: standard output is closed, or a pipe whose other end is. Writes
/// nothing.
///
/// # Errors
/// `EBADF` and `EPIPE`, as `write` would say it.
pub fn somebody_reads() -> Result<()> {
    let stdout = stdout()?;
    let mut fds = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
    let closed = poll(&mut fds, PollTimeout::ZERO).is_ok()
        && fds[0].revents().is_some_and(|events| events.contains(PollFlags::POLLERR));
    if closed { Err(Errno::EPIPE).call("write").on(STDOUT) } else { Ok(()) }
}

/// An error if this program was started without a standard input (`<&-`): it would read as empty.
///
/// # Errors
/// `EBADF`, as `read` would say it.
pub fn has_input() -> Result<()> {
    if sys::at_start::was_closed(0) { Err(Errno::EBADF).call("read").on("standard input") } else { Ok(()) }
}

const STDOUT: &str = "standard output";

/// The runtime has put `/dev/null` in the place of a closed one, where everything would be written with success.
fn stdout() -> Result<Stdout> {
    if sys::at_start::was_closed(1) {
        Err(Errno::EBADF).call("write").on(STDOUT)
    } else {
        Ok(std::io::stdout())
    }
}
