//! What a process can do with the segment and its semaphores, and its wording.

use ipc_demo::scenario::{self, Call, Value, quoted};
use serde::{Deserialize, Serialize};

use super::page::Place;

/// The name of the mutex in a scenario.
const MUTEX: &str = "lock C";

/// One thing that a process does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Step {
    /// Load a word into the register, or the text.
    Load {
        from: Place,
    },
    /// Add to the register.
    Add {
        by: u64,
    },
    /// Store the register.
    StoreSum {
        to: Place,
    },
    Store {
        to: Place,
        value: u64,
    },
    StoreText {
        text: String,
    },
    /// Load, add and store in one.
    FetchAdd {
        to: Place,
        by: u64,
    },
    /// Give to a semaphore, or take from it.
    Semop {
        semaphore: Semaphore,
        by: i16,
        undo: bool,
    },
    Mutex {
        call: MutexCall,
    },
}

/// A semaphore of the array, which begins as 1, 0, 0, 1, 0, 0.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Semaphore {
    /// Begins as 1: the slot is free.
    Free,
    /// Begins as 0: the slot is not full.
    Full,
    /// A lock that no process holds: 1.
    LockA,
    /// Another one.
    LockB,
}

/// A call on the robust mutex, lock C.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum MutexCall {
    Init,
    Lock,
    Consistent,
    Unlock,
}

pub const fn load(from: Place) -> Step {
    Step::Load { from }
}

/// Adds to what was loaded last.
pub const fn add(by: u64) -> Step {
    Step::Add { by }
}

/// Stores what was loaded last, with what was added.
pub const fn store_sum(to: Place) -> Step {
    Step::StoreSum { to }
}

pub const fn store(to: Place, value: u64) -> Step {
    Step::Store { to, value }
}

pub fn store_text(text: &str) -> Step {
    Step::StoreText { text: text.into() }
}

pub const fn fetch_add(to: Place, by: u64) -> Step {
    Step::FetchAdd { to, by }
}

/// Takes 1, and sleeps while the semaphore is 0.
pub const fn take(semaphore: Semaphore) -> Step {
    Step::Semop { semaphore, by: -1, undo: false }
}

/// Gives 1.
pub const fn give(semaphore: Semaphore) -> Step {
    Step::Semop { semaphore, by: 1, undo: false }
}

pub const fn mutex(call: MutexCall) -> Step {
    Step::Mutex { call }
}

impl Step {
    /// Has the kernel take the operation back when the process ends (`SEM_UNDO`).
    pub fn with_undo(mut self) -> Self {
        if let Self::Semop { undo, .. } = &mut self {
            *undo = true;
        }
        self
    }
}

impl scenario::Step for Step {
    fn call(&self) -> Call {
        let access = |name: &str, place: Place, value: Option<String>, order: &str| {
            let order = (place == Place::Flag).then(|| order.to_owned());
            Call::new(name, [place.name().to_owned()].into_iter().chain(value).chain(order))
        };
        match self {
            Self::Load { from } => access("load", *from, None, "Acquire"),
            Self::Add { by } => Call::new("add", [by.to_string()]),
            Self::StoreSum { to } => access("store", *to, Some("the sum".into()), "Release"),
            Self::Store { to, value } => access("store", *to, Some(value.to_string()), "Release"),
            Self::StoreText { text } => access("store", Place::Text, Some(quoted(text)), ""),
            Self::FetchAdd { to, by } => access("fetch_add", *to, Some(by.to_string()), "AcqRel"),
            Self::Semop { semaphore, by, undo } => {
                let undo = (*undo).then(|| "SEM_UNDO".to_owned());
                Call::new("semop", [semaphore.name().into(), format!("{by:+}")].into_iter().chain(undo))
            }
            Self::Mutex { call } => {
                Call::new(call.name(), [MUTEX.into()].into_iter().chain(call.attribute()))
            }
        }
    }

    fn outcome(&self, value: &Value) -> String {
        let number = value.number;
        match self {
            Self::Load { from: Place::Text } => quoted(value.text.as_deref().unwrap_or_default()),
            Self::Add { .. } => format!("{number}, in a register"),
            Self::StoreSum { .. } => format!("{number} stored"),
            Self::FetchAdd { .. } => format!("it was {number}"),
            Self::Mutex { .. } if number == i64::from(libc::EOWNERDEAD) => {
                "EOWNERDEAD: locked, but its holder has died".into()
            }
            Self::Load { .. } | Self::Semop { .. } | Self::Mutex { .. } => number.to_string(),
            Self::Store { .. } | Self::StoreText { .. } => "done".into(),
        }
    }
}

impl Semaphore {
    /// Returns its place in the array.
    pub const fn index(self) -> u16 {
        match self {
            Self::Free | Self::LockA => 0,
            Self::Full => 1,
            Self::LockB => 3,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Full => "full",
            Self::LockA => "lock A",
            Self::LockB => "lock B",
        }
    }
}

impl MutexCall {
    const fn name(self) -> &'static str {
        match self {
            Self::Init => "pthread_mutex_init",
            Self::Lock => "pthread_mutex_lock",
            Self::Consistent => "pthread_mutex_consistent",
            Self::Unlock => "pthread_mutex_unlock",
        }
    }

    fn attribute(self) -> Option<String> {
        matches!(self, Self::Init).then(|| "PTHREAD_MUTEX_ROBUST".into())
    }
}
