//! A POSIX shared memory object: what is behind a name.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ipc_core::{Advise, Call, PosixName, Result};
use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, OFlag, fallocate};
use nix::sys::mman::{shm_open, shm_unlink};
use nix::sys::stat::Mode;

use crate::sys::Mapped;

/// Where the names are. The C library knows it too: glibc and musl have no other.
const DIRECTORY: &str = "/dev/shm";

/// The file that the object of this name is on Linux.
///
/// ```
/// let path = ipc_shm::posix::file_of(&"/frames".parse()?);
/// assert_eq!(path.to_str(), Some("/dev/shm/frames"));
/// # Ok::<(), ipc_core::Error>(())
/// ```
#[must_use]
pub fn file_of(name: &PosixName) -> PathBuf {
    Path::new(DIRECTORY).join(&name.as_str()[1..])
}

/// A shared memory object, open for reading and writing.
#[derive(Debug)]
pub struct Object(File);

impl Object {
    // ANCHOR: object
    /// `int shm_open(const char *name, O_RDWR | O_CREAT | O_EXCL, mode_t mode);` —
    /// [shm_open(3)](https://man7.org/linux/man-pages/man3/shm_open.3.html)
    ///
    /// Makes an object of no length. It has exactly this `mode`, whatever the umask would take away.
    ///
    /// # Errors
    /// `EEXIST`: the name is in use, also by a symbolic link. `EACCES`, `ENOENT`: there is no `/dev/shm`, or not for us.
    #[doc(alias = "shm_open")]
    pub fn create(name: &PosixName, mode: u32) -> Result<Self> {
        // The C library adds O_NOFOLLOW and O_CLOEXEC; it does no harm to say so.
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let opened = shm_open(name.as_str(), flags, Mode::S_IRUSR | Mode::S_IWUSR).call("shm_open");
        let opened = opened
            .advise(Errno::EEXIST, || format!("{name} is in use: choose another, or see {DIRECTORY}"))
            .advise(Errno::ENOENT, || format!("mount a tmpfs at {DIRECTORY}"));
        let file = File::from(opened?);
        file.set_permissions(Permissions::from_mode(mode & 0o777)).call("fchmod")?;
        Ok(Self(file))
    }

    /// The object of that name, if there is one.
    ///
    /// # Errors
    /// `EACCES`: it is another user's. `ELOOP`: it is a symbolic link.
    pub fn open(name: &PosixName) -> Result<Option<Self>> {
        match shm_open(name.as_str(), OFlag::O_RDWR | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::empty()) {
            Err(Errno::ENOENT) => Ok(None),
            opened => {
                let opened = opened.call("shm_open").map(|fd| Some(Self(fd.into())));
                opened.advise(Errno::EACCES, || format!("{name} is another user's"))
            }
        }
    }

    /// Gives it its length, all zero, and its place in memory.
    ///
    /// `ftruncate` alone would only say how long it is: a page that is touched when `/dev/shm` is full has nowhere to
    /// go, and the answer to a plain store is SIGBUS. The length comes last and at once: whoever joins takes any
    /// other for another program's.
    ///
    /// # Errors
    /// `ENOSPC`: there is no room for it.
    pub fn allocate(&self, length: usize) -> Result<()> {
        loop {
            match fallocate(&self.0, FallocateFlags::FALLOC_FL_KEEP_SIZE, 0, length as i64) {
                Err(Errno::EINTR) => {}
                allocated => {
                    break allocated.call("fallocate").advise(Errno::ENOSPC, || {
                        format!(
                            "{DIRECTORY} has no {length} bytes left: remove what is in it, or make it larger"
                        )
                    })?;
                }
            }
        }
        self.0.set_len(length as u64).call("ftruncate")
    }
    // ANCHOR_END: object

    /// The file that it is on Linux, with its length, its owner and its mode.
    #[must_use]
    pub const fn file(&self) -> &File {
        &self.0
    }

    /// Puts its first `length` bytes into this process's memory. See [`Mapped`].
    ///
    /// # Errors
    /// `ENOMEM`: too many mappings. `EINVAL`: `length` is 0.
    pub fn map(&self, length: usize) -> Result<Mapped> {
        Mapped::new(&self.0, length)
    }

    /// Removes a name. The memory goes with the last who has it open or mapped.
    ///
    /// # Errors
    /// `ENOENT`: there is no such object. `EACCES`: it is another user's.
    #[doc(alias = "shm_unlink")]
    pub fn unlink(name: &PosixName) -> Result<()> {
        shm_unlink(name.as_str()).call("shm_unlink")
    }
}
