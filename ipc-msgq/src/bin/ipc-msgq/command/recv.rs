//! `recv`: receives messages and writes them to standard output.

use clap::Args;
use ipc_core::{Advise, Error, Result};
use ipc_demo::has_reader;
use ipc_demo::units::{parse_count, parse_size_or_zero};
use ipc_msgq::{Limits, Message, MessageType, Queue, Select};
use nix::errno::Errno;

use super::Status;
use super::form::Form;
use super::name::{self, Name};
use super::timeout::Timeout;

/// Receive a message, waiting for it, and write its bytes to standard output
#[derive(Args, Debug)]
#[command(
    after_help = "Exit status 3 if there was no message (--nowait, --timeout).",
    after_long_help = "Exit status 3 if there was no message (--nowait, --timeout).\n\nThe bytes are written unchanged, with nothing \
    between two messages; on a terminal, each message gets a line. If standard output is closed, nothing is taken from \
    the queue; if that is noticed too late, the message is put back at the end of the queue.\n\nA received message is no \
    longer in the queue. If this process is killed before it has written the message, that one message is lost."
)]
pub struct RecvArgs {
    #[command(flatten)]
    queue: Name,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    timeout: Timeout,
    /// How many to receive: 10, 20k, 1e6
    #[arg(short = 'n', long, value_name = "N", default_value = "1", value_parser = parse_count, allow_negative_numbers = true)]
    count: u64,
    /// Go on until interrupted
    ///
    /// With --nowait or --timeout, until there is no message.
    #[arg(short, long, conflicts_with = "count")]
    follow: bool,
    /// The longest message to accept (default: any)
    ///
    /// A longer one is an error, and stays in the queue; see --truncate.
    #[arg(long, value_name = "BYTES", value_parser = parse_size_or_zero, allow_negative_numbers = true)]
    size: Option<usize>,
    /// Truncate a message that is longer than --size
    ///
    /// The rest is lost.
    #[arg(long, requires = "size")]
    truncate: bool,
    #[command(flatten)]
    form: Form,
}

/// The messages to receive; without any of these, the oldest.
#[derive(Args, Debug)]
struct Which {
    /// Receive the oldest message of this type
    #[arg(short = 't', long = "type", value_name = "N", allow_negative_numbers = true)]
    kind: Option<MessageType>,
    /// Receive the oldest message of the lowest type up to N
    #[arg(long, value_name = "N", allow_negative_numbers = true, conflicts_with_all = ["kind", "except"])]
    up_to: Option<MessageType>,
    /// Receive the oldest message of any type but N
    ///
    /// Without N, of any type but that of --type.
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
                    "no type to exclude: expected --except N, or --type N --except".into(),
                ));
            }
        })
    }
}

impl RecvArgs {
    pub fn run(self) -> Result<Status> {
        let select = self.which.select()?;
        let queue = self.queue.open()?;
        // The queue may hold messages from a time when longer ones were allowed.
        let longest = name::of(queue, queue.stat())?.bytes.max(Limits::read()?.message_bytes);
        let room = self.size.map_or(longest, |size| size.min(longest));
        let mut message =
            if self.truncate { Message::truncating(room) } else { Message::with_capacity(room) };
        let wanted = if self.follow { u64::MAX } else { self.count };
        for received in 0..wanted {
            has_reader()
                .advise(Errno::EPIPE, || "standard output is closed: nothing was received".into())
                .advise(Errno::EBADF, || "standard output is closed: nothing was received".into())?;
            if self.receive(queue, select, &mut message)?.is_none() {
                let enough = self.follow && received > 0;
                return Ok(if enough { Status::Done } else { Status::Nothing });
            }
            self.form.show(&message).map_err(|error| put_back(queue, &message, error))?;
        }
        Ok(Status::Done)
    }

    fn receive(&self, queue: Queue, select: Select, message: &mut Message) -> Result<Option<()>> {
        let room = message.capacity();
        let received = self.timeout.recv(queue, select, message);
        name::of(queue, received).advise(Errno::E2BIG, || {
            format!("the message is longer than {room} bytes and stays in the queue: use --truncate or a larger --size")
        })
    }
}

/// Sends a message back to the queue if it could not be written, so that it is not silently lost.
fn put_back(queue: Queue, message: &Message, error: Error) -> Error {
    let (kind, len) = (message.kind(), message.text().len());
    let fate = match queue.try_send(message) {
        Ok(Some(())) if message.is_truncated() => "was put back at the end of the queue, truncated",
        Ok(Some(())) => "was put back at the end of the queue",
        _ => "could not be put back and IS LOST",
    };
    match error.errno() {
        Some(errno) => Err::<(), _>(error)
            .advise(errno, || format!("the message of type {kind} with {len} bytes {fate}"))
            .expect_err("it is one"),
        None => error,
    }
}
