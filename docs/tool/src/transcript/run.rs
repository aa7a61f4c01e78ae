//! Runs the commands of a page where they see only the objects that the page creates.
//!
//! All commands of a page run in one shell, in order, on a terminal of their own, since some programs print differently
//! into a pipe. `unshare(1)` gives the page its own process ids, System V objects, network and `/dev/shm`. So
//! `pgrep ipc-pipe` and `ipcs` find the page's own, and nothing that it starts outlives it.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::pty::{Winsize, openpty};
use nix::sys::termios::{OutputFlags, SetArg, tcgetattr, tcsetattr};

use super::page::Block;
use crate::finish::repository;
use crate::source;

/// The time that a page may take.
const WATCHDOG: Duration = Duration::from_secs(300);

/// The environment in which commands are run.
pub struct Sandbox {
    /// The `PATH`: the programs of the suite come first.
    path: String,
    unshare: Vec<&'static str>,
    /// True if each page is isolated, so that several can run at once.
    pub private: bool,
}

/// The result of a block.
pub enum Outcome {
    /// It ran and printed this.
    Printed {
        /// The text.
        text: String,
        /// The document that it printed as a scene.
        scene: Option<String>,
    },
    /// A command in it failed, which it must not.
    Failed(String),
    /// It was not run, since this is missing.
    Skipped(String),
}

impl Outcome {
    /// Returns its output, if it ran.
    pub fn printed(&self) -> Option<&str> {
        match self {
            Self::Printed { text, .. } => Some(text),
            _ => None,
        }
    }
}

impl Sandbox {
    /// Returns a sandbox with the programs that cargo has built.
    pub fn new(debug: bool) -> Result<Self> {
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
        let (profile, build) = if debug {
            ("debug", "cargo build --workspace --bins --examples")
        } else {
            ("release", "cargo build --release --workspace --bins --examples")
        };
        let folder = target.join(profile);
        let there = ["ipc-pipe", "ipc-msgq", "ipc-bench", "examples/stage_1_flag"]
            .iter()
            .all(|name| folder.join(name).exists());
        ensure!(there, "the programs are not in {}: {build}", folder.display());
        let mut sandbox = Self::with_path(&folder.canonicalize()?)?;
        // The program of beyond/, if that was built: .ci/run builds it below the common folder.
        for beyond in [target.join("beyond"), repository().join("beyond/target")] {
            if let Ok(folder) = beyond.join(profile).canonicalize() {
                sandbox.path = format!("{}:{}", sandbox.path, folder.display());
            }
        }
        Ok(sandbox)
    }

    /// Returns a sandbox with the programs in this folder.
    pub fn with_path(folder: &Path) -> Result<Self> {
        let path = format!("{0}:{0}/examples:{1}:/usr/sbin:/sbin", folder.display(), std::env::var("PATH")?);
        let user: &[&str] =
            if nix::unistd::geteuid().is_root() { &[] } else { &["--user", "--map-root-user"] };
        let processes = ["--ipc", "--pid", "--fork", "--kill-child", "--mount-proc"];
        let all = [&processes[..], &["--net"]].concat();
        // The network needs `ip`, of iproute2. Without a namespace for processes, a page would see those of another.
        for (flags, test, private) in
            [(&all[..], "ip link set lo up", true), (&processes, "true", true), (&["--ipc"], "true", false)]
        {
            let unshare = [user, flags].concat();
            let mut probe = Command::new("unshare");
            probe.args(&unshare).args(["sh", "-c", test]).stdin(Stdio::null());
            if probe.output().is_ok_and(|output| output.status.success()) {
                if flags.len() < all.len() {
                    println!("note: the pages run only with unshare {}", flags.join(" "));
                }
                return Ok(Self { path, unshare, private });
            }
        }
        bail!("unshare(1) gives no namespace: pages would see the objects of others")
    }

    /// Runs blocks. Their pauses and limits, `sleep` and `timeout`, are multiplied by `longer`.
    pub fn run(&self, blocks: &[Block], longer: u32) -> Result<Vec<Outcome>> {
        let found =
            |program: &str| self.path.split(':').any(|folder| Path::new(folder).join(program).exists());
        let missing: Vec<_> = blocks
            .iter()
            .map(|block| super::missing(block.needs.iter().map(String::as_str), found))
            .collect();
        let folder = tempfile::tempdir()?;
        let inside = folder.path().to_str().context("a name in UTF-8")?;
        let runs: Vec<_> = missing.iter().map(Option::is_none).collect();
        fs::write(folder.path().join(".script"), script(blocks, &runs, self.private, longer))?;
        let printed = self.shell(folder.path())?;
        let mut texts = printed.split('\0');
        let mut outcomes = Vec::new();
        for (number, (block, missing)) in blocks.iter().zip(missing).enumerate() {
            let text = texts.next().with_context(|| format!("the shell ended before line {}", block.line))?;
            let text = if block.terminal {
                fs::read_to_string(folder.path().join(format!("terminal-{number}"))).unwrap_or_default()
            } else {
                text.to_owned()
            };
            let text = tidy(&elsewhere(&text, inside)?);
            let failed = fs::read_to_string(folder.path().join(format!(".failed-{number}")));
            outcomes.push(match (missing, failed) {
                (Some(missing), _) => Outcome::Skipped(missing),
                (None, Ok(failed)) => Outcome::Failed(format!("{}\n{text}", failed.trim())),
                (None, Err(_)) => {
                    let scene = fs::read_to_string(folder.path().join(format!(".scene-{number}"))).ok();
                    let scene = scene.map(|document| elsewhere(&document, inside)).transpose()?;
                    Outcome::Printed { text, scene }
                }
            });
        }
        Ok(outcomes)
    }

    /// Runs the script in a folder, and returns its output to the terminal.
    fn shell(&self, folder: &Path) -> Result<String> {
        let size = Winsize { ws_row: 50, ws_col: 110, ws_xpixel: 0, ws_ypixel: 0 };
        let terminal = openpty(&size, None)?;
        let mut modes = tcgetattr(&terminal.slave)?;
        modes.output_flags.remove(OutputFlags::ONLCR);
        tcsetattr(&terminal.slave, SetArg::TCSANOW, &modes)?;
        let mut command = Command::new("unshare");
        command.args(&self.unshare).args(["bash", ".script"]).current_dir(folder);
        // Set here, so that no program takes the files left by these commands for its own to clean up.
        command.env("TMPDIR", folder).env("PATH", &self.path).env("TERM", "dumb").env("LC_ALL", "C.UTF-8");
        command.env("REPOSITORY", repository()).env("DOCS", source::docs());
        command.env("XDG_DATA_HOME", folder.join(".data")); // not among the reader's own files
        command.stdin(Stdio::null()).stdout(Stdio::from(terminal.slave)).stderr(Stdio::null());
        let mut child = command.spawn().context("unshare")?;
        drop(command); // closes our copy of the terminal, so that reading ends

        let (sender, receiver) = mpsc::channel();
        let mut ours = File::from(terminal.master);
        thread::spawn(move || {
            let (mut printed, mut part) = (Vec::new(), [0; 4096]);
            // EIO: the last process has closed the terminal.
            while let Ok(length @ 1..) = ours.read(&mut part) {
                printed.extend_from_slice(&part[..length]);
            }
            let _ = sender.send(printed);
        });
        wait(&mut child)?;
        let printed = receiver.recv_timeout(Duration::from_secs(60)).context("something still runs")?;
        Ok(String::from_utf8_lossy(&printed).into_owned())
    }
}

fn wait(child: &mut Child) -> Result<()> {
    let deadline = Instant::now() + WATCHDOG;
    while child.try_wait()?.is_none() {
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            bail!("the page still runs after {} s", WATCHDOG.as_secs());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// Closes the descriptors left open by us and our ancestors: a page that lists descriptors shows its own. (255 is the
/// script.)
const INHERITED: &str =
    "for it in /proc/$$/fd/*; do it=${it##*/}; [ $it -gt 2 ] && [ $it != 255 ] && eval \"exec $it>&-\"; done";

/// Returns the shell script of a page: after each block a zero byte that separates its output from the next.
fn script(blocks: &[Block], runs: &[bool], private: bool, longer: u32) -> String {
    let mut lines = vec!["exec 2>&1; terminals=()".to_owned(), INHERITED.to_owned()];
    if longer > 1 {
        let times = format!("$(awk \"BEGIN {{ print $1 * {longer} }}\")");
        lines.push(format!(
            "sleep() {{ command sleep {times}; }}; timeout() {{ command timeout {times} \"${{@:2}}\"; }}; export -f sleep timeout"
        ));
    }
    if private {
        // All processes of this user share the allowance for POSIX queues, in other namespaces as well.
        lines.push("ulimit -q unlimited 2>/dev/null".to_owned());
        let own = "ip link set lo up; mount -t tmpfs none /dev/shm; mount -t mqueue none /dev/mqueue";
        lines.push(format!("{{ {own}; }} 2>/dev/null"));
    }
    for (number, (block, runs)) in blocks.iter().zip(runs).enumerate() {
        if *runs && block.terminal {
            let commands = quoted(&block.commands);
            lines.push(format!(
                "setsid bash -c {commands} >terminal-{number} 2>&1 & terminals+=($!)\n\
                 for _ in {{1..50}}; do [ -s terminal-{number} ] && break; sleep 0.2; done; sleep 0.8"
            ));
        } else if *runs && block.shown.is_none() {
            lines.push(format!(
                "trap 'echo \"status $?: $BASH_COMMAND\" >>\"$TMPDIR/.failed-{number}\"' ERR\n{}\ntrap - ERR",
                block.commands
            ));
        } else if *runs {
            lines.push(block.commands.clone());
        }
        if *runs && block.scene.is_some() {
            let command = format!("{} --json", block.commands.trim());
            lines.push(format!(
                "{command} >\"$TMPDIR/.scene-{number}\" || echo \"status $?: {command}\" >>\"$TMPDIR/.failed-{number}\""
            ));
        }
        lines.push("printf '\\0'".to_owned());
    }
    // Commands still running in another terminal are ended, as with Ctrl-C.
    lines.push(
        "for it in ${terminals[@]}; do sleep 0.3; kill -INT -- -$it; sleep 0.3; kill -- -$it; wait $it; done 2>/dev/null"
            .to_owned(),
    );
    lines.join("\n") + "\n"
}

/// Returns what a page shows for a text that names the folder of the run, or that of this clone: they are others for each
/// reader.
fn elsewhere(text: &str, inside: &str) -> Result<String> {
    let clone = repository().canonicalize()?;
    let clone = clone.to_str().context("a name in UTF-8")?;
    Ok(text.replace(inside, "/tmp").replace(clone, "/home/me/ipc"))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Removes blanks at the ends of lines, and empty lines at both ends.
fn tidy(text: &str) -> String {
    let lines: Vec<_> = text.trim_matches('\n').lines().map(|line| typed(line.trim_end())).collect();
    lines.join("\n") + "\n"
}

/// Returns the shell's message in its interactive form: without the line of the script and the process id.
fn typed(line: &str) -> String {
    let said = line.strip_prefix(".script: line ").and_then(|rest| rest.split_once(": "));
    let Some((_, said)) = said else { return line.to_owned() };
    let job = said.trim_start().trim_start_matches(|c: char| c.is_ascii_digit());
    if job.len() < said.trim_start().len() { job.trim_start().to_owned() } else { format!("bash: {said}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shell_speaks_as_in_a_terminal() {
        assert_eq!(tidy("\n.script: line 4:    36 Killed   ipc-fifo\n"), "Killed   ipc-fifo\n");
        assert_eq!(tidy(".script: line 4: nothere: command not found"), "bash: nothere: command not found\n");
    }
}
