//! Changes in a text, named by where they are.

use std::ops::Range;

/// Pieces of a text and what stands there instead.
#[derive(Default)]
pub struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    /// Notes one change. Changes do not overlap.
    pub fn replace(&mut self, range: Range<usize>, by: impl Into<String>) {
        self.0.push((range, by.into()));
    }

    /// The text with all changes made.
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
