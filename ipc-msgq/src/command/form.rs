//! How a message is written to standard output.

use std::io::{IsTerminal as _, Write as _};

use clap::Args;
use ipc_core::{Call, Result};
use ipc_msgq::Message;

use super::text::hex;

/// Without either: its bytes and no more.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub struct Form {
    /// End each message with a newline
    #[arg(short, long)]
    lines: bool,
    /// As hexdump -C shows it, below a line with type and length
    #[arg(long)]
    hex: bool,
}

impl Form {
    /// Writes it, at once.
    pub fn show(&self, message: &Message) -> Result<()> {
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
