//! Long messages: read straight into the caller's memory, without a copy in between.
//!
//! Without it, a round trip of 64 KiB over a pipe takes 1.05 times as long, and a message of 16 MiB would have to be
//! held twice.

use std::io::IoSliceMut;
use std::ops::ControlFlow;

use super::frame::{HEADER, MAX_MESSAGE};
use super::frame_reader::{FrameReader, READ_AHEAD, read_some};
use super::{ByteSource, Mode};
use crate::Result;

/// The number of times that a call that must not wait looks for the rest of a long message in vain, before it keeps what
/// has arrived: a few microseconds, in which a peer that is writing brings its next chunk. What is kept is copied twice,
/// to be kept and to be returned. In bare C, one copy more makes a polled stream of 64 KiB through a pipe between two
/// CPUs take 1.27 times as long; without a pause, 13 looks for each message were in vain on average.
const LOOKS: u32 = 16;

impl FrameReader {
    /// Reads the next frame, of which nothing is waiting yet, with its message straight into `buffer`. Breaks with the
    /// answer of the call, or goes on with what was read as the waiting bytes.
    pub(super) fn read_in_place<S: ByteSource>(
        &mut self,
        stream: &S,
        buffer: &mut [u8],
        mode: Mode,
    ) -> Result<ControlFlow<Option<usize>>> {
        let mut header = [0; HEADER];
        let room = buffer.len().min(READ_AHEAD);
        let mut parts = [IoSliceMut::new(&mut header), IoSliceMut::new(&mut buffer[..room])];
        let Some(read) = read_some::<S>(mode, false, || stream.readv(&mut parts, mode))? else {
            return Ok(ControlFlow::Break(None));
        };
        let arrived = read.saturating_sub(HEADER);
        let len = u32::from_le_bytes(header) as usize;
        if read >= HEADER && len <= buffer.len().min(MAX_MESSAGE) {
            if len <= arrived {
                self.keep(&buffer[len..arrived]); // the beginning of the next frames
                return Ok(ControlFlow::Break(Some(len)));
            }
            let whole = self.read_rest(stream, &mut buffer[..len], arrived, mode)?;
            return Ok(ControlFlow::Break(whole.then_some(len)));
        }
        // Less than a header, or a length for `read` to reject.
        self.keep(&header[..read.min(HEADER)]);
        self.keep(&buffer[..arrived]);
        Ok(ControlFlow::Continue(()))
    }

    /// Returns the long message whose header is waiting: copies what has arrived, and reads the rest to its
    /// destination. Only a call that may wait can do that; one that may not has to keep a partial message.
    pub(super) fn finish_in_place<S: ByteSource>(&mut self, stream: &S, message: &mut [u8]) -> Result<usize> {
        let arrived = message.len().min(self.waiting().len() - HEADER);
        message[..arrived].copy_from_slice(&self.waiting()[HEADER..][..arrived]);
        self.remove(HEADER + arrived);
        self.read_rest(stream, message, arrived, Mode::Block)?;
        Ok(message.len())
    }

    /// Reads the rest of a message, of which the first `arrived` bytes are there; `false` means "not now". If it does not
    /// come, the part that has arrived by then is kept for the next call, together with its header: nothing else is
    /// waiting then.
    #[cold]
    fn read_rest<S: ByteSource>(
        &mut self,
        stream: &S,
        message: &mut [u8],
        mut arrived: usize,
        mode: Mode,
    ) -> Result<bool> {
        let mut looks = LOOKS;
        let end = loop {
            if arrived == message.len() {
                return Ok(true);
            }
            let rest = &mut message[arrived..];
            match read_some::<S>(mode, true, || stream.read(rest, mode)) {
                Ok(Some(count)) => arrived += count,
                Ok(None) if looks > 0 => looks -= 1,
                Ok(None) => break Ok(false),
                Err(error) => break Err(error),
            }
        };
        self.keep(&(message.len() as u32).to_le_bytes());
        self.keep(&message[..arrived]);
        end
    }
}
