//! # The most urgent first: solved

#[path = "../../exercises/msgq/sys.rs"]
mod sys;
fn main() -> std::io::Result<()> {
    let queue = sys::Queue::new()?;
    for (mtype, text) in [(5, "tidy up"), (2, "phone"), (9, "holidays"), (1, "fire"), (2, "door")] {
        sys::msgsnd(queue.0, mtype, text, 0)?;
    }
    while let Some(text) = next(queue.0)? {
        println!("{text}");
    }
    let (_, later) = sys::msgrcv(queue.0, 0, libc::IPC_NOWAIT)?;
    println!("later: {later}");
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
