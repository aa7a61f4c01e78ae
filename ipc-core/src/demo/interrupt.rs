//! Ctrl-C and `kill`: remove the kernel objects, then end as the signal would have ended the process.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::error::Call;
use crate::{Result, lease};

/// Starts the thread that waits for the signals. A signal handler itself may do next to nothing; a thread may do
/// everything. Whoever makes an object after this call does so under [`lease::making`].
///
/// A signal that this process was started to ignore stays ignored: `nohup` does that, and a shell that starts a program
/// in the background.
///
/// # Errors
/// A handler cannot be installed, or the thread not be started.
pub fn clean_up_on_signals() -> Result<()> {
    on_signals(end_as)
}

/// The same for who has more to do than to clean up: `heed` is told of each signal, in a thread of its own.
///
/// # Errors
/// As [`clean_up_on_signals`].
pub fn on_signals(mut heed: impl FnMut(i32) + Send + 'static) -> Result<()> {
    let ignored = ignored().call("read")?;
    let heeded = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored & 1 << (signal - 1) == 0);
    // One that comes when its handler is installed, but not yet known to the library, would be lost: so it has to wait.
    let waiting = heeded.clone().filter_map(|signal| Signal::try_from(signal).ok()).collect::<SigSet>();
    let before = waiting.thread_swap_mask(SigmaskHow::SIG_BLOCK).call("pthread_sigmask")?;
    let signals = Signals::new(heeded).call("sigaction");
    before.thread_set_mask().call("pthread_sigmask")?;
    let mut signals = signals?;
    let wait = move || signals.forever().for_each(&mut heed);
    thread::Builder::new().name("signals".into()).spawn(wait).call("clone").map(drop)
}

/// Whether a signal is ending this process.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Removes the kernel objects, and ends this process as the signal would have ended it.
pub fn end_as(signal: i32) {
    ENDING.store(true, Ordering::Release);
    lease::release_all();
    // Restores the default action and raises the signal again, so that the parent sees what ended us.
    let _ = signal_hook::low_level::emulate_default_handler(signal);
}

/// Whoever uses an object while a signal removes it gets an error. That is no news: the process ends by the signal, and
/// not by the error that came first. Returns at once if no signal is ending it.
pub(super) fn let_the_signal_end_it() {
    while ENDING.load(Ordering::Acquire) {
        thread::sleep(Duration::from_secs(1));
    }
}

/// The signals that this process ignores, a bit each, the lowest for signal 1.
fn ignored() -> std::io::Result<u64> {
    // The first line is the program's name, which may be any bytes.
    let status = fs::read("/proc/self/status")?;
    let status = String::from_utf8_lossy(&status);
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The kernel writes it in hexadecimal. None at all: not Linux.
    Ok(mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0))
}
