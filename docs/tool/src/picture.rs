//! The pictures: SVG files of the book, whose labels are translated.

use crate::html::{self, Token};
use crate::text::Edits;

/// The elements whose text is for the reader.
const LABELS: [&str; 3] = ["title", "desc", "text"];

/// Returns the labels of a picture that have words to translate.
pub fn labels(svg: &str) -> Vec<String> {
    let mut labels = Vec::new();
    each(svg, |_, text| labels.push(text));
    labels
}

/// Returns the picture with other labels.
pub fn translated<'a>(svg: &str, translation: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut edits = Edits::default();
    each(svg, |range, text| {
        if let Some(text) = translation(&text) {
            edits.replace(range, html::escaped(text));
        }
    });
    edits.apply(svg)
}

fn each(svg: &str, mut found: impl FnMut(std::ops::Range<usize>, String)) {
    let mut element: Option<(bool, usize)> = None;
    for token in html::tokens(svg) {
        let Token::Tag(tag) = token else { continue };
        if LABELS.contains(&tag.name) {
            let code = tag.value("class").is_some_and(|class| class.split(' ').any(|it| it == "code"));
            element = Some((code, tag.range.end));
        } else if let Some((code, start)) = element.take() {
            let range = start..tag.range.start;
            let text = html::plain(svg[range.clone()].trim());
            if !code && text.chars().any(char::is_alphabetic) {
                found(range, text.split_whitespace().collect::<Vec<_>>().join(" "));
            }
        }
    }
}

/// Returns the picture as part of a page, with a description in one sentence. If it has a narrow drawing, the page shows
/// that one where it is narrow.
pub fn inlined(svg: &str, narrow: Option<&str>, alt: &str) -> String {
    let boxed = |svg: &str, class: &str| {
        let start = svg.find("<svg").unwrap_or(0);
        let label = format!("<svg aria-label=\"{}\"", html::escaped(alt));
        let body = svg[start..].trim_end().replacen("<svg", &label, 1);
        format!("<span class=\"{class}\">{body}</span>")
    };
    match narrow {
        None => boxed(svg, "picture-box"),
        Some(narrow) => boxed(svg, "picture-box wide") + &boxed(narrow, "picture-box narrow"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = "<svg><title>A pipe</title><style>.a{b:c}</style><text x=\"1\">reads &amp; sleeps</text><text class=\"code\">read</text><text>42</text></svg>";

    #[test]
    fn a_narrow_drawing_comes_beside_the_wide_one() {
        assert_eq!(inlined("<svg/>", None, "A").matches("<svg aria-label=\"A\"").count(), 1);
        let both = inlined("<svg/>", Some("<svg class=\"n\"/>"), "A");
        assert_eq!(both.matches("aria-label=\"A\"").count(), 2);
        assert!(both.contains("picture-box wide") && both.contains("picture-box narrow"), "{both}");
    }

    #[test]
    fn labels_are_replaced_and_code_is_not() {
        assert_eq!(labels(SVG), ["A pipe", "reads & sleeps"]);
        let korean = translated(SVG, |text| (text == "reads & sleeps").then_some("읽고 <잔다>"));
        assert_eq!(korean, SVG.replace("reads &amp; sleeps", "읽고 &lt;잔다&gt;"));
    }
}
