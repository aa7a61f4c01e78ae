//! What is to be played.

use crate::{Error, Result};

/// What is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// `ping` sends a message, `pong` sends one back, and so on.
    RoundTrip,
    /// `ping` sends message after message, `pong` receives.
    Stream,
    /// As a round trip; but in the first eight bytes of each message `ping` notes the time, so that `pong` knows how
    /// long it was on its way.
    OneWay,
}

/// One thing to play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// What is exchanged.
    pub exchange: Exchange,
    /// Check sequence number and checksum of every message. Costs time: for runs that are not timed.
    pub verify: bool,
    /// Length of each message, in bytes.
    pub size: usize,
    /// How many messages `ping` sends.
    pub count: u64,
}

impl Order {
    /// Every order has this length on the wire, in bytes.
    pub const LEN: usize = 24;

    const MAGIC: [u8; 4] = *b"PLAY";

    /// The order as it travels.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..4].copy_from_slice(&Self::MAGIC);
        bytes[4] = self.exchange as u8;
        bytes[5] = u8::from(self.verify);
        bytes[8..16].copy_from_slice(&(self.size as u64).to_le_bytes());
        bytes[16..].copy_from_slice(&self.count.to_le_bytes());
        bytes
    }

    /// The order that these bytes are.
    ///
    /// # Errors
    /// [`Corrupt`](Error::Corrupt): they are none.
    pub fn decode(bytes: &[u8; Self::LEN]) -> Result<Self> {
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
        let order = Self {
            exchange: match bytes[4] {
                0 => Exchange::RoundTrip,
                1 => Exchange::Stream,
                _ => Exchange::OneWay,
            },
            verify: bytes[5] != 0,
            size: number(8) as usize,
            count: number(16),
        };
        // Whatever does not encode back to the same bytes was not written by `encode`.
        if order.encode() == *bytes { Ok(order) } else { Err(Error::Corrupt("not an order")) }
    }
}
