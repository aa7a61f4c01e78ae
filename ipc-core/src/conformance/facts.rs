//! What the suite has to be told of a variant, since its type does not say it.

use std::path::{Path, PathBuf};

use super::Calls;
use crate::lease;

/// What is particular to a variant.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// How many system calls a message costs.
    pub calls: Calls,
    /// What its addresses are.
    pub addresses: Addresses,
    /// The files of an object at an address, whose modes say who may come in; none where the object has an owner, but is
    /// no file that could be opened to others; `None` where anyone may come.
    pub files: Option<fn(&str) -> Vec<PathBuf>>,
    /// Whether the first of these files is mapped and can be cut short.
    pub can_be_cut: bool,
    /// Whether two sides may be refused that are in different pid namespaces.
    pub pid_namespaces: PidNamespaces,
    /// Whether it makes POSIX queues, for which there must be room.
    pub makes_posix_queues: bool,
}

impl Facts {
    /// Those of a variant with so many calls for a message whose addresses are paths.
    #[must_use]
    pub const fn of_path(calls: Calls) -> Self {
        Self {
            calls,
            addresses: Addresses::Paths,
            files: Some(|address| vec![address.into()]),
            can_be_cut: false,
            pid_namespaces: PidNamespaces::Any,
            makes_posix_queues: false,
        }
    }
}

/// What an address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addresses {
    /// A path of the file system.
    Paths,
    /// The key of a System V object.
    Keys,
    /// The name of a POSIX object: a slash and a word.
    PosixNames,
    /// A host and a port.
    Ports,
}

impl Addresses {
    /// An address that nobody uses; a path is in `place`.
    pub(super) fn fresh(self, place: &Path) -> String {
        match self {
            Self::Paths => place.join(format!("address-{:x}", lease::random())).display().to_string(),
            Self::Keys => format!("0x{:08x}", (lease::random() as u32 >> 1).max(1)),
            Self::PosixNames => format!("/ipc-test-{:x}", lease::random()),
            // All of 127.0.0.0/8 is this host. The ports are below those that the kernel gives to those who do not choose.
            Self::Ports => {
                let [a, b, c, ..] = lease::random().to_ne_bytes();
                format!("127.{a}.{b}.{}:{}", 1 + c % 254, 20000 + lease::random() % 12000)
            }
        }
    }
}

/// Between which pid namespaces two sides can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PidNamespaces {
    /// Any.
    Any,
    /// Those that share a `/proc`.
    SameProc,
    /// None but the same.
    Same,
}
