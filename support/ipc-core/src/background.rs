//! Threads that sleep in the background, without a toll on the calls of the others.

use std::thread::{self, JoinHandle};

use nix::sys::signal::{SigSet, SigmaskHow, Signal};

use crate::error::Call;
use crate::{DescriptorTable, Result};

/// The signals that report an error of the thread that they come to. If that thread blocks one, the kernel ends the
/// process, whatever its handler might have mended.
const ERRORS: [Signal; 6] =
    [Signal::SIGBUS, Signal::SIGFPE, Signal::SIGILL, Signal::SIGSEGV, Signal::SIGSYS, Signal::SIGTRAP];

/// The descriptors of a thread in the background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Descriptors {
    /// Standard error, and what the thread itself opens: the thread costs the others nothing, and holds no end of a
    /// pipe open. See [`DescriptorTable`]. Where the kernel refuses, they are shared.
    Own,
    /// Those of the other threads: a toll on each of their calls.
    Shared,
}

/// Starts a thread that runs `run`, and receives no signals: those that are sent to the process come to the other
/// threads. A signal that is sent to the thread itself ([`ThreadId::signal`](crate::ThreadId::signal)) stays pending,
/// for `sigwait` and `signalfd`.
///
/// With [`Descriptors::Own`], `run` must neither use nor drop a descriptor that was opened elsewhere, and not give away
/// one of its own.
///
/// # Errors
/// The thread cannot be started.
pub fn spawn(
    name: &str,
    descriptors: Descriptors,
    run: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>> {
    let mut blocked = SigSet::all();
    for signal in ERRORS {
        blocked.remove(signal);
    }
    // A new thread inherits the mask of its maker. If it blocked the signals itself, one could come before.
    let before = blocked.thread_swap_mask(SigmaskHow::SIG_BLOCK).call("pthread_sigmask")?;
    let thread = thread::Builder::new().name(name.into()).spawn(move || {
        if descriptors == Descriptors::Own {
            let _ = DescriptorTable::leave_shared_but_stderr(); // an error means that it stays shared
        }
        run();
    });
    before.thread_set_mask().call("pthread_sigmask")?;
    thread.call("clone")
}

#[cfg(test)]
mod tests;
