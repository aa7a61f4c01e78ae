//! # Release and acquire: solved
//!
//! One order on each side, both at the flag. More would not be wrong, but slower on some processors, and it would
//! say that there is more to be ordered than there is.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::process::{Command, exit};
use std::sync::atomic::{AtomicU32, Ordering, Ordering::Acquire, Ordering::Relaxed, Ordering::Release};
use std::time::{Duration, Instant};
use std::{env, ptr, slice, thread};

const DATUM: usize = 0;
const FLAG: usize = 1;

fn writer(memory: &impl Memory) {
    memory.store(DATUM, 42, Relaxed);
    // Release: who sees this 1 with an acquire load sees what was stored before it.
    memory.store(FLAG, 1, Release);
}

/// The datum, if the flag is set.
fn reader(memory: &impl Memory) -> Option<u32> {
    // Acquire: the loads after it come after it, and see what the writer had stored. Without it, the processor may have
    // loaded the datum before the flag. A release alone is half a bridge.
    (memory.load(FLAG, Acquire) == 1).then(|| memory.load(DATUM, Relaxed))
}

// From here on nothing has to be changed.

trait Memory {
    fn store(&self, word: usize, value: u32, order: Ordering);
    fn load(&self, word: usize, order: Ordering) -> u32;
}

/// Two words of a segment: the real memory.
struct Segment(&'static [AtomicU32]);

impl Memory for Segment {
    fn store(&self, word: usize, value: u32, order: Ordering) {
        self.0[word].store(value, order);
    }
    fn load(&self, word: usize, order: Ordering) -> u32 {
        self.0[word].load(order)
    }
}

const NAMES: [&str; 2] = ["datum", "flag"];

/// How far one has seen the stores to each word.
type View = [usize; 2];

/// A value, and what its writer had seen, if the store was a release.
type Store = (u32, Option<View>);

/// A memory that gives the reader any value that the rules allow: for each word all that was ever stored there, and with
/// a release store, what its writer had seen. A load may pick any store that is not older than what the reader saw.
struct Model {
    stores: RefCell<[Vec<Store>; 2]>,
    seen: RefCell<View>,
    /// Which store each load picks, counted from the oldest; and how many there were to pick from.
    picks: RefCell<Vec<(usize, usize)>>,
    loads: RefCell<usize>,
    /// Each call with its order, in the words of a reader of the code.
    calls: RefCell<Vec<String>>,
}

impl Memory for Model {
    fn store(&self, word: usize, value: u32, order: Ordering) {
        self.calls.borrow_mut().push(format!("store {} {order:?}", NAMES[word]));
        let mut stores = self.stores.borrow_mut();
        let mut view = [stores[0].len() - 1, stores[1].len() - 1];
        view[word] += 1;
        stores[word].push((value, (order != Relaxed && order != Acquire).then_some(view)));
    }
    fn load(&self, word: usize, order: Ordering) -> u32 {
        self.calls.borrow_mut().push(format!("load {} {order:?}", NAMES[word]));
        let (stores, mut seen, mut picks) =
            (self.stores.borrow(), self.seen.borrow_mut(), self.picks.borrow_mut());
        let number = self.loads.replace_with(|loads| *loads + 1);
        let choices = stores[word].len() - seen[word];
        if number == picks.len() {
            picks.push((0, choices));
        }
        seen[word] += picks[number].0;
        let (value, view) = stores[word][seen[word]];
        if let (Some(view), true) = (view, order != Relaxed && order != Release) {
            *seen = [seen[0].max(view[0]), seen[1].max(view[1])];
        }
        value
    }
}

fn main() {
    if let Some(id) = env::args().nth(1) {
        return writer(&attach(id.parse().expect("an id")));
    }
    let (mut orders, mut wrong, mut picks, mut calls) = (0, 0, Vec::new(), BTreeSet::new());
    loop {
        let zero = || vec![(0, None)];
        let stores = RefCell::new([zero(), zero()]);
        let model = Model {
            stores,
            seen: RefCell::default(),
            picks: RefCell::new(picks),
            loads: RefCell::default(),
            calls: RefCell::default(),
        };
        writer(&model);
        wrong += usize::from(reader(&model).is_some_and(|datum| datum != 42));
        orders += 1;
        calls.extend(model.calls.take());
        picks = model.picks.into_inner();
        while picks.last().is_some_and(|(pick, choices)| pick + 1 == *choices) {
            picks.pop();
        }
        let Some((pick, _)) = picks.last_mut() else { break };
        *pick += 1;
    }
    println!("two processes: the reader read {}", two_processes());
    println!("calls: {}", calls.into_iter().collect::<Vec<_>>().join(", "));
    println!("{orders} orders played, {wrong} of them wrong");
}

/// The datum that goes from a real process to another.
fn two_processes() -> u32 {
    // SAFETY: numbers only.
    let id = unsafe { libc::shmget(libc::IPC_PRIVATE, 8, 0o600) };
    assert!(id >= 0, "shmget: {}", std::io::Error::last_os_error());
    let segment = attach(id);
    // From here on it goes with the last of us. On Linux the other process still finds it by its id.
    // SAFETY: `IPC_RMID` uses no buffer.
    unsafe { libc::shmctl(id, libc::IPC_RMID, ptr::null_mut()) };
    let child = Command::new(env::current_exe().expect("a path")).arg(id.to_string()).spawn();
    let deadline = Instant::now() + Duration::from_secs(20);
    let read = loop {
        match reader(&segment) {
            None if Instant::now() < deadline => thread::yield_now(),
            read => break read.unwrap_or_default(),
        }
    };
    child.and_then(|mut child| child.wait()).expect("a second process");
    read
}

fn attach(id: i32) -> Segment {
    // SAFETY: the kernel chooses a free address.
    let base = unsafe { libc::shmat(id, ptr::null(), 0) };
    if base as isize == -1 {
        exit(1);
    }
    // SAFETY: the segment has two words and is never detached; atomics may change at any time.
    Segment(unsafe { slice::from_raw_parts(base.cast(), 2) })
}
