//! What a process can do with a mapped file, and its wording: in the kernel's terms.

use std::os::raw::c_long;

use ipc_demo::scenario::{self, Call, Value, quoted};
use nix::unistd::{SysconfVar, sysconf};
use serde::{Deserialize, Serialize};

/// One thing that a process does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Step {
    /// Open the file, and map its two pages.
    Map {
        flag: Flag,
    },
    Store {
        at: u64,
        text: String,
    },
    Load {
        at: u64,
        len: usize,
    },
    Read {
        at: u64,
        len: usize,
    },
    Truncate {
        len: u64,
    },
    /// The same load or store, by a process that has its own copy of the page.
    InCopy(Box<Self>),
}

/// Whether stores reach the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flag {
    Shared,
    Private,
}

pub const fn map(flag: Flag) -> Step {
    Step::Map { flag }
}

/// Stores a text into the mapping: no call.
pub fn store(at: u64, text: &str) -> Step {
    Step::Store { at, text: text.into() }
}

/// Loads bytes from the mapping: no call.
pub const fn load(at: u64, len: usize) -> Step {
    Step::Load { at, len }
}

/// Reads bytes by a call, without the mapping.
pub const fn read(at: u64, len: usize) -> Step {
    Step::Read { at, len }
}

pub const fn truncate(len: u64) -> Step {
    Step::Truncate { len }
}

/// Says of a load or a store that it reaches the process's own copy of the page, and not the file.
pub fn in_copy(step: Step) -> Step {
    Step::InCopy(Box::new(step))
}

/// Returns the length of this many pages in bytes.
pub fn pages(count: u64) -> u64 {
    let size: Option<c_long> = sysconf(SysconfVar::PAGE_SIZE).ok().flatten();
    count * size.map_or(4096, |size| size as u64)
}

/// Returns the texts between the zeros.
pub fn texts(bytes: &[u8]) -> Vec<String> {
    let texts = bytes.split(|&byte| byte == 0).filter(|text| !text.is_empty());
    texts.map(|text| String::from_utf8_lossy(text).into_owned()).collect()
}

impl scenario::Step for Step {
    fn call(&self) -> Call {
        let place = |at: &u64, len: &usize| format!("bytes {at} to {}", at + *len as u64 - 1);
        match self {
            Self::Map { flag } => Call::new("mmap", [format!("{} bytes", pages(2)), flag.name().into()]),
            Self::Store { at, text } => Call::new("store", [format!("at {at}"), quoted(text)]),
            Self::Load { at, len } => Call::new("load", [place(at, len)]),
            Self::Read { at, len } => Call::new("pread", [place(at, len)]),
            Self::Truncate { len } => Call::new("ftruncate", [format!("{len} bytes")]),
            Self::InCopy(step) => {
                let Call { name, args } = step.call();
                let preposition = if name == "store" { "to" } else { "from" };
                Call::new(&format!("{name} {preposition} its copy"), args)
            }
        }
    }

    fn outcome(&self, value: &Value) -> String {
        match (self, value.text.as_deref()) {
            (Self::InCopy(step), _) => step.outcome(value),
            (Self::Map { .. } | Self::Store { .. } | Self::Truncate { .. }, _) => "done".into(),
            (Self::Read { .. }, _) if value.number == 0 => "0, the end of the file".into(),
            (Self::Load { .. } | Self::Read { .. }, None | Some("")) => "only zeros".into(),
            (Self::Load { .. } | Self::Read { .. }, Some(text)) => quoted(text),
        }
    }
}

impl Flag {
    const fn name(self) -> &'static str {
        match self {
            Self::Shared => "MAP_SHARED",
            Self::Private => "MAP_PRIVATE",
        }
    }
}
