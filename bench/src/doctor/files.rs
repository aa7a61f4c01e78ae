//! The kernel's files under `/proc` and `/sys`, as text.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, str};

/// The kernel's files, under a root that a test can choose.
pub(super) struct Files {
    pub(super) root: PathBuf,
}

impl Files {
    pub(super) fn of_this_machine() -> Self {
        Self { root: "/".into() }
    }

    /// Returns the text of a file, without the white space around it; `None` if it cannot be read or is empty.
    pub(super) fn text(&self, path: impl AsRef<Path>) -> Option<String> {
        let text = fs::read_to_string(self.root.join(path)).ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.root.join(path).exists()
    }

    /// Returns the files of a directory, by name, with their text; none if the directory is missing.
    pub(super) fn all_in(&self, dir: &str) -> BTreeMap<String, String> {
        let entries = fs::read_dir(self.root.join(dir)).into_iter().flatten().flatten();
        let named = entries.filter_map(|entry| entry.file_name().into_string().ok());
        named
            .filter_map(|name| Some((self.text(Path::new(dir).join(&name))?, name)))
            .map(|(text, name)| (name, text))
            .collect()
    }

    pub(super) fn number<T: str::FromStr>(&self, path: impl AsRef<Path>) -> Option<T> {
        self.text(path)?.parse().ok()
    }
}
