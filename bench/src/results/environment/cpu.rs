//! The kernel's information on the CPUs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use super::files::line;

/// Returns the number of CPUs, cores and sockets, and the caches that the CPUs share, as the kernel sees them.
pub(super) fn topology(cpuinfo: &str) -> Option<String> {
    let cpus = cpu_fields(cpuinfo, "processor").count();
    if cpus == 0 {
        return None;
    }
    let cores: BTreeSet<_> = cpu_fields(cpuinfo, "physical id").zip(cpu_fields(cpuinfo, "core id")).collect();
    let sockets: BTreeSet<_> = cpu_fields(cpuinfo, "physical id").collect();
    let mut text = format!("{cpus} CPUs");
    if !cores.is_empty() {
        let number = |n: usize, what| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let _ = write!(text, " on {} of {}", number(cores.len(), "core"), number(sockets.len(), "socket")); // cannot fail
    }
    for cache in (0..8).map(|index| format!("/sys/devices/system/cpu/cpu0/cache/index{index}")) {
        let told = |name: &str| line(&format!("{cache}/{name}"));
        let (Some(level), Some(size), Some(shared)) = (told("level"), told("size"), told("shared_cpu_list"))
        else {
            continue;
        };
        if told("type").is_some_and(|kind| kind != "Instruction") {
            let _ = write!(text, ", L{level} {size} of CPU {shared}"); // as above
        }
    }
    Some(text)
}

/// Returns the governors of all CPUs, each once; `None` where the kernel does not scale frequencies, as on most virtual
/// machines.
pub(super) fn governor() -> Option<String> {
    let cpus = fs::read_dir("/sys/devices/system/cpu").ok()?.flatten();
    let governors: BTreeSet<_> = cpus
        .filter_map(|cpu| fs::read_to_string(cpu.path().join("cpufreq/scaling_governor")).ok())
        .map(|governor| governor.trim().to_owned())
        .collect();
    let governors: Vec<_> = governors.into_iter().collect();
    (!governors.is_empty()).then(|| governors.join(", "))
}

/// Returns the files of `/sys/devices/system/cpu/vulnerabilities` and their text.
pub(super) fn mitigations() -> Option<BTreeMap<String, String>> {
    let files = fs::read_dir("/sys/devices/system/cpu/vulnerabilities").ok()?.flatten();
    let told = files.filter_map(|file| {
        let text = fs::read_to_string(file.path()).ok()?;
        Some((file.file_name().to_string_lossy().into_owned(), text.trim().to_owned()))
    });
    Some(told.collect())
}

/// Returns the kernel's options that affect figures. The others are private: they name disks and hosts.
pub(super) fn kernel_options(options: &str) -> Vec<String> {
    const NAMES: [&str; 16] = [
        "mitigations",
        "nopti",
        "pti",
        "nospectre_v1",
        "nospectre_v2",
        "spectre_v2",
        "retbleed",
        "isolcpus",
        "nohz_full",
        "rcu_nocbs",
        "nosmt",
        "idle",
        "processor.max_cstate",
        "intel_idle.max_cstate",
        "preempt",
        "clocksource",
    ];
    let is_known = |option: &&str| NAMES.contains(&option.split('=').next().unwrap_or_default());
    options.split_ascii_whitespace().filter(is_known).map(str::to_owned).collect()
}

/// Returns the first value of a field of `/proc/cpuinfo`.
pub(super) fn cpu_field<'a>(cpuinfo: &'a str, name: &'a str) -> Option<&'a str> {
    cpu_fields(cpuinfo, name).next()
}

/// Returns the values of a field of `/proc/cpuinfo`, one for each CPU.
pub(super) fn cpu_fields<'a>(cpuinfo: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    cpuinfo.lines().filter_map(move |line| {
        let (field, value) = line.split_once(':')?;
        (field.trim() == name).then(|| value.trim())
    })
}

/// Returns true if the CPU is virtual. On x86 it then has the flag `hypervisor`, and only then; other CPUs have no such
/// flag.
pub(super) fn virtualised(cpuinfo: &str) -> Option<bool> {
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
        assert_eq!(topology("Features : fp\n"), None);
        assert_eq!(cpu_field("processor: 0\nmodel name\t: A CPU\n", "model name"), Some("A CPU"));
    }

    #[test]
    fn two_threads_of_one_core_are_one_core() {
        let two = "processor: 0\nphysical id: 0\ncore id: 0\n\nprocessor: 1\nphysical id: 0\ncore id: 0\n";
        assert!(topology(two).unwrap().starts_with("2 CPUs on 1 core of 1 socket"));
    }

    #[test]
    fn only_options_that_move_figures_are_told() {
        let options = "root=/dev/sda quiet mitigations=off isolcpus=1 password=x";
        assert_eq!(kernel_options(options), ["mitigations=off", "isolcpus=1"]);
    }
}
