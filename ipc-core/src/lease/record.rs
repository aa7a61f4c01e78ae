//! What a lease notes, and how a note is written down: a line of text that proves that it is whole.
//!
//! A write can be cut short, by a full disk, a limit or a kill, and a file can be damaged. A line that has lost its end
//! may read as another path, and be somebody's. So each line ends in a checksum of what is before it, and a newline;
//! what does not is never acted upon.

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

use super::SYSTEM_V_MARK;

use crate::{Call, Error, Key, PosixName, Result};

/// An object outside of the lease's directory, as it is noted.
///
/// Either it is described exactly, or it is an *intention*: the object may not be there yet, and then it is known by a
/// mark that only this suite gives, a fresh [hidden name](Self::Hidden) or a [mode](super::MARK) of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// An intention: what is made at this path, whose name is `.ipc-` and 16 hexadecimal digits.
    Hidden(PathBuf),
    /// An intention: what is made at this path, of the mode [`MARK`](super::MARK).
    Marked(PathBuf),
    /// What is at this path, if it is this very object; with the device of the directory that it is in.
    Path(Inode, u64, PathBuf),
    /// Under a System V key.
    SystemV(SystemV, Key, Option<Made>),
    /// A POSIX queue; with the boot in which it was made, since its inode has no time of birth.
    Queue(PosixName, Option<(Inode, String)>),
}

/// Tells an object of the file system apart from any other. Device and inode alone would not: the number of a removed
/// inode goes to the next file that is made. With its time of birth, where the file system keeps one, it does not come
/// again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inode {
    /// The device of the file system.
    pub device: u64,
    /// The number.
    pub number: u64,
    /// Its birth, in nanoseconds since 1970; 0 where the file system does not keep that.
    pub born: i128,
}

/// The three kinds of System V objects. Each has keys of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemV {
    /// A message queue.
    Queue,
    /// A shared memory segment.
    Segment,
    /// An array of semaphores.
    Semaphores,
}

/// Which of the objects that have or had a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its id.
    pub id: i32,
    /// When it was made, in seconds since 1970, by the object itself. Giving it its mode can move that by a moment.
    pub at: i64,
}

/// What the kernel tells of the System V object that has a key now.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Its id.
    pub id: i32,
    /// The user who made it.
    pub creator: u32,
    /// Its permission bits.
    pub mode: u32,
    /// When it was made, or its mode or owner changed last, in seconds since 1970.
    pub changed: i64,
}

impl Found {
    /// The time that may pass between making an object and giving it its mode, in seconds.
    const SETTLING: i64 = 60;

    /// Whether it is the one that was noted.
    ///
    /// # Errors
    /// [`Usage`](Error::Usage): it may be that one, but was changed by hand since, or is another with the same id.
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
        Err(Error::Usage(format!(
            "it was changed since it was made: if id {} is yours, ipcrm removes it",
            made.id
        )))
    }
}

impl Inode {
    /// That of an object of which the kernel has told.
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
    /// Whether it is about an object that is found by a path, and not in an IPC namespace.
    pub(super) const fn is_of_a_path(&self) -> bool {
        matches!(self, Self::Hidden(_) | Self::Marked(_) | Self::Path(..))
    }

    /// For a person: what it is, and where.
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
        }
    }

    /// The line, with its checksum and its newline.
    #[must_use]
    pub fn line(&self) -> String {
        let text = self.to_string();
        format!("{text} ={:016x}\n", checksum(text.as_bytes()))
    }

    /// Appends the line to a file that was opened to append: all of it, or nothing.
    pub(super) fn append(&self, file: &File) -> Result<()> {
        let line = self.line();
        let before = file.metadata().call("fstat")?.len();
        // A disk that is full, and the limit of a file's size, first make a write short; why, the next one says.
        let written = (&*file).write_all(line.as_bytes()).call("write");
        if written.is_err() {
            // What comes next must not be glued to half a line.
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

/// The records of a lease, as they are found.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// What is noted, oldest first.
    pub(super) notes: Vec<Note>,
    /// The numbers of the lines that are none of ours: damaged, or of another version.
    pub(super) unreadable: Vec<usize>,
}

impl Records {
    /// Reads a file of records. A last line without its end is left out: it was being written when the process ended,
    /// and nothing is made before its note is whole.
    pub(super) fn parse(bytes: &[u8]) -> Self {
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

    pub(super) fn complaint(&self, file: &Path) -> Option<Error> {
        let lines: Vec<_> = self.unreadable.iter().map(usize::to_string).collect();
        (!lines.is_empty()).then(|| {
            Error::Usage(format!(
                "{} has damaged records (line {}), on which nothing is done: look at what they name, then remove that file",
                file.display(),
                lines.join(", ")
            ))
        })
    }
}

/// A path as one word of printable ASCII: any other byte, and `%`, as `%` and two hexadecimal digits.
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

/// Back from [`Escaped`]: an absolute path.
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

/// A path whose name only this suite gives.
fn hidden(path: PathBuf) -> Option<PathBuf> {
    let digits = path.file_name()?.to_str()?.strip_prefix(super::HIDDEN)?;
    let is_ours = digits.len() == 16 && digits.bytes().all(|digit| b"0123456789abcdef".contains(&digit));
    is_ours.then_some(path)
}

/// A name, or that of the way back, which may be a little longer.
fn queue_name(word: &str) -> Option<PosixName> {
    word.parse().ok().or_else(|| Some(word.strip_suffix(".back")?.parse::<PosixName>().ok()?.back()))
}

fn inode(words: &mut SplitAsciiWhitespace<'_>) -> Option<Inode> {
    let device = words.next()?.parse().ok()?;
    let number = words.next()?.parse().ok()?;
    Some(Inode { device, number, born: words.next()?.parse().ok()? })
}

/// FNV-1a, which tells a damaged line from a whole one. It is no defence against a forger: the directory is.
pub(super) fn checksum(bytes: &[u8]) -> u64 {
    let add = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some_of_each() -> Vec<Note> {
        let inode = Inode { device: 2049, number: 77, born: 1_700_000_000_123_456_789 };
        let key = Key::fresh();
        let name = PosixName::fresh();
        vec![
            Note::Hidden("/tmp/.ipc-0123456789abcdef".into()),
            Note::Marked("/home/a b/100%\n".into()),
            Note::Path(inode, 2050, OsString::from_vec(b"/\xff/x".to_vec()).into()),
            Note::SystemV(SystemV::Queue, key, None),
            Note::SystemV(SystemV::Semaphores, key, Some(Made { id: 65536, at: 1_700_000_000 })),
            Note::Queue(name.clone(), None),
            Note::Queue(name, Some((inode, "boot".into()))),
        ]
    }

    #[test]
    fn what_is_noted_comes_back() {
        let notes = some_of_each();
        let text: String = notes.iter().map(Note::line).collect();
        let records = Records::parse(text.as_bytes());
        assert_eq!((records.notes, records.unreadable), (notes, vec![]));
    }

    /// Cut at any byte, a file gives the notes that are whole and nothing else.
    #[test]
    fn a_cut_line_is_no_note() {
        let notes = some_of_each();
        let text: String = notes.iter().map(Note::line).collect();
        for end in 0..text.len() {
            let whole = text[..end].matches('\n').count();
            let records = Records::parse(&text.as_bytes()[..end]);
            assert_eq!((&records.notes[..], &records.unreadable[..]), (&notes[..whole], &[][..]), "{end}");
        }
    }

    /// One byte more, less or other in a line is never another note.
    #[test]
    fn a_damaged_line_is_no_note() {
        for note in some_of_each() {
            let line = note.line().into_bytes();
            for at in 0..line.len() - 1 {
                let (mut less, mut more, mut other) = (line.clone(), line.clone(), line.clone());
                less.remove(at);
                more.insert(at, b'x');
                other[at] ^= 1;
                for damaged in [less, more, other] {
                    let records = Records::parse(&damaged);
                    assert_eq!(records.notes, [], "{}", String::from_utf8_lossy(&damaged));
                    assert!(records.complaint(Path::new("records")).is_some());
                }
            }
        }
    }

    #[test]
    fn only_a_name_of_ours_is_hidden() {
        for path in ["/home/da", "/home/.ipc-", "/home/.ipc-0123456789abcde", "/home/.ipc-0123456789ABCDEF"] {
            assert_eq!(Note::parse(Note::Hidden(path.into()).line().trim_end()), None, "{path}");
        }
    }

    /// Any bytes in the file: every note that comes out is of a line that was there, and comes back from its own line.
    #[test]
    fn fuzz_records() {
        use crate::conformance::fuzz;
        use proptest::prelude::*;

        let word = prop_oneof![
            Just("hidden"),
            Just("marked"),
            Just("path"),
            Just("mqueue"),
            Just("queue"),
            Just("segment"),
            Just("none")
        ];
        let value = prop_oneof![
            any::<i64>().prop_map(|number| number.to_string()),
            "[/.%0-9a-f]{0,30}",
            "/\\.ipc-[0-9a-f]{15,17}",
            "\\PC{0,12}",
        ];
        // With a checksum that is right, so that the rest of the line is looked at.
        let signed = (word, prop::collection::vec(value, 0..6)).prop_map(|(word, values)| {
            let text = format!("{word} {}", values.join(" "));
            format!("{text} ={:016x}\n", checksum(text.as_bytes())).into_bytes()
        });
        let good = (0..7_usize).prop_map(|index| some_of_each()[index].line().into_bytes());
        let garbage = prop::collection::vec(any::<u8>(), 0..40);
        let part = prop_oneof![3 => signed, 2 => good, 1 => garbage];
        let damage = prop::option::of((any::<prop::sample::Index>(), any::<u8>()));
        fuzz(&(prop::collection::vec(part, 0..6), damage), |(parts, damage)| {
            let mut bytes = parts.concat();
            if let Some((at, byte)) = damage.filter(|_| !bytes.is_empty()) {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let records = Records::parse(&bytes);
            let lines = bytes.split(|&byte| byte == b'\n').count() - 1;
            prop_assert_eq!(records.notes.len() + records.unreadable.len(), lines);
            for note in records.notes {
                let again = note.line();
                prop_assert_eq!(Note::parse(again.trim_end_matches('\n')), Some(note.clone()));
                if let Note::Hidden(path) | Note::Marked(path) | Note::Path(_, _, path) = note {
                    prop_assert!(path.is_absolute());
                }
            }
            Ok(())
        });
    }
}
