//! Each setting, on machines that consist of a few files.

use std::fs;

use super::cpu::{boost, governor, mitigations, threads_of_a_core};
use super::limits::limits;
use super::quota::quota;
use super::virtual_machine::{halt_polling, hypervisor};
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
        (&[("proc/self/cgroup", "0::/box"), ("sys/fs/cgroup/box/cpu.max", "50000 100000")], quota, Disturbs),
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

/// Only a guest halts by its host; only the governor `haltpoll` reads the parameter.
#[test]
fn polling_before_a_halt_is_reported_on_virtual_machines() {
    const CPUIDLE: &str = "sys/devices/system/cpu/cpuidle";
    let (driver, governor) = (format!("{CPUIDLE}/current_driver"), format!("{CPUIDLE}/current_governor"));
    let nanos = "sys/module/haltpoll/parameters/guest_halt_poll_ns";
    let found = |files: &[(&str, &str)], virtualised| with(files, |files| halt_polling(files, virtualised));
    let polling = [(&*driver, "haltpoll"), (&*governor, "haltpoll"), (nanos, "150000")];
    assert_eq!([Some(false), None].map(|virtualised| found(&polling, virtualised)), [None, None]);

    let guest = |files: &[(&str, &str)]| found(files, Some(true)).expect("a guest has one");
    assert_eq!(guest(&[]).verdict, Unknown, "a kernel without the module");
    let polls = guest(&polling);
    assert_eq!(polls.verdict, Note);
    assert!(polls.found.contains("150000") && polls.found.contains("up to 150 µs"), "{polls:?}");
    let halts = guest(&[(&driver, "haltpoll"), (&governor, "haltpoll"), (nanos, "0")]);
    assert!(halts.found.contains("halts at once"), "{halts:?}");
    assert!(halts.advice.expect("one").contains("guest_halt_poll_ns"));
    for other in [[(&*driver, "none"), polling[1], polling[2]], [polling[0], (&governor, "menu"), polling[2]]]
    {
        let unused = guest(&other);
        assert!(unused.found.starts_with("not in use"), "{unused:?} from {other:?}");
    }
}
