//! The index that the search of the book uses: one section of a page each, as plain text.
//!
//! The search of mdBook splits text into words of Latin letters and cuts off English endings, which leaves nothing of
//! Korean. Ours (`theme/search.js`) looks for the typed text anywhere, so that a noun is found with the particle
//! attached to it.

use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::json;

use crate::html::{self, Token};

/// A section.
#[derive(Default)]
pub struct Section {
    link: String,
    page: String,
    title: String,
    text: String,
}

/// Adds the sections of a built page.
pub fn add(index: &mut Vec<Section>, name: &str, page: &str) {
    let main = page.split_once("<main").map_or("", |(_, rest)| rest);
    let main = main.split_once('>').map_or("", |(_, rest)| rest);
    let main = main.split_once("</main>").map_or(main, |(text, _)| text);
    let first = index.len();
    let mut in_heading = false;
    for token in html::tokens(main) {
        match token {
            Token::Tag(tag) if heading(tag.name) => {
                in_heading = true;
                let id = tag.value("id").unwrap_or_default();
                index.push(Section { link: format!("{name}#{id}"), ..Section::default() });
            }
            Token::Tag(tag) if tag.name.strip_prefix('/').is_some_and(heading) => in_heading = false,
            Token::Tag(tag) => {
                let within_line =
                    matches!(tag.name.trim_start_matches('/'), "a" | "code" | "em" | "strong" | "span");
                if let Some(section) = index.last_mut().filter(|_| !within_line) {
                    section.text.push(' ');
                }
            }
            Token::Text(text) => {
                if let Some(section) = index[first..].last_mut() {
                    let into = if in_heading { &mut section.title } else { &mut section.text };
                    *into += &html::plain(text);
                }
            }
        }
    }
    let page = index.get(first).map(|section| section.title.clone()).unwrap_or_default();
    index[first..].iter_mut().for_each(|section| section.page.clone_from(&page));
}

fn heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// Writes the index as a script, since a page that was opened as a file may not read other files.
pub fn write(path: &Path, index: &[Section]) -> Result<()> {
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let sections = index.iter().map(|it| json!([it.link, line(&it.page), line(&it.title), line(&it.text)]));
    let sections: Vec<_> = sections.map(|section| section.to_string()).collect();
    fs::write(path, format!("window.searchIndex = [\n{}\n];\n", sections.join(",\n")))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_becomes_its_sections() {
        let page = "<body><p>no</p><main id=\"x\"><h1 id=\"a\"><a href=\"#a\">파이프</a></h1><p>파이<b>프</b>는 &lt;</p><h2 id=\"b\">B</h2><p>x</p><p>y</p></main>no";
        let mut index = Vec::new();
        add(&mut index, "a.html", page);
        assert_eq!(index.len(), 2);
        assert_eq!((index[0].link.as_str(), index[1].link.as_str()), ("a.html#a", "a.html#b"));
        assert!(index.iter().all(|section| section.page == "파이프"));
        assert_eq!((index[1].title.as_str(), index[1].text.trim()), ("B", "x  y"));
    }
}
