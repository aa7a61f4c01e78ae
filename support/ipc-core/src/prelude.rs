//! The names that a program needs to use a link. Each crate of the six exports them as its own, so that a program depends
//! on that crate alone.

pub use nix::errno::Errno;

pub use crate::{
    Endpoint, Error, Mechanism, OsError, Receiver, Result, Sender, Setup, Split, Transport, Typed, Wait,
    Waiting,
};
