//! `--nowait` and `--timeout`.

use std::time::Duration;

use clap::Args;
use ipc_core::Result;
use ipc_demo::units::parse_duration_or_zero;
use ipc_msgq::{Message, Queue, Select, WaitLimit};

/// The limit of a wait; by default, there is none.
#[derive(Args, Debug)]
pub struct Timeout {
    /// Do not wait
    #[arg(long, conflicts_with = "timeout")]
    nowait: bool,
    /// Wait no longer than this: 5, 0.5, 100ms; 0 for --nowait
    #[arg(long, value_name = "TIME", value_parser = parse_duration_or_zero, allow_negative_numbers = true)]
    pub timeout: Option<Duration>,
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
