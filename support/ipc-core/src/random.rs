//! Names and numbers that no other process picks.

use std::hash::{BuildHasher, Hasher, RandomState};

/// Returns a number that no other process picks; for names and keys, not for secrets.
#[must_use]
pub fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
