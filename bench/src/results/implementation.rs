//! The implementation that was measured.

/// The implementation that a row is about: the names of
/// [`RowKey::implementation`](crate::results::row::RowKey::implementation).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implementation {
    /// The suite, used through its public API.
    Suite,
    /// Bare system calls.
    Baseline,
    /// The baseline's bare calls, with many buffers instead of two.
    ManySlots,
    /// The suite's ring, written and read in place.
    InPlace,
    /// A ring crate, between two threads.
    Rtrb,
}

impl Implementation {
    /// The name in results.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Suite => "suite",
            Self::Baseline => "floor",
            Self::ManySlots => "many_slots",
            Self::InPlace => "in_place",
            Self::Rtrb => "rtrb",
        }
    }
}
