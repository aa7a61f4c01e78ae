//! Builds the book in both languages.

use std::path::Path;

use anyhow::{Context, Result};
use mdbook_driver::MDBook;
use mdbook_driver::book::{BookItem, Chapter};
use mdbook_driver::config::Config;

use crate::catalog::{Catalog, LANGUAGE};
use crate::finish::{self, Built};
use crate::{markdown, scene, source};

/// Builds English into `docs/book`, Korean into `docs/book/ko`. Untranslated text stays English.
pub fn build() -> Result<()> {
    let docs = source::docs();
    let folder = docs.join("book");
    let english = Config::from_disk(docs.join("book.toml"))?;
    crate::step("building the English book");
    render(english, &folder, |_| {}, |_| None)?;

    let catalog = Catalog::read()?;
    let korean = folder.join(LANGUAGE);
    let mut config = Config::from_disk(docs.join("book.toml"))?;
    for words in [&mut config.book.title, &mut config.book.description] {
        *words = words.take().map(|words| catalog.or_english("summary", &words).to_owned());
    }
    config.book.language = Some(LANGUAGE.to_owned());
    crate::step("building the Korean book");
    render(config, &korean, |item| translate(item, &catalog), |caption| catalog.get("scenes", caption))?;

    finish::finish(&Built { folder: &folder, within: &[], catalog: None })?;
    finish::finish(&Built { folder: &korean, within: &[LANGUAGE], catalog: Some(&catalog) })
}

fn render<'a>(
    mut config: Config,
    folder: &Path,
    translate: impl Fn(&mut BookItem),
    caption: impl Fn(&str) -> Option<&'a str>,
) -> Result<()> {
    folder.clone_into(&mut config.build.build_dir);
    let mut book = MDBook::load_with_config(source::docs(), config)?;
    let mut result = Ok(());
    book.book.for_each_mut(|item| {
        translate(item);
        if let BookItem::Chapter(chapter) = item
            && result.is_ok()
        {
            result = play(chapter, &caption);
        }
    });
    result?;
    book.build()
}

/// Adds the scenes that a page plays.
fn play<'a>(chapter: &mut Chapter, caption: impl Fn(&str) -> Option<&'a str>) -> Result<()> {
    chapter.content = scene::embedded(&chapter.content, caption).with_context(|| chapter.name.clone())?;
    Ok(())
}

fn translate(item: &mut BookItem, catalog: &Catalog) {
    let title = |title: &str| catalog.or_english("summary", title).to_owned();
    match item {
        BookItem::Chapter(chapter) => {
            chapter.name = title(&chapter.name);
            chapter.parent_names.iter_mut().for_each(|name| *name = title(name));
            let path = chapter.source_path.as_ref().and_then(|path| path.to_str()).unwrap_or_default();
            let name = source::chapter(path);
            chapter.content = markdown::translated(&chapter.content, |text| catalog.get(name, text));
        }
        BookItem::PartTitle(name) => *name = title(name),
        BookItem::Separator => {}
    }
}
