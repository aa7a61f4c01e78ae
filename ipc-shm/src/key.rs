//! The name of a segment: a number that both sides know.

use std::fmt;
use std::str::FromStr;

use ipc_core::{Error, Result, lease};

/// A System V key. Never 0: that is `IPC_PRIVATE`, which names no segment but asks for a new one each time, so two
/// processes cannot meet there.
///
/// ```
/// # use ipc_shm::Key;
/// let key: Key = "1234".parse()?;
/// assert_eq!(key, "0x4d2".parse()?);
/// assert_eq!(key.to_string(), "0x000004d2");
/// assert!("0".parse::<Key>().is_err());
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(libc::key_t);

impl Key {
    /// The key `number`, or `None` for 0.
    #[must_use]
    pub const fn new(number: libc::key_t) -> Option<Self> {
        if number == libc::IPC_PRIVATE { None } else { Some(Self(number)) }
    }

    /// A key that nobody else picks.
    #[must_use]
    pub fn fresh() -> Self {
        loop {
            // 31 bits: no key that looks negative to those who print it as a decimal.
            if let Some(key) = Self::new((lease::random() >> 33) as libc::key_t) {
                return key;
            }
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> libc::key_t {
        self.0
    }
}

/// As `ipcs` shows it, with eight digits.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

/// A decimal, or hexadecimal behind `0x`: the 32 bits of a key.
impl FromStr for Key {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => u32::from_str_radix(digits, 16).map(u32::cast_signed),
            None => text.parse::<u32>().map(u32::cast_signed).or_else(|_| text.parse()),
        };
        number.ok().and_then(Self::new).ok_or_else(|| {
            Error::Usage(format!("'{text}' is no key: a number of 32 bits, decimal or 0x…, but not 0"))
        })
    }
}
