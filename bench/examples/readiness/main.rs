//! Two peers with one socket, and a server thread with 1, 16 or 256 clients that have a socket each: what does it cost to
//! find out which of them has something to say?
//!
//! ```text
//! cargo run --release -p ipc-bench --example readiness
//! cargo run --release -p ipc-bench --example readiness same
//! ```
//!
//! | file | contents |
//! |---|---|
//! | `main.rs` | the table |
//! | `load.rs` | the other side: a peer that waits in the same way, or clients with requests on all sockets or on one |
//! | `servers.rs` | a thread for each socket, polling all of them, and `epoll` |
//! | `uring.rs`, `sys.rs` | `io_uring`: the server, and the calls |

mod load;
mod servers;
mod sys;
mod uring;

use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

use ipc_core::{Error, Result};
use ipc_demo::cpus::{Cpus, Role};

use load::{Ends, Load};

/// The time of a turn, and the number of turns in which all take part.
const TURN: Duration = Duration::from_millis(40);
const TURNS: usize = 5;

/// The time before a turn in which the one before ends completely: a kernel thread that polls is gone later than its ring.
const REST: Duration = Duration::from_millis(15);

/// A way to wait for many sockets.
struct Strategy {
    name: &'static str,
    serve: fn(Vec<OwnedFd>) -> Result<u64>,
}

const STRATEGIES: [Strategy; 5] = [
    Strategy { name: "block, a thread each", serve: servers::block },
    Strategy { name: "spin over all", serve: servers::spin },
    Strategy { name: "epoll", serve: servers::epoll },
    Strategy { name: "io_uring", serve: uring::serve },
    Strategy { name: "io_uring, SQPOLL", serve: uring::serve_by_kernel_thread },
];

const LOADS: [Load; 6] =
    [Load::Peers, Load::All(1), Load::All(16), Load::One(16), Load::All(256), Load::One(256)];

fn main() -> Result<()> {
    let cpus = match std::env::args().nth(1) {
        Some(word) => word.parse()?,
        None => Cpus::available(),
    };
    println!("microseconds for a request of 64 bytes and its answer, cpus {cpus}");
    print!("{:24}", "");
    for load in LOADS {
        print!("{:>12}", load.to_string());
    }
    println!();
    // In turns, so that a disturbance of the machine affects all alike.
    let mut times = vec![vec![Vec::new(); LOADS.len()]; STRATEGIES.len()];
    let mut missing = vec![None; STRATEGIES.len()];
    for _ in 0..TURNS {
        for (of_strategy, (strategy, missing)) in times.iter_mut().zip(STRATEGIES.iter().zip(&mut missing)) {
            for (of_load, load) in of_strategy.iter_mut().zip(LOADS) {
                match play(strategy, cpus, load) {
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

/// Plays a turn. Returns the time of a request and its answer, in microseconds.
fn play(strategy: &Strategy, cpus: Cpus, load: Load) -> Result<f64> {
    thread::sleep(REST);
    let Ends { ours, theirs } = Ends::new(load.sockets())?;
    let serve = strategy.serve;
    thread::scope(|scope| {
        let server = scope.spawn(move || {
            cpus.bind(Role::Pong)?;
            serve(theirs)
        });
        let time = match load {
            Load::Peers => load::rally(ours, TURN, |ours| {
                cpus.bind(Role::Ping)?;
                serve(ours)
            }),
            Load::All(_) | Load::One(_) => {
                let clients = scope.spawn(move || {
                    cpus.bind(Role::Ping)?;
                    load::ask(&ours, load, TURN)
                });
                clients.join().map_err(|_| Error::Disconnected)?
            }
        };
        // A server that could not begin explains why its clients found none.
        server.join().map_err(|_| Error::Disconnected)??;
        time
    })
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
