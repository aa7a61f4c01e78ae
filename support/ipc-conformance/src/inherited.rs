//! Inherited settings of the parent: ignored and blocked signals, limits, an odd umask, closed descriptors, a forbidden
//! system call. None of them may cause a failure without a reason, a silent death, or a leak.

use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, Stdio};

use ipc_core::Call;
use libtest_mimic::Trial;
use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use tempfile::TempDir;

use super::demo::{Demo, until_it_measures};
use super::remains::nothing_left_soon;
use super::{Outcome, ensure, namespaces, skipped};
use crate::sys;

/// Marks a command line: `PROGRAM conformance-without CALL PROGRAM ARGUMENTS`.
const WITHOUT: &str = "conformance-without";

/// The expected end of a run.
enum End {
    /// The run succeeds as usual.
    Played,
    /// The run succeeds, or fails with an error that contains these words: some variants need the missing thing.
    PlayedOrTold(&'static str),
    /// The run fails with this error.
    Told(&'static str),
}

/// Shell commands that run before the demo replaces the shell, and the end to expect.
const SHELL: [(&str, End); 14] = [
    ("trap '' CHLD", End::Played),
    ("trap '' HUP INT QUIT ALRM TERM USR1 USR2 CHLD URG XFSZ PIPE", End::Played),
    ("umask 0", End::Played),
    ("umask 0177", End::Played),
    ("umask 0777", End::Played),
    ("ulimit -c 0", End::Played),
    ("ulimit -f 0", End::PlayedOrTold("(EFBIG)")),
    ("ulimit -f 1", End::PlayedOrTold("(EFBIG)")),
    ("ulimit -s 1024", End::Played),
    ("exec <&-", End::Played),
    ("exec 2>&-", End::Played),
    ("exec <&- 2>&-", End::Played),
    ("exec >&-", End::Told("write standard output: Bad file number (EBADF)")),
    ("exec <&- >&-", End::Told("write standard output: Bad file number (EBADF)")),
];

/// System calls that a sandbox may forbid.
const FORBIDDEN: [(&str, libc::c_long, End); 6] = [
    ("sched_setaffinity", libc::SYS_sched_setaffinity, End::Played),
    ("madvise", libc::SYS_madvise, End::Played),
    ("pidfd_open", libc::SYS_pidfd_open, End::PlayedOrTold("pidfd_open: Operation not permitted (EPERM)")),
    // The thread for signals then shares the descriptors of the others.
    ("pidfd_getfd", libc::SYS_pidfd_getfd, End::Played),
    ("close_range", libc::SYS_close_range, End::Played),
    ("renameat2", libc::SYS_renameat2, End::PlayedOrTold("renameat2")),
];

pub(super) fn trials(demo: Demo) -> Vec<Trial> {
    vec![
        demo.trial("puts up with what a shell leaves set", shell),
        demo.trial("puts up with system calls that are forbidden", forbidden),
        demo.trial("names the file where there is no /proc", without_proc),
        demo.trial("started with all signals blocked still ends by them", blocked),
    ]
}

fn shell(demo: Demo, place: &TempDir) -> Outcome {
    for (set, end) in &SHELL {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("{set}; exec \"$@\""), "sh"]);
        check(set, command, demo, place, end)?;
    }
    Ok(())
}

fn forbidden(demo: Demo, place: &TempDir) -> Outcome {
    for (name, number, end) in &FORBIDDEN {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([WITHOUT, &number.to_string()]);
        check(&format!("without {name}"), command, demo, place, end)?;
    }
    Ok(())
}

fn without_proc(demo: Demo, place: &TempDir) -> Outcome {
    let Some(launcher) = namespaces::limited(&["--mount"], "mount -t tmpfs none /proc", "env") else {
        skipped("a new mount namespace needs root or a user namespace, and unshare(1)");
        return Ok(());
    };
    check("without /proc", launcher, demo, place, &End::Told("/proc"))
}

/// Runs the demo through `launcher`.
fn check(what: &str, mut launcher: Command, demo: Demo, place: &TempDir, end: &End) -> Outcome {
    let plain = demo.command(place, &["--count", "5"]);
    launcher.arg(plain.get_program()).args(plain.get_args()).env("TMPDIR", place.path());
    let output = launcher.output().call("execve")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let played = output.status.success() && !output.stdout.is_empty();
    let told =
        |words: &str| output.status.code() == Some(1) && said.contains(words) && !said.contains("panicked");
    let right = match end {
        End::Played => played,
        End::PlayedOrTold(words) => played || told(words),
        End::Told(words) => told(words),
    };
    ensure!(right, "{what}: {}: {said}", output.status);
    nothing_left_soon(place.path(), "").map_err(|left| format!("{what}: {left:?}").into())
}

/// Replaces this process by another program that cannot make a call, if the command line asks for it.
pub(super) fn become_a_program_without_a_call() {
    let args: Vec<_> = std::env::args().collect();
    let [_, mark, call, program, args @ ..] = &args[..] else { return };
    if mark != WITHOUT {
        return;
    }
    sys::refuse(call.parse().expect("a number"), Errno::EPERM).expect("a filter can be installed");
    panic!("{}", Command::new(program).args(args).exec());
}

/// Starts the demo from a thread with blocked signals, which it inherits.
fn blocked(demo: Demo, place: &TempDir) -> Outcome {
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let mut command = demo.command(place, &["--count", "1000000000"]);
    let started = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    before.thread_set_mask()?;
    let mut child = started?;
    until_it_measures(&mut child)?;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id() as i32), Signal::SIGTERM)?;
    let status = child.wait()?;
    ensure!(status.signal() == Some(Signal::SIGTERM as i32), "after SIGTERM: {status}");
    nothing_left_soon(place.path(), "")
}
