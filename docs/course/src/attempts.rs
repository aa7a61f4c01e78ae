//! Attempts that a student might make, to try the judges with: each is the worked solution with some places replaced.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use ipc_core::{Advise as _, Call as _};
use serde::Deserialize;
use toml::{Table, Value};

use crate::Result;
use crate::exercise::{Course, Exercise};
use crate::judge::Workshop;

/// An attempt, as `solutions/attempts/MECHANISM.toml` lists it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    exercise: String,
    /// What the student did.
    what: String,
    /// What is replaced in the worked solution, and by what.
    change: Vec<(String, String)>,
}

/// The lists of one file.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Lists {
    /// Attempts that the judge has to reject.
    wrong: Vec<Listed>,
    /// Other good solutions, which it has to accept.
    right: Vec<Listed>,
}

/// An attempt whose program is built.
pub struct Attempt<'a> {
    pub exercise: &'a Exercise,
    pub what: String,
    pub is_right: bool,
    /// The folder of its program and of its source.
    pub folder: PathBuf,
}

/// Reads the attempts at these exercises and builds all of them; `None` if the compiler refuses one.
pub fn build<'a>(workshop: &Workshop, exercises: &[&'a Exercise]) -> Result<Option<Vec<Attempt<'a>>>> {
    let package = workshop.target.join("attempts");
    if package.exists() {
        fs::remove_dir_all(&package).call("rmdir").on(package.display())?;
    }
    let attempts = write(workshop.course, exercises, &package)?;
    if attempts.is_empty() {
        return Ok(Some(attempts));
    }
    write_manifest(workshop.course, &attempts, &package)?;
    if !workshop.build_attempts(&package.join("Cargo.toml"))? {
        return Ok(None);
    }
    for attempt in &attempts {
        let built = workshop.programs().join(name(&attempt.folder));
        let program = attempt.folder.join(&attempt.exercise.name);
        fs::hard_link(&built, &program).call("link").on(built.display())?;
    }
    Ok(Some(attempts))
}

/// Writes the source of each attempt into a folder of its own in `package`.
fn write<'a>(course: &Course, exercises: &[&'a Exercise], package: &Path) -> Result<Vec<Attempt<'a>>> {
    let mut attempts = Vec::new();
    let mut numbers = HashMap::new();
    let mut mechanisms: Vec<_> = exercises.iter().map(|exercise| &*exercise.mechanism).collect();
    mechanisms.dedup();
    for mechanism in mechanisms {
        let path = course.folder.join("solutions/attempts").join(mechanism).with_extension("toml");
        if !path.exists() {
            continue;
        }
        let text = fs::read_to_string(&path).call("read").on(path.display())?;
        let lists: Lists = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let all = lists.wrong.into_iter().map(|listed| (listed, false));
        for (listed, is_right) in all.chain(lists.right.into_iter().map(|listed| (listed, true))) {
            course.find(&listed.exercise)?;
            let Some(exercise) = exercises.iter().find(|exercise| exercise.name == listed.exercise) else {
                continue;
            };
            let number = numbers.entry(&exercise.name).and_modify(|number| *number += 1).or_insert(1);
            let folder = package.join(format!("{}-{number}", exercise.name));
            let source = folder.join(exercise.file());
            let within = source.parent().expect("in a folder");
            fs::create_dir_all(within).call("mkdir").on(within.display())?;
            fs::write(&source, changed(course, exercise, &listed)?).call("write").on(source.display())?;
            attempts.push(Attempt { exercise, what: listed.what, is_right, folder });
        }
    }
    Ok(attempts)
}

/// Returns the worked solution with the changes of an attempt.
fn changed(course: &Course, exercise: &Exercise, listed: &Listed) -> Result<String> {
    let solution = course.solution(exercise);
    let mut text = fs::read_to_string(&solution).call("read").on(solution.display())?;
    for (from, to) in &listed.change {
        let (from, to) = (from.trim_matches('\n'), to.trim_matches('\n'));
        if text.matches(from).count() != 1 {
            return Err(format!("{}, '{}': not once there: {from}", exercise.name, listed.what).into());
        }
        text = text.replace(from, to);
    }
    // A module beside the exercise: the attempt lies elsewhere.
    Ok(text.replace("\"../../exercises/", &format!("\"{}/exercises/", course.folder.display())))
}

/// Writes the package of all attempts: the dependencies of the exercises, and a program for each attempt.
fn write_manifest(course: &Course, attempts: &[Attempt], package: &Path) -> Result<()> {
    let exercises = course.folder.join("exercises/Cargo.toml");
    let text = fs::read_to_string(&exercises).call("read").on(exercises.display())?;
    let manifest: Table =
        toml::from_str(&text).map_err(|error| format!("{}: {error}", exercises.display()))?;
    let get = |tables: &[&str]| {
        let mut found = Some(&manifest);
        for name in tables {
            found = found.and_then(|table| table.get(*name)).and_then(Value::as_table);
        }
        found.cloned().unwrap_or_default()
    };
    let mut all = get(&["workspace", "dependencies"]);
    all.retain(|name, _| get(&["dependencies"]).contains_key(name));
    let bins = attempts.iter().map(|attempt| {
        let path = attempt.folder.join(attempt.exercise.file()).display().to_string();
        let bin = [("name", name(&attempt.folder)), ("path", path)];
        Value::Table(bin.into_iter().map(|(key, value)| (key.to_owned(), Value::String(value))).collect())
    });
    let written = Table::from_iter([
        ("package".to_owned(), Value::Table(toml::from_str("name = 'attempts'\nedition = '2024'")?)),
        ("workspace".to_owned(), Value::Table(Table::from_iter([("resolver".to_owned(), "3".into())]))),
        ("dependencies".to_owned(), Value::Table(all)),
        // An attempt may leave things unused.
        ("lints".to_owned(), Value::Table(toml::from_str("rust.warnings = 'allow'")?)),
        ("bin".to_owned(), Value::Array(bins.collect())),
    ]);
    let path = package.join("Cargo.toml");
    fs::write(&path, toml::to_string(&written)?).call("write").on(path.display())?;
    let lock = course.folder.join("exercises/Cargo.lock");
    fs::copy(&lock, package.join("Cargo.lock")).call("copy").on(lock.display())?;
    Ok(())
}

/// Returns the name of an attempt's program, which is that of its folder: `EXERCISE-NUMBER`.
fn name(folder: &Path) -> String {
    folder.file_name().expect("it has a name").to_string_lossy().into_owned()
}
