//! # Many clients, one queue: solved
//!
//! The type is an address. No other client may have it at the same time, and a message may be older than the process that
//! finds it: so an answer says to which question it belongs.

use std::process::Command;

#[path = "../../exercises/msgq/sys.rs"]
mod sys;
const QUESTION: i64 = 1;
const ROUNDS: u32 = 10;

/// The type by which the answers to one client are sent.
fn answers_to(client: u32) -> i64 {
    // No two processes have the same id at a time. In a container a client may have the id 1, and the type of the questions
    // must not be that of its answers: therefore one more.
    i64::from(client) + 1
}

/// Asks for the square of a number. The server answers `NUMBER SQUARE`.
fn ask(queue: i32, number: u32) -> std::io::Result<u32> {
    let client = std::process::id();
    sys::msgsnd(queue, QUESTION, &format!("{client} {number}"), 0)?;
    // Whatever a process with our id has left is taken out, and dropped. Emptying the queue of our type before the question
    // would do as well.
    loop {
        let (_, answer) = sys::msgrcv(queue, answers_to(client), 0)?;
        if let (asked, square) = numbers(&answer)
            && asked == number
        {
            return Ok(square);
        }
    }
}

fn main() -> std::io::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["client", id] => client(id.parse().expect("the id of a queue")),
        ["type", ref clients @ ..] => {
            clients
                .iter()
                .for_each(|client| println!("{}", answers_to(client.parse().expect("a process id"))));
            Ok(())
        }
        [clients] => server(clients.parse().expect("a number")),
        _ => server(3),
    }
}

/// Takes a question of each client, then answers them, the last one first.
fn server(number: usize) -> std::io::Result<()> {
    let queue = sys::Queue::new()?;
    let mut clients = Vec::new();
    for _ in 0..number {
        clients.push(Command::new(std::env::current_exe()?).args(["client", &queue.0.to_string()]).spawn()?);
    }
    for _ in 0..ROUNDS {
        let mut asked = Vec::new();
        for _ in 0..number {
            asked.push(numbers(&sys::msgrcv(queue.0, QUESTION, 0)?.1));
        }
        for (from, asked) in asked.into_iter().rev() {
            sys::msgsnd(queue.0, answers_to(from), &format!("{asked} {}", asked.wrapping_mul(asked)), 0)?;
        }
    }
    let mut served = 0;
    for mut client in clients {
        served += usize::from(client.wait()?.success());
    }
    println!("{served} of {number} clients got their own answers");
    Ok(())
}

/// Asks again and again, each client for numbers of its own.
fn client(queue: i32) -> std::io::Result<()> {
    let numbers = (1..=ROUNDS).map(|round| std::process::id().wrapping_mul(100).wrapping_add(round));
    let mut own = 0;
    for number in numbers {
        own += u32::from(ask(queue, number)? == number.wrapping_mul(number));
    }
    std::process::exit(i32::from(own < ROUNDS))
}

/// The two numbers of a message.
fn numbers(text: &str) -> (u32, u32) {
    let mut numbers = text.split(' ').map(|number| number.parse().expect("a number"));
    (numbers.next().expect("two numbers"), numbers.next().expect("two numbers"))
}
