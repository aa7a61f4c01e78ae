//! The marked paths through the book, and the pages that are on none of them.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};

use crate::source;

/// The mark of a page that is on no path.
pub const OPTIONAL: &str = "Optional: on neither path";

/// The pages that are for looking things up, or are the paths themselves.
const REFERENCE: [&str; 5] = ["introduction.md", "paths/", "appendix/", "teaching.md", "teaching/"];

/// The pages of the book that a path links to.
pub struct Paths(BTreeSet<String>);

impl Paths {
    /// Reads the pages under `paths/`.
    pub fn read() -> Result<Self> {
        let folder = source::docs().join("src/paths");
        let mut on = BTreeSet::new();
        for name in source::files(&folder, "md")? {
            on.extend(links(&source::read(&folder.join(name))?));
        }
        ensure!(!on.is_empty(), "{}: no page is on a path", folder.display());
        Ok(Self(on))
    }

    /// Returns whether a built page is on no path, though it is one to read.
    pub fn leave_out(&self, page: &str) -> bool {
        let Some(name) = page.strip_suffix(".html").map(|name| format!("{name}.md")) else { return false };
        let reference = REFERENCE.iter().any(|prefix| name.starts_with(prefix));
        !reference && !matches!(name.as_str(), "index.md" | "toc.md") && !self.0.contains(&name)
    }
}

/// Returns the pages that a page under `paths/` links to, without the places in them.
fn links(page: &str) -> Vec<String> {
    let targets = page.split("](../").skip(1).filter_map(|rest| rest.split_once(')'));
    targets.map(|(target, _)| target.split('#').next().unwrap_or_default().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_optional_unless_a_path_links_to_it() {
        let paths = Paths(links("[a](../pipe.md), [b](../pipe/break.md#end)").into_iter().collect());
        for (page, optional) in [
            ("pipe.html", false),
            ("pipe/break.html", false),
            ("pipe/compare.html", true),
            ("appendix/glossary.html", false),
            ("teaching.html", false),
            ("index.html", false),
            ("introduction.html", false),
        ] {
            assert_eq!(paths.leave_out(page), optional, "{page}");
        }
    }
}
