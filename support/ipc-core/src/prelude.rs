//! The names that a program needs to use a link. Each crate of the six exports them as its own, so that a program depends
//! on that crate alone.

pub use nix::errno::Errno;

pub use crate::{Error, Mechanism, OsError, Result, Setup, Transport, Typed, Wait, Waiting};
