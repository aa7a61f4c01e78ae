//! The tags and the text of an HTML page, in the form that mdBook writes.

use std::ops::Range;

/// A piece of a page.
pub enum Token<'a> {
    /// `<name key="value">` or `</name>`.
    Tag(Tag<'a>),
    /// The text between tags, as written.
    Text(&'a str),
}

/// A tag.
pub struct Tag<'a> {
    /// Its place in the page.
    pub range: Range<usize>,
    /// Its name; with a slash in front if it closes.
    pub name: &'a str,
    attributes: Vec<(&'a str, Range<usize>)>,
    page: &'a str,
}

impl<'a> Tag<'a> {
    /// Returns the place of an attribute's value.
    pub fn place(&self, key: &str) -> Option<Range<usize>> {
        self.attributes.iter().find(|(name, _)| *name == key).map(|(_, place)| place.clone())
    }

    /// Returns the value of an attribute, as written.
    pub fn value(&self, key: &str) -> Option<&'a str> {
        self.place(key).map(|place| &self.page[place])
    }
}

/// Returns the pieces of a page, in order; without comments, scripts and styles.
pub fn tokens(page: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = page[at..].find('<').map(|found| at + found) {
        if start > at {
            found.push(Token::Text(&page[at..start]));
        }
        let rest = &page[start..];
        if rest.starts_with("<!--") {
            at = start + rest.find("-->").map_or(rest.len(), |end| end + 3);
        } else if rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') {
            let tag = tag(page, start);
            at = tag.range.end;
            if matches!(tag.name, "script" | "style") {
                let end = format!("</{}", tag.name);
                at = page[at..].find(&end).map_or(page.len(), |found| at + found);
            }
            found.push(Token::Tag(tag));
        } else {
            at = start + rest.find('>').map_or(rest.len(), |end| end + 1);
        }
    }
    if at < page.len() {
        found.push(Token::Text(&page[at..]));
    }
    found
}

/// Returns the tags of a page.
pub fn tags(page: &str) -> impl Iterator<Item = Tag<'_>> {
    tokens(page).into_iter().filter_map(|token| match token {
        Token::Tag(tag) => Some(tag),
        Token::Text(_) => None,
    })
}

fn tag(page: &str, start: usize) -> Tag<'_> {
    let until =
        |at: usize, stop: fn(char) -> bool| page[at..].find(stop).map_or(page.len(), |found| at + found);
    let name_end = until(start + 2, |c| c.is_whitespace() || c == '>' || c == '/');
    let mut attributes = Vec::new();
    let mut at = name_end;
    loop {
        at = until(at, |c| !c.is_whitespace() && c != '/');
        if at >= page.len() || page[at..].starts_with('>') {
            break;
        }
        let key_end = until(at, |c| c.is_whitespace() || matches!(c, '=' | '>' | '/'));
        let key = &page[at..key_end];
        let equals = until(key_end, |c| !c.is_whitespace());
        if !page[equals..].starts_with('=') {
            attributes.push((key, key_end..key_end));
            at = key_end.max(at + 1);
            continue;
        }
        let value = until(equals + 1, |c| !c.is_whitespace());
        let place = match page[value..].chars().next() {
            Some('"') => value + 1..until(value + 1, |c| c == '"'),
            Some('\'') => value + 1..until(value + 1, |c| c == '\''),
            _ => value..until(value, |c| c.is_whitespace() || c == '>'),
        };
        let quoted = usize::from(place.start > value);
        at = place.end + quoted;
        attributes.push((key, place));
    }
    Tag { range: start..(at + 1).min(page.len()), name: &page[start + 1..name_end], attributes, page }
}

/// Decodes the entities of a text.
pub fn plain(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&#x27;", "'").replace("&#39;", "'").replace("&nbsp;", " ").replace("&amp;", "&")
}

/// Escapes a text for HTML.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_names_values_and_places() {
        let page = "<!DOCTYPE html><a href=\"x.html\" hidden id=up>t&lt;</a><!-- <b> --><script>if (a<b) x</script><br/>";
        let all: Vec<_> = tags(page).map(|tag| &page[tag.range]).collect();
        assert_eq!(all, ["<a href=\"x.html\" hidden id=up>", "</a>", "<script>", "</script>", "<br/>"]);
        let link = tags(page).next().expect("there is one");
        assert_eq!((link.name, link.value("href"), link.value("id")), ("a", Some("x.html"), Some("up")));
        assert_eq!((link.value("hidden"), link.value("class")), (Some(""), None));
        assert!(matches!(tokens(page)[1], Token::Text("t&lt;")));
    }
}
