//! What lies in the segment of a scenario.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::sys::Mutex;

/// The beginning of the segment. It begins as zeros.
#[repr(C)]
pub struct Page {
    pub counter: AtomicU64,
    pub flag: AtomicU64,
    pub text: Text,
    pub mutex: Mutex,
}

/// A text of up to this many bytes, and zeros after it.
#[repr(transparent)]
pub struct Text([AtomicU8; 16]);

/// A place in the segment that a scenario uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    Counter,
    Flag,
    Text,
}

impl Page {
    /// Returns a place and what it holds, in words.
    pub fn shown(&self, place: Place) -> String {
        let name = place.name();
        match place {
            Place::Counter => format!("{name} {}", self.counter.load(Ordering::Relaxed)),
            Place::Flag => format!("{name} {}", self.flag.load(Ordering::Relaxed)),
            Place::Text => format!("{name} \"{}\"", self.text.load()),
        }
    }
}

impl Text {
    /// Stores the bytes one after the other; they have no order among them.
    pub fn store(&self, text: &str) {
        assert!(text.len() <= self.0.len(), "longer than its place");
        let zeros = std::iter::repeat(0);
        for (place, byte) in self.0.iter().zip(text.bytes().chain(zeros)) {
            place.store(byte, Ordering::Relaxed);
        }
    }

    pub fn load(&self) -> String {
        let bytes = self.0.iter().map(|place| place.load(Ordering::Relaxed));
        let text: Vec<u8> = bytes.take_while(|&byte| byte != 0).collect();
        String::from_utf8_lossy(&text).into_owned()
    }
}

impl Place {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Flag => "flag",
            Self::Text => "text",
        }
    }
}
