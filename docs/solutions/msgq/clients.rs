//! # Many clients, one queue: solved

use std::process::Command;

#[path = "../../exercises/msgq/sys.rs"]
mod sys;
const QUESTION: i64 = 1;
const CLIENTS: usize = 3;
const ROUNDS: usize = 10;

fn main() -> std::io::Result<()> {
    match std::env::args().nth(1) {
        Some(id) => client(id.parse().expect("the id of a queue")),
        None => server(),
    }
}

/// The type by which the answers to one client are sent.
fn answers_to(client: u32) -> i64 {
    // No two processes have the same id at a time. Id 1 is init's, so that no client's type is that of the questions
    // (but in a container a client may be 1: therefore one more).
    i64::from(client) + 1
}

/// Takes a question of each client, then answers them, the last one first.
fn server() -> std::io::Result<()> {
    let queue = sys::Queue::new()?;
    let mut clients = Vec::new();
    for _ in 0..CLIENTS {
        clients.push(Command::new(std::env::current_exe()?).arg(queue.0.to_string()).spawn()?);
    }
    for _ in 0..ROUNDS {
        let mut asked = Vec::new();
        for _ in 0..CLIENTS {
            let (_, from) = sys::msgrcv(queue.0, QUESTION, 0)?;
            asked.push(from);
        }
        for from in asked.into_iter().rev() {
            sys::msgsnd(queue.0, answers_to(from.parse().expect("a process id")), &from, 0)?;
        }
    }
    let mut served = 0;
    for mut client in clients {
        served += usize::from(client.wait()?.success());
    }
    println!("{served} of {CLIENTS} clients got their own answers");
    Ok(())
}

/// Asks who it is, again and again.
fn client(queue: i32) -> std::io::Result<()> {
    let mut own = 0;
    for _ in 0..ROUNDS {
        sys::msgsnd(queue, QUESTION, &std::process::id().to_string(), 0)?;
        let (_, answer) = sys::msgrcv(queue, answers_to(std::process::id()), 0)?;
        own += usize::from(answer == std::process::id().to_string());
    }
    std::process::exit(i32::from(own < ROUNDS))
}
