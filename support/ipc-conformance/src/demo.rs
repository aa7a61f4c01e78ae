//! The demo under test: a program, and one of its variants.

use std::io::{BufRead, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use ipc_core::{Call, Mechanism, Profile};
use libtest_mimic::{Failed, Trial};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use super::facts::{Addresses, Facts, PidNamespaces};
use super::remains::no_ownership_locks;
use super::{Outcome, ensure, run, watched};

/// The program.
#[derive(Clone, Copy)]
pub(super) struct Program {
    path: &'static str,
    profile: Profile,
}

/// One of its variants.
#[derive(Clone, Copy)]
pub(super) struct Demo {
    program: Program,
    variant: &'static str,
    title: &'static str,
    facts: Facts,
    /// True if the demo runs this variant by default.
    is_default: bool,
}

impl Program {
    pub(super) const fn new(path: &'static str, profile: Profile) -> Self {
        Self { path, profile }
    }

    pub(super) const fn path(self) -> &'static str {
        self.path
    }

    pub(super) fn variant<M: Mechanism>(self, facts: Facts, is_default: bool) -> Demo {
        Demo { program: self, variant: M::VARIANT.name, title: M::TITLE, facts, is_default }
    }
}

impl Demo {
    /// Makes a case, named after the demo that it runs on.
    pub(super) fn trial(
        self,
        name: &str,
        case: impl Fn(Self, &TempDir) -> Outcome + Send + 'static,
    ) -> Trial {
        let of = if self.is_default { String::new() } else { format!("{}::", self.variant) };
        watched(format!("demo::{of}{name}"), self.facts, move || {
            let place = tempfile::tempdir().call("mkdir")?;
            case(self, &place)?;
            no_ownership_locks(place.path())
        })
    }

    pub(super) const fn variant(self) -> &'static str {
        self.variant
    }

    /// Returns the full name of the variant's mechanism.
    pub(super) const fn title(self) -> &'static str {
        self.title
    }

    pub(super) const fn is_default(self) -> bool {
        self.is_default
    }

    pub(super) const fn has_two_terminals(self) -> bool {
        self.program.profile.address.is_some()
    }

    /// Returns the mechanism's name.
    pub(super) const fn name(self) -> &'static str {
        self.program.profile.name
    }

    pub(super) const fn addresses(self) -> Addresses {
        self.facts.addresses
    }

    pub(super) const fn pid_namespaces(self) -> PidNamespaces {
        self.facts.pid_namespaces
    }

    /// Returns the files of the object at an address; `None` if it has no owner.
    pub(super) fn files(self, address: &str) -> Option<Vec<PathBuf>> {
        self.facts.files.map(|files| files(address))
    }

    /// True if the first of them can be truncated while mapped.
    pub(super) const fn can_be_cut(self) -> bool {
        self.facts.can_be_cut
    }

    /// Returns a command line exactly as given, with its own directory for temporary files.
    pub(super) fn typed<'a>(self, place: &TempDir, args: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(self.program.path);
        command.env("TMPDIR", place.path()).args(args);
        command
    }

    /// Returns a command that runs this variant, with its own directory for temporary files.
    pub(super) fn command(self, place: &TempDir, args: &[&str]) -> Command {
        let mut command = self.typed(place, args.iter().copied());
        if !self.is_default {
            command.args(["--variant", self.variant]);
        }
        command
    }

    pub(super) fn run(self, place: &TempDir, args: &[&str]) -> Result<(Option<i32>, String, String), Failed> {
        Ok(run(&mut self.command(place, args))?)
    }

    /// Returns an unused address of this variant's kind.
    pub(super) fn fresh_address(self, place: &Path) -> String {
        self.facts.addresses.fresh(place)
    }
}

/// Checks the document that the demo prints with `--json`.
pub(super) fn check_document(demo: Demo, text: &str, count: u64, size: u64) -> Outcome {
    let document: Value = serde_json::from_str(text)?;
    ensure!(document["mechanism"] == demo.name(), "mechanism: {document}");
    ensure!(
        document["variant"] == demo.variant() && document["cpus"].is_string(),
        "variant, cpus: {document}"
    );
    ensure!(document["count"] == count && document["size"] == size, "count, size: {document}");
    ensure!(document["wait"] == "block" && document["verified"] == true, "wait, verified: {document}");
    let time = |name: &str| document["rtt_ns"][name].as_u64();
    let times: Option<Vec<_>> = ["min", "p50", "p90", "p99", "p999", "max"].into_iter().map(time).collect();
    ensure!(times.is_some_and(|times| times[0] > 0 && times.is_sorted()), "percentiles: {document}");
    ensure!(document["rtt_ns"]["mean"].is_f64(), "mean: {document}");
    Ok(())
}

/// Reads the narration of a running demo. Only once it measures is the object sure to be there, and the end far off.
pub(super) fn until_it_measures(child: &mut Child) -> Outcome {
    let story = BufReader::new(child.stderr.take().expect("it is piped"));
    let begun = story.lines().map_while(Result::ok).any(|line| line.contains("now "));
    ensure!(begun, "it never began to measure");
    Ok(())
}

/// Sends a signal and checks that the process ends by that signal.
pub(super) fn ends_by(child: &mut Child, signal: Signal) -> Outcome {
    kill(Pid::from_raw(child.id() as i32), signal)?;
    let status = child.wait()?;
    let mut said = String::new();
    if let Some(stderr) = &mut child.stderr {
        stderr.read_to_string(&mut said)?;
    }
    ensure!(status.signal() == Some(signal as i32), "after {signal} it ended with {status}: {said}");
    Ok(())
}
