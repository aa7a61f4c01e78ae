//! Ownership locks: they show which process still uses an object and which one removes it, so that nothing leaks, even
//! after a `SIGKILL`.
//!
//! A FIFO, a socket path, a queue and a segment all outlive the process that made them. So a process that makes one
//! first takes an *ownership lock*: a private directory that it holds under a shared [flock(2)] lock. The kernel drops
//! that lock with the process, however it ends. A directory that can be locked exclusively therefore belongs to dead
//! processes, and is removed together with the objects that its `records` file names. No guess from pids or ages is
//! needed.
//!
//! - The last holder removes everything ([`OwnershipLock`]'s `Drop`, and [`release_all`] on Ctrl-C). It knows what it
//!   made, even if the directory has been removed meanwhile.
//! - Every [`OwnershipLock::take`] first sweeps what dead processes left; `ipc-bench clean` does the same.
//! - An object that cannot be removed keeps its note, and its ownership lock, for the next sweep; `ipc-bench clean`
//!   reports it, with the reason.
//! - An object is removed only if it is exactly the one that was noted, or carries a mark of this suite. An incomplete
//!   record is never acted upon.
//!
//! Some objects do not belong to the whole host: queues and segments belong to an *IPC namespace*, as a container has
//! one. Where two namespaces share the directory for temporary files, a process of one can neither find nor remove what
//! a process of the other left. So the ownership locks of such a mechanism are separate for each namespace
//! ([`IN_IPC_NAMESPACE`](Mechanism::IN_IPC_NAMESPACE)). Only objects at a path, such as POSIX shared memory, may be
//! swept by any process that can reach the path. When a namespace ends, its objects end with it; its other ownership
//! locks remain, directories with a note each.
//!
//! | file | what it is |
//! |---|---|
//! | `../note.rs` | [`Note`]: what a note contains, and how it is written |
//! | `external.rs` | noting, making and removing objects so that a kill at any moment leaves nothing |
//! | `held.rs` | the ownership locks that this process holds, and how it gives them back |
//! | `removal.rs` | removing what one lock notes, and then the lock |
//! | `sweep.rs` | [`sweep()`]: finding what dead processes left |
//! | `directories.rs` | the location of the directories |
//! | `creation_guard.rs` | delaying a signal while an object is being made |
//!
//! [flock(2)]: https://man7.org/linux/man-pages/man2/flock.2.html

mod creation_guard;
mod directories;
mod external;
mod held;
mod removal;
mod sweep;
#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::errno::Errno;

use crate::error::{Advise, Call};
use crate::{Mechanism, Result, note, random};
use directories::{advise_on_space, bases, make_base, make_dir, prefix};
use held::Held;
use removal::Cleared;
use sweep::clear_after_others;

pub use crate::note::{Found, Inode, MARK, Made, Note, SYSTEM_V_MARK, SystemV, is_marked};
pub use creation_guard::CreationGuard;
pub use held::{release_all, release_all_descriptors};
pub use removal::Left;
pub use sweep::{Sweep, held, is_held, looked_at, sweep, sweep_everywhere};

/// The type of [`Mechanism::reclaim`].
type Reclaim = fn(&Note) -> Result<()>;

/// A private directory that its holders keep alive. See the [module](self).
#[derive(Debug)]
pub struct OwnershipLock(Arc<Held>);

impl OwnershipLock {
    /// Sweeps what dead processes left of mechanism `M`, then takes a fresh ownership lock. With a `name` (the key of a
    /// queue, for example), the other side can [`share`](Self::share) it; without a name, no other side needs to.
    ///
    /// # Errors
    /// `EEXIST` if another holder of that name is alive, or if the objects of a dead one cannot be removed. Any other
    /// error: no directory can be made, and the advice says which variable to set.
    pub fn take<M: Mechanism>(name: Option<&str>) -> Result<Self> {
        let prefix = prefix::<M>()?; // it can fail, so it comes before anything is made
        sweep::<M>()?;
        let name = name.map_or_else(|| format!("{:016x}", random()), str::to_owned);
        let in_use = |dir: &Path| {
            let refused = Err(Errno::EEXIST).call("mkdir").on(dir.display());
            refused.advise(Errno::EEXIST, || "another process holds it".into())
        };
        loop {
            let base = make_base()?;
            // Another process of this user may keep it elsewhere.
            if let Some(other) = find::<M>(&name)? {
                match clear_after_others(&other, M::reclaim)? {
                    Cleared::Held => return in_use(&other),
                    Cleared::Left(left) => {
                        let left: Vec<_> = left.iter().map(ToString::to_string).collect();
                        return in_use(&other).advise(Errno::EEXIST, || {
                            format!("cannot remove what a dead process left behind: {}", left.join(", "))
                        });
                    }
                    Cleared::Nothing | Cleared::Removed => {}
                }
            }
            let dir = base.join(prefix.clone() + &short(&name));
            match make_dir(&dir) {
                // The last holder of the last ownership lock also removes the directory of ownership locks, maybe just
                // now.
                Err(error) if matches!(error.errno(), Some(Errno::ENOENT | Errno::EEXIST)) => {}
                made => {
                    advise_on_space(made)?;
                    // A sweeper may have taken the new directory for a dead one before it was locked: try again.
                    if let Some(held) = Held::lock(&dir, M::reclaim)? {
                        return Ok(Self(held));
                    }
                }
            }
        }
    }

    /// Joins the holders of the ownership lock `name` of mechanism `M`, so that what it protects stays until both are
    /// done. Returns `None` if there is no such ownership lock: the object was made by another program.
    ///
    /// # Errors
    /// The directory cannot be opened or locked.
    pub fn share<M: Mechanism>(name: &str) -> Result<Option<Self>> {
        match find::<M>(name)? {
            Some(dir) => Ok(Held::lock(&dir, M::reclaim)?.map(Self)),
            None => Ok(None),
        }
    }

    /// Returns a path inside the private directory, for an object that lives there.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.dir.join(name)
    }

    /// Writes a file inside the private directory, for other processes of this user to read.
    ///
    /// # Errors
    /// The file cannot be made or written.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path(name);
        let mut file = open_private(&path, OpenOptions::new().create_new(true).write(true))?;
        advise_on_space(file.write_all(text.as_bytes()).call("write").on(path.display()))
    }

    /// Notes an object outside the directory, to be removed after the last holder. If the directory has been removed,
    /// it is recreated, with all the notes.
    ///
    /// # Errors
    /// The note cannot be written. Then no part of it is, and the object must not be made.
    pub fn record(&self, note: Note) -> Result<()> {
        self.0.record(note)
    }
}

impl Drop for OwnershipLock {
    fn drop(&mut self) {
        let _guard = CreationGuard::new(); // nor may a signal come when only half of it is removed
        self.0.give_back();
    }
}

/// Finds the ownership lock `name` of mechanism `M`, if there is one.
fn find<M: Mechanism>(name: &str) -> Result<Option<PathBuf>> {
    let name = prefix::<M>()? + &short(name);
    for base in bases()? {
        let dir = base.join(&name);
        match dir.symlink_metadata() {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            looked => return looked.call("lstat").on(dir.display()).map(|_| Some(dir)),
        }
    }
    Ok(None)
}

/// Shortens a name so that it fits a directory name of at most 255 bytes, behind a prefix.
fn short(name: &str) -> String {
    if name.len() <= 128 { name.to_owned() } else { format!("{:016x}", note::checksum(name.as_bytes())) }
}

/// Opens a private file of this user with mode 0600, whatever the umask.
fn open_private(path: &Path, options: &mut OpenOptions) -> Result<File> {
    let options = options.mode(0o600).custom_flags(nix::libc::O_NOFOLLOW);
    let opened = match options.open(path) {
        // A process that was killed before it set the mode had created the file with an odd umask.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            let _ = std::fs::set_permissions(path, Permissions::from_mode(0o600));
            options.open(path)
        }
        opened => opened,
    };
    let file = advise_on_space(opened.call("open").on(path.display()))?;
    if file.metadata().call("fstat")?.permissions().mode() & 0o777 != 0o600 {
        file.set_permissions(Permissions::from_mode(0o600)).call("fchmod").on(path.display())?;
    }
    Ok(file)
}

/// Returns an identifier of this boot of the system; one word.
///
/// # Errors
/// `/proc` cannot be read.
pub fn boot() -> Result<String> {
    let path = "/proc/sys/kernel/random/boot_id";
    Ok(std::fs::read_to_string(path).call("open").on(path)?.trim().to_owned())
}
