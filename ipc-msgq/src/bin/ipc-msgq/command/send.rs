//! `send`: sends one message, from the command line or from standard input.

use std::ffi::OsString;
use std::io::Read as _;
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use clap::Args;
use ipc_core::{Advise, Call, Error, Result};
use ipc_demo::has_input;
use ipc_msgq::{Limits, Message, MessageType, Queue};
use nix::errno::Errno;

use super::Status;
use super::name::{self, Name};
use super::timeout::Timeout;

/// Send a message, waiting for room in the queue
#[derive(Args, Debug)]
#[command(after_help = "Exit status 1 if there was no room (--nowait, --timeout).")]
pub struct SendArgs {
    #[command(flatten)]
    queue: Name,
    /// The type of the message, from 1
    #[arg(short = 't', long = "type", value_name = "N", default_value = "1", allow_negative_numbers = true)]
    kind: MessageType,
    #[command(flatten)]
    timeout: Timeout,
    /// The bytes of the message (default: all of standard input)
    #[arg(value_name = "PAYLOAD")]
    payload: Option<OsString>,
}

impl SendArgs {
    pub fn run(self) -> Result<Status> {
        let queue = self.queue.open()?;
        let longest = Limits::read()?.message_bytes;
        let payload = match self.payload {
            Some(payload) => payload.into_vec(),
            None => standard_input(longest)?,
        };
        fits(queue, payload.len(), longest)?;
        let message = Message::new(self.kind, &payload);
        let sent = self.timeout.send(queue, &message);
        match name::of(queue, sent)? {
            Some(()) => Ok(Status::Done),
            None => Err(full(queue, self.timeout.timeout)),
        }
    }
}

/// Reads at most one byte more than may be sent: enough to see that it is too much.
fn standard_input(longest: usize) -> Result<Vec<u8>> {
    has_input()?;
    let mut payload = Vec::new();
    std::io::stdin().take(longest as u64 + 1).read_to_end(&mut payload).call("read")?;
    Ok(payload)
}

/// Refuses at once a message that could never be sent.
fn fits(queue: Queue, len: usize, longest: usize) -> Result<()> {
    if len > longest {
        return Err(Errno::EINVAL).call("msgsnd").advise(Errno::EINVAL, || {
            format!("the message is too long: at most {longest} bytes are allowed (kernel.msgmax)")
        });
    }
    // A capacity of 0 means that the queue is being closed; it may be opened again.
    match queue.stat().map(|stat| stat.capacity) {
        Ok(capacity @ 1..) if len > capacity => {
            Err(Errno::EINVAL).call("msgsnd").advise(Errno::EINVAL, || {
                format!(
                    "{len} bytes never fit in queue {}, which holds {capacity}: see ipc-msgq set --qbytes",
                    queue.id()
                )
            })
        }
        _ => Ok(()), // a user that may not read may still send
    }
}

fn full(queue: Queue, waited: Option<Duration>) -> Error {
    let what = match queue.stat() {
        Ok(stat) if stat.capacity == 0 => format!("queue {} is closed: its capacity is 0 bytes", queue.id()),
        // The kernel lets a queue hold as many messages as bytes, so that empty ones cannot fill its memory.
        Ok(stat) if stat.messages >= stat.capacity => format!(
            "queue {} is full: {} of {} messages (a queue holds at most as many messages as bytes)",
            queue.id(),
            stat.messages,
            stat.capacity
        ),
        Ok(stat) => format!("queue {} is full: {} of {} bytes", queue.id(), stat.bytes, stat.capacity),
        Err(_) => format!("queue {} is full", queue.id()),
    };
    match waited {
        Some(waited) => Error::TimedOut { what, waited },
        None => {
            Err::<(), _>(Errno::EAGAIN).call("msgsnd").advise(Errno::EAGAIN, || what).expect_err("it is one")
        }
    }
}
