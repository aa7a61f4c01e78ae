//! The translations: read, updated to the English sources, and checked.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::markdown;
use crate::po::{self, Entry};
use crate::source::{self, Page};

/// The language into which the book is translated.
pub const LANGUAGE: &str = "ko";

fn folder() -> PathBuf {
    source::docs().join("po").join(LANGUAGE)
}

/// Loads all po files, by name.
fn load() -> Result<BTreeMap<String, Vec<Entry>>> {
    fs::create_dir_all(folder())?;
    let mut files = BTreeMap::new();
    for name in source::files(&folder(), "po")? {
        let entries = po::read(&source::read(&folder().join(&name))?).with_context(|| name.clone())?;
        files.insert(name.trim_end_matches(".po").to_owned(), entries);
    }
    Ok(files)
}

/// The valid translations, by po file and English text.
pub struct Catalog(HashMap<String, HashMap<String, String>>);

impl Catalog {
    /// Reads all po files.
    pub fn read() -> Result<Self> {
        let good = |entry: &Entry| !entry.fuzzy && !entry.obsolete && !entry.text.is_empty();
        let chapter = |entries: Vec<Entry>| {
            entries.into_iter().filter(good).map(|entry| (entry.id, entry.text)).collect()
        };
        Ok(Self(load()?.into_iter().map(|(name, entries)| (name, chapter(entries))).collect()))
    }

    /// Returns the translation of a text on a page of this chapter.
    pub fn get(&self, chapter: &str, text: &str) -> Option<&str> {
        self.0.get(chapter)?.get(text).map(String::as_str)
    }

    /// Returns the translation, or else the English text.
    pub fn or_english<'a>(&'a self, chapter: &str, text: &'a str) -> &'a str {
        self.get(chapter, text).unwrap_or(text)
    }
}

/// Updates the po files, or those of these chapters only, so that several people can work at once. `prune` forgets the
/// translations of removed texts.
pub fn update(chapters: &[&str], prune: bool) -> Result<()> {
    let mut old = load()?;
    let known = translations(&old);
    let wanted = |name: &str| chapters.is_empty() || chapters.contains(&name);
    let sources = source::all()?;
    if let Some(unknown) =
        chapters.iter().find(|name| !sources.contains_key(**name) && !old.contains_key(**name))
    {
        bail!("there is no chapter {unknown}");
    }
    old.retain(|name, _| wanted(name));
    for (name, pages) in sources.into_iter().filter(|(name, _)| wanted(name)) {
        let entries = merge(old.remove(&name).unwrap_or_default(), &pages, &known, prune);
        let open =
            entries.iter().filter(|entry| entry.text.is_empty() || entry.fuzzy || entry.obsolete).count();
        println!("{name}.po: {} texts, {open} open", entries.len());
        let (path, file) = (folder().join(format!("{name}.po")), po::written(&entries, LANGUAGE));
        if fs::read_to_string(&path).ok().as_ref() != Some(&file) {
            fs::write(path, file)?;
        }
    }
    for (name, mut entries) in old {
        let path = folder().join(format!("{name}.po"));
        entries.retain(|entry| !entry.text.is_empty() && !prune);
        for entry in &mut entries {
            entry.obsolete = true;
        }
        if entries.is_empty() {
            fs::remove_file(path)?;
        } else {
            println!("{name}.po: no such chapter any more");
            fs::write(path, po::written(&entries, LANGUAGE))?;
        }
    }
    Ok(())
}

/// Returns the translations of all chapters: a text that moves to another chapter takes its translation along.
fn translations(files: &BTreeMap<String, Vec<Entry>>) -> HashMap<String, String> {
    let done = files.values().flatten().filter(|entry| !entry.fuzzy && !entry.text.is_empty());
    done.map(|entry| (entry.id.clone(), entry.text.clone())).collect()
}

/// Returns the entries for the pages in their present state.
fn merge(old: Vec<Entry>, pages: &[Page], known: &HashMap<String, String>, prune: bool) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut places = HashMap::new();
    for page in pages {
        for text in &page.texts {
            let at = *places.entry(text).or_insert_with(|| {
                entries.push(Entry { id: text.clone(), ..Entry::default() });
                entries.len() - 1
            });
            if entries[at].pages.last() != Some(&page.path) {
                entries[at].pages.push(page.path.clone());
            }
        }
    }
    let mut left = Vec::new();
    for mut was in old {
        match places.get(&was.id) {
            Some(&at) => {
                was.pages = std::mem::take(&mut entries[at].pages);
                was.obsolete = false;
                entries[at] = was;
            }
            None if !was.text.is_empty() => left.push(was),
            None => {}
        }
    }
    for entry in entries.iter_mut().filter(|entry| entry.text.is_empty()) {
        if let Some(text) = known.get(&entry.id) {
            entry.text.clone_from(text);
        } else if let Some(at) = closest(&entry.id, &left) {
            let was = left.remove(at);
            entry.fuzzy = true;
            entry.before = if was.before.is_empty() { was.id } else { was.before };
            entry.text = was.text;
            entry.notes = was.notes;
        }
    }
    if !prune {
        entries.extend(left.into_iter().map(|was| Entry { obsolete: true, fuzzy: false, ..was }));
    }
    entries
}

/// Returns the text that has the most words in common with this one, if those are most of the words.
fn closest(text: &str, left: &[Entry]) -> Option<usize> {
    let words: HashSet<_> = text.split_whitespace().collect();
    let likeness = |other: &Entry| {
        let its: HashSet<_> = other.id.split_whitespace().collect();
        200 * words.intersection(&its).count() / (words.len() + its.len()).max(1)
    };
    let best = left.iter().enumerate().max_by_key(|(_, other)| likeness(other))?;
    (likeness(best.1) >= 60).then_some(best.0)
}

/// Returns the errors of the translation, or of these chapters of it: one line for each text, with its page.
pub fn problems(chapters: &[&str]) -> Result<Vec<String>> {
    let wanted = |name: &String| chapters.is_empty() || chapters.contains(&name.as_str());
    let mut files = load()?;
    files.retain(|name, _| wanted(name));
    let mut found = Vec::new();
    let nothing = Vec::new();
    let mut sources = source::all()?;
    sources.retain(|name, _| wanted(name));
    for (name, pages) in &sources {
        let entries = files.get(name).unwrap_or(&nothing);
        let by_text: HashMap<_, _> = entries.iter().map(|entry| (entry.id.as_str(), entry)).collect();
        let mut expected = HashSet::new();
        for page in pages {
            for text in &page.texts {
                if expected.insert(text.as_str()) {
                    let wrong = wrong_with(by_text.get(text.as_str()).copied());
                    found.extend(wrong.map(|wrong| format!("{}: {wrong}: {}", page.path, shortened(text))));
                }
            }
        }
        let gone = entries.iter().filter(|entry| !expected.contains(entry.id.as_str()));
        found.extend(gone.map(|entry| format!("{name}.po: obsolete: {}", shortened(&entry.id))));
    }
    let gone = files.iter().filter(|(name, _)| !sources.contains_key(*name));
    found.extend(gone.map(|(name, _)| format!("{name}.po: obsolete: there is no such chapter")));
    found.extend(broken_pages(&sources)?);
    Ok(found)
}

fn wrong_with(entry: Option<&Entry>) -> Option<String> {
    let Some(entry) = entry.filter(|entry| !entry.obsolete) else {
        return Some("not in the po file (run docs/build po)".to_owned());
    };
    let (there, here) = (markdown::targets(&entry.id), markdown::targets(&entry.text));
    if entry.text.is_empty() {
        Some("untranslated".to_owned())
    } else if entry.fuzzy {
        Some("fuzzy (the English has changed)".to_owned())
    } else if there != here {
        Some(format!("other links: {here:?} instead of {there:?}"))
    } else if markdown::quote_would_open(&entry.text) {
        Some("a straight closing quote in front of Hangul would become an opening one: write “…”".to_owned())
    } else {
        None
    }
}

/// Returns the pages whose blocks differ when translated, as when a translation begins with `1.`.
fn broken_pages(sources: &BTreeMap<String, Vec<Page>>) -> Result<Vec<String>> {
    let catalog = Catalog::read()?;
    let mut found = Vec::new();
    for page in
        sources.values().flatten().filter(|page| page.path.ends_with(".md") && page.path != "SUMMARY.md")
    {
        let english = source::read(&source::docs().join("src").join(&page.path))?;
        let chapter = source::chapter(&page.path);
        let korean = markdown::translated(&english, |text| catalog.get(chapter, text));
        let (there, here) = (markdown::structure(&english), markdown::structure(&korean));
        if there != here {
            let at = there.iter().zip(&here).position(|(one, other)| one != other).unwrap_or(0);
            found
                .push(format!("{}: a translation changes its blocks: block {at} is {}", page.path, here[at]));
        }
    }
    Ok(found)
}

fn shortened(text: &str) -> String {
    let start: String = text.chars().take(100).collect();
    if start.len() < text.len() { start + " …" } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(texts: &[&str]) -> [Page; 1] {
        [Page { path: "a.md".into(), texts: texts.iter().map(|&text| text.into()).collect() }]
    }

    fn entry(id: &str, text: &str) -> Entry {
        Entry { id: id.into(), text: text.into(), pages: vec!["a.md".into()], ..Entry::default() }
    }

    #[test]
    fn a_changed_text_keeps_its_translation_as_fuzzy() {
        let old = vec![
            entry("A pipe has two ends.", "끝이 둘"),
            entry("Same.", "같음"),
            entry("Gone for good.", "간다"),
        ];
        let pages = page(&["A pipe has only two ends.", "Same.", "Something else entirely."]);
        let new = merge(old, &pages, &HashMap::new(), false);
        assert!(new[0].fuzzy && new[0].text == "끝이 둘" && new[0].before == "A pipe has two ends.");
        assert_eq!(new[1], entry("Same.", "같음"));
        assert_eq!(new[2], entry("Something else entirely.", ""));
        assert!(new[3].obsolete && new[3].id == "Gone for good." && new.len() == 4);
        assert_eq!(merge(new, &pages, &HashMap::new(), true).len(), 3);
    }

    #[test]
    fn each_fault_is_named() {
        let wrong = |entry: &Entry| wrong_with(Some(entry)).unwrap_or_default();
        assert_eq!(wrong(&entry("a", "가")), "");
        assert!(wrong_with(None).is_some_and(|wrong| wrong.starts_with("not in")));
        assert_eq!(wrong(&entry("a", "")), "untranslated");
        assert!(wrong(&Entry { fuzzy: true, ..entry("a", "가") }).starts_with("fuzzy"));
        assert!(wrong(&entry("[a](b.md)", "가")).starts_with("other links"));
        assert!(wrong(&entry("a", "\"가\"는")).starts_with("a straight closing quote"));
    }
}
