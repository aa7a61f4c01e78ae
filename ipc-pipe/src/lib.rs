//! # Pipes: the oldest way for a parent to talk to its child
//!
//! A child sends a struct to the parent that spawned it:
//!
//! ```
//! use std::{env, process::Command, time::Duration};
//!
//! use ipc_pipe::{Pipe, prelude::*};
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
//!         let mut link = Pipe::join(&address, &Setup::default(), TIMEOUT)?;
//!         link.typed().send(&Reading { sensor: 7, celsius: 20.5 })?;
//!         return Ok(());
//!     }
//!     let mut meeting = Pipe::create(None, &Setup::default())?;
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
//! `pipe2(2)` makes a buffer in the kernel, 64 KiB by default, and two descriptors: bytes written to one are read from
//! the other. `fcntl(F_SETPIPE_SZ)` enlarges the buffer, here to 256 KiB where the system allows that. No path in the
//! file system leads to a pipe. A process has an end of a pipe only if it made the pipe or *inherited* the descriptor,
//! so a pipe connects relatives: here a parent and the child that it spawns.
//!
//! A pipe goes one way. Talking both ways takes two of them, which is what [`Pipe`] makes:
//!
//! ```text
//!   parent (ping)                                        child (pong)
//!     write ──────► [ pipe: parent to child, 256 KiB ] ─────► 0, its standard input
//!     read  ◄────── [ pipe: child to parent, 256 KiB ] ◄───── 1, its standard output
//! ```
//!
//! The child finds its ends as standard input and output, as every program in a shell's pipeline does: those two
//! survive `exec`, while all other descriptors here are close-on-exec.
//!
//! **Use it** when one process starts the other. **Do not use it** between processes that were started separately (a
//! FIFO is a pipe with a name), or to carry large data both ways without care: two processes that both write into full
//! pipes wait for each other and never return.
//!
//! **System calls**: `pipe2` to make one, `dup2` for the child; then one `write` and one `read` for each message, or
//! `writev` and `readv` for one of more than 4 KiB; a long message takes several. Before the first call that must not
//! wait, and the next one that may, `fcntl` switches the end's flag `O_NONBLOCK`.
//!
//! **Pitfalls**, each shown by a test in `tests/behaviour/`: the stream keeps no boundary between one write and the
//! next; a writer whose reader is gone gets `EPIPE` and, unless it is ignored as in every Rust program, `SIGPIPE`; a
//! reader sees the end of file only when *every* copy of the write end is closed, including one forgotten in the
//! parent; a full pipe blocks its writer.
//!
//! # In reading order
//!
//! | file | what it shows | minutes |
//! |---|---|---:|
//! | `examples/smallest.rs` | three system calls and a child | 1 |
//! | `examples/stage_1_bytes.rs` | a pipe does not keep messages apart | 1 |
//! | `examples/stage_2_frames.rs` | a header before each message; partial reads and writes, `EINTR` | 3 |
//! | `examples/stage_3_end.rs` | a pipe each way; the end of file | 3 |
//! | `examples/stage_4_read_ahead.rs` | fewer system calls | 3 |
//! | `examples/second_thread.rs` | a thread that only sleeps makes the calls of the others slower | 3 |
//! | `src/lib.rs` | this page; the two pipes, and how a child inherits its ends | 9 |
//! | `src/ends.rs`, `src/mode.rs` | the system calls that carry the bytes; the flag by which they sleep or not | 3 |
//!
//! Run an example with `cargo run -p ipc-pipe --example stage_1_bytes`; the smallest is called `pipe_smallest`. The program
//! plays scenes, too, with real processes: `cargo run -p ipc-pipe -- scenario --list`. They are in `src/scenario/`.
//!
//! # The way of one message
//!
//! From the exchange down to the kernel in five stops. Their files, read from top to bottom, have fewer than 700 lines:
//!
//! | stop | function | file |
//! |---:|---|---|
//! | 1 | `ping_in_batches` sends a message, and receives the answer | `support/ipc-demo/src/exchange/ping.rs` |
//! | 2 | `Waiting::send` chooses: sleep in the call, or poll | `support/ipc-core/src/wait/waiting.rs` |
//! | 3 | `FramedSender::send` may wait, `try_send` may not | `support/ipc-core/src/framed/sender.rs` |
//! | 4 | `FramedSender::write_frame` writes until the frame is complete | `support/ipc-core/src/framed/frame.rs` |
//! | | `FrameWriter::next_part` lays out what it writes next | `support/ipc-core/src/framed/frame_writer.rs` |
//! | 5 | `WriteEnd::write` makes the system call, `write(2)` | `ipc-pipe/src/ends.rs` |
//!
//! The kernel copies the bytes and wakes the child, where they come up the same way: `ReadEnd::read`,
//! `read_frame`, `FramedReceiver::recv`, `Waiting::recv`, and `pong`, which answers.

mod ends;
mod mode;

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Command, Stdio};
use std::time::Duration;

use ipc_core::{
    Advise, Between, Call, Clients, Direction, Medium, Persistence, Profile, Reach, Unit, Variant,
    enlarge_pipe,
};
use nix::fcntl::OFlag;
use nix::sys::stat::{SFlag, fstat};
use nix::unistd::{dup2_stdin, dup2_stdout, pipe2};

pub use ends::{ReadEnd, WriteEnd};
#[doc(inline)]
pub use ipc_core::prelude::{self, *};
pub use ipc_core::{Framed, FramedReceiver, FramedSender};
use mode::End;

/// One process's ends, with which it talks both ways: the read end of one pipe and the write end of the other.
type Ends = (ReadEnd, WriteEnd);

/// Two pipes, one each way, before the child is spawned. See the [crate](self).
#[derive(Debug)]
pub struct Pipe {
    /// This process's ends, until `accept` takes them.
    ours: Option<Ends>,
    /// The child's ends, until `invite` hands them over.
    theirs: Option<(OwnedFd, OwnedFd)>,
    /// The two pipes' inode numbers: parent to child, child to parent.
    inodes: [u64; 2],
}

/// The address of every pipe: there is no name to look it up by, only two inherited descriptors.
const INHERITED: &str = "stdin,stdout";

/// The variants; there is only one.
pub type Variants = (Pipe,);

// ANCHOR: create
impl Mechanism for Pipe {
    const PROFILE: Profile = Profile {
        name: "pipe",
        title: "pipe",
        between: Between::ParentAndChild,
        medium: Medium::File,
        unit: Unit::ByteStream,
        direction: Direction::OneWay,
        reach: Reach::SameHost,
        address: None,
    };

    const VARIANT: Variant = Variant {
        name: "anonymous",
        type_path: "ipc_pipe::Pipe",
        summary: "two pipes, inherited by a child",
        unit: Unit::ByteStream,
        limits: &[],
        reach: Reach::SameHost,
        persistence: Persistence::Process,
        remains: false,
        clients: Clients::One,
        server: None,
        lasting: None,
        shares: &[],
    };

    type Options = ();

    type Link = Framed<ReadEnd, WriteEnd>;

    fn create(address: Option<&str>, _setup: &Setup) -> Result<Self> {
        if address.is_some() {
            return Err(Error::Usage(
                "a pipe has no name that another process could look up: only a child inherits its ends"
                    .into(),
            ));
        }
        let (child_reads, parent_writes) = pipe2(OFlag::O_CLOEXEC).call("pipe2")?;
        let (parent_reads, child_writes) = pipe2(OFlag::O_CLOEXEC).call("pipe2")?;
        enlarge_pipe(&parent_writes);
        enlarge_pipe(&child_writes);
        let inode = |fd: &OwnedFd| fstat(fd).map(|stat| stat.st_ino).call("fstat");
        Ok(Self {
            inodes: [inode(&parent_writes)?, inode(&parent_reads)?],
            ours: Some((ReadEnd(End::made(parent_reads)), WriteEnd(End::made(parent_writes)))),
            theirs: Some((child_reads, child_writes)),
        })
    }
    // ANCHOR_END: create

    fn address(&self) -> String {
        INHERITED.into()
    }

    fn describe(&self) -> String {
        let [down, up] = self.inodes;
        format!("pipe:[{down}] parent to child, pipe:[{up}] child to parent")
    }

    // ANCHOR: invite
    fn invite(&mut self, child: &mut Command) -> Result<()> {
        let (read, write) =
            self.theirs.take().ok_or_else(|| Error::Usage("these pipes already have a child".into()))?;
        // `Command` moves them to descriptors 0 and 1 between fork and exec.
        child.stdin(Stdio::from(read)).stdout(Stdio::from(write)).arg(self.address());
        Ok(())
    }
    // ANCHOR_END: invite

    /// Never waits: a pipe is connected from the moment it is made. A child that never starts shows up as
    /// [`Disconnected`](Error::Disconnected) on first use.
    fn accept(&mut self, _timeout: Duration) -> Result<Self::Link> {
        let (read, write) =
            self.ours.take().ok_or_else(|| Error::Usage("these pipes are already in use".into()))?;
        Ok(Framed::new(read, write))
    }

    // ANCHOR: join
    fn join(address: &str, _setup: &Setup, _timeout: Duration) -> Result<Self::Link> {
        let (stdin, stdout) = (std::io::stdin(), std::io::stdout());
        if address != INHERITED || !is_pipe(&stdin)? || !is_pipe(&stdout)? {
            return Err(Error::Usage(
                "a pipe can only be inherited from the parent that made it, as the standard input and output of a child \
                 that was invited"
                    .into(),
            ));
        }
        let end = |fd: BorrowedFd<'_>| End::inherited(fd.try_clone_to_owned()?).map_err(io::Error::from);
        let read = ReadEnd(end(stdin.as_fd()).call("fcntl")?);
        let write = WriteEnd(end(stdout.as_fd()).call("fcntl")?);
        // Close the originals: a write end left open here would outlive the link, and the parent would wait for an end
        // of file that never comes. Closing them also keeps a stray `println!` out of the frames.
        let null = std::fs::File::options().read(true).write(true).open("/dev/null");
        let null = null.call("open").on("/dev/null")?;
        dup2_stdin(&null).call("dup2")?;
        dup2_stdout(&null).call("dup2")?;
        Ok(Framed::new(read, write))
    }
    // ANCHOR_END: join
}

fn is_pipe(fd: impl AsFd) -> Result<bool> {
    let stat = fstat(fd).call("fstat")?;
    Ok(SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFIFO)
}
