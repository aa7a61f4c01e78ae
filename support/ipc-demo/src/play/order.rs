//! Orders: descriptions of an exchange.

use ipc_core::{Error, Result};

/// The kind of exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exchange {
    /// `ping` sends a message, `pong` sends one back, and so on.
    RoundTrip,
    /// `ping` sends message after message, `pong` receives.
    Stream,
    /// As a round trip; but `ping` writes the time into the first eight bytes of each message, so that `pong` can
    /// compute how long the message was on its way.
    OneWay,
}

/// A description of one exchange to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The kind of exchange.
    pub exchange: Exchange,
    /// True to check the sequence number and checksum of every message. Costs time: for runs that are not timed.
    pub verify: bool,
    /// Length of each message, in bytes.
    pub size: usize,
    /// The number of messages that `ping` sends.
    pub count: u64,
}

impl Order {
    /// The length of every order on the wire, in bytes.
    pub const LEN: usize = 24;

    const MAGIC: [u8; 4] = *b"PLAY";

    /// Returns the bytes of the order on the wire.
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

    /// Parses the bytes of an order.
    ///
    /// # Errors
    /// [`Corrupt`](Error::Corrupt): the bytes are not an order.
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
        // Bytes that do not encode back to themselves were not written by `encode`.
        if order.encode() == *bytes { Ok(order) } else { Err(Error::Corrupt("not an order")) }
    }
}
