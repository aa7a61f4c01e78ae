//! A process of a scenario, from the inside: its loads and stores in the segment, and its calls.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};

use ipc_core::{Call as _, Result};
use ipc_demo::scenario::{self, Value};
use ipc_shm::{Attached, Segment};
use nix::errno::Errno;
use serde::{Deserialize, Serialize};

use super::page::{Page, Place};
use super::step::{MutexCall, Step};
use super::sys;

/// What a process is told at its start.
#[derive(Debug, Serialize, Deserialize)]
pub struct Start {
    /// The key of the segment.
    pub segment: String,
    /// The id of the semaphores, if there are any.
    pub semaphores: Option<i32>,
}

/// A process that has the segment attached.
pub struct Performer {
    memory: Attached,
    semaphores: Option<i32>,
    /// What was loaded last: the process's own, which no other process sees.
    register: u64,
}

impl scenario::Performer for Performer {
    type Start = Start;

    type Step = Step;

    fn enter(start: Start, _: Vec<OwnedFd>) -> Result<Self> {
        let segment = Segment::find(start.segment.parse()?)?.ok_or(Errno::ENOENT).call("shmget")?;
        Ok(Self { memory: segment.attach()?, semaphores: start.semaphores, register: 0 })
    }

    fn perform(&mut self, step: Step) -> Result<Value> {
        let page = sys::page(&self.memory);
        Ok(match step {
            Step::Load { from: Place::Text } => Value::received(0, page.text.load().as_bytes()),
            Step::Load { from } => {
                self.register = word(page, from).load(Ordering::Acquire);
                number(self.register)
            }
            Step::Add { by } => {
                self.register += by;
                number(self.register)
            }
            Step::StoreSum { to } => {
                word(page, to).store(self.register, Ordering::Release);
                number(self.register)
            }
            Step::Store { to, value } => {
                word(page, to).store(value, Ordering::Release);
                Value::default()
            }
            Step::StoreText { text } => {
                page.text.store(&text);
                Value::default()
            }
            Step::FetchAdd { to, by } => number(word(page, to).fetch_add(by, Ordering::AcqRel)),
            Step::Semop { semaphore, by, undo } => {
                let id = self.semaphores.ok_or(Errno::EINVAL).call("semop")?;
                let flags = if undo { libc::SEM_UNDO } else { 0 };
                sys::semop(id, semaphore.index(), by, flags).call("semop")?;
                Value::default()
            }
            Step::Mutex { call } => Value::number(i64::from(match call {
                MutexCall::Init => page.mutex.init_robust(),
                MutexCall::Lock => page.mutex.lock(),
                MutexCall::Consistent => page.mutex.consistent(),
                MutexCall::Unlock => page.mutex.unlock(),
            })),
        })
    }
}

fn word(page: &Page, place: Place) -> &AtomicU64 {
    match place {
        Place::Counter => &page.counter,
        Place::Flag => &page.flag,
        Place::Text => panic!("a text is not a word"),
    }
}

const fn number(word: u64) -> Value {
    Value::number(word.cast_signed())
}
