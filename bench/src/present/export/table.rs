//! The results as tables for people.

use super::Exporter;
use crate::present::table;
use crate::results::document::Document;

pub(super) struct Table;

impl Exporter for Table {
    fn text(&self, document: &Document) -> String {
        table::text(document, None)
    }
}
