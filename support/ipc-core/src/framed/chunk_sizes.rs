//! Long messages in chunks, so that the reader begins while the writer still writes.
//!
//! Without it, a message in a stream over a pipe between two CPUs takes 1.9 times as long if it has 64 KiB (quartiles
//! 0.9 and 3.0), and 2.8 times if it has 1 MiB (2.0 and 4.9). The price: if both share a CPU, the sender of such a
//! stream uses 1.14 times as much CPU time. If messages that stand alone were written in chunks of 8 KiB as well, a
//! round trip of 64 KiB on one CPU would take 1.47 times as long. With chunks of 16 KiB, the
//! stream of 64 KiB takes 0.94 times as long on one CPU, but 1.59 times on two. Over a UNIX socket, other work on the
//! machine hid the difference; its chunk size was chosen in quiet runs (`docs/src/socket/measure.md`).

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
    /// The size of a batch, which is written in one call: more shares the call among more messages; less lets the reader
    /// begin earlier, and stays in a cache.
    pub batch: usize,
}

impl ChunkSizes {
    /// No limit for one message: as much as the kernel takes.
    pub const WHOLE: Self = Self { alone: usize::MAX, in_a_row: usize::MAX, batch: 64 << 10 };
    /// The best sizes for pipes and FIFOs, found by experiment.
    pub const PIPE: Self = Self { alone: 64 << 10, in_a_row: 8 << 10, batch: 8 << 10 };
    /// The best sizes for UNIX stream sockets, found by experiment.
    pub const UNIX_STREAM: Self = Self { alone: usize::MAX, in_a_row: 32 << 10, batch: 64 << 10 };
}
