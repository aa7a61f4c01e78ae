//! The shared conformance suite, over sockets.

use std::os::fd::{AsFd, AsRawFd};
use std::process::ExitCode;

use ipc_conformance::{Addresses, Calls, Facts, Suite};
use ipc_socket::{Tcp, UnixSeqpacket, UnixStream, Variants};
use nix::sys::socket::{MsgFlags, send};

/// Writes outside the protocol, ignoring a missing reader.
fn vandalise(socket: impl AsFd, garbage: &[u8]) {
    let _ = send(socket.as_fd().as_raw_fd(), garbage, MsgFlags::MSG_NOSIGNAL);
}

fn main() -> ExitCode {
    let at_path = Facts::of_path(Calls { send: 1, receive: 1 });
    // A port belongs to no user; and TCP has no message for "I receive no more".
    let at_port =
        Facts { addresses: Addresses::Ports, files: None, tells_of_a_dropped_receiver: false, ..at_path };
    Suite::of::<Variants>(env!("CARGO_BIN_EXE_ipc-socket"))
        .variant::<UnixStream>(at_path, |link, garbage| vandalise(link, garbage))
        .variant::<UnixSeqpacket>(at_path, |link, garbage| vandalise(link, garbage))
        .variant::<Tcp>(at_port, |link, garbage| vandalise(link, garbage))
        .run()
}
