//! Workloads: descriptions of an exchange.

use ipc_core::{Error, Result};

/// A pattern of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// `ping` sends a message, `pong` sends one back, and so on.
    RoundTrip,
    /// `ping` sends message after message, `pong` receives.
    Stream,
    /// As a round trip; but `ping` writes the time into the first eight bytes of each message, so that `pong` can
    /// compute how long the message was on its way.
    OneWay,
    /// As a stream; but `ping` sends each message at its time, and writes that time into it: see
    /// [`paced_stream`](super::paced_stream).
    Paced,
}

/// A description of one exchange to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workload {
    /// The pattern of its messages.
    pub pattern: Pattern,
    /// True to check the sequence number and checksum of every message. Costs time: for runs that are not timed.
    pub verify: bool,
    /// Length of each message, in bytes.
    pub size: usize,
    /// The number of messages that `ping` sends.
    pub count: u64,
}

impl Workload {
    /// The length of every workload on the wire, in bytes.
    pub const LEN: usize = 24;

    const MAGIC: [u8; 4] = *b"PLAY";

    /// Returns the bytes of the workload on the wire.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..4].copy_from_slice(&Self::MAGIC);
        bytes[4] = self.pattern as u8;
        bytes[5] = u8::from(self.verify);
        bytes[8..16].copy_from_slice(&(self.size as u64).to_le_bytes());
        bytes[16..].copy_from_slice(&self.count.to_le_bytes());
        bytes
    }

    /// Parses the bytes of a workload.
    ///
    /// # Errors
    /// [`Corrupt`](Error::Corrupt): the bytes are not a workload.
    pub fn decode(bytes: &[u8; Self::LEN]) -> Result<Self> {
        let number = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"));
        let workload = Self {
            pattern: match bytes[4] {
                0 => Pattern::RoundTrip,
                1 => Pattern::Stream,
                2 => Pattern::OneWay,
                _ => Pattern::Paced,
            },
            verify: bytes[5] != 0,
            size: number(8) as usize,
            count: number(16),
        };
        // Bytes that do not encode back to themselves were not written by `encode`.
        if workload.encode() == *bytes { Ok(workload) } else { Err(Error::Corrupt("not a workload")) }
    }
}
