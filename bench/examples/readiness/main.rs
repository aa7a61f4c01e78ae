//! One server thread and 1, 16 or 256 clients, each with a socket of its own: what does it cost to find out which of them
//! has something to say?
//!
//! ```text
//! cargo run --release -p ipc-bench --example readiness
//! cargo run --release -p ipc-bench --example readiness same
//! ```
//!
//! | file | contents |
//! |---|---|
//! | `main.rs` | the table |
//! | `load.rs` | the clients' side: requests, on all sockets or on one |
//! | `servers.rs` | a thread for each socket, polling all of them, and `epoll` |
//! | `uring.rs`, `sys.rs` | `io_uring`: the server, and the calls |

mod load;
mod servers;
mod sys;
mod uring;

use std::thread;
use std::time::Duration;

use ipc_core::{Error, Result};
use ipc_demo::cpus::{Cpus, Role};

use load::{Busy, Ends};

/// The time of a turn, and the number of turns in which all take part.
const TURN: Duration = Duration::from_millis(20);
const TURNS: usize = 5;

/// A way to wait for many sockets.
struct Strategy {
    name: &'static str,
    serve: fn(Vec<std::os::fd::OwnedFd>) -> Result<()>,
}

const STRATEGIES: [Strategy; 5] = [
    Strategy { name: "block, a thread each", serve: servers::block },
    Strategy { name: "spin over all", serve: servers::spin },
    Strategy { name: "epoll", serve: servers::epoll },
    Strategy { name: "io_uring", serve: uring::serve },
    Strategy { name: "io_uring, SQPOLL", serve: uring::serve_by_kernel_thread },
];

/// The number of clients, and how many of them have a request at the same time.
const LOADS: [(usize, Busy); 5] =
    [(1, Busy::All), (16, Busy::All), (16, Busy::One), (256, Busy::All), (256, Busy::One)];

fn main() -> Result<()> {
    let cpus = match std::env::args().nth(1) {
        Some(word) => word.parse()?,
        None => Cpus::available(),
    };
    println!("microseconds for a request of 64 bytes and its answer, cpus {cpus}");
    print!("{:24}", "");
    for (clients, busy) in LOADS {
        print!("{:>12}", format!("{clients}, {busy}"));
    }
    println!();
    // In turns, so that a disturbance of the machine affects all alike.
    let mut times = vec![vec![Vec::new(); LOADS.len()]; STRATEGIES.len()];
    let mut missing = vec![None; STRATEGIES.len()];
    for _ in 0..TURNS {
        for (of_strategy, (strategy, missing)) in times.iter_mut().zip(STRATEGIES.iter().zip(&mut missing)) {
            for (of_load, (clients, busy)) in of_strategy.iter_mut().zip(LOADS) {
                match play(strategy, cpus, clients, busy) {
                    Ok(time) => of_load.push(time),
                    Err(Error::Refused(reason)) => *missing = Some(reason),
                    Err(error) => return Err(error),
                }
            }
        }
    }
    for (strategy, (of_strategy, missing)) in STRATEGIES.iter().zip(times.iter_mut().zip(missing)) {
        print!("{:24}", strategy.name);
        match missing {
            Some(reason) => print!("  {reason}"),
            None => of_strategy.iter_mut().for_each(|times| print!("{:12.2}", median(times))),
        }
        println!();
    }
    Ok(())
}

/// Plays a turn between one server and its clients. Returns the time of a request, in microseconds.
fn play(strategy: &Strategy, cpus: Cpus, clients: usize, busy: Busy) -> Result<f64> {
    let Ends { ours, theirs } = Ends::new(clients)?;
    let serve = strategy.serve;
    thread::scope(|scope| {
        let server = scope.spawn(move || {
            cpus.bind(Role::Pong)?;
            serve(theirs)
        });
        let client = scope.spawn(move || {
            cpus.bind(Role::Ping)?;
            load::ask(&ours, busy, TURN)
        });
        let time = client.join().map_err(|_| Error::Disconnected)?;
        // A server that could not begin explains why its clients found none.
        server.join().map_err(|_| Error::Disconnected)??;
        time
    })
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
