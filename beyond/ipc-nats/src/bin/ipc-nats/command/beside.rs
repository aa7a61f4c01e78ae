//! `scenario NAME --beside msgq`: the same story twice, on a System V queue and on a stream.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output, Stdio};

use ipc_core::{Advise as _, Call as _, Error, Result};
use ipc_demo::{interrupt, print};
use ipc_nats::ServerOptions;
use terminal_size::{Width, terminal_size};

use super::scenario::NAME;

/// The environment variable that names the other program.
pub const VARIABLE: &str = "IPC_MSGQ";

/// The columns of a timeline.
const COLUMN: usize = 80;

/// Between the two.
const GAP: &str = " | ";

/// The columns that two timelines take.
pub const WIDTH: usize = 2 * COLUMN + GAP.len();

const PROGRAM: &str = "ipc-msgq";

/// Plays the scenario of this name with both programs. Fails if one of them does.
pub fn play(name: &str) -> Result<ExitCode> {
    let ours = env::current_exe().call("readlink").on("/proc/self/exe")?;
    let theirs = find(&ours)?;
    interrupt::clean_up_on_signals()?;
    let is_wide = terminal_size().is_some_and(|(Width(columns), _)| usize::from(columns) >= WIDTH);
    let (left, right) = (title("System V queue", name), title("NATS stream", name));
    let (theirs, ours) = (played(&theirs, name), played(&ours, name));
    let succeeded = if is_wide {
        let [theirs, ours] = [theirs, ours].map(|mut it| it.stdout(Stdio::piped()).output());
        let (theirs, ours) = (theirs.call("execve").on(PROGRAM)?, ours.call("execve")?);
        print(&columns(&(left + &text(&theirs)), &(right + &text(&ours))))?;
        theirs.status.success() && ours.status.success()
    } else {
        let show = |title: String, mut it: Command| {
            print(&title).and_then(|()| it.status().call("execve")).map(|status| status.success())
        };
        let first = show(left, theirs).on(PROGRAM)?;
        print("\n")?;
        show(right, ours)? && first
    };
    Ok(if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn title(object: &str, name: &str) -> String {
    format!("== {object}: {name}\n")
}

fn played(program: &Path, name: &str) -> Command {
    let mut command = Command::new(program);
    command.args([NAME, name]).envs(ServerOptions::current().environment()).stdin(Stdio::null());
    command
}

/// Finds the other program: named by the user; built into the same folder as this one, or into that of the repository, of
/// which this workspace is a part; or installed.
fn find(ours: &Path) -> Result<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE).map(PathBuf::from) {
        let missing = || Error::Usage(format!("{VARIABLE} names no file: {}", named.display()));
        return named.is_file().then(|| named.clone()).ok_or_else(missing);
    }
    let folder = ours.parent().unwrap_or(Path::new("/"));
    let profile = folder.file_name().unwrap_or_default();
    // target/beyond/PROFILE/ipc-nats, or beyond/target/PROFILE/ipc-nats
    let built = ["../..", "../../../target"].map(|target| folder.join(target).join(profile));
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = [folder.to_owned()].into_iter().chain(built).chain(env::split_paths(&path));
    { folders }.map(|folder| folder.join(PROGRAM)).find(|program| program.is_file()).ok_or_else(|| {
        Error::Refused(format!(
            "no program {PROGRAM} beside this one or in PATH: `cargo build -p {PROGRAM}` in the repository builds it; or \
             name it by {VARIABLE}"
        ))
    })
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Puts two texts side by side.
fn columns(left: &str, right: &str) -> String {
    let (mut left, mut right) = (left.lines(), right.lines());
    let mut text = String::new();
    loop {
        let pair = (left.next(), right.next());
        if pair == (None, None) {
            return text;
        }
        let [one, two] = [pair.0, pair.1].map(Option::unwrap_or_default);
        text += format!("{one:<COLUMN$}{GAP}{two}").trim_end();
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longer_text_goes_on_alone() {
        let blank = " ".repeat(COLUMN - 1);
        assert_eq!(columns("a\nb", "c"), format!("a{blank} | c\nb{blank} |\n"));
        assert_eq!(columns("ä", "c\nd"), format!("ä{blank} | c\n{blank}  | d\n"));
    }
}
