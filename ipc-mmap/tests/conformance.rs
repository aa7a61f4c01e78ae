//! The shared conformance suite, over a mapped file.

use std::process::ExitCode;

use ipc_conformance::{Calls, Facts, PidNamespaces, Suite, scribble};
use ipc_mmap::{File, Link, Memfd, Variants};

/// Overwrites the first two pages, which hold the control data: places, positions, eventcounts, and the first record.
fn vandal(link: &mut Link, garbage: &[u8]) {
    scribble(link.memory(), usize::from(garbage[0]) * 16, garbage);
}

fn main() -> ExitCode {
    let facts = Facts::of_path(Calls { send: 0, receive: 0 });
    let file = Facts { can_be_cut: true, ..facts };
    // A path is a link into a process that other users cannot open, in the `/proc` that shows that process.
    let memfd = Facts { files: Some(|_| Vec::new()), pid_namespaces: PidNamespaces::SameProc, ..facts };
    Suite::of::<Variants>(env!("CARGO_BIN_EXE_ipc-mmap"))
        .variant::<File>(file, vandal)
        .variant::<Memfd>(memfd, vandal)
        .run()
}
