//! A server by completion: it asks for a receive on every socket, and is told when one is done. The answer and the next
//! receive are one request of two linked operations, and all requests of a pass go to the kernel by one system call.

use std::os::fd::OwnedFd;

use ipc_core::Result;

use crate::sys::Ring;

/// Lets the kernel begin the operations when it is called.
pub(crate) fn serve(sockets: Vec<OwnedFd>) -> Result<u64> {
    run(Ring::new(sockets)?)
}

/// Lets a thread of the kernel look for new operations, so that beginning them takes no system call.
pub(crate) fn serve_by_kernel_thread(sockets: Vec<OwnedFd>) -> Result<u64> {
    run(Ring::with_kernel_thread(sockets)?)
}

// ANCHOR: uring
fn run(mut ring: Ring) -> Result<u64> {
    let (mut open, mut answers) = (ring.len(), 0);
    (0..open).try_for_each(|at| ring.receive(at))?;
    while open > 0 {
        for (at, len) in ring.wait()? {
            match len {
                // A client that has left.
                0 => open -= 1,
                len => {
                    ring.answer_and_receive(at, len)?;
                    answers += 1;
                }
            }
        }
    }
    Ok(answers)
}
// ANCHOR_END: uring
