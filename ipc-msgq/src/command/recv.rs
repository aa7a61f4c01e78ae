//! `recv`: messages to standard output.

use std::io::{IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;

use clap::Args;
use ipc_core::demo::parse_size;
use ipc_core::{Advise, Call, Result};
use ipc_msgq::{Limits, Message, MessageType, Queue, Select};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::Outcome;
use super::name::{self, Name};
use super::patience::Patience;
use super::text::hex;

/// Receives one message, waiting for it, and writes its bytes to standard output
#[derive(Args, Debug)]
#[command(
    after_help = "Exit status 3 if there was no message (--nowait, --timeout).\n\nThe bytes are written as they are, one message right behind the other; on a terminal each \
    message gets a line. If nobody reads standard output, nothing is taken from the queue; if it turns out only \
    afterwards, the message is put back, at the end."
)]
pub struct Recv {
    #[command(flatten)]
    queue: Name,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    patience: Patience,
    /// How many messages
    #[arg(short = 'n', long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,
    /// One message after the other, until interrupted (or until there is none, with --nowait or --timeout)
    #[arg(short, long, conflicts_with = "count")]
    follow: bool,
    /// The longest message to accept; a longer one is an error and stays (default: any)
    #[arg(long, value_name = "BYTES", value_parser = parse_size, allow_negative_numbers = true)]
    size: Option<usize>,
    /// Cut a message that is longer than --size; what was cut is lost
    #[arg(long)]
    truncate: bool,
    #[command(flatten)]
    form: Form,
}

/// How a message is written; without either, its bytes and no more.
#[derive(Args, Debug)]
#[group(multiple = false)]
struct Form {
    /// End each message with a newline
    #[arg(short, long)]
    lines: bool,
    /// As hexdump -C shows it, below a line with type and length
    #[arg(long)]
    hex: bool,
}

/// Which messages; without any of these, the oldest.
#[derive(Args, Debug)]
#[group(multiple = false)]
struct Which {
    /// The oldest of this type
    #[arg(short = 't', long = "type", value_name = "N", allow_negative_numbers = true)]
    kind: Option<MessageType>,
    /// The oldest of the lowest type up to this one
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    up_to: Option<MessageType>,
    /// The oldest of any type but this one
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    except: Option<MessageType>,
}

impl Which {
    fn select(&self) -> Select {
        let exactly = self.kind.map(Select::Exactly);
        exactly.or(self.up_to.map(Select::UpTo)).or(self.except.map(Select::Except)).unwrap_or(Select::Any)
    }
}

impl Recv {
    pub fn run(self) -> Result<Outcome> {
        let queue = self.queue.open()?;
        let room = match self.size {
            Some(size) => size,
            // What is there may be from a time when longer ones were allowed.
            None => name::of(queue, queue.stat())?.bytes.max(Limits::read()?.message_bytes),
        };
        let mut message =
            if self.truncate { Message::truncating(room) } else { Message::with_capacity(room) };
        let wanted = if self.follow { u64::MAX } else { self.count };
        for received in 0..wanted {
            somebody_reads()
                .advise(Errno::EPIPE, || "nobody reads standard output: nothing was received".into())?;
            if self.receive(queue, &mut message)?.is_none() {
                let enough = self.follow && received > 0;
                return Ok(if enough { Outcome::Done } else { Outcome::Nothing });
            }
            self.form.show(&message).map_err(|error| put_back(queue, &message, error))?;
        }
        Ok(Outcome::Done)
    }

    fn receive(&self, queue: Queue, message: &mut Message) -> Result<Option<()>> {
        let select = self.which.select();
        let room = message.capacity();
        let received = self.patience.recv(queue, select, message);
        name::of(queue, received).advise(Errno::E2BIG, || {
            format!("the message is longer than {room} bytes and stays: --truncate cuts it, a larger --size takes it")
        })
    }
}

impl Form {
    fn show(&self, message: &Message) -> Result<()> {
        let mut stdout = std::io::stdout().lock();
        let text = message.text();
        let written = if self.hex {
            write!(stdout, "type {}, {} bytes\n{}", message.kind(), text.len(), hex(text))
        } else {
            let newline = self.lines || stdout.is_terminal() && !text.ends_with(b"\n");
            stdout.write_all(text).and_then(|()| if newline { stdout.write_all(b"\n") } else { Ok(()) })
        };
        written.and_then(|()| stdout.flush()).call("write")
    }
}

/// An error if standard output is a pipe whose other end is closed, without writing to it.
fn somebody_reads() -> Result<()> {
    let stdout = std::io::stdout();
    let mut fds = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
    let closed = poll(&mut fds, PollTimeout::ZERO).is_ok()
        && fds[0].revents().is_some_and(|events| events.contains(PollFlags::POLLERR));
    if closed { Err(Errno::EPIPE).call("write") } else { Ok(()) }
}

/// What could not be written is not lost in silence.
fn put_back(queue: Queue, message: &Message, error: ipc_core::Error) -> ipc_core::Error {
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
