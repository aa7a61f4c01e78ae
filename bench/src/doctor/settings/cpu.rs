//! The CPUs: their frequency, their hardware threads, and the mitigations of their vulnerabilities.

use std::collections::BTreeSet;

use crate::doctor::files::Files;
use crate::doctor::finding::Finding;

pub(super) fn governor(files: &Files) -> Finding {
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

pub(super) fn boost(files: &Files) -> Finding {
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

pub(super) fn threads_of_a_core(files: &Files) -> Finding {
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

pub(super) fn mitigations(files: &Files) -> Finding {
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
