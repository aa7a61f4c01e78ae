//! The libraries, one in each file: how it meets, sends and receives, and what it cannot play.

mod c;
mod iceoryx2;
mod interprocess;
mod ipc_channel;
mod rtrb;
mod shmem_ipc;
mod suite;

#[cfg(feature = "zeromq")]
mod zeromq;

use std::fmt::Debug;

use ipc_core::Error;

use crate::participants::Participant;

/// Returns all participants, the suite's first.
pub fn all() -> Vec<Participant> {
    let mut all = suite::all();
    all.extend(iceoryx2::all());
    all.push(ipc_channel::participant());
    all.push(interprocess::participant());
    all.push(shmem_ipc::participant());
    all.push(rtrb::participant());
    #[cfg(feature = "zeromq")]
    all.push(zeromq::participant());
    all.extend(c::all());
    all
}

/// Returns a function that makes an error of this program of a library's.
fn refused<E: Debug>(library: &'static str) -> impl Fn(E) -> Error {
    move |error| Error::Refused(format!("{library}: {error:?}"))
}

/// Says that an exchange can be played.
fn any(_: &crate::participants::Exchange) -> Option<&'static str> {
    None
}
