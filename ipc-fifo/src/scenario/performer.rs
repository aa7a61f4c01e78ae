//! A process of a scenario, from the inside: the calls that it makes on the FIFOs.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use ipc_core::{Call as _, Result};
use ipc_demo::scenario::{self, Value};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl, open};
use nix::sys::stat::Mode;
use nix::unistd::{read, write};

use super::step::{End, Step};

/// A process with the ends that it has opened.
pub struct Performer {
    directory: PathBuf,
    read_end: Option<OwnedFd>,
    write_end: Option<OwnedFd>,
}

impl scenario::Performer for Performer {
    type Start = PathBuf;

    type Step = Step;

    fn enter(directory: PathBuf, _: Vec<OwnedFd>) -> Result<Self> {
        Ok(Self { directory, read_end: None, write_end: None })
    }

    fn perform(&mut self, step: Step) -> Result<Value> {
        match step {
            Step::Open { name, end } => {
                let (flag, kept) = match end {
                    End::Read => (OFlag::O_RDONLY, &mut self.read_end),
                    End::Write => (OFlag::O_WRONLY, &mut self.write_end),
                };
                let path = self.directory.join(name);
                *kept = Some(open(&path, flag | OFlag::O_CLOEXEC, Mode::empty()).call("open")?);
                Ok(Value::default())
            }
            Step::Write { text } => {
                let end = opened(self.write_end.as_ref(), "write")?;
                Ok(Value::number(write(end, text.as_bytes()).call("write")? as i64))
            }
            Step::Read { room } => {
                let mut buffer = vec![0; room];
                let len = read(opened(self.read_end.as_ref(), "read")?, &mut buffer).call("read")?;
                Ok(Value::received(len as i64, &buffer[..len]))
            }
            Step::SetCapacity { bytes } => {
                let end = opened(self.read_end.as_ref(), "fcntl")?;
                let set = fcntl(end, FcntlArg::F_SETPIPE_SZ(bytes as i32)).call("fcntl")?;
                Ok(Value::number(set.into()))
            }
        }
    }
}

/// Returns an end that the process has opened.
fn opened<'a>(end: Option<&'a OwnedFd>, call: &'static str) -> Result<&'a OwnedFd> {
    end.ok_or(Errno::EBADF).call(call)
}
