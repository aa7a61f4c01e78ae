//! The summary for people: lines of at most 80 columns.

use textwrap::{Options, wrap};

use super::{Ranking, Summary};
use crate::results::units::bytes;

/// The width of a terminal that everyone has.
const WIDTH: usize = 80;

/// The meaning of the figures, in one line.
const LEGEND: &str = "Best median of the rounds (95 % interval); several names cannot be told apart:";

impl Summary {
    /// Returns the summary as lines of at most 80 columns, what disturbed the measurement first.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = self.disturbance();
        if self.rankings.is_empty() {
            lines.push("No ranking: no two ways were measured in six rounds.".into());
            return lines;
        }
        lines.push(LEGEND.into());
        let figures: Vec<String> = self.rankings.iter().map(Ranking::figure).collect();
        let width = figures.iter().map(|figure| figure.chars().count()).max().unwrap_or_default();
        let of_a_quantity = |a: &Ranking, b: &Ranking| a.quantity == b.quantity;
        let mut figures = figures.iter();
        for group in self.rankings.chunk_by(of_a_quantity) {
            let label = [group[0].quantity.title().to_owned(), bytes(group[0].size)];
            let mut label = label.iter().map(String::as_str).chain(std::iter::repeat(""));
            let mut cells = Vec::new();
            for (ranking, figure) in group.iter().zip(&mut figures) {
                let start = format!("{:<8}{figure:<width$}  ", ranking.wait);
                let blank = " ".repeat(start.chars().count());
                let room = Options::new(WIDTH - LABEL).initial_indent(&start).subsequent_indent(&blank);
                cells.extend(wrap(&ranking.names(), room).into_iter().map(String::from));
            }
            cells.resize(cells.len().max(2), String::new()); // the label has two lines
            lines.extend(cells.iter().map(|cell| {
                let label = label.next().unwrap_or_default();
                format!("{label:<LABEL$}{cell}").trim_end().to_owned()
            }));
        }
        lines
    }

    /// Returns what disturbed the measurement, as lines of at most 80 columns.
    #[must_use]
    pub fn disturbance(&self) -> Vec<String> {
        let said = match self.disturbed.as_deref() {
            None => return Vec::new(),
            Some([]) => "No disturbance was noticed.".into(),
            Some(all) => format!("Disturbed: {}", all.join("; ")),
        };
        let room = Options::new(WIDTH).subsequent_indent("  ");
        wrap(&said, room).into_iter().map(String::from).collect()
    }
}

/// The width of the first column.
const LABEL: usize = 12;
