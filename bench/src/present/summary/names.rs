//! A group of variants in few words.

/// A mechanism and its variant.
pub type Way = (String, String);

/// Returns the names of the ways in `group`, which are some of `all`: `shm ring`, `pipe, fifo, socket tcp`, `all but
/// msgq`, `all 12`.
pub(super) fn group(group: &[&Way], all: &[&Way]) -> String {
    let others: Vec<&Way> = all.iter().filter(|way| !group.contains(way)).copied().collect();
    match others.len() {
        0 => format!("all {}", all.len()),
        left if left < group.len() => format!("all but {}", list(&others, all)),
        _ => list(group, all),
    }
}

/// Returns the names, joined by commas. A mechanism all of whose variants are listed is named alone.
fn list(ways: &[&Way], all: &[&Way]) -> String {
    let variants = |of: &[&Way], mechanism: &str| -> Vec<String> {
        of.iter().filter(|way| way.0 == mechanism).map(|way| way.1.clone()).collect()
    };
    let mut names: Vec<String> = Vec::new();
    let mut named: Vec<&str> = Vec::new();
    for (mechanism, _) in ways {
        if named.contains(&mechanism.as_str()) {
            continue;
        }
        named.push(mechanism);
        let listed = variants(ways, mechanism);
        if listed.len() == variants(all, mechanism).len() {
            names.push(mechanism.clone());
        } else {
            names.extend(listed.iter().map(|variant| format!("{mechanism} {variant}")));
        }
    }
    names.join(", ")
}
