//! # Removed too early: solved

use std::process::Command;
use std::thread;
use std::time::Duration;

#[path = "../../exercises/msgq/sys.rs"]
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
    // The end of the worker tells that all was received. That all was sent tells nothing.
    let status = worker.wait()?;
    drop(queue); // removes it
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
