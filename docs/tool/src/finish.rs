//! The steps that mdBook leaves to do on a built page: pictures inline, links to files of the repository, the switch
//! between the languages, the search, and the words on the buttons.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::catalog::Catalog;
use crate::html::{self, Tag};
use crate::paths::{OPTIONAL, Paths};
use crate::source;
use crate::text::Edits;
use crate::{picture, search};

/// The words that mdBook's theme and our own put around each page.
pub const WORDS: [&str; 45] = [
    "Toggle Table of Contents",
    "Table of contents",
    "Change theme",
    "Themes",
    "Auto",
    "Light",
    "Page navigation",
    "Previous chapter",
    "Next chapter",
    "Keyboard shortcuts",
    "Press <kbd>←</kbd> or <kbd>→</kbd> to navigate between chapters",
    "Press <kbd>S</kbd> or <kbd>/</kbd> to search in the book",
    "Press <kbd>?</kbd> to show this help",
    "Press <kbd>Esc</kbd> to hide this help",
    "Search",
    "Words to search for",
    "Close",
    "Nothing found",
    "Found",
    "Copy to clipboard",
    "Copied!",
    "Skip to the text",
    // Those of the scenes, in theme/scene.js.
    "is created:",
    "starts",
    "begins",
    "sleeps",
    "exits",
    "asleep",
    "has ended",
    "killed",
    "in a call",
    "empty",
    "not there",
    "full",
    "slept",
    "Play",
    "Pause",
    "Back",
    "Step",
    "Moment",
    "Speed",
    "As text",
    "What happens next?",
    "Right.",
    "No. See what happens.",
];

/// The word on a folded answer, which is HTML and so no part of the text of a page.
pub const ANSWER: &str = "Answer";

/// The buttons that mdBook's theme lacks.
const BUTTONS: &str = include_str!("../../theme/buttons.html");

/// A language of the built book.
pub struct Built<'a> {
    /// The folder of its pages.
    pub folder: &'a Path,
    /// The path from `docs/book` to that folder.
    pub within: &'a [&'a str],
    /// The translations; `None` for English.
    pub catalog: Option<&'a Catalog>,
}

/// Finishes all pages of a language.
pub fn finish(built: &Built) -> Result<()> {
    let mut used = BTreeSet::new();
    let mut index = Vec::new();
    let paths = Paths::read()?;
    let pages = source::files(built.folder, "html")?;
    for name in pages.iter().filter(|name| !name.starts_with("ko/")) {
        let path = built.folder.join(name);
        let page = built.page(name, &source::read(&path)?, &mut used).with_context(|| name.clone())?;
        let page = built.with_folds(&page);
        let page = if paths.leave_out(name) { built.marked_optional(&page) } else { page };
        if !matches!(name.as_str(), "index.html" | "toc.html") {
            search::add(&mut index, name, &page);
        }
        fs::write(path, page)?;
    }
    search::write(&built.folder.join("search-index.js"), &index)?;
    let ours = |name: &&String| name.starts_with("book-") || name.starts_with("theme/scene-");
    for name in source::files(built.folder, "js")?.iter().filter(ours) {
        let path = built.folder.join(name);
        let script = built.words(&source::read(&path)?, &["'", "'"], &mut used);
        fs::write(path, script)?;
    }
    let unused: Vec<_> = WORDS.iter().filter(|word| !used.contains(*word)).collect();
    ensure!(unused.is_empty(), "the theme of mdBook no longer has these words: {unused:?}");
    Ok(())
}

impl Built<'_> {
    fn page(&self, name: &str, page: &str, used: &mut BTreeSet<&'static str>) -> Result<String> {
        ensure!(!page.contains("{{#"), "mdBook has left a directive: {{{{#...}}}}");
        let folder: Vec<_> = name.split('/').rev().skip(1).collect::<Vec<_>>().into_iter().rev().collect();
        let mut edits = Edits::default();
        let (mut zoom, mut done) = (None, 0);
        for tag in html::tags(page) {
            if tag.range.start < done {
                continue;
            }
            // mdBook writes each picture twice, the second one for an enlarged view; a drawing replaces both.
            if tag.name == "label" && tag.value("class") == Some("checkbox-label") {
                zoom = Some(tag.range.start);
            } else if tag.name == "/label" {
                zoom = None;
            }
            if tag.name == "img"
                && let Some(inlined) = self.picture(&folder, &tag)?
            {
                let end = zoom.and_then(|_| page[tag.range.end..].find("</label>"));
                done = end.map_or(tag.range.end, |end| tag.range.end + end + "</label>".len());
                edits.replace(zoom.take().unwrap_or(tag.range.start)..done, inlined);
                continue;
            }
            for key in ["href", "src"] {
                if let Some(place) = tag.place(key)
                    && let Some(link) = self.repository_link(&folder, &page[place.clone()])?
                {
                    edits.replace(place, link);
                }
            }
        }
        let page = edits.apply(page);
        if name == "toc.html" {
            return Ok(page);
        }
        let Some((head, rest)) = page.split_once("<main>") else { bail!("there is no <main>") };
        let Some((text, tail)) = rest.split_once("</main>") else { bail!("<main> does not end") };
        let head = head.replacen("<div class=\"right-buttons\">", &self.buttons(name, folder.len()), 1);
        let head =
            head.replacen("<body>", "<body>\n    <a class=\"skip\" href=\"#text\">Skip to the text</a>", 1);
        // The key that opens our search.
        let help = "<p>Press <kbd>?</kbd>";
        let head = head.replacen(
            help,
            &format!("<p>Press <kbd>S</kbd> or <kbd>/</kbd> to search in the book</p>\n{help}"),
            1,
        );
        ensure!(head.contains("class=\"language\""), "there is no place for the buttons");
        let quotes = ["\"", "\"", ">", "<"];
        let (head, tail) = (self.words(&head, &quotes, used), self.words(tail, &quotes, used));
        Ok(format!("{head}<main id=\"text\" tabindex=\"-1\">{text}</main>{tail}"))
    }

    /// Translates what unfolds an answer.
    fn with_folds(&self, page: &str) -> String {
        let word = self.catalog.map_or(ANSWER, |catalog| catalog.or_english("summary", ANSWER));
        page.replace(&format!("<summary>{ANSWER}</summary>"), &format!("<summary>{word}</summary>"))
    }

    /// Says under the title of a page that it is on no path through the book.
    fn marked_optional(&self, page: &str) -> String {
        let mark = self.catalog.map_or(OPTIONAL, |catalog| catalog.or_english("summary", OPTIONAL));
        page.replacen("</h1>\n<p>", &format!("</h1>\n<p class=\"optional\">{mark}</p>\n<p>"), 1)
    }

    /// Returns the drawing that replaces the link to it.
    fn picture(&self, folder: &[&str], tag: &Tag) -> Result<Option<String>> {
        let file = tag.value("src").filter(|src| src.ends_with(".svg") && !src.contains("://"));
        let Some(file) = file.and_then(|src| resolved(&[&["docs", "src"], folder].concat(), src)) else {
            return Ok(None);
        };
        let file = repository().join(file);
        if !file.exists() {
            return Ok(None); // stays a link, and the check of links names it
        }
        let narrow = file.with_file_name(format!(
            "{}-narrow.svg",
            file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
        ));
        let alt = html::plain(tag.value("alt").unwrap_or_default());
        let drawing = |file: &Path| -> Result<String> {
            let svg = source::read(file)?;
            Ok(match self.catalog {
                Some(catalog) => picture::translated(&svg, |text| catalog.get("pictures", text)),
                None => svg,
            })
        };
        let narrow = if narrow.exists() { Some(drawing(&narrow)?) } else { None };
        Ok(Some(picture::inlined(&drawing(&file)?, narrow.as_deref(), &alt)))
    }

    /// Returns the link to a file outside the book, relative to the built page instead of to its source.
    fn repository_link(&self, folder: &[&str], link: &str) -> Result<Option<String>> {
        if !link.starts_with("../") {
            return Ok(None);
        }
        let (path, fragment) =
            link.split_once('#').map_or((link, String::new()), |(path, id)| (path, format!("#{id}")));
        let Some(mut file) = resolved(&[&["docs", "src"], folder].concat(), path) else {
            bail!("a link leaves the repository: {link}");
        };
        if file.starts_with("docs/src/") || file == "docs/src" {
            return Ok(None);
        }
        // mdBook treats every Markdown file as a page.
        if let Some(markdown) = file.strip_suffix(".html").map(|file| format!("{file}.md"))
            && repository().join(&markdown).exists()
        {
            file = markdown;
        }
        let up = "../".repeat(2 + self.within.len() + folder.len());
        Ok(Some(format!("{up}{file}{fragment}")))
    }

    /// Returns the search, and the link to the same page in the other language.
    fn buttons(&self, name: &str, depth: usize) -> String {
        let up = "../".repeat(depth + self.within.len());
        let (link, language, label) = match self.catalog {
            Some(_) => (format!("{up}{name}"), "en", "English"),
            None => (format!("{up}ko/{name}"), "ko", "한국어"),
        };
        let buttons = BUTTONS.replace("LINK", &link).replace("LANGUAGE", language).replace("LABEL", label);
        format!("<div class=\"right-buttons\">\n{buttons}")
    }

    /// Translates each word between two of these marks.
    fn words(&self, text: &str, marks: &[&str], used: &mut BTreeSet<&'static str>) -> String {
        let mut text = text.to_owned();
        for word in WORDS {
            for pair in marks.chunks(2) {
                let marked = format!("{}{word}{}", pair[0], pair[1]);
                if text.contains(&marked) {
                    used.insert(word);
                    let translated = self.catalog.map_or(word, |catalog| catalog.or_english("summary", word));
                    text = text.replace(&marked, &format!("{}{translated}{}", pair[0], pair[1]));
                }
            }
        }
        text
    }
}

/// Returns the root of the repository.
pub fn repository() -> std::path::PathBuf {
    source::docs().parent().expect("docs is in the repository").to_owned()
}

/// Resolves a relative path from a folder; `None` if it leads above the repository.
fn resolved(folder: &[&str], path: &str) -> Option<String> {
    let mut steps = folder.to_vec();
    for step in path.split('/').filter(|step| !step.is_empty() && *step != ".") {
        if step == ".." {
            steps.pop()?;
        } else {
            steps.push(step);
        }
    }
    Some(steps.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_files_lead_there_from_each_language() {
        let english = Built { folder: Path::new(""), within: &[], catalog: None };
        let korean = Built { folder: Path::new(""), within: &["ko"], catalog: None };
        let link = "../../../ipc-pipe/src/lib.rs#L3";
        let of = |built: &Built, folder: &[&str], link| built.repository_link(folder, link).ok().flatten();
        assert_eq!(of(&english, &["pipe"], link).as_deref(), Some(link));
        assert_eq!(of(&korean, &["pipe"], link).as_deref(), Some("../../../../ipc-pipe/src/lib.rs#L3"));
        assert_eq!(of(&korean, &[], "../../README.html").as_deref(), Some("../../../README.md"));
        assert_eq!(of(&korean, &["pipe"], "../fifo.html"), None);
        assert!(korean.repository_link(&[], "../../../x").is_err());
    }
}
