//! Standard output, where either the text has been written or the call returns an error; and standard error.

use std::io::{Stdout, Write as _};
use std::os::fd::AsFd as _;

use ipc_core::{Advise, Call, Error, Result};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::sys;

/// Prints `text` unchanged and at once: a reader at the other end of a pipe may be waiting for it.
///
/// # Errors
/// `text` cannot be written: there is no reader or no room, or this program was started without a standard output
/// (`>&-`).
pub fn print(text: &str) -> Result<()> {
    print_bytes(text.as_bytes())
}

/// Prints any bytes, as [`print()`] prints text.
///
/// # Errors
/// As [`print()`].
pub fn print_bytes(bytes: &[u8]) -> Result<()> {
    let mut stdout = stdout()?.lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).call("write").on(STDOUT)
}

/// Returns whether the error is that standard output has no reader any more.
pub(super) fn is_unread(error: &Error) -> bool {
    matches!(error, Error::Os(error) if (error.call, error.errno) == ("write", Errno::EPIPE)
        && error.object.as_deref() == Some(STDOUT)
        && error.advice.is_none())
}

/// Writes a line to standard error. Unlike `eprintln!`, which panics, it ignores a closed pipe, as with `2>&1 | head`.
pub(super) fn tell(line: &str) {
    // In one write: a parent and its child share a standard error, and their lines must not mix.
    let line = format!("{line}\n");
    let _ = std::io::stderr().write_all(line.as_bytes()); // there is nowhere else to report a failure
}

/// Fails if no reader could receive output: standard output is closed, or is a pipe whose other end is. Writes nothing.
///
/// # Errors
/// `EBADF` and `EPIPE`, as from `write`.
pub fn has_reader() -> Result<()> {
    let stdout = stdout()?;
    let mut fds = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
    let closed = poll(&mut fds, PollTimeout::ZERO).is_ok()
        && fds[0].revents().is_some_and(|events| events.contains(PollFlags::POLLERR));
    if closed { Err(Errno::EPIPE).call("write").on(STDOUT) } else { Ok(()) }
}

/// Fails if this program was started without a standard input (`<&-`), which would read as empty.
///
/// # Errors
/// `EBADF`, as from `read`.
pub fn has_input() -> Result<()> {
    if sys::at_start::was_closed(0) { Err(Errno::EBADF).call("read").on("standard input") } else { Ok(()) }
}

const STDOUT: &str = "standard output";

/// Returns standard output, or an error if it was closed: the runtime has replaced it by `/dev/null`, where every write
/// succeeds.
fn stdout() -> Result<Stdout> {
    if sys::at_start::was_closed(1) {
        Err(Errno::EBADF).call("write").on(STDOUT)
    } else {
        Ok(std::io::stdout())
    }
}
