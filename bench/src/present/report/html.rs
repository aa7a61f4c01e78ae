//! Pieces of HTML and CSV. [`maud`] escapes all text, so that text from outside cannot become markup.

use csv::{Terminator, WriterBuilder};
use maud::{Markup, Render, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// A table, from its heading to its last cell.
#[derive(Debug, Default)]
pub(super) struct HtmlTable {
    /// The subject, which a screen reader reads out.
    pub label: String,
    /// The headings over several columns, each with their number; empty without any.
    pub groups: Vec<(String, usize)>,
    /// The name of each column.
    pub columns: Vec<String>,
    /// The number of columns on the left that are text; the others are numbers,
    pub labels: usize,
    /// except for this many on the right, which are text again.
    pub notes: usize,
    /// The cells, row by row.
    pub rows: Vec<Vec<Cell>>,
    /// An additional class.
    pub class: &'static str,
}

/// A cell of a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell {
    /// The contents: plain text.
    pub text: String,
    /// A less prominent text after it.
    pub aside: String,
    /// The number of rows that it spans; 0: covered by the cell above.
    pub rows: usize,
    /// An additional class.
    pub class: &'static str,
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, rows: 1, ..Self::default() }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl From<Option<String>> for Cell {
    /// Returns a dash in place of a missing figure.
    fn from(text: Option<String>) -> Self {
        text.map_or_else(|| "–".into(), Self::from)
    }
}

impl Render for HtmlTable {
    /// Returns the table as HTML; nothing if it has no rows.
    fn render(&self) -> Markup {
        html! {
            @if !self.rows.is_empty() {
                div.wide tabindex="0" role="region" aria-label=(self.label) {
                    table class=(self.class) {
                        thead {
                            @if !self.groups.is_empty() {
                                tr {
                                    @for (name, columns) in &self.groups {
                                        th scope="colgroup" colspan=(columns) { (name) }
                                    }
                                }
                            }
                            tr {
                                @for (column, name) in self.columns.iter().enumerate() {
                                    th.n[self.is_number(column)] scope="col" { (name) }
                                }
                            }
                        }
                        tbody {
                            @for row in &self.rows {
                                tr {
                                    @for (column, cell) in row.iter().enumerate() { (self.cell(column, cell)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

impl HtmlTable {
    fn cell(&self, column: usize, cell: &Cell) -> Markup {
        let high = (cell.rows > 1).then_some(cell.rows);
        let text = html! { (cell.text) @if !cell.aside.is_empty() { " " small { (cell.aside) } } };
        html! {
            @if cell.rows == 0 {
            } @else if column == 0 {
                th.n[self.is_number(column)].(cell.class) scope="row" rowspan=[high] { (text) }
            } @else {
                td.n[self.is_number(column)].(cell.class) rowspan=[high] { (text) }
            }
        }
    }

    fn is_number(&self, column: usize) -> bool {
        (self.labels..self.columns.len() - self.notes).contains(&column)
    }
}

/// Returns a list; nothing if it has no items.
pub(super) fn list(items: &[String]) -> Markup {
    html! { @if !items.is_empty() { ul { @for item in items { li { (prose(item)) } } } } }
}

/// Returns a text in which words between backticks are commands.
pub(super) fn prose(text: &str) -> Markup {
    let is_paired = text.matches('`').count().is_multiple_of(2);
    html! {
        @if is_paired {
            @for (at, part) in text.split('`').enumerate() {
                @if at % 2 == 1 { code { (part) } } @else { (part) }
            }
        } @else { (text) }
    }
}

/// Returns lines of comma-separated values, in the form of RFC 4180.
pub(super) fn csv<'a>(lines: impl IntoIterator<Item = Vec<&'a str>>) -> String {
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    for line in lines {
        writer.write_record(line).expect("memory takes everything, and all lines are equally long");
    }
    String::from_utf8(writer.into_inner().expect("memory takes everything")).expect("made of strings")
}

/// The bytes that are escaped in a link; the others are legible.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b',')
    .remove(b'(')
    .remove(b')')
    .remove(b'/');

/// Returns a link that contains its file: no server is needed.
pub(super) fn download(name: &str, text: &str) -> Markup {
    let address = format!("data:text/csv;charset=utf-8,{}", utf8_percent_encode(text, ESCAPED));
    html! { a download=(name) href=(address) { "CSV" } }
}

/// Returns the text without control characters, which XML cannot represent: a chart is saved as XML.
pub(super) fn printable(text: &str) -> String {
    text.replace(|letter: char| letter.is_control() && !"\n\t".contains(letter), "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let table = HtmlTable {
            label: "\"".into(),
            columns: vec!["<".into()],
            rows: vec![vec![Cell { aside: "<i>".into(), ..Cell::from("&") }]],
            ..HtmlTable::default()
        };
        let html = table.render().into_string();
        assert!(
            html.contains("aria-label=\"&quot;\"") && html.contains("&amp; <small>&lt;i&gt;</small></th>")
        );
    }

    #[test]
    fn what_is_quoted_is_set_as_a_command() {
        assert_eq!(prose("see `a <b>`, and `c`").0, "see <code>a &lt;b&gt;</code>, and <code>c</code>");
        assert_eq!(prose("one ` alone").0, "one ` alone");
    }

    #[test]
    fn a_field_of_csv_keeps_its_commas_and_quotes() {
        assert_eq!(csv([vec!["a", "b, c", "d \"e\""]]), "a,\"b, c\",\"d \"\"e\"\"\"\r\n");
        assert!(download("x.csv", "a,<b>\"%\r\n").0.contains("a,%3Cb%3E%22%25%0D%0A\""));
    }

    #[test]
    fn a_covered_cell_is_left_out() {
        let cell = |rows| Cell { rows, ..Cell::from("x") };
        let table = HtmlTable {
            columns: vec!["a".into()],
            labels: 1,
            rows: vec![vec![cell(2)], vec![cell(0)]],
            ..HtmlTable::default()
        };
        assert_eq!(table.render().0.matches("x</th>").count(), 1);
        assert_eq!(HtmlTable::default().render().0, "");
    }
}
