//! Running `ip` and `tc` of iproute2, in the network namespace of this thread.

use std::io::{ErrorKind, Write as _};
use std::process::{Command, Stdio};

use ipc_core::{Call as _, Error, Result};

/// Carries out the lines with one `ip`.
pub(crate) fn ip(lines: &str) -> Result<()> {
    run(Command::new("ip").args(["-batch", "-"]), lines)
}

/// Runs `tc` with these words.
pub(crate) fn tc(words: &str) -> Result<()> {
    run(Command::new("tc").args(words.split(' ')), "")
}

fn run(command: &mut Command, input: &str) -> Result<()> {
    let program = command.get_program().display().to_string();
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = piped.spawn().map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            Error::Refused(format!("no `{program}` here: on Debian, `apt-get install iproute2`"))
        }
        _ => Err::<(), _>(error).call("execve").expect_err("it is an error"),
    })?;
    // If it does not read to the end, it says why.
    let _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
    let output = child.wait_with_output().call("waitpid")?;
    if output.status.success() {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&output.stderr);
    Err(Error::Refused(format!("{program}: {}", reason.lines().next().unwrap_or("it says nothing"))))
}
