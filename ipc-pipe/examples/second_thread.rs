//! What an idle second thread costs: all threads of a process share one table of descriptors, so the kernel counts a
//! reference in each call with one of them. It skips that while a single thread has the table.
//!
//! ```text
//! cargo run --release -p ipc-pipe --example second_thread
//! ```

use std::sync::mpsc::channel;
use std::time::Instant;

use ipc_core::Result;
use ipc_core::background::{self, Descriptors};
use nix::unistd::{pipe, read, write};

/// Rounds of each kind, which take turns.
const ROUNDS: usize = 51;
/// Calls in a round.
const CALLS: u32 = 2000;

fn main() -> Result<()> {
    let kinds = [None, Some(Descriptors::Shared), Some(Descriptors::Own)];
    let mut times = [[0.0; ROUNDS]; 3];
    for round in 0..ROUNDS {
        for (kind, times) in kinds.iter().zip(&mut times) {
            times[round] = beside(*kind)?;
        }
    }
    println!("a write of one byte into a pipe, and the read of it (median):");
    for (what, mut times) in ["one thread", "a second one sleeps", "it has left the table"].iter().zip(times)
    {
        times.sort_unstable_by(f64::total_cmp);
        println!("  {what:22} {:4.0} ns", times[ROUNDS / 2]);
    }
    Ok(())
}

/// Returns the time of a `write` and a `read` while another thread sleeps, if there is one, in nanoseconds.
fn beside(sleeper: Option<Descriptors>) -> Result<f64> {
    let (end, ended) = channel::<()>();
    let (ready, is_ready) = channel();
    let sleep = move || {
        let _ = ready.send(());
        let _ = ended.recv(); // until the other end of the channel is dropped
    };
    let sleeper = sleeper.map(|descriptors| background::spawn("sleeper", descriptors, sleep)).transpose()?;
    if sleeper.is_some() {
        is_ready.recv().expect("the thread says that it is there");
    }
    let (from, to) = pipe().expect("two free descriptors");
    let started = Instant::now();
    for _ in 0..CALLS {
        write(&to, b"x").expect("a pipe with room");
        read(&from, &mut [0]).expect("a pipe with a byte");
    }
    let time = started.elapsed().as_nanos() as f64 / f64::from(CALLS);
    drop(end);
    if let Some(thread) = sleeper {
        thread.join().expect("it does not panic");
    }
    Ok(time)
}
