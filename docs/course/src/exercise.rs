//! The list of the exercises, `exercises.toml`, and the paths of their files.

use std::error::Error;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use ipc_core::{Advise as _, Call as _};
use serde::Deserialize;

use crate::Result;

/// The language of titles and hints.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English
    En,
    /// Korean
    Ko,
}

impl Language {
    /// Returns the language that `--lang` names, for a help or an error before the command line is read.
    pub fn of_command_line() -> Self {
        let arguments: Vec<_> = std::env::args().collect();
        let named = arguments.iter().enumerate().find_map(|(at, argument)| {
            match argument.strip_prefix("--lang")? {
                "" => arguments.get(at + 1).map(String::as_str),
                value => value.strip_prefix('='),
            }
        });
        named.and_then(|name| Self::from_str(name, true).ok()).unwrap_or_else(Self::of_environment)
    }

    /// Returns the language that `LC_ALL`, `LC_MESSAGES` or `LANG` requests: the first of them that is set counts.
    pub fn of_environment() -> Self {
        let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
        let set = names.iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty());
        if set.is_some_and(|value| value.starts_with("ko")) { Self::Ko } else { Self::En }
    }
}

/// The task of an exercise: something is missing, or something is wrong on purpose.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A part has to be written.
    Write,
    /// A mistake has to be found and fixed.
    Mend,
}

/// One exercise.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exercise {
    /// The name of the exercise and of its program: `MECHANISM_…`.
    pub name: String,
    /// The chapter it belongs to, and the folder of its files.
    pub mechanism: String,
    pub kind: Kind,
    /// The time that an exercise takes a student who has read the chapter.
    pub minutes: u32,
    title: String,
    title_ko: String,
    /// Why it works when it is solved, in a sentence.
    why: String,
    why_ko: String,
    /// The page of the book that has it all.
    pub page: String,
    hints: Vec<String>,
    hints_ko: Vec<String>,
}

impl Exercise {
    pub fn title(&self, language: Language) -> &str {
        if language == Language::Ko { &self.title_ko } else { &self.title }
    }

    /// Returns the sentence that says why the solution works.
    pub fn why(&self, language: Language) -> &str {
        if language == Language::Ko { &self.why_ko } else { &self.why }
    }

    /// Returns the hints, in stages: where to look, what is wrong, nearly the solution.
    pub fn hints(&self, language: Language) -> &[String] {
        if language == Language::Ko { &self.hints_ko } else { &self.hints }
    }

    /// Returns the module of its judge.
    pub fn module(&self) -> String {
        format!("{}::{}::", self.mechanism, self.short_name())
    }

    /// Returns the path of its file in the folder of the exercises, and in that of the solutions.
    pub fn file(&self) -> PathBuf {
        Path::new(&self.mechanism).join(self.short_name()).with_extension("rs")
    }

    /// Returns the name without the mechanism in front.
    pub fn short_name(&self) -> &str {
        &self.name[self.mechanism.len() + 1..]
    }
}

/// All exercises, in the order of the book.
pub struct Course {
    pub exercises: Vec<Exercise>,
    /// The folder that contains `exercises` and `solutions`.
    pub folder: PathBuf,
}

impl Course {
    /// Reads the list in `folder`.
    pub fn open(folder: &Path) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct List {
            exercise: Vec<Exercise>,
        }
        let folder = folder.canonicalize().call("realpath").on(folder.display())?;
        let path = folder.join("exercises/exercises.toml");
        let text = fs::read_to_string(&path).call("read").on(path.display())?;
        let list: List = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        for exercise in &list.exercise {
            if !exercise.name.starts_with(&format!("{}_", exercise.mechanism)) {
                return Err(format!("{}: must begin with {}_", exercise.name, exercise.mechanism).into());
            }
            if exercise.hints.is_empty() || exercise.hints.len() != exercise.hints_ko.len() {
                return Err(format!("{}: must have hints, as many in both languages", exercise.name).into());
            }
        }
        Ok(Self { exercises: list.exercise, folder })
    }

    pub fn find(&self, name: &str) -> Result<&Exercise> {
        let found = self.exercises.iter().find(|exercise| exercise.name == name);
        let unknown = || format!("unknown exercise '{name}': `cargo run -p course` lists them all");
        found.ok_or_else(|| Unknown(unknown()).into())
    }

    /// Returns the file that the student edits.
    pub fn given(&self, exercise: &Exercise) -> PathBuf {
        self.folder.join("exercises").join(exercise.file())
    }

    /// Returns the page of the book that has what this exercise is about.
    pub fn page(&self, exercise: &Exercise) -> PathBuf {
        self.folder.join("src").join(&exercise.page)
    }

    pub fn solution(&self, exercise: &Exercise) -> PathBuf {
        self.folder.join("solutions").join(exercise.file())
    }
}

/// Something was requested that does not exist: wrong usage.
#[derive(Debug)]
pub struct Unknown(pub String);

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Unknown {}
