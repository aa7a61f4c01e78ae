//! Ctrl-C and `kill`: remove the kernel objects, then end as the signal would have ended the process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal, kill, raise};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use signal_hook::iterator::Signals;
use signal_hook::low_level;

use super::narrator::tell;
use crate::error::Call;
use crate::{Error, Result, lease, sys};

/// Puts right what the parent has left set, and starts the thread that waits for the signals. A signal handler itself
/// may do next to nothing; a thread may do everything. An object made after this call is made under [`lease::making`].
///
/// A signal that this process was started to ignore stays ignored: `nohup` does that, and a shell that starts a program
/// in the background.
///
/// # Errors
/// A handler cannot be installed, or the thread not be started.
pub fn clean_up_on_signals() -> Result<()> {
    on_signals(|signal| end_as(signal))
}

/// The same for a program that has more to do than to clean up: `heed` is told of each signal, in a thread of its own.
///
/// # Errors
/// As [`clean_up_on_signals`].
pub fn on_signals(mut heed: impl FnMut(i32) + Send + 'static) -> Result<()> {
    put_right_what_is_inherited()?;
    let mut heeded = Vec::new();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        if !sys::is_ignored(signal).call("sigaction")? {
            heeded.push(signal);
        }
    }
    // A signal that comes when its handler is installed, but not yet known to the library, would be lost: it has to wait.
    heeded.iter().copied().collect::<SigSet>().thread_block().call("pthread_sigmask")?;
    let signals = Signals::new(heeded.iter().map(|&signal| signal as i32)).call("sigaction");
    // All of them, also those that the parent had blocked: `execve` passes that on, and SIGTERM would wait for ever.
    SigSet::empty().thread_set_mask().call("pthread_sigmask")?;
    let mut signals = signals?;
    let wait = move || signals.forever().for_each(&mut heed);
    thread::Builder::new().name("signals".into()).spawn(wait).call("clone").map(drop)
}

/// A parent that ignores SIGCHLD passes that on, and then the kernel keeps no child to be waited for. Past a limit of the
/// length of files (`ulimit -f`) SIGXFSZ would end this process without a word, where `write` can say what is wrong.
fn put_right_what_is_inherited() -> Result<()> {
    sys::heed(Signal::SIGCHLD).and_then(|()| sys::ignore(Signal::SIGXFSZ)).call("sigaction")
}

/// Whether a signal is ending this process.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Removes the kernel objects, and ends this process as the signal would have ended it: its parent sees which one did.
pub fn end_as(signal: i32) -> ! {
    ENDING.store(true, Ordering::Release);
    if std::process::id() == 1 {
        end_all_others();
    }
    lease::release_all();
    if let Ok(signal) = Signal::try_from(signal) {
        let mut one = SigSet::empty();
        one.add(signal);
        let _ = sys::heed(signal).and_then(|()| one.thread_unblock()).and_then(|()| raise(signal));
    }
    // Still here: the default action of a signal is not for process 1 of a container. So it ends with the status that a
    // shell has for it.
    low_level::exit(128 + signal)
}

/// Ends this process with an error while another thread of it is stuck in a call. As after a signal, that thread has
/// nothing to add when the call fails because of this.
pub(super) fn end_with(error: &Error) -> ! {
    let_the_signal_end_it();
    ENDING.store(true, Ordering::Release);
    tell(&format!("error: {error}"));
    lease::release_all();
    low_level::exit(1)
}

/// With process 1 of a PID namespace, the kernel kills all others in it. They share leases: only when they have gone is
/// this one the last holder, which removes everything.
fn end_all_others() {
    let _ = kill(Pid::from_raw(-1), Signal::SIGKILL); // an error means that there is none
    while waitpid(None, None).is_ok() {}
}

/// A use of an object that a signal removes meanwhile fails. That is no news: the process ends by the signal, and not by
/// the error that came first. Returns at once if no signal is ending it.
pub(super) fn let_the_signal_end_it() {
    while ENDING.load(Ordering::Acquire) {
        thread::sleep(Duration::from_secs(1));
    }
}
