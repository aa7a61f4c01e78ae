//! # The most urgent first (write, 10 minutes)
//!
//! Five messages wait in a queue. The lower its type, the more urgent is a message.
//!
//! **Goal**: they come in the order of their types, those of one type in the order in which they were sent. What has a
//! type above 5 stays in the queue.
//!
//! Read: msgop(2) about `msgtyp`; the book, *Message queue*, "Types and selection".
//!
//! Run it: `cargo run -p course -- run msgq_priority`

#[path = "sys.rs"]
mod sys;
fn main() -> std::io::Result<()> {
    let queue = sys::Queue::new()?;
    let mut messages: Vec<String> = std::env::args().skip(1).collect();
    if messages.is_empty() {
        messages = ["5 tidy up", "2 phone", "9 holidays", "1 fire", "2 door"].map(String::from).to_vec();
    }
    for message in messages {
        let (mtype, text) = message.split_once(' ').expect("TYPE TEXT");
        sys::msgsnd(queue.0, mtype.parse().expect("a type"), text, 0)?;
    }
    while let Some(text) = next(queue.0)? {
        println!("{text}");
    }
    while let Ok((_, later)) = sys::msgrcv(queue.0, 0, libc::IPC_NOWAIT) {
        println!("later: {later}");
    }
    Ok(())
}

/// The most urgent message: that of the lowest type, and the oldest of these. Types above 5 are left in the queue.
fn next(queue: i32) -> std::io::Result<Option<String>> {
    let select = 5; // TODO: this selects only what has type 5
    match sys::msgrcv(queue, select, libc::IPC_NOWAIT) {
        Ok((_, text)) => Ok(Some(text)),
        Err(error) if error.raw_os_error() == Some(libc::ENOMSG) => Ok(None), // none that was selected is there
        Err(error) => Err(error),
    }
}
