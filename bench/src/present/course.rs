//! The course's table of the six mechanisms, from [`Mechanism::PROFILE`](ipc_core::Mechanism::PROFILE).

use comfy_table::presets;
use ipc_core::{Profile, Variant};
use serde_json::{Value, json};

use crate::present::grid;
use crate::results::document::SCHEMA_VERSION;
use crate::results::registry::{self, Member, SIX};

const COLUMNS: [&str; 7] = ["mechanism", "crate", "used between", "medium", "unit", "direction", "reach"];

/// Returns the table as text, with the variants of each mechanism below it, no wider than `width` if given.
#[must_use]
pub fn text(width: Option<u16>) -> String {
    let rows: Vec<_> = profiles().map(|profile| cells(profile, &format!("ipc-{}", profile.name))).collect();
    let table = grid::fitted(&grid::of(grid::PLAIN, &COLUMNS, &rows), width);
    let of_variants = |columns: &[&str], facts: fn(&Variant) -> Vec<String>| {
        let row = |(member, variant): (&Member, &Variant)| {
            let mut cells = vec![member.profile.name.to_owned(), variant.name.to_owned()];
            cells.extend(facts(variant));
            cells
        };
        let rows: Vec<_> = registry::all().map(row).collect();
        grid::fitted(&grid::of(grid::PLAIN, &[&["mechanism", "variant"], columns].concat(), &rows), width)
    };
    // What each is stands apart: beside the facts, it would be folded into a column of single words.
    let what = of_variants(&["what it is"], |variant| vec![variant.summary.to_owned()]);
    let columns = ["unit", "reach", "data lives with", "clients", "left by a crash"];
    let facts = of_variants(&columns, |Variant { unit, reach, persistence, clients, remains, .. }| {
        let remains = if *remains { "yes" } else { "no" };
        vec![
            unit.to_string(),
            reach.to_string(),
            persistence.to_string(),
            clients.to_string(),
            remains.into(),
        ]
    });
    format!("{table}\n\n{what}\n\n{facts}")
}

/// Returns the table in Markdown, as in `docs/src/comparison.md` and `docs/src/beginning/six.md`.
#[must_use]
pub fn markdown() -> String {
    let rows: Vec<_> = profiles().map(|profile| cells(profile, &format!("`ipc-{}`", profile.name))).collect();
    grid::of(presets::ASCII_MARKDOWN, &COLUMNS, &rows).trim_fmt()
}

/// Returns the table and the variants as one JSON document.
#[must_use]
pub fn json() -> Value {
    let mechanism = |member: &Member| {
        let profile = &member.profile;
        let variants: Vec<_> = member
            .variants()
            .map(|variant| {
                json!({
                    "name": variant.name,
                    "type": variant.type_path,
                    "summary": variant.summary,
                    "unit": variant.unit.to_string(),
                    "reach": variant.reach.to_string(),
                    "persistence": variant.persistence.to_string(),
                    "clients": variant.clients.to_string(),
                    "remains": variant.remains,
                })
            })
            .collect();
        json!({
            "name": profile.name,
            "title": profile.title,
            "crate": format!("ipc-{}", profile.name),
            "between": profile.between.to_string(),
            "medium": profile.medium.to_string(),
            "unit": profile.unit.to_string(),
            "direction": profile.direction.to_string(),
            "reach": profile.reach.to_string(),
            "address": profile.address,
            "variants": variants,
        })
    };
    let mechanisms: Vec<_> = SIX.iter().map(mechanism).collect();
    json!({ "schema_version": SCHEMA_VERSION, "mechanisms": mechanisms })
}

fn profiles() -> impl Iterator<Item = &'static Profile> {
    SIX.iter().map(|member| &member.profile)
}

fn cells(profile: &Profile, package: &str) -> Vec<String> {
    let Profile { title, between, medium, unit, direction, reach, .. } = profile;
    let facts = [between.to_string(), medium.to_string(), unit.to_string(), direction.to_string()];
    let mut cells = vec![(*title).to_owned(), package.to_owned()];
    cells.extend(facts);
    cells.push(reach.to_string());
    cells
}
