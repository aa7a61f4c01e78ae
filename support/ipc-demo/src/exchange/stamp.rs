//! The time and the number that a message carries.

use ipc_core::{Error, Result};

/// The time at which a message was sent, or meant to be sent, and its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// By the clock that both processes share, in nanoseconds.
    pub(super) time: u64,
    /// Left out where there is no room for it.
    pub(super) number: u64,
}

/// The length of a number, in bytes.
const NUMBER: usize = size_of::<u64>();

impl Stamp {
    /// The room that a message must have, in bytes: the time.
    pub(super) const LEN: usize = NUMBER;

    /// # Errors
    /// [`Usage`](Error::Usage): the message has no room for a time.
    pub(super) fn check_room(message: &[u8]) -> Result<()> {
        let len = message.len();
        if len >= Self::LEN {
            return Ok(());
        }
        Err(Error::Usage(format!("a message of {len} bytes has no room for a timestamp")))
    }

    /// Writes over the first bytes of a message that has room for it.
    pub(super) fn write(self, message: &mut [u8]) {
        for (place, number) in message.chunks_exact_mut(NUMBER).zip([self.time, self.number]) {
            place.copy_from_slice(&number.to_le_bytes());
        }
    }

    /// Returns the time that has passed since the stamp's, at the time `now`, in nanoseconds.
    ///
    /// # Errors
    /// [`Corrupt`](Error::Corrupt): the message is too short, or its time is in the future, and so is not from a clock
    /// that both sides share.
    pub(super) fn passed(message: &[u8], now: u64) -> Result<u64> {
        let time = numbers(message).next();
        let time = time.ok_or(Error::Corrupt("a workload with messages too short for a timestamp"))?;
        now.checked_sub(time).ok_or(Error::Corrupt("a message from the future"))
    }

    /// Checks that this is message number `number`, if it had room for that.
    ///
    /// # Errors
    /// [`Corrupt`](Error::Corrupt): it is another one.
    pub(super) fn check_number(message: &[u8], number: u64) -> Result<()> {
        match numbers(message).nth(1) {
            Some(other) if other != number => {
                Err(Error::Corrupt("a message was lost, or is out of sequence"))
            }
            _ => Ok(()),
        }
    }
}

fn numbers(message: &[u8]) -> impl Iterator<Item = u64> {
    message.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_as_it_was_written() {
        for len in [8, 15, 16, 64] {
            let mut message = vec![7; len];
            Stamp::check_room(&message).unwrap();
            Stamp { time: 100, number: 3 }.write(&mut message);
            assert_eq!(Stamp::passed(&message, 120).unwrap(), 20, "{len}");
            assert!(matches!(Stamp::passed(&message, 99), Err(Error::Corrupt("a message from the future"))));
            Stamp::check_number(&message, 3).unwrap();
            // A number for which there is no room is not checked.
            assert_eq!(Stamp::check_number(&message, 4).is_err(), len >= 16, "{len}");
            assert!(message.iter().skip(16).all(|&byte| byte == 7), "{message:?}");
        }
        assert!(matches!(Stamp::check_room(&[0; 7]), Err(Error::Usage(_))));
        assert!(matches!(Stamp::passed(&[0; 7], 0), Err(Error::Corrupt(_))));
    }
}
