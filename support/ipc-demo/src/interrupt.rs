//! Ctrl-C and `kill`: remove the kernel objects, then end as the signal would have ended the process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ipc_core::{Call, Error, Result, ThreadId, background, ownership};
use nix::sys::signal::{SigSet, Signal, kill, raise};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;

use super::output::tell;
use crate::sys;
pub use crate::sys::{heed, ignore};

/// Resets inherited signal settings, and starts the thread that waits for the signals. A signal handler may do next to
/// nothing; a thread may do anything. After this call, create objects only
/// under a [`CreationGuard`](ownership::CreationGuard).
///
/// A signal that this process was started to ignore stays ignored: `nohup` relies on that, and so does a shell that
/// starts a program in the background.
///
/// # Errors
/// A handler cannot be installed, or the thread cannot be started.
pub fn clean_up_on_signals() -> Result<()> {
    on_signals(|signal| end_as(signal))
}

/// Does the same for a program that does more than clean up: calls `heed` with each signal, in a thread of its own.
/// That thread has no descriptor of the others but standard error (see [`background`]). Of two calls in one process, the
/// first one counts.
///
/// # Errors
/// As [`clean_up_on_signals`].
pub fn on_signals(heed: impl FnMut(i32) + Send + 'static) -> Result<()> {
    put_right_what_is_inherited()?;
    let mut heeded = SigSet::empty();
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        if !sys::is_ignored(signal).call("sigaction")? {
            heeded.add(signal);
        }
    }
    // First the thread, then the handlers that send the signals there, and only then does the thread take any. One
    // taken before would be given its default action, and a moment later a handler again, which would not end us.
    let (thread, installed) = wait_for(heeded, heed)?;
    for signal in &heeded {
        sys::forward(signal, thread).call("sigaction")?;
    }
    drop(installed);
    // Also those that the parent had blocked: `execve` keeps the mask, and SIGTERM would stay pending forever.
    SigSet::empty().thread_set_mask().call("pthread_sigmask")
}

/// Starts the thread that calls `heed` with each of the signals, from the moment on when what is returned beside it is
/// dropped.
fn wait_for(
    signals: SigSet,
    mut heed: impl FnMut(i32) + Send + 'static,
) -> Result<(ThreadId, mpsc::Sender<()>)> {
    let (tell, told) = mpsc::channel();
    let (installed, ready) = mpsc::channel();
    let wait = move || {
        let _ = tell.send(ThreadId::current());
        let _ = ready.recv(); // nothing is sent: the other end is dropped
        loop {
            if let Ok(signal) = signals.wait() {
                heed(signal as i32);
            }
        }
    };
    background::spawn("signals", ownership::release_all_descriptors(), wait)?;
    Ok((told.recv().expect("the thread tells who it is"), installed))
}

/// Restores signal settings that `execve` keeps. If the parent ignores SIGCHLD, the kernel keeps no child to wait for.
/// Past a limit on file size (`ulimit -f`), SIGXFSZ would end this process silently, where `write` can report the
/// error.
fn put_right_what_is_inherited() -> Result<()> {
    heed(Signal::SIGCHLD).and_then(|()| ignore(Signal::SIGXFSZ)).call("sigaction")
}

/// True while a signal is ending this process.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Removes the kernel objects, and ends this process as the signal would have done: its parent sees which one it was.
pub fn end_as(signal: i32) -> ! {
    ENDING.store(true, Ordering::Release);
    if std::process::id() == 1 {
        end_all_others();
    }
    ownership::release_all();
    if let Ok(signal) = Signal::try_from(signal) {
        let mut one = SigSet::empty();
        one.add(signal);
        let _ = heed(signal).and_then(|()| one.thread_unblock()).and_then(|()| raise(signal));
    }
    // Still here: process 1 of a container is exempt from a signal's default action. So it exits with the status that a
    // shell reports for the signal.
    sys::exit_now(128 + signal)
}

/// Ends this process with an error while another of its threads is stuck in a call. As after a signal, that thread
/// reports nothing when its call fails as a result.
pub(super) fn end_with(error: &Error) -> ! {
    let_the_signal_end_it();
    ENDING.store(true, Ordering::Release);
    tell(&format!("error: {error}"));
    ownership::release_all();
    sys::exit_now(1)
}

/// Kills all other processes of the PID namespace of which this is process 1, as the kernel would do anyway. They share
/// ownership locks: only when they are gone is this process the last holder, which removes everything.
fn end_all_others() {
    let _ = kill(Pid::from_raw(-1), Signal::SIGKILL); // an error means that there is none
    while waitpid(None, None).is_ok() {}
}

/// Blocks while a signal is ending this process, whose objects are being removed: the resulting error is not reported,
/// since the process ends by the signal. Returns at once if no signal is ending it.
pub(super) fn let_the_signal_end_it() {
    while ENDING.load(Ordering::Acquire) {
        thread::sleep(Duration::from_secs(1));
    }
}
