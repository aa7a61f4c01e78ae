//! Pieces of HTML and CSV. All text from outside goes through here.

use std::fmt::Write as _;

use csv::{Terminator, WriterBuilder};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Escapes text for HTML, also inside a quoted attribute.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\t' | '\n' => escaped.push(' '),
            control if control.is_control() => escaped.push('\u{fffd}'), // XML cannot represent them
            other => escaped.push(other),
        }
    }
    escaped
}

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
    /// The class that highlights a good or a bad value.
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

impl HtmlTable {
    /// Returns the table as HTML; nothing if it has no rows.
    pub(super) fn html(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let mut html = format!(
            "<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">\
             <table class=\"{}\">\n<thead>\n",
            escape(&self.label),
            self.class
        );
        if !self.groups.is_empty() {
            html.push_str("<tr>");
            for (name, columns) in &self.groups {
                let _ = write!(html, "<th scope=\"colgroup\" colspan=\"{columns}\">{}</th>", escape(name));
            }
            html.push_str("</tr>\n");
        }
        html.push_str("<tr>");
        for (column, name) in self.columns.iter().enumerate() {
            let _ = write!(html, "<th scope=\"col\"{}>{}</th>", self.class(column, ""), escape(name));
        }
        html.push_str("</tr>\n</thead>\n<tbody>\n");
        for row in &self.rows {
            html.push_str("<tr>");
            for (column, cell) in row.iter().enumerate().filter(|(_, cell)| cell.rows > 0) {
                html.push_str(&self.cell(column, cell));
            }
            html.push_str("</tr>\n");
        }
        html.push_str("</tbody></table></div>\n");
        html
    }

    fn cell(&self, column: usize, cell: &Cell) -> String {
        let (name, scope) = if column == 0 { ("th", " scope=\"row\"") } else { ("td", "") };
        let high = if cell.rows > 1 { format!(" rowspan=\"{}\"", cell.rows) } else { String::new() };
        let class = self.class(column, cell.class);
        let aside = match cell.aside.as_str() {
            "" => String::new(),
            aside => format!(" <small>{}</small>", escape(aside)),
        };
        format!("<{name}{scope}{high}{class}>{}{aside}</{name}>", escape(&cell.text))
    }

    fn class(&self, column: usize, class: &str) -> String {
        let numbers = self.labels..self.columns.len() - self.notes;
        let number = if numbers.contains(&column) { "n" } else { "" };
        match [number, class].join(" ").trim() {
            "" => String::new(),
            classes => format!(" class=\"{classes}\""),
        }
    }
}

/// Returns a list; nothing if it has no items.
pub(super) fn list(items: impl IntoIterator<Item = String>) -> String {
    let item = |item: String| format!("<li>{}</li>\n", escape(&item));
    let items = items.into_iter().map(item).collect::<Vec<_>>().concat();
    if items.is_empty() { items } else { format!("<ul>\n{items}</ul>\n") }
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
pub(super) fn download(name: &str, text: &str) -> String {
    let (name, address) = (escape(name), utf8_percent_encode(text, ESCAPED));
    format!("<a download=\"{name}\" href=\"data:text/csv;charset=utf-8,{address}\">CSV</a>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        assert_eq!(escape("<b a=\"x\" b='y'>&\u{1}"), "&lt;b a=&quot;x&quot; b=&#39;y&#39;&gt;&amp;\u{fffd}");
        let table = HtmlTable {
            columns: vec!["<".into()],
            rows: vec![vec![Cell { aside: "<i>".into(), ..Cell::from("&") }]],
            ..HtmlTable::default()
        };
        assert!(table.html().contains("<th scope=\"row\" class=\"n\">&amp; <small>&lt;i&gt;</small></th>"));
    }

    #[test]
    fn a_field_of_csv_keeps_its_commas_and_quotes() {
        assert_eq!(csv([vec!["a", "b, c", "d \"e\""]]), "a,\"b, c\",\"d \"\"e\"\"\"\r\n");
        assert!(download("x.csv", "a,<b>\"%\r\n").contains("a,%3Cb%3E%22%25%0D%0A\""));
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
        assert_eq!(table.html().matches("x</th>").count(), 1);
        assert_eq!(HtmlTable::default().html(), "");
    }
}
