//! The directory in which results are saved.

use std::fs;
use std::path::{Path, PathBuf};

use ipc_core::{Advise as _, Call, Error, Result};
use ipc_demo::save;

use crate::results::document::Document;

/// The name of the file that holds a run's document.
pub const FILE: &str = "results.json";

/// A directory for the results of one run.
#[derive(Debug)]
pub struct Output {
    dir: PathBuf,
}

impl Output {
    /// Creates the directory if need be, and tries to write there: an error that was there from the beginning must not
    /// appear only after minutes of measuring.
    ///
    /// # Errors
    /// The directory cannot be created or written to.
    pub fn create(dir: impl Into<PathBuf>) -> Result<Self> {
        let output = Self { dir: dir.into() };
        let better = |error| advised(error, "choose a directory that can be created and written to");
        fs::create_dir_all(&output.dir).call("mkdir").on(output.dir.display()).map_err(better)?;
        let trial = output.dir.join(format!(".trial-{}", std::process::id()));
        fs::write(&trial, "").call("open").on(output.dir.display()).map_err(better)?;
        fs::remove_file(&trial).call("unlink").on(trial.display())?;
        Ok(output)
    }

    /// Returns true if there are results, which [`save`](Self::save) would replace.
    #[must_use]
    pub fn has_results(&self) -> bool {
        self.dir.join(FILE).exists()
    }

    /// Saves a document as [`FILE`]. Replaces an existing one atomically.
    ///
    /// # Errors
    /// It cannot be written.
    ///
    /// # Panics
    /// Never for a document of this crate.
    pub fn save(&self, document: &Document) -> Result<PathBuf> {
        let text = serde_json::to_string_pretty(document).expect("plain data");
        let path = self.dir.join(FILE);
        save(&path, (text + "\n").as_bytes())
            .map_err(|error| advised(error, "the results could not be saved"))?;
        Ok(path)
    }
}

/// Adds advice to the error of a refused call, whatever its errno.
#[must_use]
pub fn advised(mut error: Error, what: &str) -> Error {
    if let Error::Os(refused) = &mut error {
        refused.advice = Some(what.into());
    }
    error
}

/// Reads a document saved by [`Output::save`]: `path` is the directory, or the file.
///
/// # Errors
/// [`Os`](Error::Os): the file cannot be read. [`Refused`](Error::Refused): it holds no results, or those of another
/// version.
pub fn load(path: impl AsRef<Path>) -> Result<Document> {
    let mut path = path.as_ref().to_owned();
    if path.is_dir() {
        path.push(FILE);
    }
    let name = path.display();
    let text = fs::read(&path).call("read").on(path.display())?;
    let wrong = |what: String| Error::Refused(format!("{name}: {what}"));
    let no_results = |error| wrong(format!("not results of ipc-bench: {error}"));
    // The version first: another version may lack fields of this one, and may give them other meanings.
    let Version { schema_version } = serde_json::from_slice(&text).map_err(no_results)?;
    if schema_version != u64::from(crate::results::document::SCHEMA_VERSION) {
        let ours = crate::results::document::SCHEMA_VERSION;
        return Err(wrong(format!(
            "results have version {schema_version}, but this program reads version {ours}"
        )));
    }
    serde_json::from_slice(&text).map_err(no_results)
}

/// The part that results of any version have.
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
        let same_fields =
            Document { schema_version: crate::results::document::SCHEMA_VERSION + 1, ..Document::empty() };
        for other in ["{\"schema_version\": 999}", &serde_json::to_string_pretty(&same_fields).unwrap()] {
            assert!(refused(other).contains("but this program reads version"));
        }
        for none in ["{}", "", "[]", "{\"schema_version\": \"2\"}"] {
            assert!(refused(none).contains("not results of ipc-bench"), "{none}");
        }
    }
}
