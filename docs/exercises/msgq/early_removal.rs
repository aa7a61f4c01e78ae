//! # Removed too early (mend, 10 minutes)
//!
//! A sender puts three jobs into a queue, removes the queue, and waits for the worker. The worker does not get all jobs.
//!
//! **Goal**: all three jobs are done, and no queue is left behind.
//!
//! Read: msgctl(2) about `IPC_RMID`; the book, *Message queue*, "Sizes, and the end of a queue".
//!
//! Run it: `cargo run -p course -- run msgq_early_removal`

use std::process::Command;
use std::thread;
use std::time::Duration;

#[path = "sys.rs"]
mod sys;
fn main() -> std::io::Result<()> {
    match std::env::args().nth(1) {
        Some(id) => worker(id.parse().expect("the id of a queue")),
        None => sender(),
    }
}

fn sender() -> std::io::Result<()> {
    let queue = sys::Queue::new()?;
    let mut worker = Command::new(std::env::current_exe()?).arg(queue.0.to_string()).spawn()?;
    for job in ["wash", "dry", "iron"] {
        sys::msgsnd(queue.0, 1, job, 0)?;
    }
    // TODO: is this the right moment?
    drop(queue); // removes it
    let status = worker.wait()?;
    assert!(status.success(), "the worker failed");
    Ok(())
}

/// Takes three jobs. Each takes its time: 50 ms, or what `JOB_MS` says.
fn worker(queue: i32) -> std::io::Result<()> {
    let time = std::env::var("JOB_MS").ok().and_then(|time| time.parse().ok()).unwrap_or(50);
    for _ in 0..3 {
        let (_, job) = sys::msgrcv(queue, 1, 0)?;
        thread::sleep(Duration::from_millis(time));
        println!("done: {job}");
    }
    Ok(())
}
