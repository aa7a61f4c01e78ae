//! `limits`: the limits of the system, and how much of them is used.

use clap::Args;
use ipc_core::Result;
use ipc_demo::print;
use ipc_msgq::{Limits, Usage};
use serde_json::json;

use super::Status;
use super::text::print_json;

/// Show the limits of the system for queues, and their use
#[derive(Args, Debug)]
pub struct LimitsArgs {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl LimitsArgs {
    pub fn run(self) -> Result<Status> {
        let (limits, usage) = (Limits::read()?, Usage::read()?);
        if self.json {
            print_json(&json!({
                "msgmax": limits.message_bytes,
                "msgmnb": limits.queue_bytes,
                "msgmni": limits.queues,
                "queues": usage.queues,
                "messages": usage.messages,
                "bytes": usage.bytes,
            }))?;
        } else {
            print(&format!(
                "longest message     {} bytes (kernel.msgmax)\n\
                 capacity of a queue {} bytes (kernel.msgmnb)\n\
                 queues              {} of {} (kernel.msgmni)\n\
                 messages in them    {}\n\
                 bytes in them       {}\n",
                limits.message_bytes,
                limits.queue_bytes,
                usage.queues,
                limits.queues,
                usage.messages,
                usage.bytes
            ))?;
        }
        Ok(Status::Done)
    }
}
