//! The shared conformance suite, over System V shared memory.

use std::process::ExitCode;

use ipc_shm::{Link, Shm};

fn main() -> ExitCode {
    ipc_core::conformance::main::<Shm>(env!("CARGO_BIN_EXE_ipc-shm"), |link, garbage| {
        // The first two pages steer: places, positions, bells, and the first record or slot.
        link.scribble(usize::from(garbage[0]) * 16, garbage);
        if let Link::LockStep(link) = link {
            let [index, value] = [garbage[0] % 6, garbage[garbage.len() - 1]];
            let _ = link.semaphores().set(index.into(), value.into());
        }
    })
}
