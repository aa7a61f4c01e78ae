//! The half that receives.
//!
//! A few messages have arrived before the caller asks. A message is acknowledged when the caller has taken it: if this
//! process is killed before, the message stays in the stream.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::message::Acker;
use ipc_core::{Deadline, Endpoint, Error, Receiver, Result};
use tokio::sync::mpsc;

use super::End;
use crate::state::Shared;

/// The half that receives.
#[derive(Debug)]
pub struct LinkReceiver {
    pub(super) shared: Arc<Shared>,
    pub(super) longest: usize,
    pub(super) taken: mpsc::UnboundedSender<Acker>,
    pub(super) _end: Arc<End>,
}

impl Endpoint for LinkReceiver {
    fn max_message(&self) -> usize {
        self.longest
    }
}

impl LinkReceiver {
    fn take(&mut self, buffer: &mut [u8], deadline: Deadline) -> Result<Option<usize>> {
        let arrived = self.shared.wait(deadline, |known| {
            if let Some(first) = known.arrived.front() {
                let needed = first.payload.len();
                if needed > buffer.len() {
                    return Err(Error::BufferTooSmall { needed });
                }
                return Ok(known.arrived.pop_front());
            }
            known.check()?;
            if known.ended || known.drained { Err(Error::Disconnected) } else { Ok(None) }
        })?;
        let Some(arrived) = arrived else { return Ok(None) };
        self.shared.taken.notify_one();
        let len = arrived.payload.len();
        buffer[..len].copy_from_slice(&arrived.payload);
        let _ = self.taken.send(arrived.acker); // fails only when the connection is being dropped
        Ok(Some(len))
    }
}

impl Receiver for LinkReceiver {
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        Ok(self.take(buffer, Deadline::Never)?.expect("without a deadline, there is a message or an error"))
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        self.take(buffer, Deadline::after(timeout))
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.take(buffer, Deadline::Now)
    }

    fn check_sender(&mut self) -> Result<()> {
        let known = self.shared.known();
        known.check()?;
        if known.ended || known.drained { Err(Error::Disconnected) } else { Ok(()) }
    }
}

impl Drop for LinkReceiver {
    fn drop(&mut self) {
        self.shared.change(|known| known.receives = false);
    }
}
