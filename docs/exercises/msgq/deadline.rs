//! # A limit that msgrcv does not have (write, 20 minutes)
//!
//! No process sends, and `msgrcv` waits forever. Linux has no `msgrcv` with a limit of time.
//!
//! **Goal**: `recv_for` gives up when its time is over, and not before. A message that comes in time is received,
//! and not only at the end. No busy loop: the process sleeps while nothing comes.
//!
//! Read: the book, *Message queue*, "Waiting", which has a better way as well.
//!
//! Run it: `cargo run -p course -- run msgq_deadline`

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

#[path = "sys.rs"]
mod sys;
fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(|arg| arg.parse().expect("a number")).collect::<Vec<u32>>()[..] {
        [] => {}
        [id] => {
            thread::sleep(Duration::from_millis(300));
            return sys::msgsnd(id.cast_signed(), 1, "I was held up", 0);
        }
        // A queue of another process: so its judge can send, or remove it.
        [id, limit, ..] => {
            let started = Instant::now();
            let received = recv_for(id.cast_signed(), Duration::from_millis(limit.into()));
            let received = received.map_err(|error| error.raw_os_error());
            println!("{received:?} after {} ms", started.elapsed().as_millis());
            return Ok(());
        }
    }
    let queue = sys::Queue::new()?;
    let started = Instant::now();
    let nothing = recv_for(queue.0, Duration::from_millis(200))?;
    println!("{nothing:?}, in time: {}", started.elapsed() >= Duration::from_millis(200));

    let mut sender = Command::new(std::env::current_exe()?).arg(queue.0.to_string()).spawn()?;
    let started = Instant::now();
    let message = recv_for(queue.0, Duration::from_secs(8))?;
    println!("{message:?}, before the end: {}", started.elapsed() < Duration::from_secs(8));
    sender.wait()?;
    Ok(())
}

/// Receives a message, and waits for it for at most `limit`; `None` if none has come until then.
fn recv_for(queue: i32, limit: Duration) -> std::io::Result<Option<String>> {
    // TODO: this waits forever. Linux has no msgrcv with a limit.
    let _ = limit;
    let (_, text) = sys::msgrcv(queue, 0, 0)?;
    Ok(Some(text))
}
