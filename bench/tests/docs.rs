//! Tests that everything the course refers to exists: its chapters, the code it shows, the files it links to, the tests
//! it names as proofs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use ipc_bench::results::registry::SIX;

/// The chapter of each mechanism, in the order of [`SIX`].
const CHAPTERS: [&str; 6] =
    ["pipe.md", "fifo.md", "message-queue.md", "shared-memory.md", "memory-map.md", "socket.md"];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package is in a workspace")
}

fn course() -> PathBuf {
    repository().join("docs/src")
}

/// A page: its path, and its text.
struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self { path, text }
    }

    /// Returns the path to which a relative link on this page leads.
    fn file(&self, target: &str) -> PathBuf {
        self.path.parent().expect("a page is in a folder").join(target)
    }

    /// Returns the page without its blocks of code, in which brackets mean something else.
    fn prose(&self) -> String {
        let mut in_code = false;
        let prose = self.text.lines().filter(|line| {
            let fence = line.trim_start().starts_with("```");
            in_code ^= fence;
            !in_code && !fence
        });
        prose.collect::<Vec<_>>().join("\n")
    }

    /// Returns text and target of each `[text](target)`, without those that leave the repository.
    fn links(&self) -> Vec<(String, String)> {
        let prose = self.prose();
        let parts = prose.match_indices("](").filter_map(|(at, _)| {
            let text = &prose[prose[..at].rfind('[')? + 1..at];
            let target = prose[at + 2..].split(')').next()?;
            Some((text.to_owned(), target.to_owned()))
        });
        parts.filter(|(_, target)| !target.contains("://")).collect()
    }

    /// Returns `path` and `anchor` of each `{{#include path:anchor}}`; without an anchor, an empty one.
    fn includes(&self) -> Vec<(&str, &str)> {
        let included = self.text.split("{{#include ").skip(1);
        let included = included.map(|rest| rest.split("}}").next().expect("split gives one at least"));
        included.map(|inside| inside.split_once(':').unwrap_or((inside, ""))).collect()
    }
}

fn course_pages() -> Vec<Page> {
    pages_in(&course())
}

/// Returns the pages in a folder and its subfolders.
fn pages_in(folder: &Path) -> Vec<Page> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let (folders, files): (Vec<_>, Vec<_>) =
        entries.map(|entry| entry.expect("readable").path()).partition(|path| path.is_dir());
    let pages = files.into_iter().filter(|path| path.extension().is_some_and(|end| end == "md"));
    pages.map(Page::read).chain(folders.iter().flat_map(|folder| pages_in(folder))).collect()
}

/// Returns a chapter's first page, and those in the folder of the same name, if there is one.
fn chapter_pages(name: &str) -> Vec<Page> {
    let first = course().join(name);
    let folder = first.with_extension("");
    let more = if folder.is_dir() { pages_in(&folder) } else { Vec::new() };
    std::iter::once(Page::read(first)).chain(more).collect()
}

/// Returns the course, and the other pages that a newcomer reads first.
fn all_pages() -> Vec<Page> {
    let mut pages = course_pages();
    pages.extend(["README.md", "CONTRIBUTING.md"].map(|name| Page::read(repository().join(name))));
    pages
}

/// Returns a heading as the fragment of a link: `## Why so?` is `#why-so`.
fn slug(heading: &str) -> String {
    let letters = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = letters.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn fail_if_any(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Each chapter in the summary is a page, and each page is a chapter.
#[test]
fn the_summary_names_all_pages_and_no_others() {
    let summary = Page::read(course().join("SUMMARY.md"));
    let chapters: BTreeSet<_> =
        summary.links().into_iter().map(|(_, target)| summary.file(&target)).collect();
    let pages: BTreeSet<_> = course_pages().into_iter().map(|page| page.path).collect();
    assert_eq!(chapters, pages.into_iter().filter(|path| *path != summary.path).collect());
}

/// Each piece of code that the course includes has its file, and both ends of its anchor, if it has one, in that file.
#[test]
fn the_code_shown_is_there() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in course_pages() {
        for (path, anchor) in page.includes() {
            count += 1;
            let code = fs::read_to_string(page.file(path)).unwrap_or_default();
            let has = |line: &str| code.lines().any(|l| l.trim() == line);
            let complete = if anchor.is_empty() {
                !code.is_empty() // the whole file is shown
            } else {
                has(&format!("// ANCHOR: {anchor}")) && has(&format!("// ANCHOR_END: {anchor}"))
            };
            if !complete {
                wrong.push(format!("{}: {path} is missing, or its anchor '{anchor}'", page.path.display()));
            }
        }
    }
    fail_if_any(&wrong);
    assert!(count > 0, "no includes found: has their form changed?");
}

/// Each relative link leads to a file, and its `#fragment` to a heading.
#[test]
fn links_lead_somewhere() {
    let mut wrong = Vec::new();
    for page in all_pages() {
        for (text, target) in page.links() {
            let (path, fragment) = target.split_once('#').unwrap_or((&target, ""));
            let file = if path.is_empty() { page.path.clone() } else { page.file(path) };
            let found = file.exists()
                && (fragment.is_empty()
                    || Page::read(file).prose().lines().any(|l| l.starts_with('#') && slug(l) == fragment));
            if !found {
                wrong.push(format!("{}: [{text}]({target}) leads nowhere", page.path.display()));
            }
        }
    }
    fail_if_any(&wrong);
}

/// A name in code font that links to Rust code, as in each pitfall, is a function or a case in that file.
#[test]
fn the_tests_named_as_proofs_exist() {
    let mut wrong = Vec::new();
    for name in CHAPTERS.into_iter().chain(["waiting.md"]) {
        let mut proofs = 0;
        let pages = chapter_pages(name);
        let links = pages.iter().flat_map(|page| page.links().into_iter().map(move |link| (page, link)));
        for (page, (text, target)) in links {
            let Some(test) = text.strip_prefix('`').and_then(|text| text.strip_suffix('`')) else { continue };
            // Besides functions, course pages name files (`wait.rs`), types (`Transport`), and scenes of other pages.
            if !target.contains(".rs")
                || !test.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
            {
                continue;
            }
            proofs += usize::from(target.contains("/tests/"));
            let code = fs::read_to_string(page.file(&target)).unwrap_or_default();
            // The second form is for tests without the standard harness.
            if !code.contains(&format!("fn {test}(")) && !code.contains(&format!("trial(\"{test}\"")) {
                wrong.push(format!("{name}: {target} has no test {test}"));
            }
        }
        if proofs == 0 {
            wrong.push(format!("{name}: no pitfall is proven by a test"));
        }
    }
    fail_if_any(&wrong);
}

/// Each chapter begins with its mechanism's row of the table. (`course_table.rs` checks the whole table, in the
/// comparison.)
#[test]
fn each_chapter_has_its_row_of_the_table() {
    for (member, name) in SIX.iter().zip(CHAPTERS) {
        let profile = &member.profile;
        let row = format!(
            "| {} | {} | {} | {} | {} |",
            profile.between, profile.medium, profile.unit, profile.direction, profile.reach
        );
        assert!(Page::read(course().join(name)).text.contains(&row), "{name} must have the row {row}");
    }
}

/// Each scene that `ipc-msgq scenario` plays is shown, with its output. (A hidden one exists for the tests only.)
#[test]
fn each_scene_is_shown() {
    let scenes =
        fs::read_dir(repository().join("ipc-msgq/src/bin/ipc-msgq/scenario")).expect("the folder is there");
    let mut shown: Vec<_> = chapter_pages("message-queue.md").iter().map(|page| page.text.clone()).collect();
    shown.retain(|text| text.contains("ipc-msgq scenario "));
    let (mut count, mut wrong) = (0, Vec::new());
    for scene in scenes {
        let code = fs::read_to_string(scene.expect("readable").path()).expect("a file of code");
        for rest in code.split("    name: \"").skip(1) {
            let name = rest.split('"').next().expect("split gives one at least");
            // The command, and the first line of its output.
            let output = format!("ipc-msgq scenario {name}\n```\n\n```text\n{name}: ");
            if name != "false-claim" && !shown.iter().any(|text| text.contains(&output)) {
                wrong.push(format!("the scene {name} is not shown"));
            }
            count += 1;
        }
    }
    fail_if_any(&wrong);
    assert!(count > 10, "only {count} scenes found: has their form changed?");
}
