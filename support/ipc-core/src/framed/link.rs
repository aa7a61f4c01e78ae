//! A link: its two halves, which can be taken apart; and their descriptors.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use super::{ByteSink, ByteSource, FramedReceiver, FramedSender, MAX_MESSAGE};
use crate::{Endpoint, Split};

/// A link built by framing on a stream in each direction, which is one and the same for a socket.
#[derive(Debug)]
pub struct Framed<R, W: ByteSink> {
    // Dropped in this order: the peer learns first that nothing more will come.
    pub(super) sender: FramedSender<W>,
    pub(super) receiver: FramedReceiver<R>,
}

impl<R: ByteSource, W: ByteSink> Framed<R, W> {
    /// Frames messages: sends them to `sink`, and receives them from `source`.
    pub fn new(source: R, sink: W) -> Self {
        Self { sender: FramedSender::new(sink), receiver: FramedReceiver::new(source) }
    }

    /// Returns the stream under the frames that are received.
    pub const fn source(&self) -> &R {
        &self.receiver.source
    }

    /// Returns the stream under the frames that are sent.
    pub const fn sink(&self) -> &W {
        &self.sender.sink
    }
}

impl<R: ByteSource + Send, W: ByteSink + Send> Split for Framed<R, W> {
    type Sender = FramedSender<W>;
    type Receiver = FramedReceiver<R>;

    #[inline]
    fn sender(&mut self) -> &mut FramedSender<W> {
        &mut self.sender
    }

    #[inline]
    fn receiver(&mut self) -> &mut FramedReceiver<R> {
        self.sender.writer.in_a_row = false; // the next message is an answer: the reader is probably asleep
        &mut self.receiver
    }

    fn split(mut self) -> (FramedSender<W>, FramedReceiver<R>) {
        self.receiver.detach();
        (self.sender, self.receiver)
    }
}

impl<R, W: ByteSink> Endpoint for Framed<R, W> {
    fn max_message(&self) -> usize {
        MAX_MESSAGE
    }
}

/// Returns the descriptor of a link that has a single one for both directions.
impl<R: AsFd, W: ByteSink> AsFd for Framed<R, W> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.receiver.source.as_fd()
    }
}

/// Polls writable when there is room.
impl<W: ByteSink> AsFd for FramedSender<W> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.sink.output()
    }
}

/// Polls readable when bytes have arrived: call [`try_recv`](crate::Receiver::try_recv) until it returns `None`, since one
/// read takes in several messages.
impl<R: ByteSource> AsFd for FramedReceiver<R> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.source.input()
    }
}

/// Required by tokio's `AsyncFd`.
impl<W: ByteSink> AsRawFd for FramedSender<W> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

/// Required by tokio's `AsyncFd`.
impl<R: ByteSource> AsRawFd for FramedReceiver<R> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
