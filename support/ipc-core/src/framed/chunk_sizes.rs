//! Long messages in chunks.

/// The largest part of a message that is written in one call, in bytes.
///
/// A pipe is locked while bytes are copied into it or out of it. If a long message is written in one call, the reader
/// sees nothing until all of it is there, and then the writer waits for the reader: the two take turns. Short chunks
/// let both work at once. But each chunk may wake the reader, which is a loss where both share a core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkSizes {
    /// The limit for a message that is the first one, or follows one that was received: the reader is probably asleep.
    pub alone: usize,
    /// The limit for a message that follows another one: the reader is probably at work.
    pub in_a_row: usize,
}

impl ChunkSizes {
    /// No limit: as much as the kernel takes.
    pub const WHOLE: Self = Self { alone: usize::MAX, in_a_row: usize::MAX };
    /// The best sizes for pipes and FIFOs, found by experiment.
    pub const PIPE: Self = Self { alone: 64 << 10, in_a_row: 8 << 10 };
    /// The best sizes for UNIX stream sockets, found by experiment.
    pub const UNIX_STREAM: Self = Self { alone: usize::MAX, in_a_row: 32 << 10 };
}
