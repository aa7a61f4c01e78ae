//! # Named pipes (FIFOs): a pipe that any process can find
//!
//! A process sends a struct to the one that made the FIFOs; here it is a child, which is told their address:
//!
//! ```
//! use std::{env, process::Command, time::Duration};
//!
//! use ipc_fifo::{Fifo, prelude::*};
//! use zerocopy::{FromBytes, Immutable, IntoBytes};
//!
//! #[derive(Debug, PartialEq, FromBytes, Immutable, IntoBytes)]
//! #[repr(C)]
//! struct Reading {
//!     sensor: u32,
//!     celsius: f32,
//! }
//!
//! const TIMEOUT: Duration = Duration::from_secs(10);
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     if let Some(address) = env::args().nth(1) {
//!         // The child: this program, started again below.
//!         let mut link = Fifo::join(&address, &Setup::default(), TIMEOUT)?;
//!         link.typed().send(&Reading { sensor: 7, celsius: 20.5 })?;
//!         return Ok(());
//!     }
//!     let mut meeting = Fifo::create(None, &Setup::default())?;
//!     let mut child = Command::new(env::current_exe()?);
//!     meeting.invite(&mut child)?;
//!     let mut child = child.spawn()?;
//!     let mut link = meeting.accept(TIMEOUT)?;
//!     let reading: Reading = link.typed().recv()?;
//!     assert_eq!(reading, Reading { sensor: 7, celsius: 20.5 });
//!     child.wait()?;
//!     Ok(())
//! }
//! ```
//!
//! A FIFO is a [pipe] with a name in the file system. Only the name is on disk: the bytes go through a buffer in the
//! kernel, as with any pipe: 64 KiB by default, here 256 KiB where the system allows that. Any process that knows the
//! path and has the permission can open it, so it connects processes that were started separately, `cat` and the
//! shell's `>` included.
//!
//! A FIFO goes one way. Talking both ways takes two, here in one directory, named for the side that reads them:
//!
//! ```text
//!   owner (pong)                                         the peer that joins (ping)
//!     read  ◄────────── [ DIRECTORY/to-owner  ] ◄────────── write
//!     write ──────────► [ DIRECTORY/to-joiner ] ──────────► read
//! ```
//!
//! # The open that waits
//!
//! Plain `open(2)` of a FIFO sleeps until the other side opens it as well: a reader waits for a writer, a writer for a
//! reader. With two FIFOs that is a trap. If each side first opens the FIFO that it reads, both sleep forever; and if
//! the other side never comes, so does the first one. With `O_NONBLOCK`, `open` never sleeps, but it treats the two
//! sides differently: the reader gets its end at once, the writer is refused (`ENXIO`) while there is no reader. Hence
//! the order in which the two sides meet here:
//!
//! 1. The owner opens its read end, and waits with `poll(2)` and a timeout.
//! 2. The other side opens its read end, then its write end; on `ENXIO` or a missing name, it tries again until its
//!    timeout. It says hello.
//! 3. The hello shows that there is a reader, so the owner can open its write end. It answers.
//!
//! Before that answer, an end of file means nothing: `read` also returns 0 when no writer has opened the FIFO *yet*.
//! `poll` tells the two cases apart: it reports `POLLHUP` only after a writer has been there and gone.
//!
//! **Use it** between programs of one host that know a path but not each other, above all where one of them is a shell
//! script. **Do not use it** for several writers with messages over `PIPE_BUF` (4096 bytes), which the kernel
//! interleaves; for several clients, which a FIFO cannot tell apart (take a socket); or across hosts: on a network file
//! system, a FIFO connects only the processes of one host.
//!
//! **System calls**: `mkfifo` (`mkdir`, `renameat2`) and `open` to meet, `flock` to claim a side; then one `write`
//! (length and payload together) and one `read` per message, or `writev` and `readv` for one of more than 4 KiB; a
//! long message takes several. `unlink` at the end.
//!
//! **Pitfalls**, each shown by a test in `tests/behaviour/`: the open that waits; the false end of file; a stream
//! without boundaries; `O_RDWR`, with which a process reads its own bytes; two writers above `PIPE_BUF`; the name,
//! which outlives every process but which a process no longer needs once it has opened the FIFO.
//!
//! # In reading order
//!
//! | file | what it shows | minutes |
//! |---|---|---:|
//! | `examples/smallest.rs` | the bare calls; run it with `cargo run -p ipc-fifo --example fifo_smallest` | 1 |
//! | `src/lib.rs` | this page; two FIFOs in a directory, and their removal | 9 |
//! | `src/ends.rs` | the ends of the two FIFOs that a process holds | 5 |
//! | `src/greeting.rs` | the handshake: which two processes talk | 7 |
//!
//! [pipe]: https://man7.org/linux/man-pages/man7/fifo.7.html

mod ends;
mod greeting;

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipc_core::ownership::OwnershipLock;
use ipc_core::{
    Advise, Between, Call, Clients, Deadline, Direction, Medium, Persistence, Profile, Reach, Shared, Unit,
    Variant, poll_for,
};
use nix::sys::stat;
use nix::unistd::mkfifo;

pub use ends::{ReadEnd, WriteEnd};
use greeting::Reception;
#[doc(inline)]
pub use ipc_core::prelude::{self, *};
pub use ipc_core::{Framed, FramedReceiver, FramedSender};

/// The FIFO that the owner reads.
const TO_OWNER: &str = "to-owner";
/// The FIFO that the other side reads.
const TO_JOINER: &str = "to-joiner";

/// Two FIFOs in a directory, waiting for the other side. See the [crate](self).
#[derive(Debug)]
pub struct Fifo {
    dir: PathBuf,
    /// `None` once `accept` has succeeded.
    reception: Option<Reception>,
    /// Keeps the names; handed to the link.
    ownership: Option<OwnershipLock>,
}

/// The variants; there is only one.
pub type Variants = (Fifo,);

impl Mechanism for Fifo {
    const PROFILE: Profile = Profile {
        name: "fifo",
        title: "named pipe (FIFO)",
        between: Between::AnyTwoProcesses,
        medium: Medium::File,
        unit: Unit::ByteStream,
        direction: Direction::OneWay,
        reach: Reach::SameHost,
        address: Some("DIRECTORY"),
    };

    const VARIANT: Variant = Variant {
        name: "fifo",
        type_path: "ipc_fifo::Fifo",
        summary: "two FIFOs in a directory, one each way",
        unit: Unit::ByteStream,
        limits: &[],
        reach: Reach::SameHost,
        persistence: Persistence::Process,
        remains: true,
        clients: Clients::Many,
        server: None,
        lasting: None,
        shares: &[Shared::Directory],
    };

    type Options = ();

    type Link = Framed<ReadEnd, WriteEnd>;

    // ANCHOR: create
    /// Makes the two FIFOs in a directory; an address names one that does not exist yet. A [`mode`](Setup::mode) wider
    /// than 0600 needs an address, since a fresh directory is inside a private one.
    fn create(address: Option<&str>, setup: &Setup) -> Result<Self> {
        let ownership = OwnershipLock::take::<Self>(None)?;
        let dir = match address {
            None => ownership.path("").components().collect(),
            Some(address) => directory(address)?,
        };
        if address.is_some() {
            ownership.publish(&dir, make_dir)?;
        }
        for name in [TO_OWNER, TO_JOINER] {
            ownership.publish(&dir.join(name), |path| make_fifo(path, setup.mode))?;
        }
        let reception = Reception::open(&dir)?;
        if address.is_some() {
            // A process that may read or write the FIFOs must also get through the directory (x), and may do no more
            // there.
            set_mode(&dir, 0o700 | ((setup.mode | setup.mode << 1) & 0o044) >> 2)?;
        }
        Ok(Self { dir, reception: Some(reception), ownership: Some(ownership) })
    }
    // ANCHOR_END: create

    fn address(&self) -> String {
        self.dir.display().to_string()
    }

    fn describe(&self) -> String {
        format!("FIFOs {TO_OWNER} and {TO_JOINER} in {}", self.dir.display())
    }

    // ANCHOR: accept
    fn accept(&mut self, timeout: Duration) -> Result<Self::Link> {
        let over = || Error::Usage("this meeting is over".into());
        if !self.reception.as_mut().ok_or_else(over)?.welcome(timeout)? {
            let what = format!("no peer joined {}", self.dir.display());
            return Err(Error::TimedOut { what, waited: timeout });
        }
        let reception = self.reception.take().expect("it was there above");
        Ok(reception.into_ends(self.ownership.take()).link())
    }
    // ANCHOR_END: accept

    // ANCHOR: join
    fn join(address: &str, setup: &Setup, timeout: Duration) -> Result<Self::Link> {
        let deadline = Deadline::after(timeout);
        let dir = directory(address)?;
        let no_peer = || format!("no peer is waiting at {address}");
        let (ends, number) = poll_for(timeout, no_peer, || match greeting::come_in(&dir, setup) {
            // No directory yet, no FIFO yet, or no reader: the owner has not started, or it is dead.
            Err(error) if matches!(error.errno(), Some(Errno::ENOENT | Errno::ENXIO | Errno::EPIPE)) => {
                Ok(None)
            }
            opened => opened.map(Some),
        })?;
        if !greeting::hear_answer(&ends, number, deadline.left(timeout))? {
            return Err(Error::TimedOut { what: format!("no answer from {address}"), waited: timeout });
        }
        Ok(ends.link())
    }
    // ANCHOR_END: join
}

/// Returns the directory that an address names.
fn directory(address: &str) -> Result<PathBuf> {
    if address.is_empty() || address.contains(['\0', '\n']) {
        return Err(Error::Usage("the address of a FIFO pair is a directory, for example /tmp/talk".into()));
    }
    // Absolute, so that the other side finds it from any working directory.
    std::path::absolute(address).call("getcwd")
}

fn make_dir(dir: &Path) -> Result<()> {
    let above =
        || format!("{} must be a directory that you may write to", dir.parent().unwrap_or(dir).display());
    let made = DirBuilder::new().mode(0o700).create(dir).call("mkdir");
    made.advise(Errno::ENOENT, above).advise(Errno::ENOTDIR, above).advise(Errno::EACCES, above)?;
    set_mode(dir, 0o700)
}

fn make_fifo(path: &Path, mode: u32) -> Result<()> {
    mkfifo(path, stat::Mode::from_bits_truncate(mode)).call("mkfifo")?;
    set_mode(path, mode)
}

/// Sets exactly this mode, despite the umask. No other user can have put something else at `path` meanwhile: the
/// directory is still private.
fn set_mode(path: &Path, mode: u32) -> Result<()> {
    fs::set_permissions(path, Permissions::from_mode(mode)).call("chmod")
}
