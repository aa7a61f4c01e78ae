//! The bare calls of each variant: those that create its medium, and those that play one side.

use ipc_core::{Mechanism, Result};
use ipc_demo::cpus::Role;

use super::ends::{BareEnds, BareSide, BothEnds};
use super::waiting::Waiter;
use super::{memory, msgq, pipe, posix, semaphore, socket};

type Make = fn(size: usize, slots: usize) -> Result<BothEnds>;
type MakeSide = fn(Role, BareEnds, piece: Option<usize>, Waiter) -> Result<BareSide>;

/// The bare calls of a variant.
#[derive(Debug)]
pub(super) struct BareCalls {
    pub(super) mechanism: &'static str,
    pub(super) variant: &'static str,
    /// Creates the medium for messages of a size, with a number of buffers if it is memory.
    pub(super) make: Make,
    /// Returns one side, which writes a stream in pieces of a length if there is one.
    pub(super) side: MakeSide,
}

impl BareCalls {
    const fn of<M: Mechanism>(make: Make, side: MakeSide) -> Self {
        Self { mechanism: M::PROFILE.name, variant: M::VARIANT.name, make, side }
    }
}

static ALL: [BareCalls; 12] = [
    BareCalls::of::<ipc_pipe::Pipe>(|_, _| pipe::make(), pipe::side),
    BareCalls::of::<ipc_fifo::Fifo>(|_, _| pipe::make_named(), pipe::side),
    BareCalls::of::<ipc_msgq::SystemV>(
        |_, _| msgq::make(),
        |role, ends, _, waiter| Ok(msgq::side(role, &ends, waiter)),
    ),
    BareCalls::of::<ipc_msgq::Posix>(
        |size, _| posix::make(size),
        |role, ends, _, waiter| posix::side(role, ends, waiter),
    ),
    BareCalls::of::<ipc_shm::Ring>(memory::make, MEMORY),
    BareCalls::of::<ipc_shm::Semaphores>(
        |size, _| semaphore::make(size),
        |role, ends, _, waiter| semaphore::side(role, &ends, waiter),
    ),
    BareCalls::of::<ipc_shm::Posix>(memory::make, MEMORY),
    BareCalls::of::<ipc_mmap::File>(memory::make, MEMORY),
    BareCalls::of::<ipc_mmap::Memfd>(memory::make, MEMORY),
    BareCalls::of::<ipc_socket::UnixStream>(|_, _| socket::make_streams(), socket::stream),
    BareCalls::of::<ipc_socket::UnixSeqpacket>(
        |size, _| socket::make_packets(size),
        |role, ends, _, waiter| socket::packets(role, ends, waiter),
    ),
    BareCalls::of::<ipc_socket::Tcp>(|_, _| socket::make_tcp(), socket::stream),
];

/// A side of memory without a name, whatever the way in which the variant shares its own.
const MEMORY: MakeSide = |role, ends, _, waiter| memory::side(role, &ends, waiter);

/// Returns the bare calls of a variant; `None` if there is no such variant.
pub(super) fn find(mechanism: &str, variant: &str) -> Option<&'static BareCalls> {
    ALL.iter().find(|calls| (calls.mechanism, calls.variant) == (mechanism, variant))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::registry;

    #[test]
    fn each_variant_has_its_bare_calls() {
        let names = registry::all().map(|(member, variant)| (member.profile.name, variant.name));
        assert_eq!(names.collect::<Vec<_>>(), ALL.each_ref().map(|calls| (calls.mechanism, calls.variant)));
    }
}
