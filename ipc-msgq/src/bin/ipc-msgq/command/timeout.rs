//! `--nowait` and `--timeout`.

use std::time::Duration;

use clap::Args;
use ipc_core::Result;
use ipc_demo::parse_seconds;
use ipc_msgq::{Message, Queue, Select, WaitLimit};

/// The limit of a wait; by default, there is none.
#[derive(Args, Debug)]
pub struct Timeout {
    /// Do not wait
    #[arg(long, conflicts_with = "timeout")]
    nowait: bool,
    /// Wait no longer than this: 5, 0.5; 0 is the same as --nowait
    #[arg(long, value_name = "SECONDS", value_parser = parse_limit, allow_negative_numbers = true)]
    pub timeout: Option<Duration>,
}

/// Parses the time to wait, which may be zero.
fn parse_limit(text: &str) -> std::result::Result<Duration, String> {
    if text == "0" { Ok(Duration::ZERO) } else { parse_seconds(text) }
}

impl Timeout {
    /// Sends; returns `None` if there was no room.
    pub fn send(&self, queue: Queue, message: &Message) -> Result<Option<()>> {
        if self.nowait { queue.try_send(message) } else { queue.send_until(message, self.limit()) }
    }

    /// Receives; returns `None` if there was no message.
    pub fn recv(&self, queue: Queue, select: Select, message: &mut Message) -> Result<Option<()>> {
        if self.nowait {
            queue.try_recv(select, message)
        } else {
            queue.recv_until(select, message, self.limit())
        }
    }

    fn limit(&self) -> WaitLimit<'static> {
        self.timeout.map_or(WaitLimit::NONE, WaitLimit::from)
    }
}
