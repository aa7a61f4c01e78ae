//! A look into a pipe or a FIFO that takes nothing out.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;

use ipc_core::{Call as _, Result};
use nix::fcntl::{FcntlArg, OFlag, SpliceFFlags, fcntl, tee};
use nix::unistd::pipe2;

use super::timeline::shortened;
use crate::sys;
use crate::system_call::{Inode, descriptors_of};

/// The number of bytes up to which the contents are looked at.
const COPIED: usize = 4096;

/// What is in the buffer of a pipe or a FIFO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipeBuffer {
    /// The bytes that are in it.
    pub used: usize,
    /// The bytes that it can hold.
    pub capacity: usize,
    /// The bytes themselves, if they are few.
    pub text: Option<String>,
}

impl PipeBuffer {
    /// Looks into the pipe that is `inode`, through the read end of one of the processes; `None` if none has one.
    ///
    /// For this moment there is one more reader. There was one already, so no process notices.
    ///
    /// # Errors
    /// The kernel refuses to say.
    pub fn look(inode: Inode, processes: &[u32]) -> Result<Option<Self>> {
        let reads = |&(_, flags): &(i32, OFlag)| flags & OFlag::O_ACCMODE != OFlag::O_WRONLY;
        let path = processes.iter().find_map(|&pid| {
            let (fd, _) = descriptors_of(pid, inode).into_iter().find(reads)?;
            Some(format!("/proc/{pid}/fd/{fd}"))
        });
        let Some(path) = path else { return Ok(None) };
        let mut options = File::options();
        let Ok(end) = options.read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path) else {
            return Ok(None); // closed meanwhile, or not to be opened again
        };
        let used = sys::bytes_to_read(end.as_fd()).call("ioctl")?;
        let capacity = fcntl(&end, FcntlArg::F_GETPIPE_SZ).call("fcntl")?.cast_unsigned() as usize;
        let text = if used <= COPIED { Some(copy(&end, used)?) } else { None };
        Ok(Some(Self { used, capacity, text }))
    }

    /// Describes the contents: the text, or its length.
    #[must_use]
    pub fn contents(&self) -> Vec<String> {
        match &self.text {
            _ if self.used == 0 => Vec::new(),
            Some(text) => vec![shortened(text)],
            None => vec![format!("{} bytes", self.used)],
        }
    }
}

/// Copies what is in a pipe, and leaves it there ([tee(2)](https://man7.org/linux/man-pages/man2/tee.2.html)).
fn copy(end: &File, len: usize) -> Result<String> {
    if len == 0 {
        return Ok(String::new());
    }
    let (copied, into) = pipe2(OFlag::O_CLOEXEC).call("pipe2")?;
    let len = tee(end, &into, len, SpliceFFlags::SPLICE_F_NONBLOCK).call("tee")?;
    let mut bytes = vec![0; len];
    File::from(copied).read_exact(&mut bytes).call("read")?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
