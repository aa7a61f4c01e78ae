//! Messages over a byte stream (pipe, FIFO, stream socket): [`Framed`] makes a link of a stream that is read and one that
//! is written.
//!
//! | file, in reading order | what it shows |
//! |---|---|
//! | `framed/frame.rs` | the whole idea: a header, the message, partial writes and reads |
//! | `framed/byte_stream.rs` | [`ByteSource`], [`ByteSink`]: the system calls below; [`Mode`]: whether a call may wait |
//! | `framed/sender.rs`, `framed/receiver.rs` | the calls above, with and without a timeout: the two halves of a link |
//! | `framed/link.rs` | [`Framed`]: the two together; their descriptors |
//! | `framed/unfinished.rs` | what may follow a frame that was not written to its end |
//! | `framed/frame_writer.rs` | faster: one system call for header and message, a copy for a short one |
//! | `framed/chunk_sizes.rs` | faster: long messages in chunks, so that both sides work at once |
//! | `framed/frame_reader.rs` | faster: one system call reads all short messages that have arrived |
//! | `framed/batch.rs` | faster: one system call writes many messages, where the caller can wait for that |
//! | `framed/in_place.rs` | faster: a long message is read into the caller's memory |
//! | `framed/pipe_size.rs` | faster: a pipe that holds several long messages |
//!
//! Each step that makes it faster says what is lost without it: a ratio of medians of 15 rounds, in which the code with
//! and without the step took turns, on a 2-CPU virtual machine that had other work as well. The two processes shared a
//! CPU, where nothing else is said, and slept while they waited. A *round trip* is a message and its answer; in a
//! *stream* one side only sends.

mod batch;
mod byte_stream;
mod chunk_sizes;
mod frame;
mod frame_reader;
mod frame_writer;
mod in_place;
mod link;
mod pipe_size;
mod receiver;
mod sender;
mod unfinished;

pub use byte_stream::{ByteSink, ByteSource, Mode};
pub use chunk_sizes::ChunkSizes;
pub use frame::MAX_MESSAGE;
pub use link::Framed;
pub use pipe_size::{PIPE_SIZE, enlarge_pipe, pipe_size};
pub use receiver::FramedReceiver;
pub use sender::FramedSender;

/// The longest message that is copied rather than sent and received in two buffers: 4 KiB. At this length, copying
/// still wins by 4 %; at 64 KiB it loses by 4 % (round trips over a pipe).
const SHORT: usize = 4 << 10;

const WAITS: &str = "a blocking call waits";

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
