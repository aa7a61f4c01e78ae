//! Messages in a stream of bytes, all of one length, and acknowledgements in the other direction: the number of messages
//! read until then, eight bytes. The receiver sends one after each read that completed a message.

use ipc_core::{Call as _, Error, Result};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::window::Sending;
use crate::Tally;

/// The most bytes that are read at once.
const BLOCK: usize = 64 << 10;

const NUMBER: usize = size_of::<u64>();

/// The sender's side.
pub(super) struct Stream<R, W> {
    reader: R,
    writer: W,
    /// Messages that leave together.
    batch: Vec<u8>,
    /// The part of an acknowledgement that has come.
    partial: Vec<u8>,
    acknowledged: u64,
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Stream<R, W> {
    pub fn new(reader: R, writer: W) -> Self {
        Self { reader, writer, batch: Vec::new(), partial: Vec::new(), acknowledged: 0 }
    }

    /// Says that no more messages come, and waits until the receiver has seen it.
    pub async fn end(mut self) -> Result<()> {
        self.writer.shutdown().await.call("shutdown")?;
        self.reader.read_to_end(&mut self.partial).await.call("read").map(drop)
    }
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Sending for Stream<R, W> {
    async fn send(&mut self, message: &[u8]) -> Result<()> {
        self.batch.extend(message);
        if self.batch.len() >= BLOCK { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<()> {
        self.writer.write_all(&self.batch).await.call("write")?;
        self.batch.clear();
        Ok(())
    }

    async fn acknowledged(&mut self) -> Result<u64> {
        let before = self.acknowledged;
        while self.acknowledged == before {
            let mut block = [0; 4096];
            match self.reader.read(&mut block).await.call("read")? {
                0 => return Err(Error::Disconnected),
                len => self.partial.extend(&block[..len]),
            }
            let (numbers, rest) = self.partial.as_chunks::<NUMBER>();
            if let Some(last) = numbers.last() {
                self.acknowledged = u64::from_le_bytes(*last);
            }
            self.partial = rest.to_vec();
        }
        let more = self.acknowledged.checked_sub(before);
        more.ok_or(Error::Corrupt("an acknowledgement that takes one back"))
    }
}

/// Receives messages of `size` bytes to the end of the stream, and acknowledges them.
pub(super) async fn receive_all(
    reader: &mut (impl AsyncRead + Unpin),
    writer: &mut (impl AsyncWrite + Unpin),
    size: usize,
) -> Result<Tally> {
    let (mut tally, mut received) = (Tally::default(), Vec::new());
    let mut block = vec![0; BLOCK];
    loop {
        match reader.read(&mut block).await.call("read")? {
            0 => break,
            len => received.extend(&block[..len]),
        }
        let whole = received.len() / size * size;
        if whole > 0 {
            received[..whole].chunks(size).for_each(|message| tally.add(message));
            received.drain(..whole);
            writer.write_all(&tally.messages.to_le_bytes()).await.call("write")?;
        }
    }
    writer.shutdown().await.call("shutdown")?;
    if received.is_empty() {
        Ok(tally)
    } else {
        Err(Error::Corrupt("a part of a message at the end of a stream"))
    }
}
