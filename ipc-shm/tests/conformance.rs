//! The shared conformance suite, over System V shared memory.

use std::process::ExitCode;

use ipc_core::conformance::{Calls, scribble};
use ipc_shm::{Link, Shm};

/// A ring needs the kernel only to sleep and to wake. A semaphore is the kernel's: one call to take it, one to give it.
fn calls(variant: &str) -> Calls {
    match variant {
        "sem" => Calls { send: 2, receive: 2 },
        _ => Calls { send: 0, receive: 0 },
    }
}

fn main() -> ExitCode {
    ipc_core::conformance::main::<Shm>(env!("CARGO_BIN_EXE_ipc-shm"), calls, |link, garbage| {
        // The first two pages steer: places, positions, bells, and the first record or slot.
        scribble(link.memory(), usize::from(garbage[0]) * 16, garbage);
        if let Link::LockStep(link) = link {
            let [index, value] = [garbage[0] % 6, garbage[garbage.len() - 1]];
            let _ = link.semaphores().set(index.into(), value.into());
        }
    })
}
