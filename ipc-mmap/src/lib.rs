//! # Memory map: a file that two processes see in their memory
//!
//! A process sends a struct to the one that made the file; here it is a child, which is told the path:
//!
//! ```
//! use std::{env, process::Command, time::Duration};
//!
//! use ipc_mmap::{File, prelude::*};
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
//!         let mut link = File::join(&address, &Setup::default(), TIMEOUT)?;
//!         link.typed().send(&Reading { sensor: 7, celsius: 20.5 })?;
//!         return Ok(());
//!     }
//!     let mut meeting = File::create(None, &Setup::default())?;
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
//! `mmap(2)` with `MAP_SHARED` maps the pages of a file into a process's memory. They are the very pages in which the
//! kernel caches the file, the *page cache*: a store into the mapping changes the file, and every other process that
//! maps it or reads it sees the change at once, with no system call. One file carries both directions.
//!
//! As with [System V shared memory](https://man7.org/linux/man-pages/man7/sysvipc.7.html), memory is all there is: it
//! has no messages and no order, and it does not wake a reader. The suite's [ring](ipc_core::ring) adds them, one in
//! each direction. A file adds a name with the usual permissions, and its bytes are still there when both processes are
//! gone.
//!
//! | variant | type | the memory | found by |
//! |---|---|---|---|
//! | `file` | [`File`] | the page cache of a file | its path |
//! | `memfd` | [`Memfd`] | of no file system, sealed: no process can truncate it | `/proc/PID/fd/N:INODE`, or a symbolic link to `/proc/PID/fd/N` |
//!
//! | in reading order | what it shows | minutes |
//! |---|---|---:|
//! | `examples/smallest.rs` | the bare calls; run it with `cargo run -p ipc-mmap --example mmap_smallest` | 2 |
//! | `src/lib.rs` | this page | 5 |
//! | `src/address.rs`, `src/file.rs` | the file, and how two processes meet at it | 5 |
//! | `src/memfd.rs` | the same without a file | 11 |
//! | `support/ipc-core/src/shared_file.rs`, `ring/mapping.rs` | what a joiner checks before it maps; the mapping | 6 |
//!
//! **Use it** to share data that is to last, or that programs which know nothing of it (`cat`, `od`) should be able to
//! read; to access a file that is too large to read whole. **Do not use it** for messages that are gone once they are
//! read, on a real disk: the kernel writes changed pages out from time to time, and a store meanwhile can wait for the
//! disk. Nor between hosts: on a network file system, the two do not share a page.
//!
//! **System calls**: `open`, `renameat2`, `fallocate`, `ftruncate`, `mmap`, `munmap`, `unlink`; then `futex`, only to
//! sleep and to wake a sleeper. The variant `memfd` makes its memory by `memfd_create` and `fcntl(F_ADD_SEALS)`. No
//! `msync`: that is for the disk, not for the other process.
//!
//! **Pitfalls**, each shown by a test in `tests/behaviour/`: mappings come in whole pages, and what is stored past the
//! end of the file, in its last page, is lost; touching a page that lies wholly past the end raises `SIGBUS`, and any
//! process that may truncate the file can bring that about; a file with holes on a full disk ends the same way; another
//! file under the same name is other memory. The variant `memfd`, memory without a file that can be truncated, has none
//! of the last three.

mod address;
mod file;
mod memfd;

use ipc_core::{Between, Direction, Medium, Profile, Reach, Unit};

pub use file::{File, FileOptions};
pub use ipc_core::pages::Pages;
#[doc(inline)]
pub use ipc_core::prelude::{self, *};
pub use ipc_core::ring::{Mapping, ReadGrant, RingLink, RingReceiver, RingSender, WriteGrant, guard};
pub use memfd::Memfd;

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
