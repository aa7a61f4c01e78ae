//! The findings from the kernel's files.

use std::collections::BTreeSet;
use std::path::Path;

use nix::sys::statfs::{TMPFS_MAGIC, statfs};

use crate::doctor::files::Files;
use crate::doctor::finding::Finding;
use crate::results::environment::Environment;

/// The length of messages that are measured by default, and that exceed a queue's default limit.
const LARGE: u64 = 64 << 10;

pub(super) fn all(files: &Files) -> Vec<Finding> {
    let mut findings = vec![build(cfg!(debug_assertions))];
    findings.extend(of_machine(files));
    findings
}

/// Returns the findings about the machine alone, whatever program measures on it.
pub(super) fn of_machine(files: &Files) -> Vec<Finding> {
    let mut findings = vec![
        governor(files),
        boost(files),
        threads_of_a_core(files),
        hypervisor(Environment::read().virtualised),
        quota(files),
        clock(files),
        mitigations(files),
        temporary_directory(),
        tracing(files),
    ];
    findings.extend(limits(files));
    findings
}

fn build(debug: bool) -> Finding {
    const WHAT: &str = "build";
    if debug {
        let advice = "The figures of a debug build are meaningless: cargo run --release -p ipc-bench";
        return Finding::disturbs(WHAT, "without optimisation", advice);
    }
    Finding::good(WHAT, "optimised")
}

fn governor(files: &Files) -> Finding {
    const WHAT: &str = "CPU frequency";
    let governors: BTreeSet<_> = (0..1024)
        .map_while(|cpu| files.text(format!("sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_governor")))
        .collect();
    let names = governors.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.as_str() {
        "" => Finding::unknown(WHAT),
        "performance" => Finding::good(WHAT, "governor performance"),
        _ => Finding::disturbs(
            WHAT,
            format!("governor {names}: a core that sleeps between two messages is slowed down"),
            "While measuring: sudo cpupower frequency-set --governor performance",
        ),
    }
}

fn boost(files: &Files) -> Finding {
    const WHAT: &str = "CPU boost";
    let boost = files.text("sys/devices/system/cpu/cpufreq/boost").map(|text| text == "1");
    let turbo = files.text("sys/devices/system/cpu/intel_pstate/no_turbo").map(|text| text == "0");
    match boost.or(turbo) {
        None => Finding::unknown(WHAT),
        Some(false) => Finding::good(WHAT, "off"),
        Some(true) => Finding::note(
            WHAT,
            "on: the clock speed depends on the temperature and on the number of busy cores",
            "For more repeatable figures, switch it off: /sys/devices/system/cpu/cpufreq/boost, or intel_pstate/no_turbo",
        ),
    }
}

fn threads_of_a_core(files: &Files) -> Finding {
    const WHAT: &str = "hardware threads";
    match files.text("sys/devices/system/cpu/smt/active").as_deref() {
        None => Finding::unknown(WHAT),
        Some("0") => Finding::good(WHAT, "one for each core"),
        Some(_) => {
            let siblings = files.text("sys/devices/system/cpu/cpu0/topology/thread_siblings_list");
            let siblings = siblings.unwrap_or_else(|| "unknown".into());
            Finding::note(
                WHAT,
                format!("several share a core; CPU 0 shares with {siblings}"),
                "Two processes on one core's threads share its caches: choose with --cpus A,B",
            )
        }
    }
}

fn hypervisor(virtualised: Option<bool>) -> Finding {
    const WHAT: &str = "virtual machine";
    match virtualised {
        None => Finding::unknown(WHAT),
        Some(false) => Finding::good(WHAT, "no hypervisor seen"),
        Some(true) => Finding::note(
            WHAT,
            "yes: waking a sleeping core takes the help of the hypervisor",
            "Blocking between two cores pays for that; measure on the machine where the program will run",
        ),
    }
}

fn quota(files: &Files) -> Finding {
    const WHAT: &str = "CPU time quota";
    match quotas(files) {
        None => Finding::unknown(WHAT),
        Some(quotas) => match quotas.first() {
            None => Finding::good(WHAT, "none"),
            Some(max) => Finding::disturbs(
                WHAT,
                format!("this control group or a parent has one: {max} (microseconds of a period)"),
                "A process that has used it up is paused until the period ends: measure outside the container",
            ),
        },
    }
}

/// Returns the quotas of this process's control group and of those around it, the innermost first, in the form of
/// `cpu.max`; `None` if the kernel does not name that group.
fn quotas(files: &Files) -> Option<Vec<String>> {
    let groups = files.text("proc/self/cgroup")?;
    let of = |wanted: fn(&str) -> bool| {
        groups.lines().find_map(|line| {
            let (_, rest) = line.split_once(':')?;
            let (controllers, group) = rest.split_once(':')?;
            wanted(controllers).then_some(group.trim_start_matches('/'))
        })
    };
    // Version 1 of control groups has a hierarchy for CPUs, with two files; version 2 has one hierarchy without a name.
    if let Some(group) = of(|controllers| controllers.split(',').any(|name| name == "cpu")) {
        let max = |dir: &Path| {
            let dir = Path::new("sys/fs/cgroup/cpu").join(dir);
            let quota: i64 = files.number(dir.join("cpu.cfs_quota_us"))?;
            let period: u64 = files.number(dir.join("cpu.cfs_period_us"))?;
            (quota > 0).then(|| format!("{quota} {period}"))
        };
        return files
            .has("sys/fs/cgroup/cpu")
            .then(|| Path::new(group).ancestors().filter_map(max).collect());
    }
    let group = of(str::is_empty)?;
    let max = |dir: &Path| files.text(Path::new("sys/fs/cgroup").join(dir).join("cpu.max"));
    let all = Path::new(group).ancestors().filter_map(max);
    files.has("sys/fs/cgroup").then(|| all.filter(|max| !max.starts_with("max")).collect())
}

fn clock(files: &Files) -> Finding {
    const WHAT: &str = "clock";
    let source = files.text("sys/devices/system/clocksource/clocksource0/current_clocksource");
    match source.as_deref() {
        None => Finding::unknown(WHAT),
        Some(source @ ("tsc" | "kvm-clock" | "hyperv_clocksource_tsc_page" | "arch_sys_counter")) => {
            Finding::good(WHAT, format!("{source}, read without a system call"))
        }
        Some(source) => Finding::disturbs(
            WHAT,
            format!("{source}: each reading is a system call"),
            "Short exchanges are timed in batches all the same; see available_clocksource beside it for a better one",
        ),
    }
}

fn mitigations(files: &Files) -> Finding {
    const WHAT: &str = "CPU mitigations";
    let states = files.all_in("sys/devices/system/cpu/vulnerabilities");
    if states.is_empty() {
        return Finding::unknown(WHAT);
    }
    let active: Vec<_> =
        states.into_iter().filter(|(_, state)| state.contains("Mitigation")).map(|(name, _)| name).collect();
    if active.is_empty() {
        return Finding::good(WHAT, "none active");
    }
    Finding::note(
        WHAT,
        format!("active: {}", active.join(", ")),
        "They make system calls and context switches more expensive; rings that poll are not affected",
    )
}

fn temporary_directory() -> Finding {
    const WHAT: &str = "temporary directory";
    let dir = std::env::temp_dir();
    match statfs(&dir) {
        Err(_) => Finding::unknown(WHAT),
        Ok(system) if system.filesystem_type() == TMPFS_MAGIC => {
            Finding::good(WHAT, format!("{} is in memory (tmpfs)", dir.display()))
        }
        Ok(_) => Finding::note(
            WHAT,
            format!(
                "{} is on a disk, not in memory (tmpfs): pages of its files are written back now and then",
                dir.display()
            ),
            "For the memory map without a disk: TMPDIR=/dev/shm, or --variant memfd",
        ),
    }
}

/// Checks whether system calls can be counted: Yama's restriction of ptrace(2).
fn tracing(files: &Files) -> Finding {
    const WHAT: &str = "counting system calls";
    match files.number::<u8>("proc/sys/kernel/yama/ptrace_scope") {
        None => Finding::good(WHAT, "a child may be traced: there is no Yama"),
        Some(scope @ (0 | 1)) => {
            Finding::good(WHAT, format!("a child may be traced: ptrace_scope is {scope}"))
        }
        Some(2) if nix::unistd::geteuid().is_root() => {
            Finding::good(WHAT, "root may trace: ptrace_scope is 2")
        }
        Some(scope) => Finding::note(
            WHAT,
            format!("a child may not be traced: ptrace_scope is {scope}"),
            "To include system calls in the costs: sudo sysctl kernel.yama.ptrace_scope=1 (3 stays until a restart)",
        ),
    }
}

/// Checks the limits on the length of a message.
fn limits(files: &Files) -> Vec<Finding> {
    const SKIPPED: &str = "longer messages are skipped there";
    let limit = |what, path: &str, effect: &str, setting: &str, wanted: u64| match files.number::<u64>(path) {
        None => Finding::unknown(what),
        Some(limit) if limit >= wanted => Finding::good(what, format!("{limit} bytes")),
        Some(limit) => Finding::note(
            what,
            format!("{limit} bytes: {effect}"),
            format!("To change that: sudo sysctl {setting}={wanted}"),
        ),
    };
    vec![
        limit("longest System V message", "proc/sys/kernel/msgmax", SKIPPED, "kernel.msgmax", LARGE),
        limit("capacity of a System V queue", "proc/sys/kernel/msgmnb", SKIPPED, "kernel.msgmnb", LARGE),
        limit(
            "longest POSIX message",
            "proc/sys/fs/mqueue/msgsize_max",
            SKIPPED,
            "fs.mqueue.msgsize_max",
            LARGE,
        ),
        limit(
            "largest pipe",
            "proc/sys/fs/pipe-max-size",
            "a writer of large amounts has to wait more often",
            "fs.pipe-max-size",
            1 << 20,
        ),
    ]
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::doctor::finding::Effect::{self, Disturbs, Good, Note, Unknown};

    /// Runs `look` on a machine that consists of these files.
    fn with<T>(files: &[(&str, &str)], look: impl Fn(&Files) -> T) -> T {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{text}\n")).unwrap();
        }
        look(&Files { root: root.path().to_owned() })
    }

    #[test]
    fn what_a_machine_does_not_tell_is_unknown() {
        for look in [governor, boost, threads_of_a_core, clock, mitigations, quota] {
            assert_eq!(with(&[], look).verdict, Unknown);
        }
        assert!(with(&[], limits).iter().all(|finding| finding.verdict == Unknown));
    }

    #[test]
    fn each_setting_is_judged() {
        const CPU: &str = "sys/devices/system/cpu";
        type Look = fn(&Files) -> Finding;
        type Told<'a> = &'a [(&'a str, &'a str)];
        let governor_of = |cpu: u32| format!("{CPU}/cpu{cpu}/cpufreq/scaling_governor");
        let (first, second) = (governor_of(0), governor_of(1));
        let cases: &[(Told<'_>, Look, Effect)] = &[
            (&[(&first, "performance"), (&second, "performance")], governor, Good),
            (&[(&first, "performance"), (&second, "powersave")], governor, Disturbs),
            (&[("sys/devices/system/cpu/cpufreq/boost", "1")], boost, Note),
            (&[("sys/devices/system/cpu/intel_pstate/no_turbo", "1")], boost, Good),
            (&[("sys/devices/system/cpu/smt/active", "1")], threads_of_a_core, Note),
            (&[("sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet")], clock, Disturbs),
            (&[("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc")], clock, Good),
            (&[("sys/devices/system/cpu/vulnerabilities/meltdown", "Mitigation: PTI")], mitigations, Note),
            (&[("sys/devices/system/cpu/vulnerabilities/meltdown", "Not affected")], mitigations, Good),
            (
                &[("proc/self/cgroup", "0::/box"), ("sys/fs/cgroup/box/cpu.max", "50000 100000")],
                quota,
                Disturbs,
            ),
            (
                &[
                    ("proc/self/cgroup", "0::/box/inner"),
                    ("sys/fs/cgroup/box/inner/cpu.max", "max 100000"),
                    ("sys/fs/cgroup/box/cpu.max", "50000 100000"),
                ],
                quota,
                Disturbs,
            ),
            (&[("proc/self/cgroup", "0::/box"), ("sys/fs/cgroup/box/cpu.max", "max 100000")], quota, Good),
            (&[("proc/self/cgroup", "0::/"), ("sys/fs/cgroup/cgroup.procs", "1")], quota, Good),
            (&[("proc/self/cgroup", "2:cpu,cpuacct:/"), ("sys/fs/cgroup/cgroup.procs", "1")], quota, Unknown),
            (
                &[
                    ("proc/self/cgroup", "2:cpu,cpuacct:/box\n0::/"),
                    ("sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "50000"),
                    ("sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000"),
                ],
                quota,
                Disturbs,
            ),
            (
                &[
                    ("proc/self/cgroup", "2:cpu,cpuacct:/"),
                    ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1"),
                    ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000"),
                ],
                quota,
                Good,
            ),
            (&[("sys/devices/system/cpu/vulnerabilities/of_tomorrow", "Mitigation: yes")], mitigations, Note),
            (&[], tracing, Good),
            (&[("proc/sys/kernel/yama/ptrace_scope", "1")], tracing, Good),
            (&[("proc/sys/kernel/yama/ptrace_scope", "3")], tracing, Note),
        ];
        for (files, look, verdict) in cases {
            let finding = with(files, look);
            assert_eq!(finding.verdict, *verdict, "{finding:?} from {files:?}");
        }
        assert_eq!(build(true).verdict, Disturbs);
        assert_eq!(hypervisor(Some(true)).verdict, Note);
    }

    #[test]
    fn a_limit_that_skips_messages_names_the_setting() {
        let findings = with(&[("proc/sys/kernel/msgmax", "8192")], limits);
        let advice = findings[0].advice.as_deref().unwrap();
        assert!(advice.ends_with("kernel.msgmax=65536"), "{advice}");
    }
}
