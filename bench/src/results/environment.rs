//! The environment of a measurement: read from the machine at run time, never assumed. Null if it cannot be read.

use std::collections::BTreeMap;
use std::fs;
use std::time::SystemTime;

use ipc_core::pipe_size;
use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::{SysconfVar, sysconf};
use serde::{Deserialize, Serialize};

pub mod alike;
mod cpu;
mod files;
pub mod handover;
mod idle;

use cpu::{cpu_field, governor, kernel_options, mitigations, topology, virtualised};
use files::{line, number};
use handover::Handover;
pub use idle::Idle;

/// The conditions on which a figure depends, besides the mechanism.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// The time of the run, in UTC.
    pub timestamp: String,
    /// The command line, with its arguments.
    pub command_line: String,
    /// The version of this package.
    pub crate_version: String,
    /// The compiler, from `rustc --version`.
    pub rustc: Option<String>,
    /// The commit from which the harness was built, with `-dirty` appended if files were changed; null outside a
    /// checkout.
    pub commit: Option<String>,
    /// True if the harness was built without optimisation; then the figures mean nothing.
    pub debug_build: bool,
    /// The CPU's name.
    pub cpu_model: Option<String>,
    /// The CPUs that are online, as the kernel lists them: `0-3`.
    pub cpus_online: Option<String>,
    /// The cores, and how they share caches and threads, in one line.
    pub topology: Option<String>,
    /// The frequency governor of each CPU, where the kernel scales their frequency.
    pub governor: Option<String>,
    /// The CPU's vulnerabilities and the kernel's mitigations, most of which make a system call more expensive.
    pub mitigations: Option<BTreeMap<String, String>>,
    /// The options of the kernel's command line that concern mitigations, CPUs and timers.
    pub kernel_options: Option<Vec<String>>,
    /// The kernel's clock source.
    pub clock_source: Option<String>,
    /// True if the CPU reports a hypervisor, under which waking a core costs more.
    pub virtualised: Option<bool>,
    /// What an idle CPU does; null if the kernel does not report it.
    #[serde(default)] // older results do not have it
    pub idle: Option<Idle>,
    /// The time of a cache line between the first CPU that the run may use and some others; null if it was not measured.
    #[serde(default)] // as above
    pub handovers: Option<Vec<Handover>>,
    /// Kernel name and release.
    pub kernel: Option<String>,
    /// The mean number of runnable processes in the minute before: other processes make the figures worse.
    pub load_average: Option<f64>,
    /// The size of a page, in bytes.
    pub page_size: Option<i64>,
    /// The longest message of a System V queue, in bytes.
    pub msgmax: Option<u64>,
    /// The capacity of one System V queue, in bytes.
    pub msgmnb: Option<u64>,
    /// The longest message of a POSIX queue for an unprivileged user, in bytes.
    pub mq_msgsize_max: Option<u64>,
    /// The largest capacity of a pipe that an unprivileged user can set, in bytes.
    pub pipe_max_size: Option<u64>,
    /// The capacity of one of the suite's pipes on this machine, in bytes: less than 256 KiB if this user already has
    /// as many pages in pipes as `pipe-user-pages-soft` allows.
    #[serde(default)]
    pub pipe_size: Option<u64>,
    /// The largest System V segment, in bytes.
    pub shmmax: Option<u64>,
    /// The largest send buffer of a socket, in bytes.
    pub wmem_max: Option<u64>,
    /// The number of files that this process may have open.
    pub open_files: Option<u64>,
}

impl Environment {
    /// Reads the environment from this machine; measures nothing.
    #[must_use]
    pub fn read() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let args: Vec<_> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
        Self {
            timestamp: humantime::format_rfc3339_seconds(now()).to_string(),
            command_line: args.join(" "),
            crate_version: env!("CARGO_PKG_VERSION").into(),
            rustc: option_env!("IPC_BENCH_RUSTC").map(str::to_owned),
            commit: option_env!("IPC_BENCH_COMMIT").map(str::to_owned),
            debug_build: cfg!(debug_assertions),
            cpu_model: cpu_field(&cpuinfo, "model name").map(str::to_owned),
            cpus_online: line("/sys/devices/system/cpu/online"),
            topology: topology(&cpuinfo),
            governor: governor(),
            mitigations: mitigations(),
            kernel_options: line("/proc/cmdline").map(|options| kernel_options(&options)),
            clock_source: line("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
            virtualised: virtualised(&cpuinfo),
            idle: Idle::read(),
            handovers: None,
            kernel: kernel(),
            load_average: line("/proc/loadavg").and_then(|text| text.split(' ').next()?.parse().ok()),
            page_size: sysconf(SysconfVar::PAGE_SIZE).ok().flatten(),
            msgmax: number("/proc/sys/kernel/msgmax"),
            msgmnb: number("/proc/sys/kernel/msgmnb"),
            mq_msgsize_max: number("/proc/sys/fs/mqueue/msgsize_max"),
            pipe_max_size: number("/proc/sys/fs/pipe-max-size"),
            pipe_size: pipe_size().ok().map(|size| size as u64),
            shmmax: number("/proc/sys/kernel/shmmax"),
            wmem_max: number("/proc/sys/net/core/wmem_max"),
            open_files: getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(soft, _)| soft),
        }
    }

    /// Returns the environment for people: a name and a value each.
    #[must_use]
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        let text = |value: Option<&str>| value.unwrap_or("unknown").to_owned();
        let bytes =
            |value: Option<String>| value.map_or_else(|| text(None), |value| format!("{value} bytes"));
        let virtualised =
            self.virtualised.map(|yes| if yes { "virtual machine" } else { "no hypervisor seen" });
        let build = if self.debug_build { " (debug build: not for figures)" } else { "" };
        vec![
            ("CPU", text(self.cpu_model.as_deref())),
            ("CPUs online", text(self.cpus_online.as_deref())),
            ("topology", text(self.topology.as_deref())),
            ("frequency governor", text(self.governor.as_deref())),
            ("machine", text(virtualised)),
            ("idle CPUs", text(self.idle.as_ref().map(Idle::text).as_deref())),
            ("a cache line there and back", text(self.handovers.as_deref().map(all_of).as_deref())),
            ("kernel", text(self.kernel.as_deref())),
            (
                "kernel options",
                text(self.kernel_options.as_ref().map(|options| options.join(" ")).as_deref()),
            ),
            ("mitigations", text(self.mitigations.as_ref().map(in_a_line).as_deref())),
            ("clock source", text(self.clock_source.as_deref())),
            ("load average before", text(self.load_average.map(|load| load.to_string()).as_deref())),
            ("page size", bytes(self.page_size.map(|size| size.to_string()))),
            ("longest queue message (msgmax)", bytes(self.msgmax.map(|size| size.to_string()))),
            ("queue capacity (msgmnb)", bytes(self.msgmnb.map(|size| size.to_string()))),
            (
                "longest POSIX queue message (msgsize_max)",
                bytes(self.mq_msgsize_max.map(|size| size.to_string())),
            ),
            ("largest pipe (pipe-max-size)", bytes(self.pipe_max_size.map(|size| size.to_string()))),
            ("a pipe of the suite holds", bytes(self.pipe_size.map(|size| size.to_string()))),
            ("largest segment (shmmax)", bytes(self.shmmax.map(|size| size.to_string()))),
            ("largest socket buffer (wmem_max)", bytes(self.wmem_max.map(|size| size.to_string()))),
            ("open files (RLIMIT_NOFILE)", text(self.open_files.map(|files| files.to_string()).as_deref())),
            ("compiler", text(self.rustc.as_deref())),
            ("ipc-bench", format!("{}{build}", self.crate_version)),
            ("commit", text(self.commit.as_deref())),
            ("command line", self.command_line.clone()),
            ("time", self.timestamp.clone()),
        ]
    }
}

/// Returns the current time. A clock set before 1970 is wrong, and cannot be written down.
pub(crate) fn now() -> SystemTime {
    SystemTime::now().max(SystemTime::UNIX_EPOCH)
}

/// Returns the mitigations that are not just "Not affected", for people.
fn in_a_line(mitigations: &BTreeMap<String, String>) -> String {
    let affected = mitigations.iter().filter(|(_, state)| *state != "Not affected");
    let affected: Vec<_> = affected.map(|(name, state)| format!("{name}: {state}")).collect();
    if affected.is_empty() { "none needed".into() } else { affected.join("; ") }
}

fn all_of(handovers: &[Handover]) -> String {
    handovers.iter().map(Handover::to_string).collect::<Vec<_>>().join("; ")
}

fn kernel() -> Option<String> {
    let (name, release) = (line("/proc/sys/kernel/ostype")?, line("/proc/sys/kernel/osrelease")?);
    Some(format!("{name} {release}"))
}
