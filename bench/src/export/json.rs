//! As one JSON document. Its form is described by `docs/src/schema/results-3.json`.

use super::Exporter;
use crate::Document;

pub(super) struct Json;

impl Exporter for Json {
    fn text(&self, document: &Document) -> String {
        serde_json::to_string_pretty(document).expect("plain data") + "\n"
    }
}
