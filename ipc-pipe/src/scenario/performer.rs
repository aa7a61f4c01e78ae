//! A process of a scenario, from the inside: the calls that it makes on its ends.

use std::os::fd::OwnedFd;

use ipc_core::{Call as _, Result};
use ipc_demo::interrupt;
use ipc_demo::scenario::{self, Value};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::unistd::{read, write};

use super::step::{Action, End, Step};

/// A process with the ends that it has inherited.
#[derive(Default)]
pub struct Performer {
    read_end: Option<OwnedFd>,
    write_end: Option<OwnedFd>,
}

impl Performer {
    fn end(&mut self, end: End) -> &mut Option<OwnedFd> {
        match end {
            End::Read => &mut self.read_end,
            End::Write => &mut self.write_end,
        }
    }

    fn open_end(&mut self, end: End, call: &'static str) -> Result<&OwnedFd> {
        self.end(end).as_ref().ok_or(Errno::EBADF).call(call)
    }

    fn read(&mut self, room: usize) -> Result<Vec<u8>> {
        let mut buffer = vec![0; room];
        let len = read(self.open_end(End::Read, "read")?, &mut buffer).call("read")?;
        buffer.truncate(len);
        Ok(buffer)
    }
}

impl scenario::Performer for Performer {
    type Start = Vec<End>;

    type Step = Step;

    fn enter(ends: Vec<End>, inherited: Vec<OwnedFd>) -> Result<Self> {
        let mut process = Self::default();
        for (end, descriptor) in ends.into_iter().zip(inherited) {
            *process.end(end) = Some(descriptor);
        }
        Ok(process)
    }

    fn perform(&mut self, step: Step) -> Result<Value> {
        match step {
            Step::Write { text } => {
                let written = write(self.open_end(End::Write, "write")?, text.as_bytes());
                Ok(Value::number(written.call("write")? as i64))
            }
            Step::Read { room } => self.read(room).map(|bytes| Value::received(bytes.len() as i64, &bytes)),
            Step::ReadAll { len } => {
                let mut left = len;
                while left > 0 {
                    match self.read(left)?.len() {
                        0 => break,
                        read => left -= read,
                    }
                }
                Ok(Value::number((len - left) as i64))
            }
            Step::Close { end } => {
                *self.end(end) = None;
                Ok(Value::default())
            }
            Step::OnSigpipe { action } => {
                let set = match action {
                    Action::Default => interrupt::heed,
                    Action::Ignore => interrupt::ignore,
                };
                set(Signal::SIGPIPE).call("sigaction").map(|()| Value::default())
            }
        }
    }
}
