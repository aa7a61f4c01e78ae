//! The facts about a variant that the suite needs and that its type does not state.

use std::path::{Path, PathBuf};

use ipc_core::random;

use super::{Calls, Declared};

/// The particulars of a variant.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The number of system calls per message.
    pub calls: Calls,
    /// The kind of its addresses.
    pub addresses: Addresses,
    /// Returns the files of an object at an address, whose modes decide which users may join; none where the object has
    /// an owner but no file that could be opened to others. `None` where any process may join.
    pub files: Option<fn(&str) -> Vec<PathBuf>>,
    /// True if the first of these files is mapped and can be truncated.
    pub can_be_cut: bool,
    /// The pid namespaces between which two sides can meet.
    pub pid_namespaces: PidNamespaces,
    /// True if the peer's sender is told when this side's receiver is dropped while its sender is not.
    pub tells_of_a_dropped_receiver: bool,
    /// True if it makes POSIX queues, for which there must be room.
    pub makes_posix_queues: bool,
    /// The cases in which it promises something else; none of the six has any.
    pub declared: &'static [Declared],
}

impl Facts {
    /// Returns the facts of a variant with these calls per message, whose addresses are paths.
    #[must_use]
    pub const fn of_path(calls: Calls) -> Self {
        Self {
            calls,
            addresses: Addresses::Paths,
            files: Some(|address| vec![address.into()]),
            can_be_cut: false,
            pid_namespaces: PidNamespaces::Any,
            tells_of_a_dropped_receiver: true,
            makes_posix_queues: false,
            declared: &[],
        }
    }
}

/// The kind of an address.
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
    /// A name at a server that all processes know.
    Names,
}

impl Addresses {
    /// Returns an unused address; a path is in `place`.
    pub(super) fn fresh(self, place: &Path) -> String {
        match self {
            Self::Paths => place.join(format!("address-{:x}", random())).display().to_string(),
            Self::Keys => format!("0x{:08x}", (random() as u32 >> 1).max(1)),
            Self::PosixNames => format!("/ipc-test-{:x}", random()),
            Self::Names => format!("test-{:x}", random()),
            // All of 127.0.0.0/8 is this host. The ports are below the ephemeral range of the kernel.
            Self::Ports => {
                let [a, b, c, ..] = random().to_ne_bytes();
                format!("127.{a}.{b}.{}:{}", 1 + c % 254, 20000 + random() % 12000)
            }
        }
    }
}

/// The pid namespaces between which two sides can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PidNamespaces {
    /// Any.
    Any,
    /// Those that share a `/proc`.
    SameProc,
    /// Only the same one.
    Same,
}
