//! Memory that is truncated under the ring: in a real file, with the guard installed.
#![allow(unsafe_code)]

use std::fs::File;
use std::os::fd::AsRawFd;
use std::ptr::NonNull;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use nix::libc;

use super::killed::{A_WHILE, linked_through};
use crate::ring::{Attachment, Layout, MAX_MESSAGE, Memory, Region, RingLink, SEGMENT_LEN, guard};
use crate::{Error, Receiver, Result, Sender, Split};

/// A mapping of a file that any test may truncate.
#[derive(Debug)]
struct Mapped(NonNull<u8>);

// SAFETY: the address of a mapping is valid in any thread.
unsafe impl Send for Mapped {}
// SAFETY: as above; what may be done to the bytes is up to the `Region` around it.
unsafe impl Sync for Mapped {}

impl Mapped {
    fn of(file: &File) -> Self {
        guard::install().unwrap();
        let (read_write, fd) = (libc::PROT_READ | libc::PROT_WRITE, file.as_raw_fd());
        // SAFETY: a new mapping, at an address that the kernel chooses.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), SEGMENT_LEN, read_write, libc::MAP_SHARED, fd, 0) };
        assert_ne!(start, libc::MAP_FAILED);
        Self(NonNull::new(start.cast()).unwrap())
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: it was mapped with this length, and nothing refers to it any more.
        unsafe { libc::munmap(self.0.as_ptr().cast(), SEGMENT_LEN) };
    }
}

// SAFETY: it is mapped from `of` to `drop`, and references are to atomics only.
unsafe impl Memory for Mapped {
    fn base(&self) -> NonNull<u8> {
        self.0
    }

    fn size(&self) -> usize {
        SEGMENT_LEN
    }

    fn can_be_cut(&self) -> bool {
        true
    }

    fn hold(&self, _side: usize) -> Result<bool> {
        Ok(true)
    }

    fn is_held(&self, _side: usize) -> Result<bool> {
        Ok(true)
    }
}

fn file() -> Arc<File> {
    let file = tempfile::tempfile().unwrap();
    file.set_len(SEGMENT_LEN as u64).unwrap();
    Arc::new(file)
}

fn region(file: &File) -> Region<Mapped> {
    Region::new(Mapped::of(file)).unwrap()
}

fn pair(file: &File) -> (RingLink<Mapped>, RingLink<Mapped>) {
    let mut attachment = Attachment::create(region(file), Layout::Ring).unwrap();
    let joined = RingLink::join(region(file)).unwrap().expect("the owner waits");
    attachment.wait_for_peer("here", Duration::ZERO).unwrap();
    (RingLink::new(attachment), joined)
}

fn is_cut<T: std::fmt::Debug>(answer: &Result<T>, under: &str) {
    assert!(matches!(answer, Err(Error::Corrupt(text)) if text.ends_with(under)), "{answer:?}");
}

/// The first page stays, the messages are lost: the side that touches them finds out, and tells the other.
#[test]
fn lost_messages_are_corrupt_on_both_sides() {
    for receives in [false, true] {
        let file = file();
        let (mut ours, mut theirs) = pair(&file);
        theirs.send(b"lost").unwrap();
        file.set_len(4096).unwrap();
        for _ in 0..2 {
            let touched = if receives { ours.recv(&mut [0; 8]).map(drop) } else { ours.send(b"lost") };
            is_cut(&touched, "was truncated while mapped");
        }
        drop(ours);
        // A receiver would look into the lost memory itself before it asks about the peer.
        is_cut(&theirs.send(b"more"), "was truncated while the peer had it mapped");
    }
}

/// No wake-up finds a sleeper whose page is gone, that of the peer as little as that of the watcher. Both halves find out,
/// whether the peer lives on or not.
#[test]
fn both_halves_asleep_on_lost_pages_find_out() {
    for is_killed in [false, true] {
        let file = file();
        let (link, _place, mut peer) = linked_through(|| region(&file));
        let (mut sender, mut receiver) = link.split();
        let message = vec![7; MAX_MESSAGE / 2];
        while sender.try_send(&message).unwrap().is_some() {}
        let sending = thread::spawn(move || sender.send(&message));
        let receiving = thread::spawn(move || receiver.recv(&mut [0; 8]).map(drop));
        thread::sleep(A_WHILE);
        file.set_len(0).unwrap();
        if is_killed {
            peer.kill();
        }
        is_cut(&sending.join().unwrap(), "was truncated while mapped");
        is_cut(&receiving.join().unwrap(), "was truncated while mapped");
    }
}

/// A page of zeros in place of a lost one proves nothing: neither that no owner has come yet, nor that no peer has.
#[test]
fn a_lost_first_page_is_corrupt_while_the_two_meet() {
    let file = file();
    let (ours, theirs) = (region(&file), region(&file));
    let mut attachment = Attachment::create(ours, Layout::Ring).unwrap();
    file.set_len(0).unwrap();
    is_cut(&Attachment::claim(theirs, Layout::Ring).map(drop), "was truncated while mapped");
    is_cut(&attachment.wait_for_peer("here", Duration::ZERO), "was truncated while mapped");
}

/// Even the very last page is guarded; and the next mapping, at the same address or not, works like the first.
#[test]
fn each_page_is_guarded_and_each_mapping_anew() {
    for lost in [SEGMENT_LEN - 4096, SEGMENT_LEN - 4096, 0] {
        let file = file();
        let region = region(&file);
        region.intact().unwrap();
        file.set_len(lost as u64).unwrap();
        nix::errno::Errno::ERANGE.set();
        region.read(SEGMENT_LEN - 8, &mut [1; 8]);
        assert_eq!(nix::errno::Errno::last(), nix::errno::Errno::ERANGE, "the interrupted code's own");
        is_cut(&region.intact(), "was truncated while mapped");
    }
}
