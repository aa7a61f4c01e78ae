//! # Memory map: a file that two processes see in their memory
//!
//! `mmap(2)` with `MAP_SHARED` puts the pages of a file into a process's memory. They are the very pages in which
//! the kernel keeps the file anyway, the *page cache*: a store into the mapping is a change of the file, seen at
//! once by every other process that maps it or reads it, with no system call. One file carries both ways.
//!
//! As with [System V shared memory](https://man7.org/linux/man-pages/man7/sysvipc.7.html) that is all there is:
//! no messages, no order, nobody to wake a reader. The suite's [ring](ipc_core::ring) adds them, one in each
//! direction. What a file adds is a name with permissions like any other, and that the bytes are still there when
//! both processes are gone.
//!
//! | variant | type | the memory | found by |
//! |---|---|---|---|
//! | `file` | [`File`] | the page cache of a file | its path |
//! | `memfd` | [`Memfd`] | of no file system, sealed: no process can cut it short | `/proc/PID/fd/N:INODE`, or a symbolic link to `/proc/PID/fd/N` |
//!
//! The files, in reading order: `file.rs` (the file, and how two processes meet at it), `memfd.rs` (the same without a
//! file), `address.rs` (the path that leads to either), `sys.rs` (the mapping).
//!
//! **Use it** to share data that is to last, or to be looked at by programs that know nothing of it (`cat`, `od`);
//! to see a file larger than one wants to read. **Do not use it** for messages that are gone once they are read,
//! on a real disk: the kernel writes changed pages out from time to time, and a store meanwhile can wait for the
//! disk. Nor between hosts: what a network file system shows to the two is not the same page.
//!
//! **System calls**: `open`, `renameat2`, `fallocate`, `ftruncate`, `mmap`, `munmap`, `unlink`; then `futex`, only to sleep and
//! to wake a sleeper. The variant `memfd` makes its memory by `memfd_create` and `fcntl(F_ADD_SEALS)`. No `msync`: that
//! is for the disk, not for the other process.
//!
//! **Pitfalls**, each shown by a test in `tests/behaviour/`: mappings come in whole pages, and what is stored
//! behind the end of the file, in its last page, is lost; a page that lies wholly behind the end cannot be touched
//! at all: `SIGBUS`, which also anybody can bring about who may truncate the file; a file of holes on a full disk
//! ends the same way; another file under the same name is another memory. A memory without a file that can be
//! truncated has none of the last three: the variant `memfd`.

mod address;
mod file;
mod memfd;
mod sys;

use ipc_core::ring::RingLink;
use ipc_core::{Between, Direction, Medium, Profile, Reach, Unit};

pub use file::{File, FileOptions};
pub use memfd::Memfd;
pub use sys::Mapping;

/// The memory map's row of the table.
pub const PROFILE: Profile = Profile {
    name: "mmap",
    title: "memory map",
    between: Between::AnyTwoProcesses,
    medium: Medium::FileAndMemory,
    unit: Unit::Page,
    direction: Direction::TwoWay,
    reach: Reach::SameHost,
    address: Some("PATH"),
};

/// The variants; the first is the default.
pub type Variants = (File, Memfd);

/// One end of a link through mapped memory.
pub type Link = RingLink<Mapping>;
