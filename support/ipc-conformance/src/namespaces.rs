//! Two IPC namespaces that share a directory for temporary files, as containers with a common `/tmp` do.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};

use ipc_core::Call;
use tempfile::TempDir;

use super::demo::Demo;
use super::{Outcome, ensure, run, skipped};

/// Starts a `pong`, kills it, waits for a word, starts the next, and lists what is left in the namespace.
const FIRST: &str = r#"
    mount -t mqueue none "$0/queues" || exit 1
    mkfifo "$0/line" || exit 1
    "$@" > "$0/line" 2> /dev/null & read address < "$0/line"
    kill -KILL $!; wait
    echo killed; read word
    "$@" --timeout 0.01 2>&1
    ls "$0/queues"; grep -h '[0-9]' /proc/sysvipc/*; echo done"#;

/// Checks that the next program, in another namespace, neither removes what it does not find there nor forgets it.
pub(super) fn killed_elsewhere(demo: Demo, place: &TempDir) -> Outcome {
    let temporary = place.path().join("tmp");
    let pong = demo.command(place, &["pong"]);
    for directory in [&temporary, &place.path().join("queues")] {
        fs::create_dir(directory).call("mkdir")?;
    }
    let namespaces = ["--ipc", "--mount"];
    let Some(mut first) = unshared(&namespaces) else {
        skipped("a new IPC namespace needs root or a user namespace, and unshare(1)");
        return Ok(());
    };
    first.args(["sh", "-c", FIRST]).arg(place.path()).arg(pong.get_program()).args(pong.get_args());
    first.env("TMPDIR", &temporary);
    let mut first = first.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().call("execve")?;
    let go_on: ChildStdin = first.stdin.take().expect("it is piped");
    let mut said = BufReader::new(first.stdout.take().expect("it is piped"));
    let mut word = String::new();
    said.read_line(&mut word).call("read")?;
    ensure!(word == "killed\n", "no pong in a namespace: {word}");

    let mut second = unshared(&namespaces).expect("it was possible above");
    second.arg(pong.get_program()).args(pong.get_args()).args(["--timeout", "0.01"]);
    let (_, _, complaint) = run(second.env("TMPDIR", &temporary))?;
    ensure!(complaint.contains("no ping joined"), "the next one elsewhere: {complaint}");

    (&go_on).write_all(b"go on\n").call("write")?;
    let mut left = String::new();
    said.read_to_string(&mut left).call("read")?;
    first.wait().call("waitpid")?;
    let mut lines = left.lines().skip_while(|line| !line.contains("no ping joined")).skip(1);
    ensure!(lines.next() == Some("done"), "left in the first namespace: {left}");
    ensure!(is_empty(&temporary)?, "an ownership lock is left");
    Ok(())
}

fn is_empty(directory: &Path) -> ipc_core::Result<bool> {
    Ok(fs::read_dir(directory).call("opendir")?.next().is_none())
}

/// Returns a command after a line of shell, `first`, in new [`namespaces`](unshared): for limits that belong to a
/// namespace.
#[must_use]
pub fn limited(namespaces: &[&str], first: &str, program: &str) -> Option<Command> {
    let mut command = unshared(namespaces)?;
    command.args(["sh", "-c", &format!("{first} && exec \"$@\""), "sh", program]);
    Some(command)
}

/// Returns unshare(1) for a command in new `namespaces`, given as its options; `None` where that is not permitted.
#[must_use]
pub fn unshared(namespaces: &[&str]) -> Option<Command> {
    // An ordinary user may be root of a user namespace.
    let ways: [&[&str]; 2] = [&[], &["--user", "--map-root-user"]];
    let command = |way: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(way).args(namespaces);
        command
    };
    let permitted = |way: &&[&str]| {
        let tried = command(way).arg("true").stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    ways.into_iter().find(permitted).map(command)
}
