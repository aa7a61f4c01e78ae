//! The atomics of the ring, in one place, so that the model checker of `tests/model.rs` can put its own here.

pub(super) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
