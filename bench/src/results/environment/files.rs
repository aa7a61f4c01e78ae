//! Files of the kernel that hold one line.

use std::fs;

/// Reads a file that holds one line.
pub(super) fn line(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Reads a file that holds one number.
pub(super) fn number(path: &str) -> Option<u64> {
    line(path)?.parse().ok()
}
