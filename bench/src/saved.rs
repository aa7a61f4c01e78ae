//! Runs that were saved: where they are, and what can be trusted in them.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs};

use ipc_core::{Error, Result};

use crate::output::{self, FILE};
use crate::{Document, Environment, SCHEMA_VERSION, compare};

/// Reads saved results: `path` is a directory, or the file in it.
///
/// # Errors
/// [`Usage`](Error::Usage): there are no results, they are of another version, or they hold what would disturb a
/// terminal.
pub fn load(path: &Path) -> Result<Document> {
    let document = output::load(path)?;
    let wrong = |what: String| Err(Error::Usage(format!("{}: {what}", path.display())));
    if document.schema_version != SCHEMA_VERSION {
        let version = document.schema_version;
        return wrong(format!(
            "results of version {version}, and this is a reader of version {SCHEMA_VERSION}"
        ));
    }
    if names(&document).any(|name| name.is_empty() || name.contains(char::is_control)) {
        return wrong("these are no results of ipc-bench: a name that cannot be printed".into());
    }
    Ok(document)
}

/// All names that are printed. A file from elsewhere could have codes in them that move a terminal's cursor.
fn names(document: &Document) -> impl Iterator<Item = &str> {
    let rows = document.results.iter();
    let of_rows =
        rows.flat_map(|row| [&row.mechanism, &row.variant, &row.implementation, &row.wait, &row.cpus]);
    let environment = &document.environment;
    let of_machine =
        [&environment.cpu_model, &environment.kernel, &environment.cpus_online, &environment.rustc];
    of_rows.chain(of_machine.into_iter().flatten()).map(String::as_str)
}

/// Where runs of this user are kept if nothing else is said: `ipc-bench` in the directory for a program's data
/// (`$XDG_DATA_HOME`, or `~/.local/share`). `None` without a home.
#[must_use]
pub fn place() -> Option<PathBuf> {
    let named = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = named("XDG_DATA_HOME").or_else(|| named("HOME").map(|home| home.join(".local/share")))?;
    Some(data.join("ipc-bench"))
}

/// The newest run in `place` that was measured on this machine by a build of this kind, came to its end, and is
/// `wanted`; with its directory. `None` if there is none. Whatever else is there is passed over.
#[must_use]
pub fn newest(place: &Path, wanted: impl Fn(&Document) -> bool) -> Option<(PathBuf, Document)> {
    let here = Environment::read();
    let dirs = fs::read_dir(place).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    let changed = |dir: &PathBuf| fs::metadata(dir.join(FILE)).and_then(|file| file.modified()).ok();
    let mut dirs: Vec<(SystemTime, PathBuf)> = dirs.filter_map(|dir| Some((changed(&dir)?, dir))).collect();
    dirs.sort();
    dirs.into_iter().rev().find_map(|(_, dir)| {
        let document = load(&dir).ok()?;
        let of_here = compare::differences(&document.environment, &here).is_empty();
        (of_here && document.complete && wanted(&document)).then_some((dir, document))
    })
}

/// A directory in `place` for a run of now.
#[must_use]
pub fn fresh(place: &Path) -> PathBuf {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    place.join(now.replace(':', "-"))
}
