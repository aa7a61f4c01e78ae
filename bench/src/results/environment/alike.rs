//! Checks that two runs are from machines whose figures can be compared.

use super::Environment;

/// Returns the differences that make the figures of two environments incomparable, each with its two values. None of
/// them is in the measured code.
#[must_use]
pub fn differences(old: &Environment, new: &Environment) -> Vec<String> {
    let (old, new) = (facts(old), facts(new));
    let unlike = old.into_iter().zip(new).filter(|(old, new)| old != new);
    unlike.map(|((name, old), (_, new))| format!("{name}: {old}, then {new}")).collect()
}

/// Returns the facts that have to be the same.
fn facts(environment: &Environment) -> [(&'static str, String); 5] {
    let cpus = environment.cpus_online.as_deref().and_then(count).map(|count| count.to_string());
    let machine = environment.virtualised.map(|yes| if yes { "virtual" } else { "no hypervisor seen" });
    let build = if environment.debug_build { "debug" } else { "optimised" };
    [
        ("CPU", text(environment.cpu_model.as_deref())),
        ("number of CPUs", text(cpus.as_deref())),
        ("kernel", text(environment.kernel.as_deref())),
        ("machine", text(machine)),
        ("build", build.into()),
    ]
}

fn text(value: Option<&str>) -> String {
    value.unwrap_or("unknown").to_owned()
}

/// Returns the number of CPUs in one of the kernel's lists: four for `0-2,5`. `None` if it is not such a list.
fn count(list: &str) -> Option<usize> {
    let lengths = list.split(',').map(|range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        last.checked_sub(first)?.checked_add(1)
    });
    lengths.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_cpus_is_counted() {
        assert_eq!(["0", "0-3", "0-2,5", "1,3,5-6"].map(count), [Some(1), Some(4), Some(4), Some(4)]);
        assert_eq!(["", "3-1", "all", "0-18446744073709551615"].map(count), [None; 4]);
    }
}
