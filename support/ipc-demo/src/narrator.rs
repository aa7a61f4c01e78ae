//! Narrates the run to a student, on standard error; prints the result on standard output.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use ipc_core::{Mechanism, Options, Result, Variant};
use serde::Serialize;

use super::args::Parsed;
use super::output::{print, tell};
use crate::cpus::Role;
use crate::exchange::Summary;

/// The number of round trips that are shown one by one.
pub(super) const SHOWN: u64 = 3;

/// The note on a process that is not bound to a CPU.
const UNBOUND: &str = "on any CPU, as this system forbids sched_setaffinity";

/// A run, as `--json` prints it.
#[derive(Serialize)]
struct Run<'a> {
    mechanism: &'a str,
    variant: &'a str,
    count: u64,
    size: usize,
    wait: &'a str,
    cpus: String,
    rtt_ns: &'a Summary,
    verified: bool,
    #[serde(flatten)]
    facts: BTreeMap<&'a str, &'a str>,
    /// The path of the object that stays, if one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<&'a Path>,
}

/// The narration of one process.
#[derive(Debug)]
pub(super) struct Narrator<'a> {
    parsed: &'a Parsed,
    mechanism: &'static str,
    title: &'static str,
    variant: Variant,
    /// The options that are switched on, in words.
    options: Vec<&'static str>,
}

impl<'a> Narrator<'a> {
    pub(super) fn new<M: Mechanism>(parsed: &'a Parsed) -> Self {
        let on = M::Options::SWITCHES.iter().filter(|switch| parsed.switches.contains(&switch.name));
        let options = on.map(|switch| switch.shown).filter(|shown| !shown.is_empty()).collect();
        Self { parsed, mechanism: M::PROFILE.name, title: M::TITLE, variant: M::VARIANT, options }
    }

    /// Prints one line of the narration. Silent with `--json`.
    pub(super) fn say(&self, line: &str) {
        if !self.parsed.json {
            tell(line);
        }
    }

    pub(super) fn title(&self) {
        self.say(&format!("{}: {}", self.heading(), self.variant.summary));
    }

    /// Returns the mechanism and the variant, as every title and result names them.
    pub(super) fn heading(&self) -> String {
        let variant = format!("{}, variant {}", self.title, self.variant.name);
        [&[variant.as_str()], &*self.options].concat().join(", ")
    }

    /// Describes a process; `cpu` is `None` if this system does not let a process choose one.
    pub(super) fn process(&self, role: Role, who: &str, pid: u32, cpu: Option<usize>) {
        let role = if role == Role::Ping { "ping" } else { "pong" };
        let cpu = cpu.map_or_else(|| UNBOUND.into(), |cpu| format!("on CPU {cpu}"));
        self.say(&format!("  {role:<7} process {pid} {cpu} ({who})"));
    }

    pub(super) fn object(&self, description: &str) {
        self.say(&format!("  object  {description}"));
    }

    pub(super) fn round(&self, round: u64, elapsed: Duration) {
        if round < SHOWN {
            let number = round + 1;
            self.say(&format!(
                "  round trip {number}: ping sends, pong answers: {}",
                microseconds(elapsed.as_nanos() as f64)
            ));
        }
    }

    pub(super) fn about_to_measure(&self, verified: u64) {
        self.say(&format!("  {verified} round trips checked: every byte arrived, in order"));
        let Parsed { count, size, wait, cpus, .. } = self.parsed;
        self.say(&format!(
            "  now {count} round trips of {size} bytes, wait {wait}, cpus {cpus}, timed one by one"
        ));
    }

    /// Prints the result of a run, with the `facts` about its link, as text or as JSON.
    pub(super) fn result(
        &self,
        summary: &Summary,
        verified: u64,
        facts: &[(&'static str, String)],
        kept: Option<&Path>,
    ) -> Result<()> {
        if self.parsed.json {
            return print(&(self.json(summary, verified, facts, kept) + "\n"));
        }
        let mut text = self.table(summary) + "\n";
        for (name, fact) in facts {
            let _ = writeln!(text, "  {}: {fact}", name.replace('_', " ")); // writing to a String cannot fail
        }
        print(&(text + &kept_line(kept)))
    }

    fn json(
        &self,
        summary: &Summary,
        verified: u64,
        facts: &[(&'static str, String)],
        kept: Option<&Path>,
    ) -> String {
        let Parsed { count, size, wait, cpus, .. } = self.parsed;
        let run = Run {
            mechanism: self.mechanism,
            variant: self.variant.name,
            count: *count,
            size: *size,
            wait: wait.name(),
            cpus: cpus.to_string(),
            rtt_ns: summary,
            verified: verified > 0,
            facts: facts.iter().map(|(name, fact)| (*name, &**fact)).collect(),
            kept,
        };
        serde_json::to_string_pretty(&run).expect("plain data")
    }

    fn table(&self, summary: &Summary) -> String {
        let Parsed { count, size, wait, cpus, .. } = self.parsed;
        let Summary { min, p50, p90, p99, p999, max, mean } = *summary;
        // A percentile is meaningful only if some times lie beyond it, by a rule of thumb ten; the last column is the
        // total that this takes.
        let rows = [
            ("min", min as f64, 1),
            ("p50", p50 as f64, 1),
            ("p90", p90 as f64, 100),
            ("p99", p99 as f64, 1000),
            ("p99.9", p999 as f64, 10_000),
            ("max", max as f64, 1),
            ("mean", mean, 1),
        ];
        let mut text =
            format!("{}: {count} round trips of {size} bytes, wait {wait}, cpus {cpus}\n", self.heading());
        for (name, value, needed) in rows {
            let (shown, hint) = if *count < needed {
                ("–".to_owned(), format!("  (takes --count {needed})"))
            } else {
                (microseconds(value), String::new())
            };
            let _ = writeln!(text, "  {name:<6}{shown:>14}{hint}"); // writing to a String cannot fail
        }
        text.trim_end().to_owned()
    }
}

/// Returns the line that names what stays after the run; nothing where nothing does.
pub(super) fn kept_line(path: Option<&Path>) -> String {
    path.map(|path| format!("  kept  {}\n", path.display())).unwrap_or_default()
}

fn microseconds(nanoseconds: f64) -> String {
    format!("{:.3} µs", nanoseconds / 1e3)
}
