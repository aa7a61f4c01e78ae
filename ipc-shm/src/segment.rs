//! A segment: pages that the kernel keeps under a number until they are removed.

use ipc_core::ownership::{Found, Made, Note, OwnershipLock, SYSTEM_V_MARK, SystemV};
use ipc_core::{Advise, Call, IpcPerm, Result};
use nix::errno::Errno;

use crate::sys::{self, Attached};
use crate::{Key, gone};

/// A System V shared memory segment, known by its id. Neither owned nor attached: a handle, as a path is.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    id: i32,
}

/// The kernel's description of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SegmentStat {
    /// The key; `None` for a private segment, and for one that is marked for removal.
    pub key: Option<Key>,
    /// The user that made it.
    pub creator: u32,
    /// The process that made it; 0 if it is in another pid namespace.
    pub creator_pid: i32,
    /// Length in bytes, as requested.
    pub size: usize,
    /// The number of times it is attached, over all processes.
    pub attached: u64,
    /// Permission bits.
    pub mode: u32,
    /// The time when it was made, or when its mode or owner last changed, in seconds since 1970.
    pub changed: i64,
    /// True if it goes away when the last process detaches.
    pub marked_for_removal: bool,
}

impl Segment {
    /// Makes a segment of `size` bytes, all zero, under `key`, which must be free.
    ///
    /// # Errors
    /// `EEXIST`: there is one. `EINVAL`: the size is 0 or over `/proc/sys/kernel/shmmax`. `ENOSPC`, `ENOMEM`: the
    /// limits of the system are reached.
    #[doc(alias = "shmget")]
    pub fn create(key: Key, size: usize, mode: u32) -> Result<Self> {
        Self::make(key, size, mode, 0)
    }

    /// Makes a segment as [`create`](Self::create) does, from the pool of huge pages that the administrator has
    /// reserved.
    ///
    /// # Errors
    /// As [`create`](Self::create). `ENOMEM`: too few are free. `EPERM`: this user may not use them.
    #[doc(alias = "SHM_HUGETLB")]
    pub fn create_in_huge_pages(key: Key, size: usize, mode: u32) -> Result<Self> {
        let pool = || {
            let pages = size.div_ceil(2 << 20);
            format!(
                "fewer than {pages} huge pages of 2 MiB are free: as root, `sysctl vm.nr_hugepages={}`, enough for two \
                 runs at a time",
                2 * pages
            )
        };
        let others = || "huge pages are reserved for root and the group in vm.hugetlb_shm_group".into();
        let made = Self::make(key, size, mode, libc::SHM_HUGETLB);
        made.advise(Errno::ENOMEM, pool).advise(Errno::EPERM, others)
    }

    fn make(key: Key, size: usize, mode: u32, flags: i32) -> Result<Self> {
        let flags = flags | libc::IPC_CREAT | libc::IPC_EXCL | (mode & 0o777) as i32;
        let id = sys::shmget(key.get(), size, flags)
            .call("shmget")
            .advise(Errno::EEXIST, || format!("key {key} is in use: choose another, or see `ipcs -m`"))
            .advise(Errno::ENOSPC, || "too many segments, see `ipcs -m` and `ipcs -lm`".into())
            .advise(Errno::EINVAL, || format!("{size} bytes is outside the limits, see `ipcs -lm`"))?;
        Ok(Self { id })
    }

    /// Makes a segment that `ownership` removes when its last holder has ended. At no moment is there a segment that is
    /// not noted.
    ///
    /// # Errors
    /// As [`create`](Self::create); also if the note cannot be written.
    pub fn create_crash_safe(ownership: &OwnershipLock, key: Key, size: usize, mode: u32) -> Result<Self> {
        create_crash_safe(ownership, key, mode, |mode| Self::create(key, size, mode))
    }

    /// Finds the segment under `key`, if there is one.
    ///
    /// # Errors
    /// `EACCES`: it belongs to another user.
    pub fn find(key: Key) -> Result<Option<Self>> {
        // Size and mode 0 accept any size and mode.
        match sys::shmget(key.get(), 0, 0) {
            Err(Errno::ENOENT) => Ok(None),
            found => {
                found.call("shmget").map(|id| Some(Self { id })).advise(Errno::EACCES, || another_users(key))
            }
        }
    }

    /// Returns the number by which `ipcs -m` and `/proc/sysvipc/shm` list it.
    #[must_use]
    pub const fn id(self) -> i32 {
        self.id
    }

    /// Returns the kernel's description of it.
    ///
    /// # Errors
    /// `EIDRM`, `EINVAL`: it is gone. `EACCES`: this process may not read it.
    pub fn stat(self) -> Result<SegmentStat> {
        /// The mode bit by which Linux marks a segment for removal; libc does not name it.
        const SHM_DEST: u32 = 0o1000;
        let stat = sys::shm_stat(self.id).call("shmctl")?;
        let IpcPerm { key, creator, mode, .. } = (&stat.shm_perm).into();
        Ok(SegmentStat {
            key,
            creator,
            creator_pid: stat.shm_cpid,
            size: stat.shm_segsz,
            attached: stat.shm_nattch,
            mode: mode & 0o777,
            changed: stat.shm_ctime,
            marked_for_removal: mode & SHM_DEST != 0,
        })
    }

    /// Maps it into this process's memory.
    ///
    /// # Errors
    /// `EIDRM`, `EINVAL`: it is gone. `EACCES`: this process may not write to it.
    #[doc(alias = "shmat")]
    pub fn attach(self) -> Result<Attached> {
        Attached::new(self.id).call("shmat")
    }

    /// Removes its name at once; the memory goes when the last process detaches or ends, in any way. Not an error if it
    /// is gone already, or if only its owner may do this.
    ///
    /// # Errors
    /// None known.
    #[doc(alias = "IPC_RMID")]
    pub fn mark_for_removal(self) -> Result<()> {
        match sys::shm_remove(self.id) {
            Err(errno) if gone(errno) || errno == Errno::EPERM => Ok(()),
            removed => removed.call("shmctl"),
        }
    }
}

pub(crate) fn another_users(key: Key) -> String {
    format!("the object with key {key} belongs to another user, see `ipcs`")
}

/// Makes a segment that `ownership` removes when its last holder has ended; `make` gets a key, a size and a mode.
///
/// At no moment is there a segment that is not noted: the key is noted first, then the segment is made with a mode that
/// no other program uses, then its id is noted, and last it gets its own mode.
pub(crate) fn create_crash_safe(
    ownership: &OwnershipLock,
    key: Key,
    mode: u32,
    make: impl FnOnce(u32) -> Result<Segment>,
) -> Result<Segment> {
    ownership.record(Note::SystemV(SystemV::Segment, key, None))?;
    let segment = make(SYSTEM_V_MARK)?;
    let made = Made { id: segment.id, at: segment.stat()?.changed };
    ownership.record(Note::SystemV(SystemV::Segment, key, Some(made)))?;
    sys::shm_set_mode(segment.id, mode & 0o777).call("shmctl")?;
    Ok(segment)
}

/// Removes the noted segment, if it is still there and is still the same one.
pub(crate) fn reclaim(key: Key, noted: Option<Made>) -> Result<()> {
    let Some(segment) = Segment::find(key)? else { return Ok(()) };
    let stat = segment.stat()?;
    let found = Found { id: segment.id, creator: stat.creator, mode: stat.mode, changed: stat.changed };
    if stat.key == Some(key) && found.is(noted)? { segment.mark_for_removal() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ring;

    /// The intention is noted when the segment is made, and it has the mark. Then its id is noted, and it has its own
    /// mode.
    #[test]
    fn a_segment_of_a_lease_is_noted_before_it_is_made() {
        let ownership = OwnershipLock::take::<Ring>(None).unwrap();
        let key = Key::fresh();
        let records = || std::fs::read_to_string(ownership.path("records")).unwrap();
        let line = |made| Note::SystemV(SystemV::Segment, key, made).line();
        let segment = create_crash_safe(&ownership, key, 0o640, |mode| {
            assert_eq!((mode, records()), (SYSTEM_V_MARK, line(None)));
            Segment::create(key, 4096, mode)
        });
        let segment = segment.unwrap();
        let stat = segment.stat().unwrap();
        let made = Made { id: segment.id, at: stat.changed };
        assert_eq!((stat.mode, records()), (0o640, line(None) + &line(Some(made))));
        let _attached = segment.attach().unwrap();
        segment.mark_for_removal().unwrap();
        let stat = segment.stat().unwrap();
        assert_eq!((stat.mode, stat.marked_for_removal, stat.key), (0o640, true, None));
        drop(ownership);
        assert!(Segment::find(key).unwrap().is_none());
    }
}
