//! The state kept from one run to the next: the solved exercises, and the hints seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use ipc_core::{Advise as _, Call as _};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::exercise::Course;

/// The state in `exercises/.progress.json`.
#[derive(Default, Serialize, Deserialize)]
pub struct Progress {
    done: BTreeSet<String>,
    hints: BTreeMap<String, usize>,
    #[serde(skip)]
    path: PathBuf,
}

impl Progress {
    pub fn load(folder: &Path) -> Result<Self> {
        let path = folder.join("exercises/.progress.json");
        let progress = match fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|error| format!("{}: {error}; remove the file to start over", path.display()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => Self::default(),
            Err(error) => Err(error).call("read").on(path.display())?,
        };
        Ok(Self { path, ..progress })
    }

    pub fn is_done(&self, name: &str) -> bool {
        self.done.contains(name)
    }

    /// Returns the number of the exercises of a course that are solved.
    pub fn done_of(&self, course: &Course) -> usize {
        course.exercises.iter().filter(|exercise| self.is_done(&exercise.name)).count()
    }

    /// Returns the number of hints of this exercise that were shown.
    pub fn hints_seen(&self, name: &str) -> usize {
        self.hints.get(name).copied().unwrap_or(0)
    }

    pub fn set_done(&mut self, name: &str, done: bool) -> Result<()> {
        let changed = if done { self.done.insert(name.to_owned()) } else { self.done.remove(name) };
        if changed { self.save() } else { Ok(()) }
    }

    pub fn saw_hint(&mut self, name: &str, stage: usize) -> Result<()> {
        if stage > self.hints_seen(name) {
            self.hints.insert(name.to_owned(), stage);
            self.save()?;
        }
        Ok(())
    }

    /// Forgets an exercise, as if it had never been started.
    pub fn undo(&mut self, name: &str) -> Result<()> {
        self.hints.remove(name);
        self.done.remove(name);
        self.save()
    }

    fn save(&self) -> Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        Ok(ipc_demo::save(&self.path, text.as_bytes())?)
    }
}
