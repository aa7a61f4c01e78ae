//! The name of a POSIX object (a queue, a shared memory object), the counterpart of the [key](crate::Key) of a System V
//! object.

use std::fmt;
use std::str::FromStr;

use crate::{Error, Result, random};

/// A slash, followed by letters, digits, dots, dashes and underscores, 200 at most.
///
/// The kernel accepts almost anything without a second slash, up to 255 bytes. These names remain one word on a command
/// line.
///
/// ```
/// # use ipc_core::PosixName;
/// let name: PosixName = "/orders".parse()?;
/// assert_eq!(name.to_string(), "/orders");
/// assert!("orders".parse::<PosixName>().is_err());
/// assert!("/a/b".parse::<PosixName>().is_err());
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PosixName(String);

/// The greatest length; short enough for the kernel even with the suffix that [`PosixName::back`] appends.
const LONGEST: usize = 200;

impl PosixName {
    /// Returns a name that no other process picks.
    ///
    /// ```
    /// # use ipc_core::PosixName;
    /// let name = PosixName::fresh();
    /// assert!(name.as_str().starts_with('/'));
    /// assert_ne!(name, PosixName::fresh());
    /// ```
    #[must_use]
    pub fn fresh() -> Self {
        Self(format!("/ipc-{:016x}", random()))
    }

    /// Returns the name as `mq_open` and `shm_open` take it, with the slash.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name of a second object, for the way back.
    #[must_use]
    pub fn back(&self) -> Self {
        Self(format!("{}.back", self.0))
    }
}

impl fmt::Display for PosixName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for PosixName {
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
                "invalid POSIX name '{text}': expected a slash, then letters, digits, '.', '-' and '_', at most {LONGEST}"
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `clean` recognises the suite's own names by their prefix.
    #[test]
    fn a_fresh_name_is_ours_and_its_way_back_another() {
        let name = PosixName::fresh();
        assert!(name.as_str().starts_with("/ipc-") && name.as_str().len() == 5 + 16, "{name}");
        assert_eq!(name.back().as_str(), format!("{name}.back"));
    }

    #[test]
    fn what_is_no_name_is_a_usage_error() {
        let long = format!("/{}", "x".repeat(LONGEST + 1));
        for text in ["", "/", "name", "/.", "/..", "/a/b", "//", "/a b", "/ä", "/a\n", "0x1234", &long] {
            assert!(matches!(text.parse::<PosixName>(), Err(Error::Usage(_))), "{text}");
        }
        for text in ["/a", "/...", "/A-1_b.c", &long[..=LONGEST]] {
            assert_eq!(text.parse::<PosixName>().unwrap().as_str(), text);
        }
    }
}
