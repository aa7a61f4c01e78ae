//! Messages that are written where they will be read: the library lends memory that may hold no value, and takes the
//! caller's word that all of it has been written. The only file of this library with `unsafe`.
#![allow(unsafe_code)]

use std::mem::MaybeUninit;

use ::iceoryx2::port::SendError;
use ::iceoryx2::port::client::RequestSendError;

use super::publish::BytePublisher;
use super::request::{Asked, ByteClient, Taken};

/// Publishes a sample of `size` bytes, which `write` writes.
#[inline]
pub(super) fn publish(
    by: &BytePublisher,
    size: usize,
    write: impl FnOnce(&mut [u8]),
) -> Result<(), SendError> {
    let mut sample = by.loan_slice_uninit(size)?;
    write(bytes(sample.payload_mut()));
    // SAFETY: each byte had a value even before `write` was called: see `bytes`.
    unsafe { sample.assume_init() }.send().map(drop)
}

/// Sends a request of `size` bytes, which `write` writes.
#[inline]
pub(super) fn ask(
    by: &ByteClient,
    size: usize,
    write: impl FnOnce(&mut [u8]),
) -> Result<Asked, RequestSendError> {
    let mut request = by.loan_slice_uninit(size)?;
    write(bytes(request.payload_mut()));
    // SAFETY: as above.
    unsafe { request.assume_init() }.send()
}

/// Sends a response of `size` bytes, which `write` writes.
#[inline]
pub(super) fn answer(to: &Taken, size: usize, write: impl FnOnce(&mut [u8])) -> Result<(), SendError> {
    let mut response = to.loan_slice_uninit(size)?;
    write(bytes(response.payload_mut()));
    // SAFETY: as above.
    unsafe { response.assume_init() }.send()
}

/// Returns lent memory as bytes.
#[inline]
fn bytes(lent: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    // SAFETY: the same bytes, of the same lifetime. Each has a value, and any value is a `u8`: the memory is shared and
    // mapped; the kernel has zeroed it, and it holds an older message if not zeros.
    unsafe { &mut *(std::ptr::from_mut(lent) as *mut [u8]) }
}
