//! The English sources: their texts, and the po file that translates each.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{finish, markdown, paths, picture, scene};

/// The texts of one file.
pub struct Page {
    /// The file, relative to `docs/src`.
    pub path: String,
    /// Its texts, in order.
    pub texts: Vec<String>,
}

/// Returns the folder `docs`.
pub fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tool is in docs").to_owned()
}

/// Reads a file as text; an error names it.
pub fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// Returns the files with this ending below a folder, relative to it, sorted.
pub fn files(folder: &Path, ending: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| next.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == ending) {
                found.push(path.strip_prefix(folder)?.to_str().context("a name in UTF-8")?.to_owned());
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Returns the po file for a page: that of its chapter. `pipe.md` and `pipe/run.md` are in `pipe`.
pub fn chapter(page: &str) -> &str {
    let chapter = page.split('/').next().expect("split gives one at least");
    chapter.strip_suffix(".md").unwrap_or(chapter)
}

/// Returns everything to translate: by po file, the pages in reading order.
pub fn all() -> Result<BTreeMap<String, Vec<Page>>> {
    let src = docs().join("src");
    let summary = markdown::summary(&read(&src.join("SUMMARY.md"))?);
    let place = |path: &String| summary.iter().position(|(_, page)| page.as_ref() == Some(path));
    let mut paths = files(&src, "md")?;
    paths.sort_by_key(|path| place(path).unwrap_or(usize::MAX));

    let mut chapters: BTreeMap<String, Vec<Page>> = BTreeMap::new();
    for path in paths.into_iter().filter(|path| path != "SUMMARY.md") {
        let texts = markdown::messages(&read(&src.join(&path))?);
        let texts = texts.into_iter().map(|message| message.text).collect();
        chapters.entry(chapter(&path).to_owned()).or_default().push(Page { path, texts });
    }
    let titles = summary.into_iter().map(|(title, _)| title).collect();
    let words = finish::WORDS
        .iter()
        .chain([&finish::ANSWER, &paths::OPTIONAL])
        .map(|&word| word.to_owned())
        .collect();
    chapters.insert(
        "summary".to_owned(),
        vec![
            Page { path: "SUMMARY.md".to_owned(), texts: titles },
            Page { path: "book.toml".to_owned(), texts: book_titles()? },
            Page { path: "buttons".to_owned(), texts: words },
        ],
    );
    let mut pictures = Vec::new();
    for path in files(&src, "svg")? {
        let texts = picture::labels(&read(&src.join(&path))?);
        pictures.push(Page { path, texts });
    }
    chapters.insert("pictures".to_owned(), pictures);
    let mut scenes = Vec::new();
    for name in files(&scene::folder(), "json").unwrap_or_default() {
        let texts = scene::captions(&read(&scene::folder().join(&name))?).with_context(|| name.clone())?;
        scenes.push(Page { path: format!("scenes/{name}"), texts });
    }
    chapters.insert("scenes".to_owned(), scenes);
    Ok(chapters)
}

/// Returns the title of the book and its description.
fn book_titles() -> Result<Vec<String>> {
    let config = mdbook_driver::config::Config::from_disk(docs().join("book.toml"))?;
    Ok([config.book.title, config.book.description].into_iter().flatten().collect())
}
