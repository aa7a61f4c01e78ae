//! The shared conformance suite, over sockets.

use std::os::fd::{AsFd, AsRawFd};
use std::process::ExitCode;

use ipc_core::conformance::Calls;
use ipc_socket::Socket;
use nix::sys::socket::{MsgFlags, send};

fn main() -> ExitCode {
    ipc_core::conformance::main::<Socket>(
        env!("CARGO_BIN_EXE_ipc-socket"),
        |_| Calls { send: 1, receive: 1 },
        |link, garbage| {
            let _ = send(link.as_fd().as_raw_fd(), garbage, MsgFlags::MSG_NOSIGNAL); // a reader who has gone: all one
        },
    )
}
