//! The output of the commands on the pages: filled in, or compared.
//!
//! `page` finds the commands, `run` runs those of a page in a sandbox of its own, `compare` compares two outputs apart
//! from their numbers. `docs/transcripts` explains how to mark commands.

pub mod compare;
mod page;
mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Result, bail, ensure};

use self::page::Block;
pub use self::page::Page;
use self::run::{Outcome, Sandbox};
use crate::{scene, source};

/// The factor by which pauses are longer on a busy machine.
const LONGER: u32 = 3;

/// The action on the pages.
pub struct Job<'a> {
    /// Compare instead of filling in.
    pub check: bool,
    /// Use the programs of a debug build.
    pub debug: bool,
    /// These pages only; none means all.
    pub pages: &'a [&'a str],
    /// The folder of the recorded scenes.
    pub scenes: &'a Path,
}

/// The result.
#[derive(Default)]
struct Sum {
    pages: usize,
    ran: usize,
    unmarked: usize,
    skipped: Vec<String>,
    wrong: Vec<String>,
    /// The scenes to record, by name: two pages may play the same.
    scenes: BTreeMap<String, String>,
}

/// Does the job, and reports how much was run, and what was skipped and why.
pub fn transcripts(job: &Job) -> Result<()> {
    let sandbox = Sandbox::new(job.debug)?;
    let pages = paths(job.pages)?;
    let next = AtomicUsize::new(0);
    let sum = Mutex::new(Sum::default());
    // Pages are isolated from each other, so several run at once: mostly they wait.
    let at_once = if sandbox.private { thread::available_parallelism().map_or(1, usize::from) } else { 1 };
    thread::scope(|scope| {
        for _ in 0..at_once {
            scope.spawn(|| {
                while let Some(path) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let one = treat(path, &sandbox, job).unwrap_or_else(|error| Sum {
                        wrong: vec![format!("{}: {error:#}", path.display())],
                        ..Sum::default()
                    });
                    sum.lock().expect("no thread panics").add(one);
                }
            });
        }
    });
    let sum = sum.into_inner().expect("no thread panics");
    for (name, document) in &sum.scenes {
        fs::create_dir_all(job.scenes)?;
        fs::write(scene::path(job.scenes, name), document)?;
    }
    for skipped in &sum.skipped {
        println!("SKIPPED: {skipped}");
    }
    println!(
        "{} pages, {} blocks of commands run, {} skipped; {} more are not marked",
        sum.pages,
        sum.ran,
        sum.skipped.len(),
        sum.unmarked
    );
    ensure!(sum.wrong.is_empty(), "{}\n{} problems", sum.wrong.join("\n"), sum.wrong.len());
    Ok(())
}

fn paths(named: &[&str]) -> Result<Vec<PathBuf>> {
    let src = source::docs().join("src");
    if named.is_empty() {
        return Ok(source::files(&src, "md")?.into_iter().map(|name| src.join(name)).collect());
    }
    // In the form that the shell completes, or relative to `docs/src`.
    let path = |name: &&str| [PathBuf::from(name), src.join(name)].into_iter().find(|path| path.is_file());
    named.iter().map(|name| path(name).with_context(|| format!("there is no page {name}"))).collect()
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.pages += other.pages;
        self.ran += other.ran;
        self.unmarked += other.unmarked;
        self.skipped.extend(other.skipped);
        self.wrong.extend(other.wrong);
        self.scenes.extend(other.scenes);
    }
}

fn treat(path: &PathBuf, sandbox: &Sandbox, job: &Job) -> Result<Sum> {
    let text = source::read(path)?;
    let page = Page::read(&text)?;
    let mut sum = Sum { unmarked: page.unmarked, ..Sum::default() };
    if page.blocks.is_empty() {
        return Ok(sum);
    }
    sum.pages = 1;
    let name = path.strip_prefix(source::docs().join("src")).unwrap_or(path).display().to_string();
    let mut outcomes = sandbox.run(&page.blocks, 1)?;
    let mut wrong = wrong_with(&page, &text, &outcomes, job);
    if let Some((line, what)) = wrong.first() {
        // The pauses on the pages are long enough for a machine with little else to do. A real error also occurs with
        // longer ones.
        println!("note: {name}:{line}: {what}\nonce more, with longer pauses");
        outcomes = sandbox.run(&page.blocks, LONGER)?;
        wrong = wrong_with(&page, &text, &outcomes, job);
    }
    sum.wrong = wrong.into_iter().map(|(line, wrong)| format!("{name}:{line}: {wrong}")).collect();
    for (block, outcome) in page.blocks.iter().zip(&outcomes) {
        match outcome {
            Outcome::Skipped(missing) => {
                sum.skipped.push(format!("{name}:{}: needs {missing}, which is not here", block.line));
            }
            _ => sum.ran += 1,
        }
        if !job.check
            && let Ok(Some((name, document, _))) = new_scene(block, outcome, job)
        {
            sum.scenes.insert(name, document);
        }
    }
    if !job.check {
        let filled = page.filled(&text, outcomes.iter().map(Outcome::printed));
        if filled != text {
            fs::write(path, filled)?;
        }
    }
    crate::step(&format!("{name}: {} blocks", page.blocks.len()));
    Ok(sum)
}

/// Returns the blocks that failed, or whose output differs from the page: the line and the error.
fn wrong_with(page: &Page, text: &str, outcomes: &[Outcome], job: &Job) -> Vec<(usize, String)> {
    let mut wrong = Vec::new();
    for (block, outcome) in page.blocks.iter().zip(outcomes) {
        match (outcome, &block.shown) {
            (Outcome::Failed(why), _) => wrong.push((block.line, format!("fails: {why}"))),
            (Outcome::Printed { text: new, .. }, Some(place)) if job.check && !block.varies => {
                let difference = compare::difference(&text[place.clone()], new);
                wrong
                    .extend(difference.map(|it| (block.line, format!("no longer printed like that:\n{it}"))));
            }
            _ => {}
        }
        match new_scene(block, outcome, job) {
            Err(error) => wrong.push((block.line, format!("the scene: {error:#}"))),
            Ok(Some((_, _, difference))) if job.check => wrong.push((block.line, difference)),
            Ok(_) => {}
        }
    }
    wrong
}

/// Returns the scene of a block if it is to be recorded: its name, the document, and the difference from the recorded
/// one. A difference in numbers is none, so that captions keep theirs, and with them their translations.
fn new_scene(block: &Block, outcome: &Outcome, job: &Job) -> Result<Option<(String, String, String)>> {
    let (Some(name), Outcome::Printed { scene: Some(printed), .. }) = (&block.scene, outcome) else {
        return Ok(None);
    };
    let new = scene::recorded(printed)?;
    let path = scene::path(job.scenes, name);
    let difference = if !path.exists() {
        Some(format!("the scene is not recorded in {}", path.display()))
    } else if job.check && block.varies {
        None
    } else {
        let recorded = source::read(&path)?;
        let difference = scene::difference(&recorded, &new)?;
        // The page shows the lines of the calls, which move; a number like others where it is compared.
        let moved = !job.check && scene::has_other_lines(&recorded, &new)?;
        difference
            .map(|it| format!("no longer played like that:\n{it}"))
            .or(moved.then(|| "its calls have moved".to_owned()))
    };
    Ok(difference.map(|difference| (name.clone(), new, difference)))
}

/// Returns the names of missing programs, for a message; `None` if none is missing.
fn missing<'a>(programs: impl Iterator<Item = &'a str>, found: impl Fn(&str) -> bool) -> Option<String> {
    let missing: BTreeSet<_> = programs.filter(|program| !found(program)).collect();
    (!missing.is_empty()).then(|| missing.into_iter().collect::<Vec<_>>().join(" and "))
}

/// Parses the arguments of `docs/transcripts`, and runs it.
pub fn command(arguments: &[&str]) -> Result<()> {
    let (options, pages): (Vec<&str>, Vec<&str>) = arguments.iter().partition(|word| word.starts_with("--"));
    if let Some(unknown) = options.iter().find(|word| !["--check", "--debug"].contains(word)) {
        bail!("unknown option {unknown}; docs/transcripts [--check] [--debug] [PAGE.md...]");
    }
    let has = |option| options.contains(&option);
    let scenes = &scene::folder();
    transcripts(&Job { check: has("--check"), debug: has("--debug"), pages: &pages, scenes })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// Checks a page whose commands do not need the programs of the suite.
    fn checked(text: &str) -> Sum {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("page.md");
        fs::write(&path, text).expect("written");
        let sandbox = Sandbox::with_path(dir.path()).expect("unshare(1) works here");
        treat(&path, &sandbox, &Job { check: true, debug: false, pages: &[], scenes: dir.path() })
            .expect("a page")
    }

    const PAGE: &str = "<!-- transcript -->\n```sh\necho one $$; X=two\n```\n\n```text\none 4711\n```\n\n<!-- run -->\n```sh\ntest $X = two\n```\n\n<!-- transcript: terminal -->\n```sh\necho here; sleep 60\n```\n\n```text\nhere\n```\n\n<!-- transcript: needs no-such-program -->\n```sh\nfalse\n```\n\n```text\nanything\n```\n\n```sh\nnot marked\n```\n";

    #[test]
    fn a_page_that_is_right_passes() {
        let sum = checked(PAGE);
        assert_eq!(sum.wrong, [""; 0]);
        assert_eq!((sum.ran, sum.skipped.len(), sum.unmarked), (3, 1, 1));
        assert!(sum.skipped[0].contains("needs no-such-program"));
    }

    #[test]
    fn a_page_that_shows_something_else_fails() {
        let sum = checked(&PAGE.replace("one 4711", "three 4711"));
        assert!(sum.wrong.len() == 1 && sum.wrong[0].contains("no longer printed"), "{:?}", sum.wrong);
        let sum = checked(&PAGE.replace("text\nhere", "text\nthere"));
        assert_eq!(sum.wrong.len(), 1, "{:?}", sum.wrong);
    }

    #[test]
    fn a_command_that_fails_is_named() {
        let sum = checked(&PAGE.replace("test $X = two", "test $X = three\ntrue"));
        assert!(sum.wrong.len() == 1 && sum.wrong[0].contains("test $X = three"), "{:?}", sum.wrong);
    }

    #[test]
    fn a_scene_is_recorded_once_and_compared_apart_from_numbers() {
        let dir = tempfile::tempdir().expect("a directory");
        let folder = dir.path();
        let program = folder.join("ipc-fake");
        let says = |claim: &str| {
            let document = format!(
                r#"{{"schema_version":1,"claim":"{claim}","holds":true,"events":[{{"kind":"start","pid":%s}}]}}"#
            );
            let script = format!("#!/bin/sh\n[ $# = 2 ] && echo text || printf '{document}' $$\n");
            fs::write(&program, script).expect("written");
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("ours");
        };
        let path = folder.join("page.md");
        let page = "<!-- transcript: scene -->\n```sh\nipc-fake scenario one\n```\n```text\ntext\n```\n";
        fs::write(&path, page).expect("written");
        let sandbox = Sandbox::with_path(folder).expect("unshare(1) works here");
        let run = |check| {
            let job = Job { check, debug: false, pages: &[], scenes: folder };
            let sum = treat(&path, &sandbox, &job).expect("a page");
            for (name, document) in &sum.scenes {
                fs::write(scene::path(folder, name), document).expect("written");
            }
            (sum.wrong.join("\n"), sum.scenes.len())
        };
        says("It sleeps");
        assert!(run(true).0.contains("not recorded"));
        assert_eq!(run(false), (String::new(), 1));
        assert_eq!((run(true), run(false)), ((String::new(), 0), (String::new(), 0)));
        says("It wakes");
        assert!(run(true).0.contains("no longer played"));
        assert_eq!(run(false), (String::new(), 1));
        fs::write(&program, "#!/bin/sh\n[ $# = 2 ] && echo text || exit 1\n").expect("written");
        assert!(run(false).0.contains("status 1: ipc-fake scenario one --json"));
    }
}
