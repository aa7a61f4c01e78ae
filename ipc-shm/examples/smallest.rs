//! The smallest shared memory: one process stores a number in a segment, another process attaches the segment and loads
//! it. The system calls: `shmget`, `shmat`, `shmctl`, all in `stages/sys.rs`; for the number itself there is none.

#[allow(dead_code)] // the stages need more
mod stages;

use std::env;
use std::error::Error;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use stages::sys::{Shared, only_atomics};

/// The contents of the segment. It begins as zeros.
#[repr(C)]
struct Page {
    number: AtomicU64,
}

only_atomics!(Page { number });

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(id) = env::args().nth(1) {
        // The other process: it starts after the number was stored, so there is nothing to wait for.
        let shared = Shared::<Page>::attach(id.parse()?)?;
        println!("the second process loaded: {}", shared.number.load(Ordering::Relaxed));
        return Ok(());
    }
    let shared = Shared::<Page>::create()?; // goes away with the last process that has it attached
    shared.number.store(42, Ordering::Relaxed);
    let mut second = Command::new(env::current_exe()?).arg(shared.id().to_string()).spawn()?;
    second.wait()?;
    Ok(())
}
