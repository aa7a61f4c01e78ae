//! Frames over a stream that cuts and fails where a test wants it.

pub(super) mod choppy;
mod cuts;
mod failures;
mod limits;
