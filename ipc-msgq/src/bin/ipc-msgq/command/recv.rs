//! `recv`: receives messages and writes them to standard output.

use clap::Args;
use ipc_core::{Advise, Error, Result};
use ipc_demo::{parse_count, somebody_reads};
use ipc_msgq::{Limits, Message, MessageType, Queue, Select};
use nix::errno::Errno;

use super::Outcome;
use super::form::Form;
use super::name::{self, Name};
use super::patience::Patience;
use super::text::parse_bytes;

/// Receives one message, waiting for it, and writes its bytes to standard output
#[derive(Args, Debug)]
#[command(
    after_help = "Exit status 3 if there was no message (--nowait, --timeout).\n\nThe bytes are written as they are, one message right behind the other; on a terminal each \
    message gets a line. If nobody reads standard output, nothing is taken from the queue; if it turns out only \
    afterwards, the message is put back, at the end.\n\nA message that is received is no longer in the queue. If this \
    process is killed between that and writing it, the message is lost: one at most."
)]
pub struct Recv {
    #[command(flatten)]
    queue: Name,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    patience: Patience,
    /// How many messages
    #[arg(short = 'n', long, value_name = "N", default_value = "1", value_parser = parse_count, allow_negative_numbers = true)]
    count: u64,
    /// One message after the other, until interrupted (or until there is none, with --nowait or --timeout)
    #[arg(short, long, conflicts_with = "count")]
    follow: bool,
    /// The longest message to accept; a longer one is an error and stays (default: any)
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes, allow_negative_numbers = true)]
    size: Option<usize>,
    /// Cut a message that is longer than --size; what was cut is lost
    #[arg(long)]
    truncate: bool,
    #[command(flatten)]
    form: Form,
}

/// Which messages; without any of these, the oldest.
#[derive(Args, Debug)]
struct Which {
    /// The oldest of this type
    #[arg(short = 't', long = "type", value_name = "N", allow_negative_numbers = true)]
    kind: Option<MessageType>,
    /// The oldest of the lowest type up to this one
    #[arg(long, value_name = "N", allow_negative_numbers = true, conflicts_with_all = ["kind", "except"])]
    up_to: Option<MessageType>,
    /// The oldest of any type but this one; without N, but that of --type, as `MSG_EXCEPT` is a flag
    #[arg(long, value_name = "N", allow_negative_numbers = true, num_args = 0..=1)]
    except: Option<Vec<MessageType>>,
}

impl Which {
    fn select(&self) -> Result<Select> {
        Ok(match (self.kind, self.up_to, self.except.as_deref()) {
            (None, None, None) => Select::Any,
            (Some(kind), None, None) => Select::Exactly(kind),
            (None, Some(kind), None) => Select::UpTo(kind),
            (None, None, Some(&[kind])) | (Some(kind), None, Some([])) => Select::Except(kind),
            _ => {
                return Err(Error::Usage(
                    "which type to except? say --except N, or --type N --except".into(),
                ));
            }
        })
    }
}

impl Recv {
    pub fn run(self) -> Result<Outcome> {
        let select = self.which.select()?;
        let queue = self.queue.open()?;
        // The queue may hold messages from a time when longer ones were allowed.
        let longest = name::of(queue, queue.stat())?.bytes.max(Limits::read()?.message_bytes);
        let room = self.size.map_or(longest, |size| size.min(longest));
        let mut message =
            if self.truncate { Message::truncating(room) } else { Message::with_capacity(room) };
        let wanted = if self.follow { u64::MAX } else { self.count };
        for received in 0..wanted {
            somebody_reads()
                .advise(Errno::EPIPE, || "nobody reads standard output: nothing was received".into())
                .advise(Errno::EBADF, || "it is closed: nothing was received".into())?;
            if self.receive(queue, select, &mut message)?.is_none() {
                let enough = self.follow && received > 0;
                return Ok(if enough { Outcome::Done } else { Outcome::Nothing });
            }
            self.form.show(&message).map_err(|error| put_back(queue, &message, error))?;
        }
        Ok(Outcome::Done)
    }

    fn receive(&self, queue: Queue, select: Select, message: &mut Message) -> Result<Option<()>> {
        let room = message.capacity();
        let received = self.patience.recv(queue, select, message);
        name::of(queue, received).advise(Errno::E2BIG, || {
            format!("the message is longer than {room} bytes and stays: --truncate cuts it, a larger --size takes it")
        })
    }
}

/// Sends a message back to the queue if it could not be written, so that it is not silently lost.
fn put_back(queue: Queue, message: &Message, error: Error) -> Error {
    let (kind, len) = (message.kind(), message.text().len());
    let fate = match queue.try_send(message) {
        Ok(Some(())) if message.is_truncated() => "was put back at the end of the queue, cut as it is",
        Ok(Some(())) => "was put back, at the end of the queue",
        _ => "could not be put back and IS LOST",
    };
    match error.errno() {
        Some(errno) => Err::<(), _>(error)
            .advise(errno, || format!("the message of type {kind} with {len} bytes {fate}"))
            .expect_err("it is one"),
        None => error,
    }
}
