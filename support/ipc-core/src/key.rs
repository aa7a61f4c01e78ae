//! The name of a System V object (a queue, a segment, a semaphore array): a number that both sides know.

use std::fmt;
use std::fs;
use std::num::NonZeroU8;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::str::FromStr;

use crate::{Call, Error, Result, random};

/// A System V key. Never 0: that is `IPC_PRIVATE`, which names no object but requests a new one each time, so two
/// processes cannot meet there.
///
/// Any other number is a key, even -1, although C programs take that for the failure of `ftok`. Here a failure is an
/// [`Error`] and cannot be mistaken for a key.
///
/// ```
/// # use ipc_core::Key;
/// let key: Key = "1234".parse()?;
/// assert_eq!(key, "0x4d2".parse()?);
/// assert_eq!(key.to_string(), "0x000004d2");
/// assert!("0".parse::<Key>().is_err());
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[doc(alias = "key_t")]
pub struct Key(libc::key_t);

impl Key {
    /// Returns the key `number`, or `None` for 0.
    #[must_use]
    pub const fn new(number: libc::key_t) -> Option<Self> {
        if number == libc::IPC_PRIVATE { None } else { Some(Self(number)) }
    }

    /// Returns a key that no other process picks.
    #[must_use]
    pub fn fresh() -> Self {
        loop {
            // 31 bits: no key that looks negative when printed as a decimal.
            if let Some(key) = Self::new((random() >> 33) as libc::key_t) {
                return key;
            }
        }
    }

    /// Returns the key that C programs get for the same file and project.
    ///
    /// C: `key_t ftok(const char *pathname, int proj_id);`
    /// — [ftok(3)](https://man7.org/linux/man-pages/man3/ftok.3.html)
    ///
    /// The key consists of 16 bits of the file's inode number, 8 of its device number and 8 of the project. So *two
    /// files can have one key*, on different file systems or by chance. And the key is that of the inode, not of the
    /// path: a file that was deleted and made again, or replaced as editors do, has another key, while processes that
    /// computed it before still use the old one. Keep the file for as long as the object. A symbolic link is followed.
    ///
    /// ```
    /// # use ipc_core::{Key, ProjectId};
    /// let project = ProjectId::new(b'A').expect("not 0");
    /// let key = Key::ftok("/", project)?;
    /// assert_eq!(key.get() >> 24, i32::from(b'A'));
    /// let error = Key::ftok("/no/such/file", project).unwrap_err().to_string();
    /// assert!(error.starts_with("stat: No such file or directory (ENOENT); ftok(/no/such/file)"));
    /// # Ok::<(), ipc_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of stat(2), with the path: `ENOENT` if there is no such file, `EACCES` if a directory on the way may not
    /// be searched.
    pub fn ftok(path: impl AsRef<Path>, project: ProjectId) -> Result<Self> {
        let path = path.as_ref();
        let meta = fs::metadata(path).call("stat").map_err(|mut error| {
            if let Error::Os(error) = &mut error {
                error.advice = Some(format!("ftok({}) takes the key from an existing file", path.display()));
            }
            error
        })?;
        Ok(Self::compose(meta.ino(), meta.dev(), project))
    }

    // ANCHOR: ftok
    /// Combines the numbers by the formula of glibc. Never 0, since the project is not.
    fn compose(inode: u64, device: u64, project: ProjectId) -> Self {
        let key = (inode as u32 & 0xffff) | (device as u32 & 0xff) << 16 | u32::from(project.get()) << 24;
        Self(key.cast_signed())
    }
    // ANCHOR_END: ftok

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> libc::key_t {
        self.0
    }
}

/// Formats the key as `ipcs` does: `0x000004d2`, with eight digits.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#010x}", self.0)
    }
}

/// Parses a decimal number, or a hexadecimal one after `0x`: the 32 bits of a key.
impl FromStr for Key {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let number = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => u32::from_str_radix(digits, 16).map(u32::cast_signed),
            None => text.parse::<u32>().map(u32::cast_signed).or_else(|_| text.parse()),
        };
        number.ok().and_then(Self::new).ok_or_else(|| {
            Error::Usage(format!(
                "invalid key '{text}': expected a 32-bit number, decimal or 0x…, other than 0"
            ))
        })
    }
}

/// The project number that distinguishes the keys of one file for [`Key::ftok`]: 1 to 255.
///
/// C takes an `int` there and uses 8 bits of it: 0 and 256 give *the same key*, and so do 1 and 257. For numbers that
/// end in eight zero bits, POSIX leaves the result unspecified. None of these can be a `ProjectId`.
///
/// ```
/// # use ipc_core::ProjectId;
/// assert_eq!("65".parse::<ProjectId>()?, "A".parse()?); // the examples in C write 'A'
/// assert!("0".parse::<ProjectId>().is_err());
/// let refused = ProjectId::try_from(257).unwrap_err().to_string();
/// assert_eq!(refused, "invalid project id 257: expected 1 to 255 (ftok uses only the low 8 bits: 257 is the same as 1)");
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[doc(alias = "proj_id")]
pub struct ProjectId(NonZeroU8);

impl ProjectId {
    /// Returns the project `id`, or `None` for 0.
    #[must_use]
    pub const fn new(id: u8) -> Option<Self> {
        match NonZeroU8::new(id) {
            Some(id) => Some(Self(id)),
            None => None,
        }
    }

    /// Returns the number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0.get()
    }
}

/// Refuses numbers that C would silently truncate.
impl TryFrom<i32> for ProjectId {
    type Error = Error;

    fn try_from(id: i32) -> Result<Self> {
        u8::try_from(id).ok().and_then(Self::new).ok_or_else(|| {
            Error::Usage(match id {
                0 => "invalid project id 0: expected 1 to 255 (POSIX leaves 0 undefined)".into(),
                _ => format!(
                    "invalid project id {id}: expected 1 to 255 (ftok uses only the low 8 bits: {id} is the same as {})",
                    id & 0xff
                ),
            })
        })
    }
}

/// Parses a number from 1 to 255, decimal or after `0x`, or one ASCII character that is not a digit.
impl FromStr for ProjectId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if let [letter] = text.as_bytes()
            && letter.is_ascii_graphic()
            && !letter.is_ascii_digit()
        {
            return Self::try_from(i32::from(*letter));
        }
        let number = match text.strip_prefix("0x") {
            Some(digits) => i32::from_str_radix(digits, 16),
            None => text.parse(),
        };
        number
            .map_err(|_| {
                Error::Usage(format!("invalid project id '{text}': expected 1 to 255, or one letter"))
            })?
            .try_into()
    }
}

#[cfg(test)]
#[path = "key/tests.rs"]
mod tests;
