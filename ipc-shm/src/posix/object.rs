//! A POSIX shared memory object: the memory behind a name.

use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ipc_core::{Advise, Call, PosixName, Result};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::sys::mman::{shm_open, shm_unlink};
use nix::sys::stat::Mode;

/// The directory of the names. It is fixed in the C library: glibc and musl have no other.
pub(super) const DIRECTORY: &str = "/dev/shm";

/// Returns the file that the object of this name is on Linux.
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
    /// Makes an empty object, with exactly this `mode`, despite the umask.
    ///
    /// # Errors
    /// `EEXIST`: the name is in use, or is a symbolic link. `EACCES`, `ENOENT`: there is no `/dev/shm`, or this user
    /// may not use it.
    #[doc(alias = "shm_open")]
    pub fn create(name: &PosixName, mode: u32) -> Result<Self> {
        // The C library adds O_NOFOLLOW and O_CLOEXEC; adding them here does no harm.
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let opened = shm_open(name.as_str(), flags, Mode::S_IRUSR | Mode::S_IWUSR).call("shm_open");
        let opened = opened
            .advise(Errno::EEXIST, || format!("{name} is in use: choose another, or see {DIRECTORY}"))
            .advise(Errno::ENOENT, || format!("mount a tmpfs at {DIRECTORY}"));
        let file = File::from(opened?);
        file.set_permissions(Permissions::from_mode(mode & 0o777)).call("fchmod")?;
        Ok(Self(file))
    }

    /// Opens the object of that name, if there is one.
    ///
    /// # Errors
    /// `EACCES`: it belongs to another user. `ELOOP`: it is a symbolic link.
    pub fn open(name: &PosixName) -> Result<Option<Self>> {
        match shm_open(name.as_str(), OFlag::O_RDWR | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC, Mode::empty()) {
            Err(Errno::ENOENT) => Ok(None),
            opened => {
                let opened = opened.call("shm_open").map(|fd| Some(Self(fd.into())));
                opened.advise(Errno::EACCES, || format!("{name} is another user's"))
            }
        }
    }
    // ANCHOR_END: object

    /// Returns the file that it is on Linux, with its length, its owner and its mode.
    #[must_use]
    pub const fn file(&self) -> &File {
        &self.0
    }

    /// Returns the file itself.
    #[must_use]
    pub fn into_file(self) -> File {
        self.0
    }

    /// Removes a name. The memory goes when the last process closes and unmaps it.
    ///
    /// # Errors
    /// `ENOENT`: there is no such object. `EACCES`: it belongs to another user.
    #[doc(alias = "shm_unlink")]
    pub fn unlink(name: &PosixName) -> Result<()> {
        shm_unlink(name.as_str()).call("shm_unlink")
    }
}
