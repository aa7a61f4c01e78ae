//! The lines that `choose` says to write: they compile. `snapshots/lines.rs` has all of them, except those that wait by
//! spinning; `SNAPSHOTS=overwrite` writes it anew.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use ipc_bench::present::choose::Choice;
use ipc_bench::present::choose::purpose::{Answer as _, Burn, Outlive, Partners, Purpose};
use ipc_bench::results::case::{Case, Kind};
use ipc_bench::results::registry;
use ipc_core::{Variant, Wait};

use crate::invented::{self, NOISE, case, document, row};
use crate::purposes::PURPOSE;

/// The lines as they were last accepted, each in a function.
#[allow(unused, clippy::all, clippy::pedantic)]
mod accepted {
    use std::process::Command;
    use std::time::Duration;

    use ipc_core::Mechanism;

    fn named<M: Mechanism>(path: &'static str) -> (&'static str, &'static str, &'static str) {
        (M::PROFILE.name, M::VARIANT.name, path)
    }

    include!("../snapshots/lines.rs");
}

/// Returns the lines for a variant, if it can do this.
fn lines(
    mechanism: &str,
    variant: &'static Variant,
    (partners, clients, wait, outlive): (Partners, usize, Wait, Outlive),
) -> Option<(String, String)> {
    let kind = if clients > 1 { Kind::Clients } else { Kind::RoundTrip };
    let case = Case { clients, ..case(mechanism, variant.name, kind, wait) };
    let mut row = row(&case, 1e4, NOISE);
    row.rtt_ns = invented::row(&Case { kind: Kind::RoundTrip, ..case }, 1e4, NOISE).rtt_ns;
    let purpose = Purpose { partners, clients, outlive, burn_cores: Burn::Yes, ..PURPOSE };
    let choice = Choice::of(&purpose, &document(vec![row]), |_, _| None);
    let lines = choice.recommendation?.lines;
    Some((lines.dependencies, lines.code?))
}

/// Returns all lines that are ever recommended, each once, except those that spin: they differ from those that poll for
/// a moment in one word.
fn all() -> String {
    let mut all = String::new();
    let mut seen = BTreeSet::new();
    let mut names = String::new();
    for (member, variant) in registry::all() {
        let mechanism = member.profile.name;
        let path = variant.type_path;
        let _ = writeln!(names, "        named::<{path}>(\"{path}\"),");
        let waits = [Wait::Block, Wait::Hybrid];
        let pairs = Partners::ALL
            .iter()
            .flat_map(|(partners, ..)| waits.map(|wait| (*partners, 1, wait, Outlive::No)));
        let others = [
            (Partners::Any, 100, Wait::Block, Outlive::No),
            (Partners::Any, 1, Wait::Block, Outlive::Processes),
        ];
        for of in pairs.chain(others) {
            let Some((_, code)) = lines(mechanism, variant, of) else { continue };
            let (partners, clients, wait, outlive) = of;
            if wait == Wait::Hybrid {
                let (_, spins) = lines(mechanism, variant, (partners, clients, Wait::Spin, outlive)).unwrap();
                assert_eq!(spins, code.replace("Wait::Hybrid", "Wait::Spin"));
            }
            if !seen.insert(code.clone()) {
                continue;
            }
            let name = format!(
                "{mechanism}_{}_{}_{clients}_{wait}_{}",
                variant.name,
                partners.word(),
                outlive.word()
            );
            let _ = write!(
                all,
                "\nfn {}(mut child: Command, address: String, timeout: Duration) -> ipc_core::Result<()> {{\n\
                 {code}Ok(())\n}}\n",
                name.replace('-', "_")
            );
        }
        if let Some(server) = variant.server {
            let _ = writeln!(all, "\nconst _: fn({}) = drop;", server.type_path);
        }
    }
    format!(
        "pub fn names() -> Vec<(&'static str, &'static str, &'static str)> {{\n    vec![\n{names}    ]\n}}\n{all}"
    )
}

/// Only what compiled was accepted, and nothing else is printed.
#[test]
fn the_lines_compile() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/lines.rs");
    if std::env::var_os("SNAPSHOTS").is_some_and(|how| how == "overwrite") {
        std::fs::write(&path, all()).unwrap();
    }
    let accepted = std::fs::read_to_string(&path).unwrap();
    assert!(all() == accepted, "other lines than {}: SNAPSHOTS=overwrite accepts them", path.display());
    for line in ["ipc_msgq::server::Server::start", "ipc_msgq::Queue::open_or_create"] {
        assert!(accepted.contains(line), "{accepted}");
    }
}

/// Each path is that of the variant's type, and not of another one.
#[test]
fn each_path_is_that_of_its_variant() {
    let expected = registry::all();
    let expected = expected.map(|(member, variant)| (member.profile.name, variant.name, variant.type_path));
    assert_eq!(accepted::names(), expected.collect::<Vec<_>>());
}

/// The dependency is a crate of this checkout.
#[test]
fn the_dependency_is_there() {
    for (member, variant) in registry::all() {
        let of = (Partners::ParentChild, 1, Wait::Block, Outlive::No);
        let (dependencies, _) = lines(member.profile.name, variant, of).unwrap();
        let table: toml::Table = dependencies.parse().unwrap();
        let (name, dependency) = table["dependencies"].as_table().unwrap().iter().next().unwrap();
        let manifest = Path::new(dependency["path"].as_str().unwrap()).join("Cargo.toml");
        let manifest: toml::Table = std::fs::read_to_string(manifest).unwrap().parse().unwrap();
        assert_eq!(manifest["package"]["name"].as_str(), Some(name.as_str()));
        assert_eq!(*name, format!("ipc-{}", member.profile.name));
        assert_eq!(dependency["default-features"].as_bool(), Some(false), "no command line");
    }
}
