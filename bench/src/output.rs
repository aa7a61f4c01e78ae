//! Where results are saved.

use std::fs;
use std::path::{Path, PathBuf};

use ipc_core::{Call, Error, Result};

use crate::Document;

/// Name of the file in which a run's document is.
pub const FILE: &str = "results.json";

/// A directory for the results of one run.
#[derive(Debug)]
pub struct Output {
    dir: PathBuf,
}

impl Output {
    /// Makes the directory if need be, and tries to write there: minutes of measuring should not end in an error that
    /// was there from the beginning.
    ///
    /// # Errors
    /// It cannot be made, or not be written to.
    pub fn create(dir: impl Into<PathBuf>) -> Result<Self> {
        let output = Self { dir: dir.into() };
        let what = "name a directory that can be made, and written to";
        name_path(fs::create_dir_all(&output.dir).call("mkdir"), &output.dir, what)?;
        let trial = output.dir.join(format!(".trial-{}", std::process::id()));
        name_path(fs::write(&trial, "").call("open"), &output.dir, what)?;
        fs::remove_file(&trial).call("unlink")?;
        Ok(output)
    }

    /// Whether there are results, which [`save`](Self::save) would replace.
    #[must_use]
    pub fn has_results(&self) -> bool {
        self.dir.join(FILE).exists()
    }

    /// Saves a document as [`FILE`]. What was there before is replaced, all at once.
    ///
    /// # Errors
    /// It cannot be written.
    ///
    /// # Panics
    /// Not for a document of this crate.
    pub fn save(&self, document: &Document) -> Result<PathBuf> {
        let text = serde_json::to_string_pretty(document).expect("plain data");
        let (new, path) = (self.dir.join(format!(".{FILE}-{}", std::process::id())), self.dir.join(FILE));
        let what = "the results could not be saved there";
        name_path(fs::write(&new, text + "\n").call("write"), &self.dir, what)?;
        name_path(fs::rename(&new, &path).call("rename"), &path, what)?;
        Ok(path)
    }
}

/// Adds to a refused call which path it was about, and what would be right.
///
/// # Errors
/// That of `result`.
pub fn name_path<T>(mut result: Result<T>, path: &Path, what: &str) -> Result<T> {
    if let Err(Error::Os(error)) = &mut result {
        error.advice = Some(format!("{}: {what}", path.display()));
    }
    result
}

/// Reads what [`Output::save`] has saved: `path` is the directory, or the file.
///
/// # Errors
/// [`Usage`](Error::Usage): there are no results, or they are of another version.
pub fn load(path: impl AsRef<Path>) -> Result<Document> {
    let mut path = path.as_ref().to_owned();
    if path.is_dir() {
        path.push(FILE);
    }
    let name = path.display();
    let text = fs::read_to_string(&path).map_err(|error| Error::Usage(format!("{name}: {error}")))?;
    let wrong = |what: String| Error::Usage(format!("{name}: {what}"));
    let no_results = |error| wrong(format!("these are no results of ipc-bench: {error}"));
    // The version first: another one need not have the fields of this one, and may mean other things by them.
    let Version { schema_version } = serde_json::from_str(&text).map_err(no_results)?;
    if schema_version != u64::from(crate::SCHEMA_VERSION) {
        let ours = crate::SCHEMA_VERSION;
        return Err(wrong(format!(
            "results of version {schema_version}, and this is a reader of version {ours}"
        )));
    }
    serde_json::from_str(&text).map_err(no_results)
}

/// What results of any version have.
#[derive(serde::Deserialize)]
struct Version {
    schema_version: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_looked_at_first() {
        let dir = tempfile::tempdir().unwrap();
        let refused = |text: &str| {
            fs::write(dir.path().join(FILE), text).unwrap();
            let said = load(dir.path()).unwrap_err().to_string();
            assert_eq!(said.lines().count(), 1, "{said}");
            said
        };
        let same_fields = Document { schema_version: crate::SCHEMA_VERSION + 1, ..Document::empty() };
        for other in ["{\"schema_version\": 999}", &serde_json::to_string_pretty(&same_fields).unwrap()] {
            assert!(refused(other).contains("and this is a reader of version"));
        }
        for none in ["{}", "", "[]", "{\"schema_version\": \"2\"}"] {
            assert!(refused(none).contains("no results of ipc-bench"), "{none}");
        }
    }
}
