//! The choices on the command line, and the kinds that follow from them.

use clap::ArgMatches;
use ipc_bench::measure::clients::refusal;
use ipc_bench::measure::profile::RunProfile;
use ipc_bench::results::case::Kind;
use ipc_bench::results::registry::{Member, SIX};
use ipc_core::{Error, Result, Wait};
use ipc_demo::cpus::Cpus;
use ipc_demo::units::parse_size;

/// Returns the values that the caller named, each once, or else the default ones.
pub(super) fn chosen<T: Clone + Send + Sync + PartialEq + 'static>(
    matches: &ArgMatches,
    name: &str,
    default: impl IntoIterator<Item = T>,
) -> Vec<T> {
    let Some(named) = matches.get_many::<T>(name) else { return default.into_iter().collect() };
    let mut chosen = Vec::new();
    for value in named.cloned() {
        if !chosen.contains(&value) {
            chosen.push(value);
        }
    }
    chosen
}

/// Returns the variant of that name, of any mechanism.
pub(super) fn variant(name: &str) -> Result<&'static str> {
    let mut all = SIX.iter().flat_map(Member::variants);
    let found = all.find(|variant| variant.name == name).map(|variant| variant.name);
    found.ok_or_else(|| {
        Error::Usage(format!("invalid variant '{name}': expected one of those that `ipc-bench list` shows"))
    })
}

/// Parses a list of placements: `same,split`, `0,1`, `same,0,1`. A number belongs to the one behind it.
pub(super) fn placements_of(text: &str) -> Result<Vec<Cpus>> {
    let mut words = text.split(',');
    let mut placements = Vec::new();
    while let Some(word) = words.next() {
        let is_number = word.trim().parse::<usize>().is_ok();
        let pair = if is_number { words.next().map(|other| format!("{word},{other}")) } else { None };
        placements.push(pair.as_deref().unwrap_or(word).parse()?);
    }
    Ok(placements)
}

/// Parses a length, or a range of them: `1..64` is 1, 4, 16 and 64, and `64..1000` is 64, 256 and 1000. Each is four times
/// the one before, and the last one ends the range.
pub(super) fn sizes_of(text: &str) -> Result<Vec<usize>, String> {
    let Some((first, last)) = text.split_once("..") else { return Ok(vec![parse_size(text)?]) };
    let (first, last) = (parse_size(first)?, parse_size(last)?);
    if first > last {
        return Err(format!("expected the shorter length first, such as {last}..{first}"));
    }
    let steps = std::iter::successors(Some(first), |size| size.checked_mul(4));
    Ok(steps.take_while(|&size| size < last).chain([last]).collect())
}

/// Returns the lengths that the caller named, each once, or else the default ones.
pub(super) fn sizes(matches: &ArgMatches, default: &[usize]) -> Vec<usize> {
    let mut sizes = Vec::new();
    for size in chosen(matches, "size", [default.to_vec()]).concat() {
        if !sizes.contains(&size) {
            sizes.push(size);
        }
    }
    sizes
}

/// Returns the kinds to measure. A rate requests the open loop, with the closed one beside it; a number of clients
/// requests many clients; batches request the kinds that go one way.
pub(super) fn kinds(matches: &ArgMatches, rates: &[u64], profile: RunProfile) -> Result<Vec<Kind>> {
    let clients = matches.contains_id("clients");
    let mut usual = Vec::new();
    let batches = matches.contains_id("batch");
    if batches {
        usual.push(if rates.is_empty() { Kind::Throughput } else { Kind::Stream });
    } else if !rates.is_empty() {
        usual.extend([Kind::RoundTrip, Kind::OpenLoop]);
    } else if !clients {
        usual.extend(Kind::USUAL);
    }
    // The defaults must fit the explicit choices.
    let nothing_against = rates.is_empty() && !batches && !matches.contains_id("count") && blocks(matches);
    if clients || (!profile.clients().is_empty() && nothing_against) {
        usual.push(Kind::Clients);
    }
    let kinds = chosen(matches, "kind", usual);
    let usage = |text: &str| Err(Error::Usage(text.into()));
    match (kinds.iter().any(|kind| kind.is_paced()), rates.is_empty()) {
        (true, true) => {
            return usage(
                "--kind open-loop and --kind stream need a --rate: messages per second, such as 20k",
            );
        }
        (false, false) => return usage("--rate requires --kind open-loop or --kind stream"),
        _ => {}
    }
    if batches && !kinds.iter().any(|kind| kind.is_one_way()) {
        return usage("--batch requires --kind throughput or --kind stream: other messages are waited for");
    }
    if !kinds.contains(&Kind::Clients) {
        return match (clients, matches.contains_id("clients-run")) {
            (true, _) => usage("--clients requires --kind clients"),
            (_, true) => usage("--clients-run requires --kind clients"),
            _ => Ok(kinds),
        };
    }
    if matches.contains_id("count") {
        return usage("many clients are measured for a time, not for a number of messages: use --duration");
    }
    if blocks(matches) { Ok(kinds) } else { usage(refusal::NEEDS_BLOCK) }
}

/// Returns true if blocking is among the strategies.
pub(super) fn blocks(matches: &ArgMatches) -> bool {
    chosen(matches, "wait", [Wait::Block]).contains(&Wait::Block)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_of_lengths_ends_where_it_says() {
        let sizes = |text| sizes_of(text).unwrap();
        assert_eq!(sizes("64"), [64]);
        assert_eq!(sizes("1..64"), [1, 4, 16, 64]);
        assert_eq!(sizes("64..1000"), [64, 256, 1000]);
        assert_eq!(sizes("1..1MiB").len(), 11);
        assert_eq!(sizes("4K..4K"), [4096]);
        let refused = |text| sizes_of(text).unwrap_err();
        assert!(refused("64..1").ends_with("such as 1..64"), "{}", refused("64..1"));
        for text in ["..", "1..", "..4", "1...4", "0..4", "a..b", "1..4..16"] {
            assert!(refused(text).starts_with("expected a length"), "{text}: {}", refused(text));
        }
    }
}
