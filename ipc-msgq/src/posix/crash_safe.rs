//! A queue whose name an [ownership lock](OwnershipLock) removes, even after a `SIGKILL`.

use std::os::unix::fs::MetadataExt;

use ipc_core::ownership::{self, Inode, Note, OwnershipLock};
use ipc_core::{Call, Result};
use nix::errno::Errno;
use nix::unistd::geteuid;

use super::unless_gone;
use super::{Access, Attributes, PosixName, PosixQueue};

impl PosixQueue {
    /// Makes a queue as [`create`](Self::create) does, with a name for `ownership` to remove when its last holder ends.
    ///
    /// The queue is recorded at every moment of its life: first its name is recorded, then it is made with a mode that
    /// no other program uses, then its inode is recorded, and last it gets its own mode. (A queue can be neither
    /// renamed nor linked to: `/dev/mqueue` answers `EPERM`.)
    ///
    /// # Errors
    /// As [`create`](Self::create), or the record cannot be written.
    pub fn create_crash_safe(
        ownership: &OwnershipLock,
        name: &PosixName,
        access: Access,
        attributes: Attributes,
        mode: u32,
    ) -> Result<Self> {
        ownership.record(Note::Queue(name.clone(), None))?;
        let queue = Self::make(name, access, attributes, ownership::MARK)?;
        let inode = Inode::of(&queue.0.metadata().call("fstat")?);
        ownership.record(Note::Queue(name.clone(), Some((inode, ownership::boot()?))))?;
        queue.set_mode(mode)?;
        Ok(queue)
    }
}

/// Removes the recorded name, if it still names the same queue.
pub(crate) fn reclaim(name: &PosixName, noted: Option<&(Inode, String)>) -> Result<()> {
    let opened = match PosixQueue::open(name, Access::Receive) {
        Err(error) if error.errno() == Some(Errno::EACCES) => PosixQueue::open(name, Access::Send),
        opened => opened,
    };
    let Some(queue) = unless_gone(opened)? else { return Ok(()) };
    let meta = queue.0.metadata().call("fstat")?;
    let is_noted = match noted {
        None => ownership::is_marked(meta.mode()),
        Some((inode, boot)) => *inode == Inode::of(&meta) && *boot == ownership::boot()?,
    };
    if is_noted && meta.uid() == geteuid().as_raw() {
        unless_gone(PosixQueue::unlink(name)).map(drop)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::fchown;

    use ipc_conformance::Allowance;

    use super::*;
    use crate::Posix;

    const SMALL: Attributes = Attributes { capacity: 1, longest: 8, messages: 0 };

    /// A small queue. Its name is removed at the end of its test.
    struct Small(PosixName, PosixQueue);

    impl Small {
        fn new(mode: u32) -> Self {
            drop(Allowance::wait_for(1)); // small queues fit wherever a link's do
            let name = PosixName::fresh();
            let queue = PosixQueue::make(&name, Access::Receive, SMALL, 0).unwrap();
            queue.0.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
            Self(name, queue)
        }

        fn inode(&self) -> Inode {
            Inode::of(&self.1.0.metadata().unwrap())
        }

        fn reclaim(&self, noted: Option<(Inode, &str)>) -> bool {
            let noted = noted.map(|(inode, boot)| (inode, boot.to_owned()));
            reclaim(&self.0, noted.as_ref()).unwrap();
            PosixQueue::open(&self.0, Access::Receive).is_err()
        }
    }

    impl Drop for Small {
        fn drop(&mut self) {
            let _ = PosixQueue::unlink(&self.0); // a test may have removed it already
        }
    }

    /// The intention is recorded first, then the queue; the queue gets its own mode last.
    #[test]
    fn a_queue_of_a_lease_is_noted_twice() {
        drop(Allowance::wait_for(1));
        let ownership = OwnershipLock::take::<Posix>(None).unwrap();
        let name = PosixName::fresh();
        let queue = PosixQueue::create_crash_safe(&ownership, &name, Access::Receive, SMALL, 0o640).unwrap();
        let meta = queue.0.metadata().unwrap();
        assert_eq!(meta.mode() & 0o7777, 0o640);
        let made = (Inode::of(&meta), ownership::boot().unwrap());
        let lines = [None, Some(made)].map(|made| Note::Queue(name.clone(), made).line());
        assert_eq!(std::fs::read_to_string(ownership.path("records")).unwrap(), lines.concat());
        drop(ownership);
        assert_eq!(PosixQueue::open(&name, Access::Receive).unwrap_err().errno(), Some(Errno::ENOENT));
    }

    /// An inode number is reused, and after a restart numbering begins again: so the boot is a part of the record.
    #[test]
    fn only_the_queue_that_was_noted_is_removed() {
        let (small, boot) = (Small::new(0o600), ownership::boot().unwrap());
        let inode = small.inode();
        assert!(!small.reclaim(None), "without the mark");
        assert!(!small.reclaim(Some((Inode { number: inode.number + 1, ..inode }, &boot))));
        assert!(!small.reclaim(Some((inode, "another-boot"))));
        assert!(small.reclaim(Some((inode, &boot))));
        assert!(Small::new(ownership::MARK).reclaim(None));
    }

    #[test]
    fn another_users_queue_is_left_alone() {
        let (small, boot) = (Small::new(0o600), ownership::boot().unwrap());
        if fchown(&small.1.0, Some(65534), None).is_err() {
            return ipc_conformance::skipped("giving a queue away needs root");
        }
        assert!(!small.reclaim(Some((small.inode(), &boot))));
        let marked = Small::new(ownership::MARK);
        fchown(&marked.1.0, Some(65534), None).unwrap(); // this clears two of the bits
        marked.1.0.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(ownership::MARK)).unwrap();
        assert!(!marked.reclaim(None));
    }
}
