//! The contents of the messages: bytes that cost the same for every mechanism, or bytes that can be verified.

use std::hint::black_box;

use ipc_core::{Error, Result};

/// The way in which payloads are written and read.
#[derive(Clone, Copy, Debug)]
pub struct Payload {
    /// True to write a sequence number, a pattern and a checksum, and to check them on reading.
    pub verify: bool,
}

const SEQUENCE: usize = size_of::<u64>();
const CHECKSUM: usize = size_of::<u64>();

impl Payload {
    /// Writes every byte of message number `sequence`.
    #[inline]
    pub fn write(self, sequence: u64, message: &mut [u8]) {
        if !self.verify {
            message.fill(sequence as u8);
            return;
        }
        let pattern = pattern(sequence);
        for (byte, value) in message.iter_mut().zip(sequence.to_le_bytes().into_iter().chain(pattern)) {
            *byte = value;
        }
        if let Some(body) = message.len().checked_sub(CHECKSUM).filter(|&body| body >= SEQUENCE) {
            let sum = checksum(&message[..body]);
            message[body..].copy_from_slice(&sum.to_le_bytes());
        }
    }

    /// Reads every byte of a message that should be number `sequence`.
    ///
    /// # Errors
    /// [`Corrupt`](Error::Corrupt), when verifying: it is a different message, or was changed on its way.
    #[inline]
    pub fn read(self, sequence: u64, message: &[u8]) -> Result<()> {
        if !self.verify {
            // Adding up the bytes as words is as fast as memory; `black_box` keeps the sum from being optimised away.
            let (words, rest) = message.as_chunks::<8>();
            let sum = words.iter().fold(0u64, |sum, word| sum.wrapping_add(u64::from_ne_bytes(*word)));
            black_box(rest.iter().fold(sum, |sum, &byte| sum.wrapping_add(u64::from(byte))));
            return Ok(());
        }
        let number = message.len().min(SEQUENCE);
        if message[..number] != sequence.to_le_bytes()[..number] {
            return Err(Error::Corrupt("a message out of sequence"));
        }
        let Some(body) = message.len().checked_sub(CHECKSUM).filter(|&body| body >= SEQUENCE) else {
            let expected = sequence.to_le_bytes().into_iter().chain(pattern(sequence));
            let same = message.iter().zip(expected).all(|(&byte, expected)| byte == expected);
            return if same {
                Ok(())
            } else {
                Err(Error::Corrupt("a short message whose bytes differ from those sent"))
            };
        };
        if checksum(&message[..body]).to_le_bytes() == message[body..] {
            Ok(())
        } else {
            Err(Error::Corrupt("a message whose checksum does not match its bytes"))
        }
    }
}

/// Returns bytes that differ from message to message and from place to place, so that a shifted or stale one is
/// detected.
fn pattern(sequence: u64) -> impl Iterator<Item = u8> {
    let mut state = sequence.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(move || {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    })
}

/// Computes the FNV-1a hash, with 64 bits.
fn checksum(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFY: Payload = Payload { verify: true };

    #[test]
    fn a_message_proves_itself_at_every_size() {
        for size in [0, 1, 7, 8, 15, 16, 17, 64, 4096] {
            let mut message = vec![0; size];
            VERIFY.write(5, &mut message);
            VERIFY.read(5, &message).unwrap();
            let mut other = vec![0; size];
            VERIFY.write(6, &mut other);
            assert!(size <= 16 || message[8..16] != other[8..16], "a stale body would pass for a new one");
            for at in 0..size {
                message[at] ^= 1;
                assert!(VERIFY.read(5, &message).is_err(), "byte {at} of {size}");
                message[at] ^= 1;
            }
            assert_eq!(VERIFY.read(6, &message).is_err(), size > 0, "size {size}");
        }
    }
}
