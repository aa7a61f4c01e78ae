//! The segment of a scenario, its semaphores, and the process that removes them.

use std::cell::{Cell, RefCell};
use std::fs;

use ipc_core::ownership::OwnershipLock;
use ipc_core::{Error, Result};
use ipc_demo::scenario::{Guard, Invited, KernelObject, Remains, State};
use ipc_demo::system_call::SystemCall;
use ipc_shm::{Key, Segment, SegmentStat, SemaphoreArray, Semaphores};
use nix::unistd::geteuid;
use serde::{Deserialize, Serialize};

use super::Context;
use super::page::{Page, Place};
use super::performer::{Performer, Start};
use super::step::Semaphore;
use super::sys;

/// The length of the segment: one page.
const LEN: usize = 4096;

/// A segment that no other process uses.
pub struct SharedMemory {
    key: Key,
    segment: Segment,
    /// The places that the scenario uses.
    places: RefCell<Vec<Place>>,
    /// The semaphores that the scenario uses, and the array of them, which has the same key: the kernel keeps keys of
    /// segments and of arrays apart.
    semaphores: RefCell<Vec<Semaphore>>,
    array: Cell<Option<SemaphoreArray>>,
    guard: RefCell<Guard<ObjectOfKey>>,
    ownership: OwnershipLock,
}

/// Says for what the segment is used.
pub fn lay_out(context: &Context, places: &[Place]) -> Result<()> {
    *context.object().places.borrow_mut() = places.to_vec();
    let names: Vec<_> = places.iter().map(|place| format!("a {}", place.name())).collect();
    context.note(&format!("in the segment: {}", names.join(" and ")))
}

/// Makes semaphores, for the processes that are started after this.
pub fn make_semaphores(context: &Context, semaphores: &[Semaphore]) -> Result<()> {
    let memory = context.object();
    let array = SemaphoreArray::create_crash_safe(&memory.ownership, memory.key, 0o600)?;
    let remains = ObjectOfKey::Semaphores { key: memory.key.to_string(), id: array.id() };
    memory.guard.borrow_mut().watch(&remains)?;
    memory.array.set(Some(array));
    *memory.semaphores.borrow_mut() = semaphores.to_vec();
    context.note(&format!("semaphores: {}", memory.values()?.join(", ")))
}

impl SharedMemory {
    /// Returns the number of processes that have the segment attached.
    pub fn attached(&self) -> Result<u64> {
        self.segment.stat().map(|stat| stat.attached)
    }

    /// Looks into the segment; attached only meanwhile, so that this process does not count.
    pub fn look<T>(&self, look: impl FnOnce(&Page) -> T) -> Result<T> {
        Ok(look(sys::page(&self.segment.attach()?)))
    }

    /// Returns the semaphores with their values.
    fn values(&self) -> Result<Vec<String>> {
        let Some(array) = self.array.get() else { return Ok(Vec::new()) };
        let semaphores = self.semaphores.borrow();
        let value = |semaphore: &Semaphore| {
            let value = array.get(semaphore.index())?;
            Ok(format!("{} {value}", semaphore.name()))
        };
        semaphores.iter().map(value).collect()
    }
}

impl KernelObject for SharedMemory {
    const MECHANISM: &'static str = "shm";
    const NAME: &'static str = "segment";
    const TITLE: &'static str = "shared memory segment";

    type Part = ();
    type Performer = Performer;
    type Remains = ObjectOfKey;

    fn create() -> Result<Self> {
        let key = Key::fresh();
        let (ownership, mut guard) = (OwnershipLock::take::<Semaphores>(None)?, Guard::start()?);
        let segment = Segment::create_crash_safe(&ownership, key, LEN, 0o600)?;
        guard.watch(&ObjectOfKey::Segment { key: key.to_string(), id: segment.id() })?;
        let (places, semaphores) = (RefCell::default(), RefCell::default());
        Ok(Self { key, segment, places, semaphores, array: Cell::default(), guard: guard.into(), ownership })
    }

    fn describe(&self) -> String {
        format!("key {}, id {}", self.key, self.segment.id())
    }

    fn invite(&self, (): ()) -> Result<Invited<Start>> {
        let semaphores = self.array.get().map(SemaphoreArray::id);
        Ok(Invited::with(Start { segment: self.key.to_string(), semaphores }))
    }

    fn state(&self, _: &[u32]) -> Result<Option<State>> {
        let Ok(SegmentStat { attached, .. }) = self.segment.stat() else { return Ok(None) }; // it was removed
        let places = self.places.borrow();
        let mut contents = vec![format!("nattch {attached}")];
        contents.extend(self.look(|page| places.iter().map(|&place| page.shown(place)).collect::<Vec<_>>())?);
        contents.extend(self.values()?);
        Ok(Some(State { contents: Some(contents), ..State::default() }))
    }

    /// A thread that waits for the mutex sleeps on a word of it, in `futex`.
    fn is_target(&self, call: &SystemCall, pid: u32) -> bool {
        match call.number {
            libc::SYS_semop | libc::SYS_semtimedop => {
                self.array.get().is_some_and(|array| array.id() == call.int(0))
            }
            libc::SYS_futex => is_in_segment(pid, self.key, call.arguments[0]),
            _ => false,
        }
    }
}

/// Returns whether a process has the segment attached at `address`, as `/proc/PID/maps` shows it.
fn is_in_segment(pid: u32, key: Key, address: u64) -> bool {
    let name = format!("/SYSV{:08x}", key.get());
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    let range = |line: &str| {
        let (from, to) = line.split_whitespace().next()?.split_once('-')?;
        Some(u64::from_str_radix(from, 16).ok()?..u64::from_str_radix(to, 16).ok()?)
    };
    maps.lines().filter(|line| line.contains(&name)).filter_map(range).any(|range| range.contains(&address))
}

/// An object, by its key and its id: another one of the same key is another object.
#[derive(Debug, Serialize, Deserialize)]
pub enum ObjectOfKey {
    Segment { key: String, id: i32 },
    Semaphores { key: String, id: i32 },
}

impl ObjectOfKey {
    fn remove_if_same(&self) -> Result<()> {
        let us = geteuid().as_raw();
        match self {
            Self::Segment { key, id } => {
                let segment = Segment::find(key.parse()?)?.filter(|segment| segment.id() == *id);
                let Some(segment) = segment else { return Ok(()) };
                if segment.stat()?.creator == us { segment.mark_for_removal() } else { Ok(()) }
            }
            Self::Semaphores { key, id } => {
                let array = SemaphoreArray::find(key.parse()?, us)?.filter(|array| array.id() == *id);
                array.map_or(Ok(()), SemaphoreArray::remove)
            }
        }
    }
}

impl Remains for ObjectOfKey {
    fn remove(self) {
        let _: Result<(), Error> = self.remove_if_same(); // another process was faster
    }
}
