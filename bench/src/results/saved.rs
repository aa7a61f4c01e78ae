//! Saved runs: their place, and checks before they are trusted.

use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{env, fs};

use ipc_core::{Advise as _, Call as _, Error, Result};

use crate::results::document::Document;
use crate::results::environment::now;
use crate::results::output::{self, FILE, Output};

/// The name of the page of charts beside the results.
pub const PAGE: &str = "report.html";

/// The number of runs that are kept by default.
pub const KEPT: usize = 20;

/// Reads saved results: `path` is a directory, or the file in it.
///
/// # Errors
/// [`Refused`](Error::Refused): there are no results, they have another version, or they hold characters that would disturb
/// a terminal.
pub fn load(path: &Path) -> Result<Document> {
    let document = output::load(path)?;
    let wrong = |what: String| Err(Error::Refused(format!("{}: {what}", path.display())));
    if names(&document).any(|name| name.is_empty() || name.contains(char::is_control)) {
        return wrong("not results of ipc-bench: a name that cannot be printed".into());
    }
    Ok(document)
}

/// Returns all names that are printed. A file from elsewhere could contain control codes that move a terminal's cursor.
fn names(document: &Document) -> impl Iterator<Item = &str> {
    let rows = document.results.iter();
    let of_rows =
        rows.flat_map(|row| [&row.mechanism, &row.variant, &row.implementation, &row.wait, &row.cpus]);
    let environment = &document.environment;
    let of_machine =
        [&environment.cpu_model, &environment.kernel, &environment.cpus_online, &environment.rustc];
    of_rows.chain(of_machine.into_iter().flatten()).map(String::as_str)
}

/// Returns the default directory of this user's runs: `ipc-bench` in the directory for a program's data
/// (`$XDG_DATA_HOME`, or `~/.local/share`). `None` without a home.
#[must_use]
pub fn place() -> Option<PathBuf> {
    let named = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = named("XDG_DATA_HOME").or_else(|| named("HOME").map(|home| home.join(".local/share")))?;
    Some(data.join("ipc-bench"))
}

/// Returns the [`place`], after trying out that results can be saved there.
///
/// # Errors
/// [`Refused`](Error::Refused): there is no home. Or nothing can be written there.
pub fn try_place() -> Result<PathBuf> {
    let place = place().ok_or_else(|| Error::Refused("there is no home directory".into()))?;
    Output::create(&place).map(|_| place)
}

/// Saves a run in `place`, in a directory of its own named after the current time, and returns that directory. Keeps
/// the newest [`KEPT`] of the runs saved this way.
///
/// # Errors
/// It cannot be written.
pub fn keep(place: &Path, document: &Document) -> Result<PathBuf> {
    let time = humantime::format_rfc3339_millis(now()).to_string();
    let dir = place.join(time.replace(':', "-"));
    Output::create(&dir)?.save(document)?;
    forget_old(place);
    Ok(dir)
}

/// Returns the time that is the name of a run that [`keep`] saved; `None` for any other name.
pub(crate) fn time_of(name: &str) -> Option<SystemTime> {
    let (day, rest) = name.get(..13).zip(name.get(13..))?;
    humantime::parse_rfc3339(&format!("{day}{}", rest.replace('-', ":"))).ok()
}

/// Removes a run: its results, its page, and its directory if nothing else is in it. Returns false if something is.
///
/// # Errors
/// A file cannot be removed.
pub fn remove(dir: &Path) -> Result<bool> {
    for file in [PAGE, FILE] {
        match fs::remove_file(dir.join(file)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).call("unlink").on(dir.join(file).display());
            }
            _ => {}
        }
    }
    Ok(fs::remove_dir(dir).is_ok())
}

/// Removes the runs that [`keep`] saved before the newest [`KEPT`]. Leaves any directory with another name or with
/// other files in it.
fn forget_old(place: &Path) {
    let Ok(entries) = fs::read_dir(place) else { return };
    let mut names: Vec<_> =
        entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| time_of(name).is_some());
    names.sort_unstable_by(|a, b| b.cmp(a)); // such names sort by time
    for old in names.iter().skip(KEPT) {
        let _ = remove(&place.join(old)); // another run may be doing the same
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_runs_go_and_what_is_not_ours_stays() {
        let place = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            fs::create_dir(place.path().join(name)).unwrap();
            fs::write(place.path().join(name).join(FILE), "").unwrap();
        };
        let name = |day: usize| format!("2001-01-{day:02}T10-20-30.123Z");
        (1..=KEPT + 3).for_each(|day| make(&name(day)));
        for name in ["mine", "2001-01-01", "é2001-01-01T10"] {
            make(name);
        }
        fs::write(place.path().join(name(2)).join("notes.txt"), "keep").unwrap();
        let new = keep(place.path(), &Document::empty()).unwrap();
        let is_there = |name: &str| place.path().join(name).exists();
        assert!(
            ["mine", "2001-01-01", "é2001-01-01T10", &name(2), &name(5), &name(KEPT + 3)]
                .map(is_there)
                .iter()
                .all(|it| *it)
        );
        assert!(![name(1), name(3), name(4)].iter().any(|name| is_there(name)));
        assert_eq!(load(&new).unwrap().results, []);
    }
}
