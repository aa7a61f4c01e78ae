//! The lines that a program needs to use a variant. The paths in them are data of the variant.

use std::path::Path;

use ipc_core::{Shared, Variant};
use serde::Serialize;

use super::purpose::{Outlive, Partners, Purpose};

/// The lines to write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lines {
    /// The lines of `Cargo.toml`.
    pub dependencies: String,
    /// The lines of Rust that connect both sides, for functions that return `ipc_core::Result`; null where no crate of
    /// the suite does that.
    pub code: Option<String>,
}

impl Lines {
    /// Returns the lines for both sides, which wait by `wait`.
    pub(super) fn of(package: &str, variant: &Variant, purpose: &Purpose, wait: &str) -> Self {
        let code = if purpose.outlive != Outlive::No {
            variant.lasting.map(str::to_owned)
        } else if purpose.clients > 1 {
            variant.server.map(|server| server.lines.to_owned())
        } else {
            Some(meeting(variant, purpose, wait))
        };
        Self { dependencies: dependencies(package), code }
    }
}

/// Returns the dependency, which is in the checkout from which this program was built.
fn dependencies(package: &str) -> String {
    let bench = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = bench.parent().unwrap_or(bench).display();
    format!("[dependencies]\n{package} = {{ path = \"{root}/{package}\", default-features = false }}\n")
}

/// Returns the lines of two processes that meet.
fn meeting(variant: &Variant, purpose: &Purpose, wait: &str) -> String {
    let (package, name) = variant.type_path.split_once("::").unwrap_or_default();
    let waiting = match wait {
        "spin" => Some("Spin"),
        "hybrid" => Some("Hybrid"),
        _ => None,
    };
    let mut lines = vec![format!("use {package}::{{{name}, prelude::*}};")];
    let to_other = if purpose.partners == Partners::ParentChild {
        lines.push("// The parent; the Command `child` gets the address as its last argument:".into());
        lines.push(format!("let mut meeting = {name}::create(None, &Setup::default())?;"));
        lines.push("meeting.invite(&mut child)?; // then spawn it".into());
        "// The child:"
    } else {
        let (told, at, to_other) = match address(variant, purpose.partners) {
            None => (", which tells the other its `meeting.address()`", "None".into(), "// The other:"),
            Some((address, to_other)) => ("", format!("Some(\"{address}\")"), to_other),
        };
        lines.push(format!("// One process{told}:"));
        lines.push(format!("let mut meeting = {name}::create({at}, &Setup::default())?;"));
        to_other
    };
    let join = format!("{name}::join(&address, &Setup::default(), timeout)?");
    match waiting {
        None => {
            let accept = "let mut link = meeting.accept(timeout)?;".into();
            lines.extend([accept, to_other.into(), format!("let mut link = {join};")]);
        }
        Some(wait) => lines.extend([
            format!("let mut link = Waiting::new(meeting.accept(timeout)?, Wait::{wait});"),
            to_other.into(),
            format!("let link = {join};"),
            format!("let mut link = Waiting::new(link, Wait::{wait});"),
        ]),
    }
    lines.push("// Both: `link.send(b\"hello\")?` and `link.recv(&mut buffer)?`".into());
    lines.join("\n") + "\n"
}

/// Returns an address where the one that is made by default is of no use to the other side, and how that side knows it.
fn address(variant: &Variant, partners: Partners) -> Option<(&'static str, &'static str)> {
    if partners == Partners::Any {
        return None;
    }
    let shares = |what| variant.shares.contains(&what);
    if shares(Shared::Network) {
        // The default is an address of this host alone.
        return Some(("0.0.0.0:7000", "// The other; `address` is that host's name and port, HOST:7000:"));
    }
    shares(Shared::Directory).then_some(("/vol/a", "// The other; `address` is the same path on the volume:"))
}
