//! Ctrl-C and `kill`: remove the kernel objects, then end as the signal would have ended the process.

use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::error::Call;
use crate::{Result, lease};

/// Starts the thread that waits for the signals. A signal handler itself may do next to nothing; a thread may do
/// everything. Whoever makes an object after this call does so under [`lease::making`].
///
/// # Errors
/// A handler cannot be installed, or the thread not be started.
pub fn clean_up_on_signals() -> Result<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).call("sigaction")?;
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            lease::release_all();
            // Restores the default action and raises the signal again, so that the parent sees what ended us.
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    };
    thread::Builder::new().name("signals".into()).spawn(wait).call("clone").map(drop)
}
