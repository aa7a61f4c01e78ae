//! A case to be played by bare calls.

use ipc_core::Mechanism;

use super::registry::{self, BareCalls};
use super::sys::Shared;
use super::waiting::BareWait;
use crate::results::case::Case;

/// An exchange by bare calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Baseline {
    pub(super) calls: &'static BareCalls,
    /// The way in which both sides wait.
    pub(super) wait: BareWait,
    /// The number of bytes that the sender of a stream writes at once, part of a message or several; `None` for the whole
    /// message.
    pub(super) piece: Option<usize>,
    /// Length of the messages.
    pub(super) size: usize,
    /// Buffers in shared memory.
    pub(super) slots: usize,
}

impl Baseline {
    /// Returns the baseline of a case.
    pub(super) fn of(case: &Case) -> Self {
        let calls = registry::find(case.member.profile.name, case.variant).expect("each variant has one");
        let wait = BareWait::of(case.wait, case.placement);
        Self { calls, wait, piece: None, size: case.size, slots: 2 }
    }

    /// Returns a flag without a payload, handed back and forth by polling: one cache line between two cores.
    pub(super) fn handover() -> Self {
        let (mechanism, variant) = (ipc_shm::Ring::PROFILE.name, ipc_shm::Ring::VARIANT.name);
        let calls = registry::find(mechanism, variant).expect("each variant has one");
        Self { calls, wait: BareWait::Poll, piece: None, size: 0, slots: 2 }
    }

    /// Returns the same baseline with a sender that writes `piece` bytes at once.
    pub(super) fn in_pieces(self, piece: usize) -> Self {
        Self { piece: Some(piece), ..self }
    }

    /// Returns the same baseline with as many buffers as fit into a ring of the suite.
    pub(super) fn with_many_slots(self) -> Self {
        Self { slots: (ipc_core::ring::CAPACITY / Shared::slot_len(self.size)).max(2), ..self }
    }
}
