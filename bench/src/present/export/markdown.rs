//! The results as tables for a page.

use std::fmt::Write as _;

use comfy_table::{CellAlignment, presets};

use crate::present::grid::{self, LABELS};
use crate::present::table;
use crate::results::document::{Document, NotMeasured};

pub(super) fn text(document: &Document) -> String {
    let mut text = String::new();
    for table in table::all(document) {
        let rows: Vec<Vec<String>> =
            table.rows.iter().map(|row| row.iter().map(|cell| escaped(cell)).collect()).collect();
        let mut grid = grid::of(presets::ASCII_MARKDOWN, &table.columns, &rows);
        for column in grid.column_iter_mut().skip(LABELS) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let lines = grid.trim_fmt();
        // writing to a String cannot fail
        let _ = writeln!(text, "### {}\n\n{}\n", escaped(&table.heading), aligned(&lines));
    }
    list(&mut text, "Notes", table::notes(document).iter().map(|note| escaped(note)));
    list(&mut text, "Skipped", document.skipped.iter().map(line));
    list(&mut text, "Failed", document.failed.iter().map(line));
    let environment = document.environment.lines().into_iter();
    list(&mut text, "Measured on", environment.map(|(name, value)| format!("{name}: {}", escaped(&value))));
    text
}

/// Aligns numbers on the right: the page needs a colon in the line below the header for that.
fn aligned(lines: &str) -> String {
    let lines = lines.lines().enumerate().map(|(at, line)| {
        if at != 1 {
            return line.to_owned();
        }
        let columns = line.trim_matches('|').split('|').enumerate();
        let columns = columns.map(|(at, dashes)| match dashes.strip_suffix('-') {
            Some(dashes) if at >= LABELS => format!("{dashes}:"),
            _ => dashes.to_owned(),
        });
        format!("|{}|", columns.collect::<Vec<_>>().join("|"))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn line(case: &NotMeasured) -> String {
    escaped(&case.to_string())
}

fn list(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<_> = lines.map(|line| format!("- {line}\n")).collect();
    if !lines.is_empty() {
        let _ = writeln!(text, "### {title}\n\n{}", lines.concat());
    }
}

/// Escapes a text so that it stays in its cell and is shown literally.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' => escaped.push(' '),
            '\\' | '|' | '*' | '_' | '`' | '<' | '[' => escaped.extend(['\\', letter]),
            _ => escaped.push(letter),
        }
    }
    escaped
}
