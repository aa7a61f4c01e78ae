//! The parts of a page to translate: its paragraphs, headings, table cells and list items, one message each.
//!
//! A message is the source text itself, with its lines joined. A translated page is the source with only these pieces
//! replaced, so that code, directives and everything else stay the same to the byte.

use std::collections::HashMap;
use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::text::Edits;

/// A piece of a page to translate.
pub struct Message {
    /// Its place in the source.
    pub range: Range<usize>,
    /// The source text in one line.
    pub text: String,
    /// The id that links to it, if it is a heading without one in the source.
    pub id: Option<String>,
}

/// Words after a figure that are not translated.
const UNITS: [&str; 14] =
    ["B", "KiB", "MiB", "GiB", "kB", "MB", "GB", "MB/s", "GB/s", "KB", "ns", "µs", "ms", "s"];

/// Returns a parser of Markdown with mdBook's options.
fn parser(text: &str) -> Parser<'_> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES
        | Options::ENABLE_DEFINITION_LIST
        | Options::ENABLE_GFM;
    Parser::new_ext(text, options)
}

/// Returns the messages of a page, from top to bottom.
pub fn messages(page: &str) -> Vec<Message> {
    let mut found = Vec::new();
    let mut ids = HashMap::new();
    let mut run: Option<Range<usize>> = None;
    let (mut words, mut heading) = (String::new(), None);
    let (mut verbatim, mut title) = (false, String::new());
    for (event, range) in parser(page).into_offset_iter() {
        if inline(&event) && !verbatim {
            let so_far = run.get_or_insert(range.clone());
            so_far.end = so_far.end.max(range.end);
            if let Event::Text(text) | Event::Code(text) = &event {
                title += text;
            }
            match event {
                Event::Text(text) => words += &text,
                Event::Code(_) => words.push(' '),
                Event::SoftBreak | Event::HardBreak => {
                    words.push(' ');
                    title.push(' ');
                }
                _ => {}
            }
            continue;
        }
        let id = matches!(event, Event::End(TagEnd::Heading(_))).then(|| heading.take()).flatten();
        let id =
            id.map(|given: Option<String>| given.map_or_else(|| Some(unique(&title, &mut ids)), |_| None));
        if let Some(range) = run.take()
            && needs_translation(&words)
        {
            found.push(Message { text: one_line(&page[range.clone()]), range, id: id.flatten() });
        }
        words.clear();
        title.clear();
        match event {
            Event::Start(Tag::CodeBlock(_) | Tag::HtmlBlock) => verbatim = true,
            Event::End(TagEnd::CodeBlock | TagEnd::HtmlBlock) => verbatim = false,
            Event::Start(Tag::Heading { id, .. }) => heading = Some(id.map(String::from)),
            _ => {}
        }
    }
    found
}

/// Returns true if an event is part of a line of text.
fn inline(event: &Event) -> bool {
    match event {
        Event::Text(_)
        | Event::Code(_)
        | Event::InlineHtml(_)
        | Event::SoftBreak
        | Event::HardBreak
        | Event::FootnoteReference(_) => true,
        Event::Start(tag) => inline_tag(tag.to_end()),
        Event::End(tag) => inline_tag(*tag),
        _ => false,
    }
}

fn inline_tag(tag: TagEnd) -> bool {
    matches!(tag, TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link | TagEnd::Image)
}

/// Returns true if it contains a word that is not code, a unit or a directive.
fn needs_translation(words: &str) -> bool {
    let letters = |word: &&str| word.chars().any(char::is_alphabetic) && !UNITS.contains(word);
    !words.trim_start().starts_with("{{#") && words.split_whitespace().any(|word| letters(&word))
}

/// Joins lines, without the prefixes of a list or a quotation.
pub fn one_line(source: &str) -> String {
    let mut line = String::new();
    for part in source.lines().map(|line| line.trim().trim_start_matches("> ")) {
        if !line.is_empty() {
            line += if line.ends_with('\\') { "\n" } else { " " };
        }
        line += part;
    }
    line
}

/// Returns true if a straight quotation mark, outside code, ends a quotation and is followed by Hangul: mdBook would
/// mistake it for an opening one.
pub fn quote_would_open(text: &str) -> bool {
    parser(text).any(|event| {
        let Event::Text(words) = event else { return false };
        let letters: Vec<char> = words.chars().collect();
        letters.windows(3).any(|three| {
            let closes = !three[0].is_whitespace() && !matches!(three[0], '(' | '[' | '“' | '‘');
            closes && three[1] == '"' && matches!(three[2], '가'..='힣')
        })
    })
}

/// Returns the id that mdBook gives to a heading: `## Why so?` is `why-so`, the second one `why-so-1`.
fn unique(title: &str, used: &mut HashMap<String, usize>) -> String {
    let kept = title.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_') || c.is_whitespace());
    let slug: String = kept.map(|c| if c.is_whitespace() { '-' } else { c }).collect();
    let count = used.entry(slug.clone()).and_modify(|count| *count += 1).or_insert(0);
    if *count == 0 { slug } else { format!("{slug}-{count}") }
}

/// Returns the page with each message replaced by its `translation`. Headings keep their English ids.
pub fn translated<'a>(page: &str, translation: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut edits = Edits::default();
    for message in messages(page) {
        if let Some(text) = translation(&message.text) {
            let id = message.id.map(|id| format!(" {{#{id}}}")).unwrap_or_default();
            edits.replace(message.range, format!("{text}{id}"));
        }
    }
    edits.apply(page)
}

/// Returns the blocks of a page without their words: the same in each language, unless a translation breaks them.
pub fn structure(page: &str) -> Vec<String> {
    let mut verbatim = false;
    let mut blocks = Vec::new();
    for event in parser(page) {
        match &event {
            Event::Start(Tag::CodeBlock(_) | Tag::HtmlBlock) => verbatim = true,
            Event::End(TagEnd::CodeBlock | TagEnd::HtmlBlock) => verbatim = false,
            Event::Start(Tag::Heading { level, .. }) => blocks.push(format!("heading {level}")),
            _ if inline(&event) && !verbatim => {}
            _ => blocks.push(format!("{event:?}")),
        }
    }
    blocks
}

/// Returns the targets of the links and pictures in a text, sorted.
pub fn targets(text: &str) -> Vec<String> {
    let target = |event| match event {
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
            Some(dest_url.into_string())
        }
        _ => None,
    };
    let mut targets: Vec<_> = parser(text).filter_map(target).collect();
    targets.sort_unstable();
    targets
}

/// Returns the titles in `SUMMARY.md` and the pages they lead to, in order; a part of the book has no page.
pub fn summary(text: &str) -> Vec<(String, Option<String>)> {
    let mut entries: Vec<(String, Option<String>)> = Vec::new();
    let mut within = false;
    for event in parser(text) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                entries.push((String::new(), Some(dest_url.into_string())));
                within = true;
            }
            Event::Start(Tag::Heading { .. }) => {
                entries.push((String::new(), None));
                within = true;
            }
            Event::End(TagEnd::Link | TagEnd::Heading(_)) => within = false,
            Event::Text(text) | Event::Code(text) if within => {
                entries.last_mut().expect("within an entry").0 += &text;
            }
            _ => {}
        }
    }
    entries.retain(|(title, page)| page.is_some() || title != "Summary");
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_quote_that_would_turn_around_is_found() {
        for wrong in ["\"가\"는 나", "(\"a\"를)", "**가 \"a?\"라** 나"] {
            assert!(quote_would_open(wrong), "{wrong}");
        }
        for right in ["“가”는", "\"가\" 는", "(\"가\")", "`\"a\"가`", "가 \"나\"", "**\"가\"** 나"]
        {
            assert!(!quote_would_open(right), "{right}");
        }
    }

    const PAGE: &str = "# A *pipe*\n\nOne\ntwo.\n\n- tight\n  item\n\n> quoted\n> twice\n\n```sh\nls # no\n```\n\n<!-- transcript -->\n\n| a | 64 KiB |\n|---|---|\n| `x` | b\\|c |\n\n## Again\n\n## Again\n";

    fn texts() -> Vec<String> {
        messages(PAGE).into_iter().map(|message| message.text).collect()
    }

    #[test]
    fn text_is_a_message_and_code_is_not() {
        let all = ["A *pipe*", "One two.", "tight item", "quoted twice", "a", "b\\|c", "Again", "Again"];
        assert_eq!(texts(), all);
    }

    #[test]
    fn a_translation_replaces_the_text_alone() {
        let korean = translated(PAGE, |text| (text != "a").then_some("말"));
        let expected = "# 말 {#a-pipe}\n\n말\n\n- 말\n\n> 말\n\n```sh\nls # no\n```\n\n<!-- transcript -->\n\n| a | 64 KiB |\n|---|---|\n| `x` | 말 |\n\n## 말 {#again}\n\n## 말 {#again-1}\n";
        assert_eq!(korean, expected);
        assert_eq!(structure(&korean), structure(PAGE));
        assert_ne!(structure(&korean.replace("\n말\n", "\n- 말\n")), structure(PAGE));
    }

    #[test]
    fn links_of_a_text_are_found() {
        assert_eq!(targets("see [b](b.md#x) and ![a](a.svg)"), ["a.svg", "b.md#x"]);
    }

    #[test]
    fn the_summary_has_parts_and_chapters() {
        let entries = summary("# Summary\n\n[In](in.md)\n\n# Part\n\n- [A `b`](a.md)\n");
        let entry = |title: &str, page: Option<&str>| (title.to_owned(), page.map(str::to_owned));
        assert_eq!(entries, [entry("In", Some("in.md")), entry("Part", None), entry("A b", Some("a.md"))]);
    }
}
