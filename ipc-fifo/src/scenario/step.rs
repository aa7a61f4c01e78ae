//! What a process can do with a FIFO, and its wording: in the kernel's terms.

use ipc_demo::scenario::{self, Call, Value, quoted};
use serde::{Deserialize, Serialize};

/// One thing that a process does. It has at most one read end and one write end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Step {
    Open { name: String, end: End },
    Write { text: String },
    Read { room: usize },
    SetCapacity { bytes: usize },
}

/// An end of a FIFO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    Read,
    Write,
}

pub fn open(name: &str, end: End) -> Step {
    Step::Open { name: name.into(), end }
}

pub fn write(text: &str) -> Step {
    Step::Write { text: text.into() }
}

/// Writes the same letter `len` times, in one call.
pub fn write_letters(letter: &str, len: usize) -> Step {
    Step::Write { text: letter.repeat(len) }
}

pub const fn read(room: usize) -> Step {
    Step::Read { room }
}

/// Sets the number of bytes that the FIFO holds, through the read end.
pub const fn set_capacity(bytes: usize) -> Step {
    Step::SetCapacity { bytes }
}

impl scenario::Step for Step {
    fn call(&self) -> Call {
        match self {
            Self::Open { name, end } => Call::new("open", [name.clone(), end.flag().into()]),
            Self::Write { text } => Call::new("write", [letters(text)]),
            Self::Read { room } => Call::new("read", [format!("{room} bytes")]),
            Self::SetCapacity { bytes } => {
                Call::new("fcntl", ["F_SETPIPE_SZ".into(), format!("{bytes} bytes")])
            }
        }
    }

    fn outcome(&self, value: &Value) -> String {
        match (self, value.number) {
            (Self::Open { .. }, _) => "done".into(),
            (Self::Write { .. } | Self::SetCapacity { .. }, number) => format!("{number} bytes"),
            (Self::Read { .. }, 0) => "0, the end of the file".into(),
            (Self::Read { .. }, number) => {
                format!("{number} bytes, {}", letters(value.text.as_deref().unwrap_or_default()))
            }
        }
    }
}

impl End {
    const fn flag(self) -> &'static str {
        match self {
            Self::Read => "O_RDONLY",
            Self::Write => "O_WRONLY",
        }
    }
}

/// Formats a text in quotation marks; one that is long and of few letters as `4096 × "a"`.
pub fn letters(text: &str) -> String {
    let runs = runs(text);
    if runs.len() > 3 || runs.len() == text.len() {
        return quoted(text);
    }
    runs.into_iter().map(|(letter, len)| format!("{len} × \"{letter}\"")).collect::<Vec<_>>().join(", ")
}

/// Returns each letter of a text once for each time that it follows another one, and how often it is repeated there.
pub fn runs(text: &str) -> Vec<(char, usize)> {
    let mut runs: Vec<(char, usize)> = Vec::new();
    for letter in text.chars() {
        match runs.last_mut() {
            Some((last, len)) if *last == letter => *len += 1,
            _ => runs.push((letter, 1)),
        }
    }
    runs
}
