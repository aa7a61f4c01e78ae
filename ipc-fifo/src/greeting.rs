//! The handshake of the two sides, by which each learns that the other is there and is of its kind.
//!
//! A FIFO cannot tell its visitors apart: bytes from a visitor that has left stay in it for the owner to read, and an
//! answer goes to whichever process reads it. So each visitor takes a number, and the owner trusts a visitor only when
//! that number has come back:
//!
//! ```text
//!   the one who joins: "join 7"  ──►  owner
//!                                ◄──  "here 7"
//!                      "good 7"  ──►            and from here on, messages
//! ```

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use ipc_core::ownership::OwnershipLock;
use ipc_core::{Advise, Call, Deadline, Error, Result, Setup, flock, random, wait_readable};
use nix::errno::Errno;
use nix::unistd::{read, write};

use crate::ends::{End, Ends, Names, OpenFor};
use crate::{TO_JOINER, TO_OWNER};

/// A word of this version of the protocol. With the number after it, it is shorter than `PIPE_BUF`, so it arrives
/// whole.
type Word = [u8; 8];
const JOIN: Word = *b"fifo1 j\n";
const HERE: Word = *b"fifo1 h\n";
const GOOD: Word = *b"fifo1 g\n";
const LENGTH: usize = size_of::<Word>() + size_of::<u64>();

/// The interval at which a joining process looks for its answer again, after another visitor took one.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The owner's side of the greeting.
#[derive(Debug)]
pub(crate) struct Reception {
    dir: PathBuf,
    read: End,
    /// The last visitor that could be answered: its number, and our end of the FIFO that it reads.
    visitor: Option<(u64, End)>,
}

impl Reception {
    /// Opens the owner's read end, which needs no process on the other side.
    pub(crate) fn open(dir: &Path) -> Result<Self> {
        let read = End::open(&dir.join(TO_OWNER), OpenFor::Read)?;
        Ok(Self { dir: dir.to_owned(), read, visitor: None })
    }

    // ANCHOR: welcome
    /// Waits for a process to join; `false` if none did in time.
    pub(crate) fn welcome(&mut self, timeout: Duration) -> Result<bool> {
        let deadline = Deadline::after(timeout);
        loop {
            let left = deadline.left(timeout);
            let arrived = wait_readable([self.read.polling.as_fd()], left)?;
            if arrived && self.hear()? {
                return Ok(true);
            }
            if !arrived || left.is_zero() {
                return Ok(false);
            }
        }
    }
    // ANCHOR_END: welcome

    /// Reads one word; `true` if it completes the handshake of a visitor that is still there.
    fn hear(&mut self) -> Result<bool> {
        match hear(&self.read)? {
            None => {
                // The visitor has left. From now on this end polls as hung up until the next one opens it; a new end
                // does not. The old one stays open until the new one is, so there always is a reader.
                *self = Self::open(&self.dir)?;
            }
            Some((JOIN, number)) => match self.answer(number) {
                Err(error) if matches!(error.errno(), Some(Errno::ENXIO | Errno::EPIPE)) => {} // left again
                answered => self.visitor = Some((number, answered?)),
            },
            Some((GOOD, number)) => {
                return Ok(self.visitor.as_ref().is_some_and(|(last, _)| *last == number));
            }
            Some(_) => return Err(Error::Corrupt("a process other than ipc-fifo wrote into the FIFO")),
        }
        Ok(false)
    }

    /// Opens the owner's write end, for which there must be a reader, and answers.
    fn answer(&self, number: u64) -> Result<End> {
        let end = End::open(&self.dir.join(TO_JOINER), OpenFor::Write)?;
        write(&end.polling, &say(HERE, number)).call("write")?;
        Ok(end)
    }

    /// Returns the owner's ends, after a process has joined.
    pub(crate) fn into_ends(self, ownership: Option<OwnershipLock>) -> Ends {
        // Tells the next joiner that it is too late, even after our peer has gone.
        let _ = self.read.polling.try_lock();
        let (_, write) = self.visitor.expect("a peer has joined");
        Ends { read: self.read, write, names: Names { ownership } }
    }
}

/// Refuses a FIFO of another user, and one in a directory of another user, since that user may put others there.
fn check_owners(end: &End, dir: &Path, setup: &Setup) -> Result<()> {
    // Check the file that was opened, not the one that is at its path by now.
    setup.check_owner(
        end.polling.metadata().call("fstat")?.uid(),
        format_args!("a FIFO in {}", dir.display()),
    )?;
    setup.check_owner(fs::metadata(dir).call("stat").on(dir.display())?.uid(), dir.display())
}

// ANCHOR: come_in
/// Opens both ends of the joining side, claims that side, and says hello. Returns its number, too.
pub(crate) fn come_in(dir: &Path, setup: &Setup) -> Result<(Ends, u64)> {
    let unless_in_use = |locked| {
        let in_use = || format!("{} is in use: another process has joined it", dir.display());
        if locked { Ok(()) } else { Err(Errno::EWOULDBLOCK).call("flock").advise(Errno::EWOULDBLOCK, in_use) }
    };
    // A lock on a FIFO is a lock on its inode: it keeps other joiners out, and ends with this process.
    let read = End::open(&dir.join(TO_JOINER), OpenFor::Read)?;
    check_owners(&read, dir, setup)?;
    unless_in_use(flock::try_lock(&read.polling)?)?;
    let writes = End::open(&dir.join(TO_OWNER), OpenFor::Write)?;
    check_owners(&writes, dir, setup)?;
    // The owner holds this lock once a process has joined, even if that process is gone by now.
    unless_in_use(flock::try_lock_shared(&writes.polling)?)?;
    writes.polling.unlock().call("flock")?;
    let (ends, number) = (Ends { read, write: writes, names: Names { ownership: None } }, random());
    write(&ends.write.polling, &say(JOIN, number)).call("write")?;
    Ok((ends, number))
}
// ANCHOR_END: come_in

/// Waits for the owner's answer, and confirms it; `false` if none came in time.
pub(crate) fn hear_answer(ends: &Ends, number: u64, timeout: Duration) -> Result<bool> {
    let deadline = Deadline::after(timeout);
    while wait_readable([ends.read.polling.as_fd()], deadline.left(timeout))? {
        match hear(&ends.read)? {
            Some((HERE, heard)) if heard == number => {
                write(&ends.write.polling, &say(GOOD, number)).call("write")?;
                return Ok(true);
            }
            Some((HERE, _)) => {} // for a visitor that has left
            Some(_) => return Err(Error::Corrupt("the answer in the FIFO is not from ipc-fifo")),
            None if !deadline.has_passed() => thread::sleep(LOOK_EVERY), // the answer went to another visitor
            None => break,
        }
    }
    Ok(false)
}

fn say(word: Word, number: u64) -> [u8; LENGTH] {
    let mut said = [0; LENGTH];
    said[..word.len()].copy_from_slice(&word);
    said[word.len()..].copy_from_slice(&number.to_ne_bytes());
    said
}

// ANCHOR: hear
/// Reads one word and its number, and no more: messages may follow. `None` if there is no word to read.
fn hear(end: &End) -> Result<Option<(Word, u64)>> {
    let mut said = [0; LENGTH];
    match read(&end.polling, &mut said) {
        // The end of file; or it was, until another process joined between `poll` and here and has written nothing yet.
        Ok(0) | Err(Errno::EAGAIN) => Ok(None),
        Ok(LENGTH) => {
            let (word, number) = said.split_first_chunk().expect("the length fits");
            Ok(Some((*word, u64::from_ne_bytes(number.try_into().expect("the length fits")))))
        }
        Ok(_) => Err(Error::Corrupt("half a greeting in the FIFO")),
        Err(errno) => Err(errno).call("read"),
    }
}
// ANCHOR_END: hear
