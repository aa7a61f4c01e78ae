//! The shared conformance suite, over System V shared memory.

use std::process::ExitCode;

use ipc_conformance::{Addresses, Calls, Facts, Suite, scribble};
use ipc_core::ring::Memory;
use ipc_shm::posix::file_of;
use ipc_shm::{Posix, Ring, Semaphores, Variants};

/// Overwrites the first two pages, which hold the control data: places, positions, eventcounts, and the first record or
/// slot.
fn scribble_over(memory: &dyn Memory, garbage: &[u8]) {
    scribble(memory, usize::from(garbage[0]) * 16, garbage);
}

fn main() -> ExitCode {
    // A ring needs the kernel only to sleep and to wake.
    let posix = Facts {
        addresses: Addresses::PosixNames,
        files: Some(|name| name.parse().iter().map(file_of).collect()),
        can_be_cut: true,
        ..Facts::of_path(Calls { send: 0, receive: 0 })
    };
    // A segment has an owner, but is not a file, and its length is fixed.
    let ring = Facts { addresses: Addresses::Keys, files: Some(|_| Vec::new()), can_be_cut: false, ..posix };
    // A semaphore belongs to the kernel: one call to take it, one to give it.
    let sem = Facts { calls: Calls { send: 2, receive: 2 }, ..ring };
    Suite::of::<Variants>(env!("CARGO_BIN_EXE_ipc-shm"))
        .variant::<Ring>(ring, |link, garbage| scribble_over(link.memory(), garbage))
        .variant::<Semaphores>(sem, |link, garbage| {
            scribble_over(link.memory(), garbage);
            let [index, value] = [garbage[0] % 6, garbage[garbage.len() - 1]];
            let _ = link.semaphores().set(index.into(), value.into());
        })
        .variant::<Posix>(posix, |link, garbage| scribble_over(link.memory(), garbage))
        .run()
}
