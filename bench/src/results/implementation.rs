//! The implementation that was measured.

/// The implementation that a row is about: the names of
/// [`RowKey::implementation`](crate::results::row::RowKey::implementation) that this harness gives. Any other is that of a
/// library, with its version.
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
    const ALL: [Self; 5] = [Self::Suite, Self::Baseline, Self::ManySlots, Self::InPlace, Self::Rtrb];

    /// Returns true if rows of this name are about another library.
    #[must_use]
    pub fn is_other(name: &str) -> bool {
        !Self::ALL.iter().any(|known| known.name() == name)
    }

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
