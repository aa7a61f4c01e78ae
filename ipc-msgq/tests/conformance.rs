//! The shared conformance suite, on message queues of either kind.

use std::process::ExitCode;

use ipc_conformance::{Addresses, Calls, Facts, PidNamespaces, Suite};
use ipc_msgq::{Message, Posix, SystemV, Variants};

const SYSTEM_V: Facts = Facts {
    calls: Calls { send: 1, receive: 1 },
    addresses: Addresses::Keys,
    files: Some(|_| Vec::new()), // a kernel queue is not a file
    can_be_cut: false,
    pid_namespaces: PidNamespaces::Same,
    tells_of_a_dropped_receiver: true,
    makes_posix_queues: false,
    declared: &[],
};

const POSIX: Facts = Facts {
    addresses: Addresses::PosixNames,
    files: Some(|name| ["", ".back"].map(|way| format!("/dev/mqueue{name}{way}").into()).into()),
    pid_namespaces: PidNamespaces::Any,
    makes_posix_queues: true,
    ..SYSTEM_V
};

/// A priority that no link uses.
const STRANGE: u32 = 7;

fn main() -> ExitCode {
    Suite::of::<Variants>(env!("CARGO_BIN_EXE_ipc-msgq"))
        .variant::<SystemV>(SYSTEM_V, |link, garbage| {
            // A full or removed queue makes no difference.
            drop(link.queue().try_send(&Message::new(link.outbound(), garbage)));
        })
        .variant::<Posix>(POSIX, |link, garbage| {
            // Any bytes are a valid message at the data priority; only the priority can be wrong.
            let priority = if garbage[0] % 2 == 0 { STRANGE } else { 0 };
            drop(link.outbound().try_send(garbage, priority));
        })
        .run()
}
