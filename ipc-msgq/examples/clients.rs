//! Measures how many requests a second a server answers with 1, 10, 100 and 1,000 clients, in ten processes at most,
//! and how soon it notices that a client was killed.
//!
//! ```console
//! $ cargo run --release -p ipc-msgq --example clients
//! ```
//!
//! A request and its answer are two messages. Each has 64 bytes besides the header.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::{Call as _, Result};
use ipc_msgq::server::{Client, Event, Handler, Server};
use ipc_msgq::{Queue, QueueId};

const TIMEOUT: Duration = Duration::from_secs(60);
const REQUESTS: usize = 100_000;
const KILLS: usize = 51;

struct Echo(Mutex<Sender<Instant>>);

impl Handler for Echo {
    fn answer(&self, request: &[u8]) -> Vec<u8> {
        request.to_vec()
    }

    fn notice(&self, event: Event) {
        if let Event::Killed(_) = event {
            let _ = self.0.lock().unwrap().send(Instant::now());
        }
    }
}

fn main() -> Result<()> {
    if let [_, id, clients, requests] = &std::env::args().collect::<Vec<_>>()[..] {
        let number = |text: &str| text.parse().expect("a number");
        return run_clients(
            Queue::from_id(QueueId::new(number(id))),
            number(clients) as usize,
            number(requests) as usize,
        );
    }
    let queue = Queue::private(0o600)?.owned();
    let (told, killed) = channel();
    let _server = Server::start(*queue, Echo(Mutex::new(told)))?;
    println!("clients  messages/s");
    for clients in [1, 10, 100, 1000] {
        let processes = clients.min(10);
        let requests = (REQUESTS / clients).min(20_000);
        let mut others = (0..processes)
            .map(|_| start(*queue, clients / processes, requests))
            .collect::<Result<Vec<_>>>()?;
        let started = Instant::now();
        for other in &mut others {
            drop(other.stdin.take()); // the signal to begin
        }
        for mut other in others {
            assert!(other.wait().call("wait4")?.success());
        }
        let rate = (2 * clients * requests) as f64 / started.elapsed().as_secs_f64();
        println!("{clients:>7}  {rate:>10.0}");
    }
    let mut times = Vec::new();
    for _ in 0..KILLS {
        let mut other = start(*queue, 1, 0)?;
        let started = Instant::now();
        other.kill().call("kill")?;
        times.push(killed.recv_timeout(TIMEOUT).expect("the server knows") - started);
        other.wait().call("wait4")?;
    }
    times.sort_unstable();
    println!(
        "from SIGKILL until the server has noticed: median {:?}, worst {:?}",
        times[KILLS / 2],
        times[KILLS - 1]
    );
    Ok(())
}

/// Starts a process with `clients` clients and waits until all have joined.
fn start(queue: Queue, clients: usize, requests: usize) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe().call("readlink")?);
    command.args([queue.id().to_string(), clients.to_string(), requests.to_string()]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().call("execve")?;
    let stdout = child.stdout.as_mut().expect("it is a pipe");
    BufReader::new(stdout).read_line(&mut String::new()).call("read")?;
    Ok(child)
}

/// Runs such a process: its clients join, wait for the signal to begin, and send their requests.
fn run_clients(queue: Queue, clients: usize, requests: usize) -> Result<()> {
    let (joined, begin) = (Barrier::new(clients + 1), Barrier::new(clients + 1));
    let client = || {
        let mut client = Client::join(queue, TIMEOUT).expect("there is a server");
        joined.wait();
        begin.wait();
        for _ in 0..requests {
            client.request(&[7; 64]).expect("an answer");
        }
    };
    thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(client);
        }
        joined.wait();
        println!("joined");
        std::io::stdin().read_line(&mut String::new()).call("read")?; // ends with the pipe
        begin.wait();
        Ok(())
    })
}
