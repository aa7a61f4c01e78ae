//! Writing a message to standard output.

use std::io::{IsTerminal as _, stdout};

use clap::Args;
use ipc_core::Result;
use ipc_demo::{print, print_bytes};
use ipc_msgq::Message;

use super::text::hex;

/// The form of the output; by default, the bytes of the message and nothing else.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub struct Form {
    /// End each message with a newline
    #[arg(short, long)]
    lines: bool,
    /// Print type and length, and a dump as by hexdump -C
    #[arg(long)]
    hex: bool,
}

impl Form {
    /// Writes the message at once.
    pub fn show(&self, message: &Message) -> Result<()> {
        let text = message.text();
        if self.hex {
            return print(&format!("type {}, {} bytes\n{}", message.kind(), text.len(), hex(text)));
        }
        let newline = self.lines || stdout().is_terminal() && !text.ends_with(b"\n");
        let end: &[u8] = if newline { b"\n" } else { b"" };
        print_bytes(&[text, end].concat())
    }
}
