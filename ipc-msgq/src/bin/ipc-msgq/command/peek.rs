//! `peek`: shows a message and leaves it in the queue.

use std::fmt::Write as _;

use clap::Args;
use ipc_core::Result;
use ipc_demo::print;
use ipc_msgq::{Limits, Message, Queue};

use super::Status;
use super::form::Form;
use super::name::{self, Name};
use super::text::{count, printable};

/// Show a message and leave it in the queue
#[derive(Args, Debug)]
#[command(
    after_long_help = "This needs a kernel with CONFIG_CHECKPOINT_RESTORE (MSG_COPY). With --all, the listing is not a snapshot: other \
    processes may send and receive in the meantime."
)]
pub struct PeekArgs {
    #[command(flatten)]
    queue: Name,
    /// The place of the message; 0 is the oldest
    #[arg(value_name = "POSITION", value_parser = parse_position, default_value = "0", allow_negative_numbers = true)]
    position: usize,
    /// Print a line for each message
    ///
    /// It has the position, the type, the length and the first bytes.
    #[arg(short, long, conflicts_with_all = ["position", "lines", "hex"])]
    all: bool,
    #[command(flatten)]
    form: Form,
}

fn parse_position(text: &str) -> std::result::Result<usize, String> {
    text.parse().map_err(|_| "expected a whole number from 0, the oldest".into())
}

/// The number of bytes of a message shown in a line.
const BEGINNING: usize = 40;

impl PeekArgs {
    pub fn run(self) -> Result<Status> {
        let queue = self.queue.open()?;
        // The kernel does not cut a copy, so the buffer must fit the longest message.
        let room = name::of(queue, queue.stat())?.bytes.max(Limits::read()?.message_bytes);
        let mut message = Message::with_capacity(room);
        if self.all {
            return all(queue, &mut message);
        }
        if name::of(queue, queue.peek(self.position, &mut message))?.is_none() {
            return Ok(Status::Nothing);
        }
        self.form.show(&message)?;
        Ok(Status::Done)
    }
}

fn all(queue: Queue, message: &mut Message) -> Result<Status> {
    let mut lines = String::new();
    for position in 0.. {
        if name::of(queue, queue.peek(position, message))?.is_none() {
            break;
        }
        let (kind, text) = (message.kind(), message.text());
        let beginning = printable(&text[..text.len().min(BEGINNING)]);
        let more = if text.len() > BEGINNING { "…" } else { "" };
        let _ = writeln!(lines, "{position}: type {kind}, {}  {beginning}{more}", count(text.len(), "byte"));
    }
    print(&lines)?;
    Ok(if lines.is_empty() { Status::Nothing } else { Status::Done })
}
