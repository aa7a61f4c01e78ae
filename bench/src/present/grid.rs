//! Grids of cells as text, which fits the terminal on which it is read.

use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, Row, Table as Grid, TableStyle, Width};
use textwrap::{Options, WordSplitter, fill};

/// The number of columns on the left that are text: mechanism and variant.
pub const LABELS: usize = 2;

/// One line, below the header.
pub(crate) const PLAIN: TableStyle =
    TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// Returns a grid in one of the styles of `comfy_table`.
pub(crate) fn of(style: TableStyle, columns: &[&str], rows: &[Vec<String>]) -> Grid {
    let mut grid = Grid::new();
    grid.load_style(style).set_header(columns.to_vec()).add_rows(rows.to_vec());
    grid
}

/// The characters around the content of a column: a blank on its left, one on its right, and one between two columns.
const BESIDE: u16 = 3;

/// Returns the grid as text, no wider than `width` if possible: cells are folded between words, and columns that still
/// do not fit follow below, with the labels repeated. Without a width, lines are as long as they get.
pub(crate) fn fitted(grid: &Grid, width: Option<u16>) -> String {
    let Some(width) = width else { return grid.trim_fmt() };
    let least: Vec<u16> = (0..grid.column_iter().count()).map(|column| least_width(grid, column)).collect();
    let labels: u16 = least.iter().take(LABELS).sum();
    let mut parts: Vec<(Vec<usize>, u16)> = Vec::new();
    for (column, &least) in least.iter().enumerate().skip(LABELS) {
        match parts.last_mut() {
            Some((columns, used)) if *used + least <= width => {
                columns.push(column);
                *used += least;
            }
            _ => parts.push((vec![column], labels + least)),
        }
    }
    let parts = parts.into_iter().map(|(columns, _)| {
        let mut part = grid.clone();
        part.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
        for (at, column) in part.column_iter_mut().enumerate() {
            column.set_constraint(if at < LABELS || columns.contains(&at) {
                ColumnConstraint::LowerBoundary(Width::Fixed(least[at] - 1))
            } else {
                ColumnConstraint::Hidden
            });
        }
        part.trim_fmt()
    });
    parts.collect::<Vec<_>>().join("\n\n")
}

/// Returns the least width of a column.
fn least_width(grid: &Grid, column: usize) -> u16 {
    let least = |row: &Row| row.cell_iter().nth(column).map_or(0, |cell| longest_piece(&cell.content()));
    let rows = grid.header().into_iter().chain(grid.row_iter());
    rows.map(least).max().unwrap_or(0) as u16 + BESIDE
}

/// Returns the length of the longest word of a cell. Figures are not folded: `0.12 + 3.45`, `UNSTABLE 11 %`.
fn longest_piece(cell: &str) -> usize {
    if cell.split(' ').any(|word| word.starts_with(|letter: char| letter.is_ascii_digit())) {
        return cell.chars().count();
    }
    cell.split(' ').map(|word| word.chars().count()).max().unwrap_or(0)
}

/// Returns the text with lines wider than `width` folded between words; indented lines keep their indentation.
pub(crate) fn lines(text: &str, width: Option<u16>) -> String {
    let Some(width) = width else { return text.to_owned() };
    let fold = |line: &str| {
        if line.chars().count() <= usize::from(width) {
            return format!("{line}\n"); // a row of a table
        }
        let words = line.trim_start();
        let indent = &line[..line.len() - words.len()];
        let options = Options::new(width.into()).initial_indent(indent).subsequent_indent(indent);
        fill(words, options.break_words(false).word_splitter(WordSplitter::NoHyphenation)) + "\n"
    };
    text.lines().map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::present::course;

    #[test]
    fn every_table_fits_and_no_word_is_broken() {
        let words = |text: &str| {
            let words = text.split_whitespace().filter(|word| !word.starts_with('─'));
            words.map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
        };
        let wide = course::text(None);
        for width in [60, 80, 100, 120, 150, 250] {
            let text = course::text(Some(width));
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(usize::from(width)), "{width}:\n{text}");
            assert_eq!(words(&text), words(&wide), "{width}:\n{text}");
        }
        assert_eq!(course::text(Some(250)), wide);
    }

    #[test]
    fn a_figure_stays_in_one_piece() {
        let cells = ["0.12 + 3.45", "UNSTABLE 11 %", "voluntary switches", "by shm_open(3)"];
        assert_eq!(cells.map(longest_piece), [11, 13, 9, 11]);
    }

    #[test]
    fn lines_are_folded_between_their_words() {
        let text = "one two three\n  four five\nsix\n";
        assert_eq!(lines(text, Some(8)), "one two\nthree\n  four\n  five\nsix\n");
        assert_eq!(lines(text, Some(5)), "one\ntwo\nthree\n  four\n  five\nsix\n");
        assert_eq!([lines(text, Some(13)), lines(text, None)], [text, text]);
    }
}
