//! The number and the checksum of messages. A flood of which half was lost is no fast transfer.

use ipc_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// What one side has sent or received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// The number of messages.
    pub messages: u64,
    /// A checksum of their bytes, in their order.
    pub checksum: u64,
}

impl Tally {
    /// Adds a message. Takes words rather than bytes (as FNV-1a otherwise does): it is timed along with the message.
    pub fn add(&mut self, message: &[u8]) {
        let (words, rest) = message.as_chunks::<8>();
        let words = words.iter().map(|word| u64::from_le_bytes(*word));
        let all = words.chain(rest.iter().map(|&byte| byte.into()));
        let mix = |sum: u64, word: u64| (sum ^ word).wrapping_mul(0x0100_0000_01b3).rotate_left(31);
        self.checksum = all.fold(self.checksum, mix);
        self.messages += 1;
    }

    /// Checks that these were received of those that were `sent`: all, each once, in their order.
    ///
    /// # Errors
    /// [`Refused`](Error::Refused): they were not. The text says how many were missing.
    pub fn check(&self, sent: &Self) -> Result<()> {
        if self == sent {
            return Ok(());
        }
        let (received, sent) = (self.messages, sent.messages);
        Err(Error::Refused(if received == sent {
            format!(
                "the {sent} messages received are not those that were sent: no figure for a wrong transfer"
            )
        } else {
            let percent = (1.0 - received as f64 / sent as f64) * 100.0;
            let difference =
                if received < sent { format!("{percent:.1} % lost") } else { "some came twice".into() };
            format!(
                "received {received} of {sent} messages ({difference}): no figure for an incomplete transfer"
            )
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(messages: &[&[u8]]) -> Tally {
        let mut tally = Tally::default();
        for message in messages {
            tally.add(message);
        }
        tally
    }

    #[test]
    fn a_lost_a_changed_and_a_reordered_message_are_noticed() {
        let (one, two): (&[u8], &[u8]) = (b"message number 1", b"message number 2");
        let sent = of(&[one, two]);
        sent.check(&of(&[one, two])).unwrap();
        let refusal = |received: &[&[u8]]| of(received).check(&sent).unwrap_err().to_string();
        assert!(refusal(&[one]).starts_with("received 1 of 2 messages (50.0 % lost)"), "{}", refusal(&[one]));
        assert!(refusal(&[one, two, two]).contains("received 3 of 2 messages (some came twice)"));
        for wrong in [[two, one], [one, b"message number 3"], [one, one]] {
            assert!(refusal(&wrong).contains("are not those that were sent"));
        }
    }
}
