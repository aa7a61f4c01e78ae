//! The results as one JSON document. `docs/src/schema/results-3.json` describes its form.

use crate::results::document::Document;

pub(super) fn text(document: &Document) -> String {
    serde_json::to_string_pretty(document).expect("plain data") + "\n"
}
