//! Where it was measured: read from the machine at run time, never assumed. What cannot be read is null.

use std::fs;
use std::time::SystemTime;

use nix::unistd::{SysconfVar, sysconf};
use serde::{Deserialize, Serialize};

/// What a figure depends on, beside the mechanism.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Environment {
    /// When, in UTC.
    pub timestamp: String,
    /// What was run, with its arguments.
    pub command_line: String,
    /// Version of this package.
    pub crate_version: String,
    /// The compiler, as `rustc --version` says.
    pub rustc: Option<String>,
    /// The commit that the harness was built from, with `-dirty` behind it if files were changed; null outside a
    /// checkout.
    pub commit: Option<String>,
    /// Whether the harness was built without optimisation; then the figures are no figures.
    pub debug_build: bool,
    /// The CPU's name.
    pub cpu_model: Option<String>,
    /// Which CPUs are online, as the kernel lists them: `0-3`.
    pub cpus_online: Option<String>,
    /// Whether the CPU says that a hypervisor runs it: waking a core costs more there.
    pub virtualised: Option<bool>,
    /// Kernel name and release.
    pub kernel: Option<String>,
    /// How many processes wanted a CPU in the minute before: others than these two make figures worse.
    pub load_average: Option<f64>,
    /// Size of a page, in bytes.
    pub page_size: Option<i64>,
    /// Longest message of a System V queue, in bytes.
    pub msgmax: Option<u64>,
    /// Most bytes in one System V queue.
    pub msgmnb: Option<u64>,
}

impl Environment {
    /// Reads it from this machine.
    #[must_use]
    pub fn read() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let args: Vec<_> = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()).collect();
        Self {
            timestamp: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            command_line: args.join(" "),
            crate_version: env!("CARGO_PKG_VERSION").into(),
            rustc: option_env!("IPC_BENCH_RUSTC").map(str::to_owned),
            commit: option_env!("IPC_BENCH_COMMIT").map(str::to_owned),
            debug_build: cfg!(debug_assertions),
            cpu_model: cpu_field(&cpuinfo, "model name").map(str::to_owned),
            cpus_online: line("/sys/devices/system/cpu/online"),
            virtualised: virtualised(&cpuinfo),
            kernel: kernel(),
            load_average: line("/proc/loadavg").and_then(|text| text.split(' ').next()?.parse().ok()),
            page_size: sysconf(SysconfVar::PAGE_SIZE).ok().flatten(),
            msgmax: line("/proc/sys/kernel/msgmax").and_then(|text| text.parse().ok()),
            msgmnb: line("/proc/sys/kernel/msgmnb").and_then(|text| text.parse().ok()),
        }
    }

    /// The same for people: a name and a value each.
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
            ("machine", text(virtualised)),
            ("kernel", text(self.kernel.as_deref())),
            ("load average before", text(self.load_average.map(|load| load.to_string()).as_deref())),
            ("page size", bytes(self.page_size.map(|size| size.to_string()))),
            ("longest queue message (msgmax)", bytes(self.msgmax.map(|size| size.to_string()))),
            ("queue capacity (msgmnb)", bytes(self.msgmnb.map(|size| size.to_string()))),
            ("compiler", text(self.rustc.as_deref())),
            ("ipc-bench", format!("{}{build}", self.crate_version)),
            ("command line", self.command_line.clone()),
            ("time", self.timestamp.clone()),
        ]
    }
}

/// A file of one line.
fn line(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn kernel() -> Option<String> {
    let (name, release) = (line("/proc/sys/kernel/ostype")?, line("/proc/sys/kernel/osrelease")?);
    Some(format!("{name} {release}"))
}

/// The first value of a field of `/proc/cpuinfo`.
fn cpu_field<'a>(cpuinfo: &'a str, name: &str) -> Option<&'a str> {
    cpuinfo.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        (field.trim() == name).then(|| value.trim())
    })
}

/// On x86 a CPU has the flag `hypervisor` if and only if it is a virtual one. Other CPUs have no such flag.
fn virtualised(cpuinfo: &str) -> Option<bool> {
    let flags = cpu_field(cpuinfo, "flags")?;
    Some(flags.split_ascii_whitespace().any(|flag| flag == "hypervisor"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_does_not_say_is_not_guessed() {
        assert_eq!(virtualised("flags : fpu hypervisor sse\n"), Some(true));
        assert_eq!(virtualised("flags\t\t: fpu sse\n"), Some(false));
        assert_eq!(virtualised("Features : fp asimd\n"), None);
        assert_eq!(cpu_field("processor: 0\nmodel name\t: A CPU\n", "model name"), Some("A CPU"));
    }
}
