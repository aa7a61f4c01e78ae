//! The calls that an exchange makes, and the exchange.

use std::time::{Duration, Instant};

use ipc_core::{Error, Receiver as _, Result, Transport, Waiting};
use ipc_demo::exchange::{Pattern, Workload};
use serde::{Deserialize, Serialize};

use crate::{Tally, message};

/// One end of a connection.
pub(super) trait End {
    /// Sends a message; where it is acknowledged, waits for that.
    fn send(&mut self, message: &[u8]) -> Result<()>;

    /// Adds a message to the batch.
    fn feed(&mut self, message: &[u8]) -> Result<()>;

    /// Sends the batch; where it is acknowledged, waits for that.
    fn flush(&mut self) -> Result<()>;

    /// Receives a message; `None` if there will be no more.
    fn receive(&mut self, buffer: &mut [u8]) -> Result<Option<usize>>;
}

impl<L: Transport> End for Waiting<L> {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        ipc_core::Sender::send(self, message)
    }

    fn feed(&mut self, message: &[u8]) -> Result<()> {
        ipc_core::Sender::feed(self, message)
    }

    fn flush(&mut self) -> Result<()> {
        ipc_core::Sender::flush(self)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.recv(buffer).map(Some)
    }
}

/// What one side has done.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Played {
    /// The time: of all round trips on ping, from the first to the last message of a stream on pong.
    pub elapsed: Duration,
    /// What it has sent, on ping, or received, on pong.
    pub tally: Tally,
}

/// Plays ping; a stream is flushed every so many messages.
pub(super) fn ping(end: &mut impl End, order: &Workload, flush_every: u64) -> Result<Played> {
    let (mut message, mut answer) = (vec![0; order.size], vec![0; order.size]);
    let mut tally = Tally::default();
    let started = Instant::now();
    for number in 0..order.count {
        message::write(number, &mut message);
        tally.add(&message);
        if order.pattern == Pattern::RoundTrip {
            end.send(&message)?;
            if end.receive(&mut answer)? != Some(order.size) || answer != message {
                return Err(Error::Corrupt("an answer that is not the message sent"));
            }
        } else if flush_every == 1 {
            end.send(&message)?;
        } else {
            end.feed(&message)?;
            if (number + 1).is_multiple_of(flush_every) {
                end.flush()?;
            }
        }
    }
    if order.pattern != Pattern::RoundTrip {
        end.flush()?;
    }
    Ok(Played { elapsed: started.elapsed(), tally })
}

/// Plays pong. Ends early if no more messages come, which the tally shows.
pub(super) fn pong(end: &mut impl End, order: &Workload) -> Result<Played> {
    let mut message = vec![0; order.size];
    let mut tally = Tally::default();
    let mut first = None;
    while tally.messages < order.count {
        let Some(len) = end.receive(&mut message)? else { break };
        first.get_or_insert_with(Instant::now);
        tally.add(&message[..len]);
        if order.pattern == Pattern::RoundTrip {
            end.send(&message[..len])?;
        }
    }
    Ok(Played { elapsed: first.map_or(Duration::ZERO, |first: Instant| first.elapsed()), tally })
}
