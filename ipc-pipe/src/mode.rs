//! The flag that makes the calls on an end sleep or not.

use std::cell::Cell;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use ipc_core::Mode;
use nix::fcntl::{FcntlArg, OFlag, fcntl};

// ANCHOR: mode
/// One end. Its calls sleep or not by a flag of the open file, `O_NONBLOCK`: it is switched by the first call of the
/// other mode, and costs nothing from then on. A link that only sleeps, or only polls, hardly ever switches.
///
/// `preadv2` has a flag for one call, `RWF_NOWAIT`. It takes a quarter longer: a round trip of 64 bytes between two CPUs
/// that poll takes 1,024 ns with it, and 825 ns with `O_NONBLOCK`.
#[derive(Debug)]
pub(crate) struct End {
    fd: OwnedFd,
    /// The mode that the open file is in now.
    now: Cell<Mode>,
    /// The mode that it had when it came here. Other processes may share the open file, such as the shell that started a
    /// child: they get it back as it was.
    before: Mode,
}

impl End {
    /// Takes the end of a pipe that was just made.
    pub(crate) const fn made(fd: OwnedFd) -> Self {
        Self { fd, now: Cell::new(Mode::Block), before: Mode::Block }
    }

    /// Takes an end that was inherited.
    pub(crate) fn inherited(fd: OwnedFd) -> nix::Result<Self> {
        let polls = flags(&fd)?.contains(OFlag::O_NONBLOCK);
        let before = if polls { Mode::Try } else { Mode::Block };
        Ok(Self { fd, now: Cell::new(before), before })
    }

    /// Returns the descriptor, in `mode`.
    #[inline]
    pub(crate) fn in_mode(&self, mode: Mode) -> nix::Result<&OwnedFd> {
        if self.now.get() != mode {
            self.switch(mode)?;
        }
        Ok(&self.fd)
    }

    #[cold]
    fn switch(&self, mode: Mode) -> nix::Result<()> {
        let mut flags = flags(&self.fd)?;
        flags.set(OFlag::O_NONBLOCK, mode == Mode::Try);
        fcntl(&self.fd, FcntlArg::F_SETFL(flags))?;
        self.now.set(mode);
        Ok(())
    }
}

impl AsFd for End {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for End {
    fn drop(&mut self) {
        if self.now.get() != self.before {
            let _ = self.switch(self.before); // it never fails on an open file
        }
    }
}

fn flags(fd: &OwnedFd) -> nix::Result<OFlag> {
    fcntl(fd, FcntlArg::F_GETFL).map(OFlag::from_bits_retain)
}
// ANCHOR_END: mode
