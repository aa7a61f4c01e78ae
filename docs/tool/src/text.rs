//! Changes to a text, each identified by its place.

use std::ops::Range;

/// The pieces of a text to replace, and their replacements.
#[derive(Default)]
pub struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    /// Notes one change. Changes do not overlap.
    pub fn replace(&mut self, range: Range<usize>, by: impl Into<String>) {
        self.0.push((range, by.into()));
    }

    /// Returns the text with all changes made.
    pub fn apply(mut self, text: &str) -> String {
        self.0.sort_by_key(|(range, _)| range.start);
        let mut result = String::with_capacity(text.len());
        let mut done = 0;
        for (range, by) in self.0 {
            result += &text[done..range.start];
            result += &by;
            done = range.end;
        }
        result + &text[done..]
    }
}
