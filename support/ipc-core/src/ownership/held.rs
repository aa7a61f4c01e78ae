//! The ownership locks that this process holds, and how it gives them back.

use std::fs::{File, OpenOptions};
use std::mem;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::errno::Errno;

use crate::background::Descriptors;
use crate::error::Advise;
use crate::note::Note;
use crate::{DescriptorTable, Result, flock};

use super::directories::{advise_on_space, is_at, make_dir, open_dir};
use super::removal::{RECORDS, read_records, remove};
use super::{CreationGuard, Reclaim, creation_guard, open_private};

/// The ownership locks of this process, for [`release_all`].
static HELD: Mutex<Vec<Arc<Held>>> = Mutex::new(Vec::new());

/// An ownership lock's directory, locked.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) dir: PathBuf,
    reclaim: Reclaim,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The open directory, with the shared lock.
    lock: File,
    /// The table in which that is a descriptor.
    table: DescriptorTable,
    /// The notes written there: the objects of this process must go even if the directory has gone first.
    notes: Vec<Note>,
}

impl Held {
    /// Locks the directory together with others; `None` if it does not exist, or not any more.
    pub(super) fn lock(dir: &Path, reclaim: Reclaim) -> Result<Option<Arc<Self>>> {
        let _guard = CreationGuard::new(); // a lock that a signal does not find in the list would keep others from removing
        let Some(lock) = lock_dir(dir)? else { return Ok(None) };
        let notes = read_records(dir)?.notes;
        let state = Mutex::new(State { lock, table: DescriptorTable::current(), notes });
        let held = Arc::new(Self { dir: dir.to_owned(), reclaim, state });
        held_locks().push(Arc::clone(&held));
        Ok(Some(held))
    }

    pub(super) fn record(&self, note: Note) -> Result<()> {
        let mut state = self.state();
        if !is_at(&state.lock, &self.dir)? {
            self.renew(&mut state)?;
        }
        self.append(std::slice::from_ref(&note))?;
        state.notes.push(note);
        Ok(())
    }

    /// Recreates the directory after it was removed.
    fn renew(&self, state: &mut State) -> Result<()> {
        loop {
            // In the old location, even if there is a better one by now: the other side looks for it there.
            for dir in self.dir.parent().into_iter().chain([self.dir.as_path()]) {
                match make_dir(dir) {
                    Err(error) if error.errno() == Some(Errno::EEXIST) => {}
                    made => advise_on_space(made)?,
                }
            }
            if let Some(lock) = lock_dir(&self.dir)? {
                state.lock = lock;
                return self.append(&state.notes);
            }
        }
    }

    fn append(&self, notes: &[Note]) -> Result<()> {
        let path = self.dir.join(RECORDS);
        let file = open_private(&path, OpenOptions::new().create(true).append(true))?;
        notes.iter().try_for_each(|note| advise_on_space(note.append(&file).on(path.display())))
    }

    /// Removes the ownership lock from the list of those that this process holds, and releases it.
    pub(super) fn give_back(self: &Arc<Self>) {
        held_locks().retain(|held| !Arc::ptr_eq(held, self));
        self.release();
    }

    /// Removes everything if no other process holds the ownership lock; otherwise leaves that to the others.
    fn release(&self) {
        let state = self.state();
        if state.table == DescriptorTable::current() {
            self.release_by(&state.lock, &state.notes);
        } else if let Ok(lock) = state.table.fetch(state.lock.as_raw_fd()) {
            self.release_by(&lock.into(), &state.notes);
        } // otherwise the next sweep finds what is left
    }

    fn release_by(&self, lock: &File, notes: &[Note]) {
        // Converts our shared lock to an exclusive one, or loses it: either way, the shared lock is gone.
        if lock.try_lock().is_ok() {
            // No caller is left to be told of a failure: the note stays, and the next sweep tries again.
            let _ = remove(&self.dir, lock, notes, self.reclaim);
            let _ = self.dir.parent().map(std::fs::remove_dir); // succeeds only when it is empty
        } else {
            let _ = lock.unlock();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives back every ownership lock of this process, for a signal handler's thread that is about to end the process.
/// From here on, a thread that wants to make something waits until the process ends.
pub fn release_all() {
    creation_guard::stop();
    let mut held = held_locks();
    held.iter().for_each(|held| held.release());
    // Not dropped: this thread may have a table of its own, in which their descriptors are none, or other files.
    mem::forget(mem::take(&mut *held));
}

/// Returns the descriptors to start a background thread with that may call [`release_all`]: its own, if it can fetch the
/// locks from the table of the calling thread.
#[must_use]
pub fn release_all_descriptors() -> Descriptors {
    if DescriptorTable::current().can_be_fetched_from() { Descriptors::Own } else { Descriptors::Shared }
}

/// Opens an ownership lock's directory and waits for the shared lock; `None` if it does not exist, or was swept
/// meanwhile.
fn lock_dir(dir: &Path) -> Result<Option<File>> {
    let Some(lock) = open_dir(dir)? else { return Ok(None) };
    flock::lock_shared(&lock)?;
    Ok(is_at(&lock, dir)?.then_some(lock))
}

fn held_locks() -> MutexGuard<'static, Vec<Arc<Held>>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}
