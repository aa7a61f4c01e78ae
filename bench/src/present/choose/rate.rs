//! A rate as people say it: messages, frames or bytes a second.

use ipc_core::{Error, Result};
use ipc_demo::units::{RATES, parse_rate, parse_size};

/// The most messages in a second that may be asked for.
const MOST: u64 = 1_000_000_000;

/// A rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Messages in a second.
    Messages(u64),
    /// Bytes in a second.
    Bytes(usize),
}

impl Rate {
    /// The forms of a rate, for a help text.
    #[must_use]
    pub fn forms() -> String {
        format!("{RATES}; or bytes: 1MiB/s")
    }

    /// Parses a rate: see [`forms`](Self::forms).
    ///
    /// # Errors
    /// [`Usage`](Error::Usage): it is none.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::Usage(format!("invalid rate '{text}': expected {}", Self::forms()));
        if let Ok(rate) = parse_rate(text, MOST) {
            return Ok(Self::Messages(rate));
        }
        // Without the letter, `1M/s` is a million messages.
        let length =
            text.strip_suffix("/s").filter(|length| length.ends_with(['B', 'b'])).ok_or_else(wrong)?;
        parse_size(length).map(Self::Bytes).map_err(|_| wrong())
    }

    /// Returns the messages of `size` bytes in a second.
    #[must_use]
    pub const fn messages(self, size: usize) -> u64 {
        match self {
            Self::Messages(rate) => rate,
            Self::Bytes(bytes) => bytes.div_ceil(size) as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_messages_and_bytes_are_told_apart() {
        for (text, rate) in [
            ("60/s", Rate::Messages(60)),
            ("30fps", Rate::Messages(30)),
            ("1kHz", Rate::Messages(1000)),
            ("20k", Rate::Messages(20_000)),
            ("1M/s", Rate::Messages(1_000_000)),
            ("1MiB/s", Rate::Bytes(1 << 20)),
            ("100 MB/s", Rate::Bytes(100_000_000)),
        ] {
            assert_eq!(Rate::parse(text).unwrap(), rate, "{text}");
        }
        for text in ["", "0", "fast", "1MiB", "-5", "1/min", "0fps"] {
            let error = Rate::parse(text).unwrap_err().to_string();
            let begin =
                format!("invalid rate '{text}': expected 20000, 20k, 20k/s, 20kHz or 60fps; or bytes: ");
            assert!(error.starts_with(&begin), "{error}");
        }
        assert_eq!(Rate::Bytes(1 << 20).messages(4096), 256);
        assert_eq!(Rate::Bytes(100).messages(64), 2, "rounded up");
        assert_eq!(Rate::Messages(60).messages(4096), 60);
    }
}
