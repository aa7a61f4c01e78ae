//! The quotas of CPU time of the control groups around this process.

use std::path::Path;

use crate::doctor::files::Files;
use crate::doctor::finding::Finding;

pub(super) fn quota(files: &Files) -> Finding {
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
