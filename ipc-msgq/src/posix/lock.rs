//! Telling queues apart, and detecting the other process. To the kernel a POSIX queue is a file, so it has an inode,
//! and it can be locked: by flock(2), and, independently of that, by the locks of an open file description of fcntl(2).
//! The receiver of a queue holds a lock of the first kind, its sender one of the second, called its mark.

use std::os::unix::fs::MetadataExt;

use ipc_core::{Call, Result, flock as locks};
use libc::{F_UNLCK, F_WRLCK, SEEK_SET, flock};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};

use super::PosixQueue;

impl PosixQueue {
    /// Returns device and inode, which tell this queue from any other that has or had its name, and its owner's user
    /// id.
    pub(super) fn identity(&self) -> Result<(u64, u64, u32)> {
        let meta = self.0.metadata().call("fstat")?;
        Ok((meta.dev(), meta.ino(), meta.uid()))
    }

    /// Locks the queue for this descriptor. The lock is released with the last copy of the descriptor, at the latest
    /// when the process ends.
    pub(super) fn lock(&self) -> Result<()> {
        locks::lock(&self.0)
    }

    /// Locks the queue unless another descriptor holds a lock; returns `false` if one does.
    pub(super) fn try_lock(&self) -> Result<bool> {
        locks::try_lock(&self.0)
    }

    /// Gives the lock back.
    pub(super) fn unlock(&self) -> Result<()> {
        self.0.unlock().call("flock")
    }

    /// Marks the queue as one that has a sender; returns `false` if another descriptor has done so.
    pub(super) fn try_mark(&self) -> Result<bool> {
        match fcntl(&self.0, FcntlArg::F_OFD_SETLK(&whole(F_WRLCK))) {
            Err(Errno::EAGAIN | Errno::EACCES) => Ok(false),
            marked => marked.call("fcntl").map(|_| true),
        }
    }

    /// Takes the mark back.
    pub(super) fn unmark(&self) -> Result<()> {
        fcntl(&self.0, FcntlArg::F_OFD_SETLK(&whole(F_UNLCK))).call("fcntl").map(drop)
    }

    /// Returns whether another descriptor has marked the queue.
    pub(super) fn is_marked_by_another(&self) -> Result<bool> {
        let mut found = whole(F_WRLCK);
        fcntl(&self.0, FcntlArg::F_OFD_GETLK(&mut found)).call("fcntl")?;
        Ok(i32::from(found.l_type) != F_UNLCK)
    }

    /// Returns whether another descriptor holds the lock.
    pub(super) fn is_locked_by_another(&self) -> Result<bool> {
        // A shared lock: two processes that ask at once do not take each other for the holder.
        let free = locks::try_lock_shared(&self.0)?;
        if free {
            self.unlock()?;
        }
        Ok(!free)
    }
}

/// Describes a lock of the given type on the whole file.
fn whole(kind: i32) -> flock {
    flock { l_type: kind as i16, l_whence: SEEK_SET as i16, l_start: 0, l_len: 0, l_pid: 0 }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::Duration;

    use ipc_core::ThreadId;
    use nix::sys::signal::Signal;

    use super::*;

    /// Opens a file twice: to `flock`, it is like a queue, but takes nothing of the user's allowance.
    fn two() -> [PosixQueue; 2] {
        let file = tempfile::NamedTempFile::new().unwrap();
        [(); 2].map(|()| PosixQueue(file.reopen().unwrap()))
    }

    #[test]
    fn a_process_that_only_asks_is_not_the_holder() {
        let [ours, theirs] = two();
        theirs.0.lock_shared().unwrap(); // as in the middle of the same question
        assert!(!ours.is_locked_by_another().unwrap());
        theirs.0.unlock().unwrap();
        assert!(!ours.is_locked_by_another().unwrap());
        assert!(theirs.try_lock().unwrap(), "the question has left no lock");
        assert!(ours.is_locked_by_another().unwrap());
        assert!(!ours.try_lock().unwrap());
    }

    /// The two kinds of locks know nothing of each other: a queue has a receiver, a sender, both or neither.
    #[test]
    fn a_mark_is_not_a_lock() {
        let [receiver, sender] = two();
        assert!(receiver.try_lock().unwrap());
        assert!(!receiver.is_marked_by_another().unwrap());
        assert!(sender.try_mark().unwrap());
        assert!(receiver.is_marked_by_another().unwrap() && !sender.is_marked_by_another().unwrap());
        assert!(!receiver.try_mark().unwrap(), "there is one sender");
        assert!(sender.is_locked_by_another().unwrap());
        sender.unmark().unwrap();
        assert!(!receiver.is_marked_by_another().unwrap());
        assert!(sender.try_mark().unwrap());
        drop(sender);
        assert!(!receiver.is_marked_by_another().unwrap(), "it goes with the descriptor");
    }

    #[test]
    fn a_signal_does_not_end_the_wait_for_a_lock() {
        ipc_core::interrupt::install().unwrap(); // a signal that only interrupts
        let [ours, theirs] = two();
        theirs.lock().unwrap();
        let (tell, told) = mpsc::channel();
        let waiting = thread::spawn(move || {
            tell.send(ThreadId::current()).unwrap();
            ours.lock().map_err(|error| error.to_string())
        });
        let thread = told.recv().unwrap();
        for _ in 0..5 {
            thread::sleep(Duration::from_millis(10)); // so that one of them finds it waiting
            let _ = thread.signal(Signal::SIGURG); // an error means that it has ended
        }
        theirs.0.unlock().unwrap();
        assert_eq!(waiting.join().unwrap(), Ok(()));
    }
}
