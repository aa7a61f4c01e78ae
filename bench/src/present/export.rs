//! The results as text: one file for each format.

mod csv;
mod json;
mod markdown;

use std::str::FromStr;

use ipc_core::Error;

use crate::present::table::{self, Detail};
use crate::results::document::Document;

/// The format in which results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Tables for people.
    Table,
    /// The whole [`Document`].
    Json,
    /// One line per row.
    Csv,
    /// Tables for a page.
    Markdown,
}

impl Format {
    /// All formats, in the order in which they are named.
    pub const ALL: [Self; 4] = [Self::Table, Self::Json, Self::Csv, Self::Markdown];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Markdown => "markdown",
        }
    }

    /// Returns the document in this format, with a newline at the end.
    #[must_use]
    pub fn text(self, document: &Document) -> String {
        match self {
            Self::Table => table::text(document, None, Detail::All),
            Self::Json => json::text(document),
            Self::Csv => csv::text(document),
            Self::Markdown => markdown::text(document),
        }
    }
}

impl FromStr for Format {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|format| format.name() == text);
        found.ok_or_else(|| {
            Error::Usage(format!("invalid format '{text}': expected table, json, csv or markdown"))
        })
    }
}
