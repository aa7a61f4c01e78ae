//! Checks that each link of the built book leads to an existing target.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use anyhow::Result;

use crate::html;
use crate::source;

/// The ids of a page, and the headings among them.
struct Ids {
    all: BTreeSet<String>,
    headings: Vec<String>,
    twice: Vec<String>,
}

/// Checks the book in a folder: one line for each broken link. The number is that of all links.
pub fn problems(book: &Path) -> Result<(usize, Vec<String>)> {
    let mut pages = BTreeMap::new();
    for name in source::files(book, "html")? {
        let page = source::read(&book.join(&name))?;
        pages.insert(book.join(&name), (name, ids(&page), page));
    }
    let (mut count, mut wrong) = (0, Vec::new());
    for (path, (name, ids, page)) in &pages {
        wrong.extend(ids.twice.iter().map(|id| format!("{name}: the id {id} is there twice")));
        for tag in html::tags(page) {
            if tag.name == "img" && tag.value("alt").is_none_or(str::is_empty) {
                wrong.push(format!("{name}: a picture without words: {:?}", tag.value("src")));
            }
            for link in ["href", "src", "poster"].iter().filter_map(|key| tag.value(key)) {
                count += 1;
                let known = |page: &Path| pages.get(page).map(|(_, ids, _)| ids);
                if let Some(reason) = reason(path, &html::plain(link), ids, known) {
                    wrong.push(format!("{name}: {link}: {reason}"));
                }
            }
        }
        if let Some((_, korean, _)) = pages.get(&book.join("ko").join(name))
            && korean.headings != ids.headings
        {
            wrong.push(format!("ko/{name}: other ids of headings than in English: {:?}", korean.headings));
        }
    }
    Ok((count, wrong))
}

fn reason<'a>(
    page: &Path,
    link: &str,
    own: &Ids,
    known: impl Fn(&Path) -> Option<&'a Ids>,
) -> Option<String> {
    if let Some((scheme, rest)) = link.split_once(':').filter(|(scheme, _)| !scheme.contains(['/', '#', '.']))
    {
        let host = rest.strip_prefix("//").and_then(|rest| rest.split(['/', '#', '?']).next());
        let sound = match scheme {
            "http" | "https" => {
                host.is_some_and(|host| host.contains('.') && !host.contains(char::is_whitespace))
            }
            "data" | "mailto" => !rest.is_empty(),
            _ => false,
        };
        return (!sound).then(|| "not the address of a page".to_owned());
    }
    let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
    let target = normal(&page.parent().expect("a page is in a folder").join(decoded(path)));
    let ids = if path.is_empty() { Some(own) } else { known(&target) };
    if !path.is_empty() && !target.exists() {
        return Some("there is no such file".to_owned());
    }
    let fragment = decoded(fragment);
    let found = fragment.is_empty() || ids.is_none_or(|ids| ids.all.contains(&fragment));
    (!found).then(|| format!("there is no #{fragment} on that page"))
}

fn ids(page: &str) -> Ids {
    let mut ids = Ids { all: BTreeSet::new(), headings: Vec::new(), twice: Vec::new() };
    for tag in html::tags(page) {
        let Some(id) = tag.value("id") else { continue };
        if !ids.all.insert(html::plain(id)) {
            ids.twice.push(id.to_owned());
        }
        if matches!(tag.name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6") {
            ids.headings.push(id.to_owned());
        }
    }
    ids
}

/// Returns a path without `..` in it.
fn normal(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => _ = result.pop(),
            Component::CurDir => {}
            part => result.push(part),
        }
    }
    result
}

/// Decodes a part of an address: `%ED%8C%8C` is one letter.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        let code = code.filter(|_| *first == b'%');
        bytes.push(code.unwrap_or(*first));
        rest = if code.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn each_kind_of_broken_link_is_found() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::create_dir(dir.path().join("ko")).expect("made");
        let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).expect("written");
        write("b.html", "<h1 id=\"파\">B</h1><a href=\"ko/b.html\">ko</a>");
        write("ko/b.html", "<h1 id=\"파\">B</h1><a href=\"../b.html#%ED%8C%8C\">en</a>");
        assert_eq!(problems(dir.path()).expect("read"), (2, vec![]));
        let broken = "<p id=\"x\" id=\"y\"></p><i id=\"x\"></i><a href=\"#z\"></a><a href=\"c.html\"></a><a href=\"b.html#q\"></a><img src=\"b.html\"><a href=\"http:/nowhere\"></a>";
        write("a.html", broken);
        write("ko/b.html", "<h1 id=\"other\">B</h1>");
        let (_, wrong) = problems(dir.path()).expect("read");
        for part in [
            "x is there twice",
            "no #z",
            "c.html: there is no such file",
            "no #q",
            "without words",
            "not the address",
            "other ids",
        ] {
            assert!(wrong.iter().any(|line| line.contains(part)), "{part}: {wrong:?}");
        }
        assert_eq!(wrong.len(), 7, "{wrong:?}");
    }
}
