//! What a process can do with its ends, and its wording: in the kernel's terms.

use ipc_demo::scenario::{self, Call, Value, quoted};
use serde::{Deserialize, Serialize};

/// One thing that a process does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Step {
    Write {
        text: String,
    },
    Read {
        room: usize,
    },
    /// Read until this many bytes have arrived.
    ReadAll {
        len: usize,
    },
    Close {
        end: End,
    },
    /// Set what SIGPIPE does to this process.
    OnSigpipe {
        action: Action,
    },
}

/// An end of a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    Read,
    Write,
}

/// What a signal does to a process.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Action {
    /// For SIGPIPE: it kills the process.
    Default,
    Ignore,
}

pub fn write(text: &str) -> Step {
    Step::Write { text: text.into() }
}

/// Writes that many bytes in one call.
pub fn write_bytes(len: usize) -> Step {
    Step::Write { text: "x".repeat(len) }
}

pub const fn read(room: usize) -> Step {
    Step::Read { room }
}

/// Reads as often as it takes to get that many bytes.
pub const fn read_all(len: usize) -> Step {
    Step::ReadAll { len }
}

pub const fn close(end: End) -> Step {
    Step::Close { end }
}

pub const fn on_sigpipe(action: Action) -> Step {
    Step::OnSigpipe { action }
}

impl scenario::Step for Step {
    fn call(&self) -> Call {
        match self {
            Self::Write { text } => Call::new("write", [quoted(text)]),
            Self::Read { room } => Call::new("read", [format!("{room} bytes")]),
            Self::ReadAll { len } => {
                Call::new(&format!("reads {len} bytes, in as many calls as it takes"), [])
            }
            Self::Close { end } => Call::new("close", [end.name().into()]),
            Self::OnSigpipe { action } => Call::new("signal", ["SIGPIPE".into(), action.name().into()]),
        }
    }

    fn outcome(&self, value: &Value) -> String {
        match (self, value.number) {
            (Self::Write { .. } | Self::ReadAll { .. }, number) => format!("{number} bytes"),
            (Self::Read { .. }, 0) => "0, the end of the file".into(),
            (Self::Read { .. }, number) => {
                format!("{number} bytes, {}", quoted(value.text.as_deref().unwrap_or_default()))
            }
            (Self::Close { .. } | Self::OnSigpipe { .. }, _) => "done".into(),
        }
    }
}

impl End {
    const fn name(self) -> &'static str {
        match self {
            Self::Read => "read end",
            Self::Write => "write end",
        }
    }
}

impl Action {
    const fn name(self) -> &'static str {
        match self {
            Self::Default => "SIG_DFL",
            Self::Ignore => "SIG_IGN",
        }
    }
}
