//! Builds the program of an exercise, and lets its judge check what it does.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;

use ipc_core::{Advise as _, Call as _};

use crate::Result;
use crate::exercise::{Course, Exercise, Language};
use crate::words::Words;

/// The judge's verdict.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every check passed.
    Passed,
    /// The compiler has printed the reason.
    NotBuilt,
    /// Each expectation, in the words of the judge's tests, and the actual result if it was not met.
    Judged(Vec<(String, Option<String>)>),
}

/// A package of programs, and the folder where they are built: the exercises in their present state, or the solutions.
pub struct Workshop<'a> {
    pub course: &'a Course,
    package: &'static str,
    /// The folder of all that is built, with a folder for each package.
    pub target: PathBuf,
    judge: OnceLock<PathBuf>,
    words: Words,
}

impl<'a> Workshop<'a> {
    /// Returns the workshop of the exercises.
    pub fn given(course: &'a Course, language: Language) -> Self {
        Self { words: Words::of(language), ..Self::new(course, "exercises") }
    }

    /// Returns the workshop of the worked solutions.
    pub fn solved(course: &'a Course) -> Self {
        Self::new(course, "solutions")
    }

    fn new(course: &'a Course, package: &'static str) -> Self {
        let target = std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| course.folder.join("../target"), PathBuf::from);
        Self {
            course,
            package,
            target: target.join("course"),
            judge: OnceLock::new(),
            words: Words::default(),
        }
    }

    /// Returns the path of an exercise's program, once it is built.
    pub fn program(&self, exercise: &Exercise) -> PathBuf {
        let program = self.programs().join(&exercise.name);
        program.canonicalize().unwrap_or(program)
    }

    /// Returns the folder of the programs.
    pub fn programs(&self) -> PathBuf {
        self.target.join(self.package).join("debug")
    }

    /// Builds one exercise, showing the compiler's output, and judges it.
    pub fn judge(&self, exercise: &Exercise) -> Result<Verdict> {
        if !self.build(&["--bin", &exercise.name])? {
            return Ok(Verdict::NotBuilt);
        }
        self.judge_built(exercise)
    }

    /// Builds the programs of these exercises; false if the compiler refuses.
    pub fn build_these(&self, exercises: &[&Exercise]) -> Result<bool> {
        let bins: Vec<_> = exercises.iter().flat_map(|exercise| ["--bin", &exercise.name]).collect();
        self.build(&bins)
    }

    /// Builds the attempts, a package of its own with the same dependencies; false if the compiler refuses.
    pub fn build_attempts(&self, manifest: &Path) -> Result<bool> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // Not --locked: the copied lock file does not name this package yet. Offline, it keeps all versions.
        cargo.args(["build", "--quiet", "--offline", "--bins", "--manifest-path"]).arg(manifest);
        cargo.arg("--target-dir").arg(self.target.join(self.package));
        Ok(cargo.status().call("execve").on("cargo")?.success())
    }

    fn build(&self, which: &[&str]) -> Result<bool> {
        if !self.target.join(self.package).exists() {
            let first =
                "Building the programs and their judges for the first time: this takes about half a minute.";
            eprintln!("{}", self.words.say(first));
        }
        let mut cargo = self.cargo("build", self.package);
        Ok(cargo
            .arg("--quiet")
            .args(["-p", self.package])
            .args(which)
            .status()
            .call("execve")
            .on("cargo")?
            .success())
    }

    /// Judges a program that is already built.
    pub fn judge_built(&self, exercise: &Exercise) -> Result<Verdict> {
        self.judge_in(exercise, &self.programs(), &self.course.folder.join(self.package))
    }

    /// Judges the program of an exercise in this folder. Runs all checks at once: a program that hangs does so for each
    /// of them.
    pub fn judge_in(&self, exercise: &Exercise, programs: &Path, sources: &Path) -> Result<Verdict> {
        let judge = self.judge_program()?;
        let run = |arguments: &[&str]| {
            let mut judge = Command::new(judge);
            output(judge.args(arguments).env("JUDGED", programs).env("JUDGED_SOURCES", sources))
        };
        let tests = run(&["--list", "--format", "terse", &exercise.module()])?;
        let judge_one = |test: &str| -> Result<_> {
            let (passed, said) = run(&["--exact", test, "--nocapture"])?;
            let point = test[exercise.module().len()..].replace('_', " ");
            Ok((point, (!passed).then(|| reason(&said))))
        };
        let points = thread::scope(|scope| {
            let tests = tests.1.lines().filter_map(|line| line.strip_suffix(": test"));
            let judged: Vec<_> = tests
                .map(|test| scope.spawn(move || judge_one(test).map_err(|error| error.to_string())))
                .collect();
            judged.into_iter().map(|point| point.join().expect("no judge panics")).collect::<Vec<_>>()
        });
        let points = points.into_iter().collect::<std::result::Result<Vec<_>, _>>()?;
        if points.is_empty() {
            return Err(format!("{}: its judge has no tests", exercise.name).into());
        }
        let passed = points.iter().all(|(_, wrong)| wrong.is_none());
        Ok(if passed { Verdict::Passed } else { Verdict::Judged(points) })
    }

    /// Returns the judge's own program, built on first use.
    fn judge_program(&self) -> Result<&Path> {
        if let Some(path) = self.judge.get() {
            return Ok(path);
        }
        let mut cargo = self.cargo("test", "judge");
        cargo.args(["--quiet", "--no-run", "-p", "judge", "--message-format", "json-render-diagnostics"]);
        let output = cargo.stderr(Stdio::inherit()).output().call("execve").on("cargo")?;
        if !output.status.success() {
            return Err("the judge of the exercises cannot be built".into());
        }
        let messages = String::from_utf8(output.stdout)?;
        let program = messages.lines().find_map(|line| {
            let message: serde_json::Value = serde_json::from_str(line).ok()?;
            Some(PathBuf::from(message.get("executable")?.as_str()?))
        });
        let program = program.ok_or("cargo does not say where the judge is")?;
        Ok(self.judge.get_or_init(|| program))
    }

    /// Returns a cargo command. Each package has a folder of its own: solutions and exercises have the same names.
    fn cargo(&self, command: &str, folder: &str) -> Command {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.arg(command).arg("--locked");
        cargo.arg("--manifest-path").arg(self.course.folder.join("exercises/Cargo.toml"));
        cargo.arg("--target-dir").arg(self.target.join(folder));
        cargo
    }
}

/// Runs the judge; returns whether it succeeded, and all that it printed.
fn output(judge: &mut Command) -> Result<(bool, String)> {
    let output = judge.env("RUST_BACKTRACE", "0").stdin(Stdio::null()).output();
    let output = output.call("execve").on(judge.get_program().display())?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

/// Returns the message of a failed test, without the frame of the test harness. Judges compare the actual with the
/// expected value, in this order.
fn reason(said: &str) -> String {
    let after = said.lines().skip_while(|line| !line.contains("panicked at ")).skip(1);
    let lines: Vec<_> =
        after.take_while(|line| !line.starts_with("note: run with `RUST_BACKTRACE")).collect();
    if lines.is_empty() {
        return said.trim().to_owned();
    }
    let text = lines.join("\n");
    let text = text.strip_prefix("assertion `left == right` failed: ").unwrap_or(&text);
    let text = text.replace("\n  left: ", "\n  it was:    ").replace("\n right: ", "\n  should be: ");
    // A program that reads too little may print anything, including control codes that a terminal obeys.
    text.trim().replace(|letter: char| letter.is_control() && letter != '\n', "\u{fffd}")
}

/// Returns a line of which a reader gets the idea: a mistake may print a whole file.
pub fn shortened(line: &str) -> String {
    const LONGEST: usize = 200;
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}… ({} characters)", &line[..end], line.chars().count()),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{reason, shortened};

    #[test]
    fn the_reason_is_what_the_judge_said() {
        let said = "\nrunning 1 test\n\nthread 'a::b' (7) panicked at src/a.rs:8:13:\nIt should end.\nIt did not.\n\
                    note: run with `RUST_BACKTRACE=1` environment variable\ntest a::b ... FAILED\n";
        assert_eq!(reason(said), "It should end.\nIt did not.");
        assert_eq!(reason("killed\n"), "killed");
        let said =
            "panicked at a.rs:8:13:\nassertion `left == right` failed: the sum\n  left: 1\n right: 2\n";
        assert_eq!(reason(said), "the sum\n  it was:    1\n  should be: 2");
        let said = reason(&format!("panicked at a.rs:8:13:\nit holds '{}'", "\0".repeat(12_000)));
        let expected = format!("it holds '{}… (12011 characters)", "\u{fffd}".repeat(190));
        assert_eq!(shortened(&said), expected);
    }
}
