//! # A limit that msgrcv does not have: solved

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

#[path = "../../exercises/msgq/sys.rs"]
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
    let end = Instant::now() + limit;
    loop {
        match sys::msgrcv(queue, 0, libc::IPC_NOWAIT) {
            Ok((_, text)) => return Ok(Some(text)),
            Err(error) if error.raw_os_error() != Some(libc::ENOMSG) => return Err(error),
            // Looked at the clock after the queue: a message that came at the last moment is not missed.
            Err(_) if Instant::now() >= end => return Ok(None),
            Err(_) => thread::sleep(Duration::from_millis(5)), // the price: up to 5 ms late
        }
    }
}
