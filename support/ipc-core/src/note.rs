//! The contents of an ownership lock's notes, and how a note is written: as a line of text that proves its own
//! completeness.
//!
//! A write can be cut short, by a full disk, a limit or a kill, and a file can be damaged. A line that has lost its end
//! may read as another path, which belongs to another program. So each line ends in a checksum of the text before it,
//! and a newline; a line without them is never acted upon.

use std::ffi::OsString;
use std::fmt;
use std::fs::{File, Metadata};
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::str::SplitAsciiWhitespace;
use std::time::SystemTime;

use nix::unistd::geteuid;

use crate::{Call, Error, Key, PosixName, Result};

/// The prefix of the names of objects not yet in place; 16 random hexadecimal digits follow.
pub(crate) const HIDDEN: &str = ".ipc-";

/// The mode with which an object that cannot be renamed is created, until it is noted exactly: access for its owner
/// alone, with the bits for set-user-ID, set-group-ID and sticky, which mean nothing here. No other program uses it.
pub const MARK: u32 = 0o7600;

/// The corresponding mode for System V objects, which have nine bits; those for execution mean nothing.
pub const SYSTEM_V_MARK: u32 = 0o711;

/// Returns whether an object of the file system has the [`MARK`]; the umask may have cleared some of the other bits.
#[must_use]
pub const fn is_marked(mode: u32) -> bool {
    mode & 0o7000 == MARK & 0o7000 && mode & 0o777 & !MARK == 0
}

/// An object outside the ownership lock's directory, as it is noted.
///
/// A note either describes the object exactly or is an *intention*: then the object may not exist yet, and is
/// recognised by a mark that only this suite uses, a fresh [hidden name](Self::Hidden) or a [mode](MARK).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// An intention: any object at this path, whose name is `.ipc-` and 16 hexadecimal digits.
    Hidden(PathBuf),
    /// An intention: an object at this path with the mode [`MARK`].
    Marked(PathBuf),
    /// The object at this path, if it is this very inode; with the device of the directory that contains it.
    Path(Inode, u64, PathBuf),
    /// A System V object under this key; without `Made`, an intention.
    SystemV(SystemV, Key, Option<Made>),
    /// A POSIX queue, with the boot in which it was made, since its inode has no birth time.
    Queue(PosixName, Option<(Inode, String)>),
    /// An object that a server keeps, at this address; one word, which only the mechanism understands.
    AtServer(String),
}

/// The identity of an object of the file system. Device and inode number alone would not do: the number of a removed
/// inode is reused for the next new file. Combined with the birth time, where the file system records one, it is
/// unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inode {
    /// The device of the file system.
    pub device: u64,
    /// The inode number.
    pub number: u64,
    /// The birth time, in nanoseconds since 1970; 0 where the file system does not record it.
    pub born: i128,
}

/// The three kinds of System V objects. Each has its own keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemV {
    /// A message queue.
    Queue,
    /// A shared memory segment.
    Segment,
    /// An array of semaphores.
    Semaphores,
}

/// The identity of one of the objects that have, or had, a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its id.
    pub id: i32,
    /// The creation time that the object itself records, in seconds since 1970. Setting its mode may move it slightly.
    pub at: i64,
}

/// The kernel's data about the System V object that has a key now.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Its id.
    pub id: i32,
    /// The user who made it.
    pub creator: u32,
    /// Its permission bits.
    pub mode: u32,
    /// The time when it was made, or its mode or owner last changed, in seconds since 1970.
    pub changed: i64,
}

impl Found {
    /// The time that may pass between making an object and giving it its mode, in seconds.
    const SETTLING: i64 = 60;

    /// Returns whether it is the object that was noted.
    ///
    /// # Errors
    /// [`Refused`](Error::Refused): in doubt: it may be the noted object, changed by hand since, or another one with the
    /// same id.
    pub fn is(&self, noted: Option<Made>) -> Result<bool> {
        let Some(made) = noted else {
            return Ok(self.creator == geteuid().as_raw() && self.mode == SYSTEM_V_MARK);
        };
        if self.creator != geteuid().as_raw() || self.id != made.id {
            return Ok(false);
        }
        if (made.at..=made.at.saturating_add(Self::SETTLING)).contains(&self.changed) {
            return Ok(true);
        }
        Err(Error::Refused(format!(
            "it has changed since it was created: if id {} is yours, remove it with ipcrm",
            made.id
        )))
    }
}

impl Inode {
    /// Returns the identity of an object, from its metadata.
    #[must_use]
    pub fn of(meta: &Metadata) -> Self {
        let born = meta.created().map_or(0, |time| match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => after.as_nanos().cast_signed(),
            Err(before) => -before.duration().as_nanos().cast_signed(),
        });
        Self { device: meta.dev(), number: meta.ino(), born }
    }
}

impl Note {
    /// Returns whether the object is found by a path, and is not in an IPC namespace.
    pub(crate) const fn is_of_a_path(&self) -> bool {
        matches!(self, Self::Hidden(_) | Self::Marked(_) | Self::Path(..))
    }

    /// Describes the object for a person: what it is, and where.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Hidden(path) | Self::Marked(path) | Self::Path(_, _, path) => path.display().to_string(),
            Self::SystemV(kind, key, _) => format!(
                "{} with key {key}",
                match kind {
                    SystemV::Queue => "System V queue",
                    SystemV::Segment => "shared memory segment",
                    SystemV::Semaphores => "semaphore array",
                }
            ),
            Self::Queue(name, _) => format!("POSIX queue {name}"),
            Self::AtServer(address) => address.clone(),
        }
    }

    /// Returns the line, with its checksum and its newline.
    #[must_use]
    pub fn line(&self) -> String {
        let text = self.to_string();
        format!("{text} ={:016x}\n", checksum(text.as_bytes()))
    }

    /// Appends the line to a file opened for appending: all of it, or nothing.
    pub(crate) fn append(&self, file: &File) -> Result<()> {
        let line = self.line();
        let before = file.metadata().call("fstat")?.len();
        // A full disk, or the limit on a file's size, first causes a short write; the next write reports the reason.
        let written = (&*file).write_all(line.as_bytes()).call("write");
        if written.is_err() {
            // The next line must not be appended to a partial one.
            file.set_len(before).call("ftruncate")?;
        }
        written
    }

    fn parse(line: &str) -> Option<Self> {
        let (text, sum) = line.rsplit_once(" =")?;
        if sum.len() != 16 || u64::from_str_radix(sum, 16).ok()? != checksum(text.as_bytes()) {
            return None;
        }
        let mut words = text.split_ascii_whitespace();
        let note = match words.next()? {
            "hidden" => Self::Hidden(hidden(path(words.next()?)?)?),
            "marked" => Self::Marked(path(words.next()?)?),
            "server" => Self::AtServer(words.next()?.to_owned()),
            "path" => Self::Path(inode(&mut words)?, words.next()?.parse().ok()?, path(words.next()?)?),
            "mqueue" => {
                let name = queue_name(words.next()?)?;
                let made = words.next().map(|boot| Some((inode(&mut words)?, boot.to_owned())));
                Self::Queue(name, if let Some(made) = made { Some(made?) } else { None })
            }
            kind => {
                let kind = SystemV::ALL.into_iter().find(|known| known.name() == kind)?;
                let key = words.next()?.parse().ok()?;
                let made = words
                    .next()
                    .map(|id| Some(Made { id: id.parse().ok()?, at: words.next()?.parse().ok()? }));
                Self::SystemV(kind, key, if let Some(made) = made { Some(made?) } else { None })
            }
        };
        words.next().is_none().then_some(note)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hidden(path) => write!(f, "hidden {}", Escaped(path)),
            Self::Marked(path) => write!(f, "marked {}", Escaped(path)),
            Self::Path(inode, beside, path) => write!(f, "path {inode} {beside} {}", Escaped(path)),
            Self::SystemV(kind, key, None) => write!(f, "{} {key}", kind.name()),
            Self::SystemV(kind, key, Some(made)) => {
                write!(f, "{} {key} {} {}", kind.name(), made.id, made.at)
            }
            Self::Queue(name, None) => write!(f, "mqueue {name}"),
            Self::Queue(name, Some((inode, boot))) => write!(f, "mqueue {name} {boot} {inode}"),
            Self::AtServer(address) => write!(f, "server {address}"),
        }
    }
}

impl fmt::Display for Inode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.device, self.number, self.born)
    }
}

impl SystemV {
    const ALL: [Self; 3] = [Self::Queue, Self::Segment, Self::Semaphores];

    const fn name(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Segment => "segment",
            Self::Semaphores => "semaphores",
        }
    }
}

/// The records of an ownership lock, as read.
#[derive(Debug, Default)]
pub(crate) struct Records {
    /// The notes, oldest first.
    pub(crate) notes: Vec<Note>,
    /// The numbers of the lines that are not valid notes: damaged, or of another version.
    pub(crate) unreadable: Vec<usize>,
}

impl Records {
    /// Parses a file of records. A last line without its end is ignored: it was being written when the process ended,
    /// and no object is made before its note is complete.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let mut records = Self::default();
        for (index, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
            let Some(line) = line.strip_suffix(b"\n") else { continue };
            match std::str::from_utf8(line).ok().and_then(Note::parse) {
                Some(note) => records.notes.push(note),
                None => records.unreadable.push(index + 1),
            }
        }
        records
    }

    pub(crate) fn complaint(&self, file: &Path) -> Option<Error> {
        let lines: Vec<_> = self.unreadable.iter().map(usize::to_string).collect();
        (!lines.is_empty()).then(|| {
            Error::Refused(format!(
                "{} has damaged records (line {}), which are left alone: check what they name, then remove that file",
                file.display(),
                lines.join(", ")
            ))
        })
    }
}

/// A path as one word of printable ASCII: any other byte, and `%`, is written as `%` and two hexadecimal digits.
struct Escaped<'a>(&'a Path);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_os_str().as_bytes().iter().try_for_each(|&byte| match byte {
            b'%' => f.write_str("%25"),
            byte if byte.is_ascii_graphic() => write!(f, "{}", char::from(byte)),
            byte => write!(f, "%{byte:02x}"),
        })
    }
}

/// Parses an [`Escaped`] path, which must be absolute.
fn path(word: &str) -> Option<PathBuf> {
    let mut bytes = Vec::new();
    let mut rest = word.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte == b'%' {
            let (digits, behind) = rest.split_at_checked(2)?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = behind;
        } else {
            bytes.push(byte);
        }
    }
    Some(PathBuf::from(OsString::from_vec(bytes))).filter(|path| path.is_absolute())
}

/// Returns the path if its name is one that only this suite uses.
fn hidden(path: PathBuf) -> Option<PathBuf> {
    let digits = path.file_name()?.to_str()?.strip_prefix(HIDDEN)?;
    let is_ours = digits.len() == 16 && digits.bytes().all(|digit| b"0123456789abcdef".contains(&digit));
    is_ours.then_some(path)
}

/// Parses a queue's name, or that of the way back, which may be a little longer.
fn queue_name(word: &str) -> Option<PosixName> {
    word.parse().ok().or_else(|| Some(word.strip_suffix(".back")?.parse::<PosixName>().ok()?.back()))
}

fn inode(words: &mut SplitAsciiWhitespace<'_>) -> Option<Inode> {
    let device = words.next()?.parse().ok()?;
    let number = words.next()?.parse().ok()?;
    Some(Inode { device, number, born: words.next()?.parse().ok()? })
}

/// Computes FNV-1a, to tell a damaged line from a complete one. It is no defence against a forger: the directory is.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    let add = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, add)
}

#[cfg(test)]
mod tests;
