//! The name of a POSIX queue.

use std::fmt;
use std::str::FromStr;

use ipc_core::{Error, Result, lease};

/// A slash and then letters, digits, dots, dashes and underscores, 200 at most.
///
/// The kernel takes almost anything without a second slash, up to 255 bytes. This is what stays one word on a command
/// line.
///
/// ```
/// # use ipc_msgq::posix::QueueName;
/// let name: QueueName = "/orders".parse()?;
/// assert_eq!(name.to_string(), "/orders");
/// assert!("orders".parse::<QueueName>().is_err());
/// assert!("/a/b".parse::<QueueName>().is_err());
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QueueName(String);

/// Short enough for the kernel also with what [`QueueName::back`] appends.
const LONGEST: usize = 200;

impl QueueName {
    /// A name that nobody else picks.
    ///
    /// ```
    /// # use ipc_msgq::posix::QueueName;
    /// let name = QueueName::fresh();
    /// assert!(name.as_str().starts_with('/'));
    /// assert_ne!(name, QueueName::fresh());
    /// ```
    #[must_use]
    pub fn fresh() -> Self {
        Self(format!("/ipc-{:016x}", lease::random()))
    }

    /// As `mq_open` takes it, with the slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the queue for the way back.
    pub(crate) fn back(&self) -> Self {
        Self(format!("{}.back", self.0))
    }
}

impl fmt::Display for QueueName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for QueueName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        match text.strip_prefix('/') {
            Some(name @ ("." | "..")) => Err(name),
            Some(name) if (1..=LONGEST).contains(&name.len()) && name.bytes().all(plain) => Ok(()),
            _ => Err(text),
        }
        .map(|()| Self(text.to_owned()))
        .map_err(|_| {
            Error::Usage(format!(
                "'{text}' is no name of a POSIX queue: a slash, then letters, digits, '.', '-' and '_', at most {LONGEST}"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_is_a_usage_error() {
        let long = format!("/{}", "x".repeat(LONGEST + 1));
        for text in ["", "/", "name", "/.", "/..", "/a/b", "//", "/a b", "/ä", "/a\n", "0x1234", &long] {
            assert!(matches!(text.parse::<QueueName>(), Err(Error::Usage(_))), "{text}");
        }
        for text in ["/a", "/...", "/A-1_b.c", &long[..=LONGEST]] {
            assert_eq!(text.parse::<QueueName>().unwrap().as_str(), text);
        }
    }
}
