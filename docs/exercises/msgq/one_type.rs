//! # One type for both ways (mend, 10 minutes)
//!
//! A client asks a server for twice a number, through one queue. It gets its own question back as the answer.
//!
//! **Goal**: the client gets the server's answers.
//!
//! Read: the book, *Message queue*, "Types and selection".
//!
//! Run it: `cargo run -p course -- run msgq_one_type`

use std::process::Command;

#[path = "sys.rs"]
mod sys;
/// From the client to the server.
const QUESTION: i64 = 1;
/// From the server to the client.
const ANSWER: i64 = 1; // TODO: something is wrong with this

fn main() -> std::io::Result<()> {
    match std::env::args().nth(1) {
        Some(id) => server(id.parse().expect("the id of a queue")),
        None => client(),
    }
}

fn client() -> std::io::Result<()> {
    let queue = sys::Queue::new()?;
    let questions = ["1", "10", "21"];
    questions.iter().try_for_each(|question| sys::msgsnd(queue.0, QUESTION, question, 0))?;
    // There is no server yet, so there can be no answer.
    if let Ok((_, answer)) = sys::msgrcv(queue.0, ANSWER, libc::IPC_NOWAIT) {
        println!("an answer that no server has given: {answer}");
        return Ok(());
    }
    let mut server = Command::new(std::env::current_exe()?).arg(queue.0.to_string()).spawn()?;
    for question in questions {
        let (_, answer) = sys::msgrcv(queue.0, ANSWER, 0)?;
        println!("twice {question} is {answer}");
    }
    drop(queue); // this ends the server
    server.wait()?;
    Ok(())
}

/// Answers until the queue is removed.
fn server(queue: i32) -> std::io::Result<()> {
    while let Ok((_, question)) = sys::msgrcv(queue, QUESTION, 0) {
        let twice = 2 * question.parse::<u32>().expect("a number");
        if sys::msgsnd(queue, ANSWER, &twice.to_string(), 0).is_err() {
            break;
        }
    }
    Ok(())
}
