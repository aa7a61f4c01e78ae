//! The atomics of the ring, in one place, so that the model checker of `tests/model.rs` can substitute its own.

pub(super) use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
