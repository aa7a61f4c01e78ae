//! The library's contract over raw pointers, and the descriptors that a child has inherited. The only file of this library
//! with `unsafe`.
#![allow(unsafe_code)]

use std::fs::File;
use std::os::fd::{FromRawFd as _, RawFd};

use shmem_ipc::Error;
use shmem_ipc::sharedring::{Receiver, Sender};

/// Sends as many bytes as there is room for in one piece: 0 if the ring is full.
#[inline]
pub(super) fn send_part(sender: &mut Sender<u8>, bytes: &[u8]) -> Result<usize, Error> {
    let mut len = 0;
    sender.send_raw(|room, count| {
        len = count.min(bytes.len());
        // SAFETY: the library hands out `count` bytes of the ring, to which no reference exists; `len` is no more than
        // those, nor than `bytes` has.
        unsafe { room.copy_from_nonoverlapping(bytes.as_ptr(), len) };
        len
    })?;
    Ok(len)
}

/// Receives as many bytes as there are in one piece: 0 if the ring is empty.
#[inline]
pub(super) fn receive_part(receiver: &mut Receiver<u8>, room: &mut [u8]) -> Result<usize, Error> {
    let mut len = 0;
    receiver.receive_raw(|bytes, count| {
        len = count.min(room.len());
        // SAFETY: as above, the other way round.
        unsafe { bytes.copy_to_nonoverlapping(room.as_mut_ptr(), len) };
        len
    })?;
    Ok(len)
}

/// Takes ownership of a descriptor that the parent has named to this process.
pub(super) fn inherited(number: RawFd) -> File {
    // SAFETY: the parent let this process inherit it for this purpose alone, and names each once.
    unsafe { File::from_raw_fd(number) }
}
