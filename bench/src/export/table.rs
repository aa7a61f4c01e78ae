//! The results as tables for people.

use super::Exporter;
use crate::{Document, table};

pub(super) struct Table;

impl Exporter for Table {
    fn text(&self, document: &Document) -> String {
        table::text(document, None)
    }
}
