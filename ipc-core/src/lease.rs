//! Nothing leaks: who still uses an object, and who removes it, even after a `SIGKILL`.
//!
//! A FIFO, a socket path, a queue and a segment all outlive the process that made them. So whoever makes one first
//! takes a *lease*: a private directory that it holds under a shared [flock(2)] lock. The kernel drops that lock
//! with the process, however it ends. A directory that anyone can lock exclusively therefore belongs to the dead,
//! and may be cleared away together with what its `records` file names. Nobody has to guess from pids or ages.
//!
//! - The last one out removes everything ([`Lease`]'s `Drop`, and [`release_all`] on Ctrl-C).
//! - Every [`Lease::take`] first sweeps what dead processes left; `ipc-bench clean` does the same.
//!
//! Some objects are not the whole host's: queues and segments belong to an *IPC namespace*, as a container has one.
//! Where two namespaces share the directory for temporary files, a process of the one neither finds what the other's
//! left nor can remove it. So the leases of such a mechanism are each namespace's own
//! ([`IN_IPC_NAMESPACE`](Mechanism::IN_IPC_NAMESPACE)). Only what lies at a path, as POSIX shared memory does, is for
//! everybody to sweep to whom the path leads there. What is left of a namespace that has ended is its other leases,
//! empty directories but for a note each: their objects have ended with it.
//!
//! Read on in `place.rs`: the directories; in `outside.rs`: objects at a path that the user named; and in
//! `making.rs`: what a signal has to wait for.
//!
//! [flock(2)]: https://man7.org/linux/man-pages/man2/flock.2.html

mod making;
mod outside;
mod place;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use nix::errno::Errno;

use crate::error::{Advise, Call};
use crate::{Error, Mechanism, Result};
use outside::{is_here, remove_outside};
use place::{base, check_private, is_at, make_base, open_dir, prefix};

pub use making::{Making, making};

/// The file in a lease's directory that names, a line each, the objects that are elsewhere.
const RECORDS: &str = "records";

/// Leases of this process, for [`release_all`].
static HELD: Mutex<Vec<Arc<Held>>> = Mutex::new(Vec::new());

/// A private directory that its holders keep alive. See the [module](self).
#[derive(Debug)]
pub struct Lease(Arc<Held>);

#[derive(Debug)]
struct Held {
    dir: PathBuf,
    lock: File,
    reclaim: fn(&str) -> Result<()>,
}

impl Lease {
    /// Sweeps what dead processes left of mechanism `M`, then takes a fresh lease. With a `name` (the key of a
    /// queue, say) the other side can [`share`](Self::share) it; without one nobody needs to.
    ///
    /// # Errors
    /// `EEXIST` when another holder of that name lives. [`Usage`](crate::Error::Usage) when the directory for
    /// leases is not private.
    pub fn take<M: Mechanism>(name: Option<&str>) -> Result<Self> {
        sweep::<M>()?;
        let name = name.map_or_else(|| format!("{:016x}", random()), str::to_owned);
        let dir = dir_of::<M>(&name);
        loop {
            make_base()?;
            match DirBuilder::new().mode(0o700).create(&dir) {
                // The last one out also removes the directory for leases, maybe just now.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                // Of a dead process, and another sweeper was just at it?
                Err(error)
                    if error.kind() == ErrorKind::AlreadyExists && clear_after_others(&dir, M::reclaim)? => {}
                made => {
                    made.call("mkdir").advise(Errno::EEXIST, || format!("{} is in use", dir.display()))?;
                    // A sweeper may have taken the new directory for a dead one before it was locked: once more.
                    if let Some(lease) = Self::lock(&dir, M::reclaim)? {
                        return Ok(lease);
                    }
                }
            }
        }
    }

    /// Joins in holding the lease `name` of mechanism `M`, so that what it protects stays until both are done.
    /// `None` if there is no such lease: the object was made by somebody else.
    ///
    /// # Errors
    /// The directory cannot be opened or locked.
    pub fn share<M: Mechanism>(name: &str) -> Result<Option<Self>> {
        Self::lock(&dir_of::<M>(name), M::reclaim)
    }

    fn lock(dir: &Path, reclaim: fn(&str) -> Result<()>) -> Result<Option<Self>> {
        let _making = making(); // a lock that a signal does not find in the list would keep the others from removing
        let Some(lock) = open_dir(dir)? else { return Ok(None) };
        lock_shared(&lock)?;
        if !is_at(&lock, dir) {
            return Ok(None); // swept away between opening and locking
        }
        let held = Arc::new(Held { dir: dir.to_owned(), lock, reclaim });
        held_leases().push(Arc::clone(&held));
        Ok(Some(Self(held)))
    }

    /// A path inside the private directory, for an object that lives there.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.dir.join(name)
    }

    /// Notes an object that has no path, for [`Mechanism::reclaim`] to remove after the last holder.
    ///
    /// # Errors
    /// The note cannot be written.
    pub fn record(&self, what: &str) -> Result<()> {
        let records = OpenOptions::new().create(true).append(true).mode(0o600).open(self.path(RECORDS));
        // One write for the whole line: a line is there or it is not.
        records.and_then(|mut file| file.write_all(format!("{what}\n").as_bytes())).call("write")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let _making = making(); // nor may a signal come when only half of it is removed
        held_leases().retain(|held| !Arc::ptr_eq(held, &self.0));
        self.0.release();
    }
}

impl Held {
    /// Removes everything if nobody else holds the lease; else leaves that to them.
    fn release(&self) {
        // Turns our shared lock into an exclusive one, or loses it: either way we hold it no longer than this.
        if self.lock.try_lock().is_ok() {
            // Nobody is left who could be told of a failure; the next sweep tries again.
            let _ = remove(&self.dir, &self.lock, self.reclaim);
            let _ = fs::remove_dir(base()); // succeeds only when it is empty
        } else {
            let _ = self.lock.unlock();
        }
    }
}

/// Gives back every lease of this process, for a signal handler's thread that is about to end the process. From here
/// on, whoever wants to make something waits for that end.
pub fn release_all() {
    making::stop();
    for held in held_leases().drain(..) {
        held.release();
    }
}

/// Removes what dead processes left of mechanism `M`, and returns what that was. Never touches what a live process
/// holds, or what belongs to another user.
///
/// # Errors
/// [`Usage`](crate::Error::Usage) when the directory for leases is not private. A lease that cannot be removed is left for
/// the next sweep and is no error.
pub fn sweep<M: Mechanism>() -> Result<Vec<PathBuf>> {
    if !check_private(&base())? {
        return Ok(Vec::new());
    }
    let mut dead = leases_of::<M>();
    dead.retain(|dir| clear_if_dead(dir, M::reclaim).unwrap_or(false));
    let mut elsewhere = leases_elsewhere::<M>();
    elsewhere.retain(|dir| clear_if_here(dir).unwrap_or(false));
    dead.append(&mut elsewhere);
    let _ = fs::remove_dir(base());
    Ok(dead)
}

/// The directories of the leases of mechanism `M` that live processes hold.
///
/// # Errors
/// As [`sweep`].
pub fn held<M: Mechanism>() -> Result<Vec<PathBuf>> {
    sweep::<M>()?;
    Ok(leases_of::<M>())
}

/// Whether a live process of this user holds the lease `name` of mechanism `M`. Only looks, and removes nothing.
#[must_use]
pub fn is_held<M: Mechanism>(name: &str) -> bool {
    open_dir(&dir_of::<M>(name)).is_ok_and(|lock| lock.is_some_and(|lock| lock.try_lock().is_err()))
}

/// Removes a lease that nobody holds; says whether it did.
fn clear_if_dead(dir: &Path, reclaim: fn(&str) -> Result<()>) -> Result<bool> {
    let Some(lock) = open_dir(dir)? else { return Ok(false) };
    if lock.try_lock().is_err() {
        return Ok(false); // a live process holds it
    }
    remove(dir, &lock, reclaim)?;
    Ok(true)
}

/// The same, but waits for another who is clearing it away. `false` only if a live process holds it.
fn clear_after_others(dir: &Path, reclaim: fn(&str) -> Result<()>) -> Result<bool> {
    let Some(lock) = open_dir(dir)? else { return Ok(true) };
    lock_shared(&lock)?;
    if !is_at(&lock, dir) {
        return Ok(true);
    }
    if lock.try_lock().is_err() {
        return Ok(false);
    }
    remove(dir, &lock, reclaim).map(|()| true)
}

/// Waits for the shared lock; a signal does not end that.
fn lock_shared(lock: &File) -> Result<()> {
    loop {
        match lock.lock_shared() {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            locked => return locked.call("flock"),
        }
    }
}

/// [`clear_if_dead`] for a lease of another IPC namespace, if what it notes is at a path, and is found there from here
/// too.
fn clear_if_here(dir: &Path) -> Result<bool> {
    let records = fs::read_to_string(dir.join(RECORDS)).unwrap_or_default();
    if !records.lines().any(is_here) {
        return Ok(false);
    }
    clear_if_dead(dir, |_| Err(Error::Usage("only a process of its own IPC namespace can remove it".into())))
}

fn dir_of<M: Mechanism>(name: &str) -> PathBuf {
    base().join(prefix::<M>() + name)
}

/// Those of this process's IPC namespace, where the mechanism's objects belong to one.
fn leases_of<M: Mechanism>() -> Vec<PathBuf> {
    let prefix = prefix::<M>();
    leases_where(|name| name.starts_with(&prefix))
}

/// Those of all other namespaces.
fn leases_elsewhere<M: Mechanism>() -> Vec<PathBuf> {
    let (all, ours) = (format!("{}-", M::PROFILE.name), prefix::<M>());
    leases_where(|name| name.starts_with(&all) && !name.starts_with(&ours))
}

fn leases_where(wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(base()) else { return Vec::new() };
    let wanted = entries.flatten().filter(|entry| wanted(&entry.file_name().to_string_lossy()));
    wanted.map(|entry| entry.path()).collect()
}

/// Clears away the directory that `lock` holds exclusively, and what its records name.
fn remove(dir: &Path, lock: &File, reclaim: fn(&str) -> Result<()>) -> Result<()> {
    if !is_at(lock, dir) {
        return Ok(()); // somebody was faster
    }
    let records = fs::read_to_string(dir.join(RECORDS)).unwrap_or_default();
    // Newest first: what is inside a directory goes before the directory.
    for record in records.lines().rev() {
        if !remove_outside(record) {
            reclaim(record)?;
        }
    }
    for entry in fs::read_dir(dir).call("opendir")?.flatten() {
        let _ = fs::remove_file(entry.path());
    }
    fs::remove_dir(dir).call("rmdir")
}

fn held_leases() -> std::sync::MutexGuard<'static, Vec<Arc<Held>>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number nobody else picks; for names and keys, not for secrets.
#[must_use]
pub fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
