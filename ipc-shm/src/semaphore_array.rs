//! A semaphore array: counters in the kernel that never go below zero; a process that would take one there sleeps.

use std::time::Duration;

use ipc_core::ownership::{Found, Made, Note, OwnershipLock, SYSTEM_V_MARK, SystemV};
use ipc_core::{Advise, Call, Error, IpcPerm, Result};
use nix::errno::Errno;

use crate::segment::another_users;
use crate::{Key, gone, sys};

/// The number of semaphores in the array: [`free`], [`full`] and [`present`] for each side.
pub(crate) const COUNT: usize = 6;

/// The semaphore that is 1 while `side` may write its slot.
pub(crate) const fn free(side: usize) -> u16 {
    side as u16 * 3
}

/// The semaphore that is 1 while there is a message in the slot that `side` writes.
pub(crate) const fn full(side: usize) -> u16 {
    side as u16 * 3 + 1
}

/// The semaphore that is 1 while `side` is present.
pub(crate) const fn present(side: usize) -> u16 {
    side as u16 * 3 + 2
}

/// Says whether the kernel undoes an operation when the process ends.
///
/// `SEM_UNDO` keeps, for each process and semaphore, the sum of that process's operations, and subtracts it when the
/// process ends, however it ends. This is right where one process both takes and gives back (a lock; a mark of
/// presence). It is wrong where one process takes and *another* gives, as with "free" and "full" slots: each of the two
/// ends with a large sum, and its end sets a count that means nothing. It also repairs only the count: a slot half
/// written at the time of the kill stays half written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undo {
    /// Undone at exit: `SEM_UNDO`.
    AtExit,
    /// Never undone.
    Never,
}

/// A System V semaphore array, known by its id. A handle, as a path is.
#[derive(Clone, Copy, Debug)]
pub struct SemaphoreArray {
    id: i32,
}

impl SemaphoreArray {
    /// Makes the array under `key`, which must be free, in its initial state.
    ///
    /// `semget` and setting the values are two calls, and in between the values are zero. Another process that found
    /// the array by its key then would see them; here it learns the key only afterwards, from the segment.
    ///
    /// # Errors
    /// `EEXIST`: the key is in use. `ENOSPC`: the limits of the system are reached.
    #[doc(alias = "semget")]
    pub fn create(key: Key, mode: u32) -> Result<Self> {
        let flags = libc::IPC_CREAT | libc::IPC_EXCL | (mode & 0o777) as i32;
        let id = sys::semget(key.get(), COUNT, flags)
            .call("semget")
            .advise(Errno::ENOSPC, || "too many semaphores, see `ipcs -s` and `ipcs -ls`".into())
            .advise(Errno::EINVAL, || {
                format!(
                    "an array of {COUNT} exceeds the limit for one array: raise the first number of kernel.sem"
                )
            })?;
        let mut values = [0; COUNT];
        values[usize::from(free(0))] = 1;
        values[usize::from(free(1))] = 1;
        sys::sem_set_all(id, &values).call("semctl")?;
        Ok(Self { id })
    }

    /// Makes an array that `ownership` removes when its last holder has ended. At no moment is there an array that is
    /// not noted: the key is noted first, then the array is made with a mode that no other program uses, then its id is
    /// noted, and last it gets its own mode.
    ///
    /// # Errors
    /// As [`create`](Self::create); also if the note cannot be written.
    pub fn create_crash_safe(ownership: &OwnershipLock, key: Key, mode: u32) -> Result<Self> {
        ownership.record(Note::SystemV(SystemV::Semaphores, key, None))?;
        let array = Self::create(key, SYSTEM_V_MARK)?;
        let made = Made { id: array.id, at: sys::sem_changed(&sys::sem_stat(array.id).call("semctl")?) };
        ownership.record(Note::SystemV(SystemV::Semaphores, key, Some(made)))?;
        sys::sem_set_mode(array.id, mode & 0o777).call("semctl")?;
        Ok(array)
    }

    /// Finds the array under `key`, if there is one, made by user `creator`. The key came from the other side: without
    /// this check it could point us at another program's semaphores.
    ///
    /// # Errors
    /// `EACCES`: this process may not use it. [`Corrupt`](Error::Corrupt): it is not the other side's.
    pub fn find(key: Key, creator: u32) -> Result<Option<Self>> {
        let id = match sys::semget(key.get(), 0, 0) {
            Err(Errno::ENOENT) => return Ok(None),
            found => found.call("semget").advise(Errno::EACCES, || another_users(key))?,
        };
        let stat = sys::sem_stat(id).call("semctl")?;
        if stat.sem_perm.cuid != creator || stat.sem_nsems as usize != COUNT {
            return Err(Error::Corrupt("the semaphores are not those of the shared memory"));
        }
        Ok(Some(Self { id }))
    }

    /// Returns the number by which `ipcs -s` and `/proc/sysvipc/sem` list it.
    #[must_use]
    pub const fn id(self) -> i32 {
        self.id
    }

    /// Returns the value of one semaphore.
    ///
    /// # Errors
    /// `EIDRM`: the array is gone, or has no such semaphore.
    #[doc(alias = "GETVAL")]
    pub fn get(self, index: u16) -> Result<i32> {
        unless_removed(sys::sem_get(self.id, index)).call("semctl").advise(Errno::EIDRM, || self.removed())
    }

    /// Sets the value of one semaphore, against all rules, as a hostile peer can.
    ///
    /// # Errors
    /// `ERANGE`: not 0 to 32767. `EIDRM`, `EINVAL`: as [`get`](Self::get).
    #[doc(alias = "SETVAL")]
    pub fn set(self, index: u16, value: i32) -> Result<()> {
        sys::sem_set(self.id, index, value).call("semctl")
    }

    /// Adds one. Never waits.
    ///
    /// # Errors
    /// `EIDRM`: the array is gone. [`Corrupt`](Error::Corrupt): the value is already the largest possible, which cannot
    /// happen under the protocol.
    pub fn give(self, index: u16, undo: Undo) -> Result<()> {
        match self.operate(index, 1, undo, libc::IPC_NOWAIT, Duration::ZERO) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Error::Corrupt("a semaphore that cannot be raised")),
            Err(error) => Err(error),
        }
    }

    /// Subtracts one if the value is not zero; `false` if it is.
    ///
    /// # Errors
    /// As [`give`](Self::give).
    #[doc(alias = "IPC_NOWAIT")]
    pub fn try_take(self, index: u16, undo: Undo) -> Result<bool> {
        self.operate(index, -1, undo, libc::IPC_NOWAIT, Duration::ZERO)
    }

    /// Subtracts one, and sleeps while the value is zero, for at most `timeout` (`Duration::MAX`: no limit); `false` if it is still zero then, or
    /// if a signal came.
    ///
    /// # Errors
    /// As [`give`](Self::give).
    #[doc(alias = "semtimedop")]
    pub fn take(self, index: u16, timeout: Duration) -> Result<bool> {
        self.operate(index, -1, Undo::Never, 0, timeout)
    }

    /// Removes it. A process that sleeps in a call on it is told so by `EIDRM`.
    ///
    /// # Errors
    /// `EPERM`: only its owner may do this. `EIDRM`: it is gone already.
    #[doc(alias = "IPC_RMID")]
    pub fn remove(self) -> Result<()> {
        unless_removed(sys::sem_remove(self.id)).call("semctl")
    }

    fn operate(self, index: u16, by: i16, undo: Undo, flags: i32, timeout: Duration) -> Result<bool> {
        let undo = if undo == Undo::AtExit { libc::SEM_UNDO } else { 0 };
        let operation = libc::sembuf { sem_num: index, sem_op: by, sem_flg: (flags | undo) as i16 };
        match sys::semtimedop(self.id, operation, timeout) {
            Ok(()) => Ok(true),
            Err(Errno::EAGAIN | Errno::EINTR) => Ok(false),
            Err(Errno::ERANGE) => Err(Error::Corrupt("a semaphore beyond the largest value")),
            failed => {
                unless_removed(failed).call("semop").map(|()| false).advise(Errno::EIDRM, || self.removed())
            }
        }
    }

    fn removed(self) -> String {
        let id = self.id;
        format!(
            "semaphore array {id} was removed while in use: by ipcrm, or by logind at a logout (RemoveIPC=yes)"
        )
    }
}

/// Replaces `EINVAL` by `EIDRM`: the kernel returns the former when the array was removed before the call.
fn unless_removed<T>(answer: nix::Result<T>) -> nix::Result<T> {
    answer.map_err(|errno| if gone(errno) { Errno::EIDRM } else { errno })
}

/// Removes the noted array, if it is still there and is still the same one.
pub(crate) fn reclaim(key: Key, noted: Option<Made>) -> Result<()> {
    let id = match sys::semget(key.get(), 0, 0) {
        Err(Errno::ENOENT) => return Ok(()),
        found => found.call("semget")?,
    };
    let stat = sys::sem_stat(id).call("semctl")?;
    let IpcPerm { creator, mode, .. } = (&stat.sem_perm).into();
    let found = Found { id, creator, mode: mode & 0o777, changed: sys::sem_changed(&stat) };
    if found.is(noted)? { sys::sem_remove(id).call("semctl") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use nix::unistd::geteuid;

    use super::*;
    use crate::Semaphores;

    /// An array of the given size, removed at the end of its test.
    struct Array(Key, i32);

    impl Array {
        fn new(count: usize, mode: i32) -> Self {
            let key = Key::fresh();
            Self(key, sys::semget(key.get(), count, libc::IPC_CREAT | libc::IPC_EXCL | mode).unwrap())
        }

        fn made(&self) -> Made {
            Made { id: self.1, at: sys::sem_changed(&sys::sem_stat(self.1).unwrap()) }
        }
    }

    impl Drop for Array {
        fn drop(&mut self) {
            let _ = sys::sem_remove(self.1); // a test may have done it already
        }
    }

    /// A key written by a peer may be that of any array: its creator and its size show that this one is the peer's.
    #[test]
    fn an_array_of_another_user_or_size_is_not_used() {
        let us = geteuid().as_raw();
        let array = Array::new(COUNT, 0o600);
        assert_eq!(SemaphoreArray::find(array.0, us).unwrap().map(SemaphoreArray::id), Some(array.1));
        let refused = |key, creator| matches!(SemaphoreArray::find(key, creator), Err(Error::Corrupt(text)) if text.contains("not those"));
        assert!(refused(array.0, us + 1));
        for count in [1, COUNT - 1, COUNT + 1] {
            assert!(refused(Array::new(count, 0o600).0, us), "{count}");
        }
        assert!(SemaphoreArray::find(Key::fresh(), us).unwrap().is_none());
    }

    #[test]
    fn an_array_is_made_once_with_one_free_slot_each_way() {
        let array = Array::new(COUNT, 0o600);
        assert_eq!(SemaphoreArray::create(array.0, 0o600).unwrap_err().errno(), Some(Errno::EEXIST));
        let key = Key::fresh();
        let made = SemaphoreArray::create(key, 0o600).unwrap();
        let _removed = Array(key, made.id);
        assert_eq!([0, 1, 2, 3, 4, 5].map(|index| made.get(index).unwrap()), [1, 0, 0, 1, 0, 0]);
    }

    /// The intention is noted first, then the array made; its own mode it gets last.
    #[test]
    fn an_array_of_a_lease_is_noted_twice() {
        let ownership = OwnershipLock::take::<Semaphores>(None).unwrap();
        let key = Key::fresh();
        let array = SemaphoreArray::create_crash_safe(&ownership, key, 0o640).unwrap();
        let noted = [None, Some(Array(key, array.id).made())]; // the `Array` removes it
        let records = std::fs::read_to_string(ownership.path("records")).unwrap();
        let lines = noted.map(|made| Note::SystemV(SystemV::Semaphores, key, made).line());
        assert_eq!(records, lines.concat());
    }

    #[test]
    fn only_the_array_that_was_noted_is_removed() {
        let array = Array::new(COUNT, 0o600);
        let made = array.made();
        reclaim(array.0, None).unwrap(); // without the mark
        reclaim(array.0, Some(Made { id: made.id + 1, ..made })).unwrap();
        reclaim(array.0, Some(Made { at: made.at - 100, ..made })).unwrap_err();
        assert!(sys::sem_stat(array.1).is_ok());
        reclaim(array.0, Some(made)).unwrap();
        assert!(sys::sem_stat(array.1).is_err());
        reclaim(array.0, Some(made)).unwrap();
        let marked = Array::new(COUNT, SYSTEM_V_MARK as i32);
        reclaim(marked.0, None).unwrap();
        assert!(sys::sem_stat(marked.1).is_err());
    }
}
