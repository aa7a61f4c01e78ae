//! # The most urgent first: solved

#[path = "../../exercises/msgq/sys.rs"]
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
    let select = -5; // negative: the lowest type up to 5. The kernel searches, no second queue is needed
    match sys::msgrcv(queue, select, libc::IPC_NOWAIT) {
        Ok((_, text)) => Ok(Some(text)),
        Err(error) if error.raw_os_error() == Some(libc::ENOMSG) => Ok(None), // none that was selected is there
        Err(error) => Err(error),
    }
}
